//! Tables as we write them, read back: CSV, NDJSON and arrays of JSON. Each is an iterator of rows that knows nothing of
//! the database, and goes on after a row it cannot read.
pub mod bounded;
pub mod csv;
pub mod json;
pub mod ndjson;

use super::shape::{Sent, Taken, Whole};
use crate::db::bulk::{Origin, Row};
use crate::db::statement::Type;
use crate::db::table::{Column, Table};
use crate::error::{Error, Kind};
use serde_json::Value;

/// The row that was taken from a place in a file, or what is wrong with it.
pub fn row(table: &Table, taken: Taken, number: usize, origin: Origin) -> Result<Row, Error> {
    match taken.done(table, Whole::Line) {
        Ok(Sent { stored, claimed }) => Ok(Row { number, stored, claimed, origin }),
        Err(e) => Err(Error::all(Kind::InvalidContent, origin.stamp(number, e.mistakes))),
    }
}

/// What a cell says, in the type of its column. What cannot be read stays a text, for the check of types to refuse.
pub fn value(column: &Column, text: &str) -> Option<Value> {
    let read = match column.holds {
        _ if text.is_empty() => return None,
        Type::Text => None,
        Type::Integer => text.parse::<i64>().ok().map(Value::from),
        Type::Number => text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from),
        Type::Boolean => match text {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => None,
        },
    };
    Some(read.unwrap_or_else(|| text.into()))
}
