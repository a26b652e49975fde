//! Tables sent as CSV: read row by row, each value by the type of its column, every mistake with its row and column.
use super::revision::{Expect, Outcome, Write};
use super::statement::Type;
use super::table::{Column, Record, Table};
use crate::error::{Error, Kind, Mistake};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Read;

/// How many mistakes are told of at once.
const TOLD: usize = 100;

/// What a table did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub inserted: usize,
    pub updated: usize,
    pub unchanged: usize,
}

/// Writes every row of a CSV with a header, or none. Columns may stand in any order; those left out are null.
pub fn csv<T: Record>(write: &mut Write, input: &mut dyn Read) -> Result<Tally, Error> {
    let table = T::table();
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let columns = header(table, reader.headers().map_err(malformed)?)?;
    let mut tally = Tally::default();
    let mut wrong: Vec<Mistake> = vec![];
    for (number, record) in (1..).zip(reader.records()) {
        let record = record.map_err(malformed)?;
        match row::<T>(&columns, &record, number).and_then(|(row, claimed)| {
            let (row, outcome) = write.put(row, &Expect::Anything, Some(number))?;
            let stored = serde_json::to_value(&row).map_err(Error::internal)?;
            let disagreeing = table.disagreements(&claimed, &stored);
            if disagreeing.is_empty() { Ok(outcome) } else { Err(refused(disagreeing, number)) }
        }) {
            Ok(Outcome::Created) => tally.inserted += 1,
            Ok(Outcome::Unchanged(_)) => tally.unchanged += 1,
            Ok(_) => tally.updated += 1,
            Err(e) if !e.mistakes.is_empty() => wrong.extend(e.mistakes),
            Err(e) => return Err(e),
        }
        if wrong.len() >= TOLD {
            break;
        }
    }
    wrong.truncate(TOLD);
    if wrong.is_empty() { Ok(tally) } else { Err(Error::all(Kind::InvalidContent, wrong)) }
}

fn malformed(e: csv::Error) -> Error {
    Error::new(Kind::InvalidContent).detail(format!("the CSV cannot be read: {e}"))
}

fn refused(mistakes: Vec<Mistake>, row: usize) -> Error {
    Error::all(
        Kind::InvalidContent,
        mistakes.into_iter().map(|m| Mistake { row: Some(row), pointer: None, ..m }).collect(),
    )
}

fn header<'t>(table: &'t Table, names: &csv::StringRecord) -> Result<Vec<&'t Column>, Error> {
    let mut columns: Vec<&Column> = vec![];
    let mut wrong = vec![];
    for name in names {
        let name = name.trim_start_matches('\u{feff}');
        match table.column(name) {
            Some(column) if columns.iter().any(|c| c.name == column.name) => {
                wrong.push(Mistake::field(name, "repeated", "the column stands twice"));
            }
            Some(column) => columns.push(column),
            None => {
                let known: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
                wrong.push(Mistake::field(name, "unknown", "there is no such column").allowing(name, &known));
            }
        }
    }
    if wrong.is_empty() { Ok(columns) } else { Err(refused(wrong, 0)) }
}

/// A row, and what was claimed for the fields the service fills itself.
fn row<T: Record>(
    columns: &[&Column],
    record: &csv::StringRecord,
    number: usize,
) -> Result<(T, Map<String, Value>), Error> {
    let (mut stored, mut claimed, mut wrong) = (Map::new(), Map::new(), vec![]);
    for (column, text) in columns.iter().zip(record) {
        let into = if column.read_only { &mut claimed } else { &mut stored };
        match value(column, text) {
            // An empty cell of a field the service fills claims nothing.
            Ok(Value::Null) if column.read_only => {}
            Ok(value) => {
                into.insert(column.name.clone(), value);
            }
            Err(mistake) => wrong.push(mistake),
        }
    }
    for column in T::table().columns.iter().filter(|c| !c.read_only && !c.nullable) {
        if !stored.contains_key(&column.name) && !wrong.iter().any(|w| w.name == column.name) {
            wrong.push(Mistake::field(&column.name, "required", "is needed"));
        }
    }
    if !wrong.is_empty() {
        return Err(refused(wrong, number));
    }
    let row = serde_json::from_value(Value::Object(stored));
    row.map(|row| (row, claimed)).map_err(|e| refused(vec![Mistake::field("", "invalid", e.to_string())], number))
}

fn value(column: &Column, text: &str) -> Result<Value, Mistake> {
    let wrong = |message: &str| Mistake::field(&column.name, "invalid", message);
    if text.is_empty() {
        return match column.nullable || column.read_only {
            true => Ok(Value::Null),
            false => Err(Mistake::field(&column.name, "required", "must not be empty")),
        };
    }
    if text.contains('\0') {
        return Err(wrong("must not contain the NUL character"));
    }
    match column.holds {
        Type::Text if !column.words.is_empty() && !column.words.iter().any(|w| w == text) => {
            let message = format!("must be one of {}", column.words.join(", "));
            Err(wrong(&message).allowing(text, &column.words))
        }
        Type::Text => Ok(text.into()),
        Type::Integer => text.parse::<i64>().map(Value::from).map_err(|_| wrong("must be a whole number")),
        Type::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number.into()),
            _ => Err(wrong("must be a number with a decimal point")),
        },
        Type::Boolean => match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(wrong("must be true or false")),
        },
    }
}
