//! Municipalities and counties of the codes of KLASS, with what the register here knows beside them carried over.
use super::klass::Item;
use super::known::Known;
use super::options::Options;
use super::{Reading, changes, wrong};
use crate::db::bulk::Row;
use crate::db::table::Table;
use crate::domain::{Level, Region};
use crate::error::{Error, Kind, Mistake};
use serde_json::{Map, Value};

/// Makes rows of the register the table is.
pub fn rows<'r>(table: &Table, items: Vec<Item>, options: &Options, known: &Known) -> Result<Reading<'r>, Error> {
    let (level, classification) = match table.collection {
        "municipalities" => (Level::Municipality, "ssb-klass-131"),
        "counties" => (Level::County, "ssb-klass-104"),
        "municipality-changes" => return changes::rows(items, options, known),
        _ => return Err(wrong("", "KLASS is read into municipalities, counties and municipality-changes", None)),
    };
    let source = source(options, known, classification)?;
    let range = Range::of(&items);
    let mut rows = vec![];
    for (number, item) in (1..).zip(items) {
        match version(&item, level, &range, known) {
            Ok(mut stored) => {
                stored.insert("source".into(), source.as_str().into());
                rows.push(Ok(Row { number, stored, claimed: Map::new(), origin: item.origin }));
            }
            Err(mistake) => {
                rows.push(Err(Error::all(Kind::InvalidContent, item.origin.stamp(number, vec![mistake]))));
            }
        }
    }
    Ok(Reading { rows: Box::new(rows.into_iter()), warnings: range.warnings() })
}

/// The source that was named, or the classification where that is among the sources.
pub fn source(options: &Options, known: &Known, classification: &str) -> Result<String, Error> {
    let there = known.sources.iter().any(|source| source.id == classification);
    options.source.clone().or_else(|| there.then(|| classification.to_owned())).ok_or_else(|| {
        let mistake =
            Mistake::field("source", "required", format!("{classification} is not among the sources; say --source ID"));
        Error::because(Kind::InvalidContent, Mistake { pointer: None, ..mistake })
    })
}

/// The days that were asked of KLASS: a validity that reaches its ends may reach further, and is cut there.
struct Range {
    first: Option<String>,
    last: Option<String>,
}

impl Range {
    fn of(items: &[Item]) -> Self {
        let ends: Option<Vec<&str>> = items.iter().map(to).collect();
        Self {
            first: items.iter().filter_map(from).min().map(str::to_owned),
            // Where no code is valid any more, they were cut by the end of the range.
            last: ends.and_then(|ends| ends.into_iter().max()).map(str::to_owned),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let cut = self.last.iter().map(|day| {
            format!("every code ends by {day}: taken for the end of what was asked for, and not of the codes")
        });
        cut.collect()
    }
}

fn from(item: &Item) -> Option<&str> {
    item.get(&["validFromInRequestedRange", "validFrom"])
}

fn to(item: &Item) -> Option<&str> {
    item.get(&["validToInRequestedRange", "validTo"])
}

/// The row of a code: the version in the register that it goes on from, where there is one, with what the file says.
fn version(item: &Item, level: Level, range: &Range, known: &Known) -> Result<Map<String, Value>, Mistake> {
    let code = item.get(&["code"]).ok_or_else(|| Mistake::field("region", "required", "there is no code"))?;
    let region = Region::parse(code).ok().filter(|region| region.level == level);
    let region = region.ok_or_else(|| {
        let lost = if code.len() % 2 == 1 { "; it may have lost its leading zero" } else { "" };
        Mistake::field("region", "invalid", format!("`{code}` is not the code of a {}{lost}", level.word()))
    })?;
    let name = item.get(&["name"]).ok_or_else(|| Mistake::field("region_name", "required", "there is no name"))?;
    let (day, cut) = (from(item), from(item) == range.first.as_deref());
    let end = to(item).filter(|day| range.last.as_deref() != Some(day));
    let before = covering(&region, day, known);
    let goes_on = before.filter(|before| {
        let same = |field: &str, text: Option<&str>| before.get(field).and_then(Value::as_str) == text;
        cut || day.is_none() || same("valid_from", day) || same("region_name", Some(name))
    });
    let mut row = goes_on.cloned().unwrap_or_default();
    row.remove("id");
    if goes_on.is_none() {
        let day = day.ok_or_else(|| Mistake::field("valid_from", "required", "the file does not say since when"))?;
        row.insert("valid_from".into(), day.into());
        let county = region.county().unwrap_or_default();
        if let Some(health_region) = known.health_regions.get(&county) {
            row.insert("health_region".into(), health_region.as_str().into());
        }
        match level {
            Level::County => row.insert("official_name".into(), name.into()),
            _ => row.insert("county".into(), county.into()),
        };
    }
    row.insert("region".into(), region.key().into());
    row.insert("region_name".into(), name.into());
    if let Some(end) = end {
        row.insert("valid_to".into(), end.into());
    }
    Ok(row)
}

/// The version of a place that holds on a day, or the one that holds now.
fn covering<'k>(region: &Region, day: Option<&str>, known: &'k Known) -> Option<&'k Map<String, Value>> {
    let key = region.key();
    let text = |row: &'k Map<String, Value>, name: &str| row.get(name).and_then(Value::as_str);
    known.register.values().find(|row| {
        let (from, to) = (text(row, "valid_from"), text(row, "valid_to"));
        let holds = match day {
            Some(day) => from.is_none_or(|from| from <= day) && to.is_none_or(|to| day < to),
            None => to.is_none(),
        };
        text(row, "region") == Some(key.as_str()) && holds
    })
}
