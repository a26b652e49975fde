//! Differences as a table: a line for each field that differs, as it is written in every CSV.
use super::difference::Difference;
use crate::db::rows::{Cell, Rows};
use crate::db::statement::Type;
use crate::error::Error;
use crate::http::format::send::write;
use crate::http::format::{Column, Form, Format, Labels, Source, Table};
use crate::http::list::Meta;
use serde_json::Value;

const COLUMNS: [(&str, &str); 6] = [
    ("resource", "The collection."),
    ("id", "Names the thing within its collection."),
    ("operation", "create, update or delete."),
    ("field", "The field that differs."),
    ("before", "What it was; empty where it was not known, or the row was not there."),
    ("after", "What it became."),
];

/// The lines of a page, in the order of its differences.
pub fn csv(found: &[Difference], meta: Meta) -> Result<Vec<u8>, Error> {
    let mut rows = Rows::new(COLUMNS.len());
    for difference in found {
        for field in &difference.changed {
            let said =
                [&difference.before, &difference.after].map(|row| row.as_ref().and_then(|row| text(&row[field])));
            let [before, after] = said.each_ref().map(|value| Cell::from(value.as_deref()));
            let named = [difference.resource.as_str(), &difference.id, difference.operation, field];
            rows.push(named.map(Cell::Text).into_iter().chain([before, after]));
        }
    }
    let columns = COLUMNS.iter().map(|(name, about)| Column::new(*name, Type::Text, *about)).collect();
    let about = "The fields in which two states differ.".to_owned();
    let table = Table { name: "diff".into(), about, columns, cube: None, meta };
    let form = Form { format: Format::Csv, excel: false, wide: false, labels: Labels::Code };
    let mut out = vec![];
    write(&form, (table, Box::new(Some(rows)) as Box<dyn Source>), &mut out)?;
    Ok(out)
}

/// A value as a cell has it; none where it is null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
