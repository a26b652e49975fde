//! The change graph of municipalities, of what KLASS says became of each code.
use super::klass::Item;
use super::known::Known;
use super::options::Options;
use super::{Reading, register};
use crate::db::bulk::Row;
use crate::domain::vocabulary::ChangeKind;
use crate::error::{Error, Kind, Mistake};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// One change as KLASS writes it.
struct Change<'i> {
    day: &'i str,
    old: (&'i str, &'i str),
    new: (&'i str, &'i str),
}

/// Makes rows of `municipality-changes`. What is known of a change beside, such as the shares of a split, is kept.
pub fn rows<'r>(items: Vec<Item>, options: &Options, known: &Known) -> Result<Reading<'r>, Error> {
    let source = register::source(options, known, "ssb-klass-131")?;
    let read: Vec<Result<Change, Mistake>> = items.iter().map(change).collect();
    let graph = Graph::of(read.iter().flatten());
    let mut rows = vec![];
    for ((number, item), change) in (1..).zip(&items).zip(&read) {
        rows.push(match change {
            Ok(change) => {
                let id = format!("{}.{}.{}", change.day, change.old.0, change.new.0);
                let mut stored = known.register.get(&id).cloned().unwrap_or_default();
                stored.remove("id");
                stored.extend(graph.row(change));
                stored.entry("source").or_insert_with(|| source.as_str().into());
                Ok(Row { number, stored, claimed: Map::new(), origin: item.origin.clone() })
            }
            Err(mistake) => Err(Error::all(Kind::InvalidContent, item.origin.stamp(number, vec![mistake.clone()]))),
        });
    }
    Ok(Reading { rows: Box::new(rows.into_iter()), warnings: vec![] })
}

fn change(item: &Item) -> Result<Change<'_>, Mistake> {
    let text = |field: &str, name: &str| {
        let none = || {
            Mistake::field(
                field,
                "required",
                format!("`{name}` is empty: a code that came of nothing, or went to nothing, is no change between two"),
            )
        };
        item.get(&[name]).ok_or_else(none)
    };
    Ok(Change {
        day: text("change_date", "changeOccurred")?,
        old: (text("old_region", "oldCode")?, text("old_name", "oldName")?),
        new: (text("new_region", "newCode")?, text("new_name", "newName")?),
    })
}

/// How many each code went to, and how many it came from, by day.
struct Graph<'i> {
    targets: HashMap<(&'i str, &'i str), Vec<&'i str>>,
    sources: HashMap<(&'i str, &'i str), Vec<&'i str>>,
}

impl<'i> Graph<'i> {
    fn of<'c>(changes: impl Iterator<Item = &'c Change<'i>>) -> Self
    where
        'i: 'c,
    {
        let mut graph = Self { targets: HashMap::new(), sources: HashMap::new() };
        for change in changes {
            graph.targets.entry((change.day, change.old.0)).or_default().push(change.new.0);
            graph.sources.entry((change.day, change.new.0)).or_default().push(change.old.0);
        }
        graph
    }

    fn row(&self, change: &Change) -> Map<String, Value> {
        let ((old, old_name), (new, new_name)) = (change.old, change.new);
        let n_targets = self.targets.get(&(change.day, old)).map_or(1, Vec::len);
        let n_sources = self.sources.get(&(change.day, new)).map_or(1, Vec::len);
        let label_suffix_only = old_name != new_name && plain(old_name) == plain(new_name);
        let row = json!({
            "change_date": change.day, "kind": self.kind(change, n_targets, n_sources),
            "old_region": format!("K-{old}"), "old_name": old_name, "new_region": format!("K-{new}"), "new_name": new_name,
            "n_targets": n_targets, "n_sources": n_sources,
            "name_changed": old_name != new_name && !label_suffix_only, "label_suffix_only": label_suffix_only,
            "county_changed": old.get(..2) != new.get(..2),
        });
        match row {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    fn kind(&self, change: &Change, n_targets: usize, n_sources: usize) -> ChangeKind {
        let (day, (old, _), (new, _)) = (change.day, change.old, change.new);
        let split = |code: &str| self.targets.get(&(day, code)).is_some_and(|targets| targets.len() > 1);
        // A place that took in only parts of others is itself with another boundary.
        let others_are_parts =
            || self.sources.get(&(day, new)).into_iter().flatten().filter(|code| **code != old).all(|code| split(code));
        match (n_targets, n_sources) {
            (2.., _) => ChangeKind::Split,
            (_, 2..) if others_are_parts() => ChangeKind::Boundary,
            (_, 2..) => ChangeKind::Merge,
            _ if old == new => ChangeKind::Rename,
            _ => ChangeKind::Renumber,
        }
    }
}

/// A name without the county in brackets that Statistics Norway sets behind those that are not alone.
fn plain(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}
