//! KLASS, Statistics Norway's classifications: the codes of a version or a range of days, and what changed between two.
use super::lines::Lines;
use super::{separated, wrong};
use crate::db::bulk::Origin;
use crate::error::{Error, Place};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// The lists a file may hold, by the member they stand in.
const LISTS: [&str; 3] = ["codes", "classificationItems", "codeChanges"];

/// One code or change: its texts by their names in KLASS, and where it stands.
#[derive(Debug, Default)]
pub struct Item {
    texts: HashMap<String, String>,
    pub origin: Origin,
}

impl Item {
    /// The first of these that says something.
    pub fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.texts.get(*name).map(String::as_str)).filter(|text| !text.is_empty())
    }
}

/// Reads `{"codes": […]}`, `{"classificationItems": […]}` or `{"codeChanges": […]}`.
pub fn json(text: &str) -> Result<Vec<Item>, Error> {
    let whole: HashMap<String, &RawValue> = serde_json::from_str(text).map_err(|e| {
        let place = Place { line: e.line(), column: Some(e.column()) };
        wrong("", "is not a JSON object with the answer of KLASS", Some(place))
    })?;
    let list = LISTS.iter().find_map(|name| whole.get(*name));
    let list = list.ok_or_else(|| wrong("", format!("has none of the lists {}", LISTS.join(", ")), None))?;
    let lines = Lines::of(text);
    let refuse = |raw: &RawValue| wrong("", "must be a list of objects", Some(lines.place(raw.get())));
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| refuse(list))?;
    // A version says once, above its items, since when they hold.
    let since = whole.get("validFrom").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let one = |raw: &&RawValue| {
        let members: HashMap<String, Value> = serde_json::from_str(raw.get()).map_err(|_| refuse(raw))?;
        let text = |(name, value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            _ => None,
        };
        let mut texts: HashMap<String, String> = members.into_iter().filter_map(text).collect();
        if let Some(since) = &since {
            texts.entry("validFrom".into()).or_insert_with(|| since.clone());
        }
        let place = lines.place(raw.get());
        Ok(Item { texts, origin: Origin { line: place.line, ..Origin::default() } })
    };
    items.iter().map(one).collect()
}

/// Reads the same as CSV: a header with the names, semicolons, most often windows-1252.
pub fn csv(text: &str) -> Result<Vec<Item>, Error> {
    let table = separated::read(text)?;
    let names = table.header.cells;
    if !names.iter().any(|name| name == "code" || name == "oldCode") {
        let place = Place { line: table.header.line, column: None };
        return Err(wrong("", "the header has neither `code` nor `oldCode`, as KLASS writes it", Some(place)));
    }
    let column = |ours: &str, theirs: &[&str]| {
        let found = names.iter().position(|name| theirs.contains(&name.as_str()));
        found.map(|i| (ours.to_owned(), i + 1))
    };
    let cells = [
        column("region", &["code"]),
        column("region_name", &["name"]),
        column("old_region", &["oldCode"]),
        column("new_region", &["newCode"]),
        column("valid_from", &["validFromInRequestedRange", "validFrom"]),
        column("valid_to", &["validToInRequestedRange", "validTo"]),
        column("change_date", &["changeOccurred"]),
    ];
    let cells: Arc<Vec<(String, usize)>> = Arc::new(cells.into_iter().flatten().collect());
    let item = |record: separated::Record| Item {
        texts: names.iter().cloned().zip(record.cells).collect(),
        origin: Origin { line: record.line, cells: cells.clone() },
    };
    Ok(table.records.into_iter().map(item).collect())
}
