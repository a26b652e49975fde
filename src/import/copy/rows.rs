//! The rows of a sheet, read from its CSV with the types of its columns.
use super::files::unusable;
use crate::db::statement::Type;
use crate::db::table::Column;
use crate::error::{Error, Kind, Mistake};
use crate::http::copy::sheet::Sheet;
use crate::http::rows::bounded::{Bounded, Count};
use serde_json::{Map, Value};
use std::io::Read;

/// A row, with the line it stands in.
pub struct Line {
    pub number: u64,
    pub members: Map<String, Value>,
}

/// Reads the header, which must be that of the sheet, and then row by row. A row that cannot be is an error with mistakes.
pub fn read<'r>(
    sheet: &'r Sheet,
    input: impl Read + 'r,
) -> Result<impl Iterator<Item = Result<Line, Error>> + 'r, Error> {
    let count = Count::default();
    let mut reader = csv::ReaderBuilder::new().from_reader(Bounded::new(input, count.clone()));
    let header = reader.headers().map_err(|e| unusable(format!("{}: {e}", sheet.file())))?;
    let names = sheet.columns.iter().map(|column| column.name.as_str());
    if !header.iter().eq(names.clone()) {
        let given: Vec<&str> = header.iter().collect();
        return Err(unusable(format!(
            "{}: the columns are {}, where this program has {}: the copy is of another version of it",
            sheet.file(),
            given.join(","),
            names.collect::<Vec<_>>().join(",")
        )));
    }
    let mut records = reader.into_records();
    Ok(std::iter::from_fn(move || {
        let record = records.next()?;
        count.whole();
        Some(match record {
            Ok(record) => line(sheet, &record),
            Err(e) => Err(unusable(format!("{}: {e}", sheet.file()))),
        })
    }))
}

fn line(sheet: &Sheet, record: &csv::StringRecord) -> Result<Line, Error> {
    let number = record.position().map_or(0, csv::Position::line);
    let (mut members, mut wrong) = (Map::new(), vec![]);
    for (column, text) in sheet.columns.iter().zip(record) {
        match value(column, text) {
            Ok(value) => drop(members.insert(column.name.clone(), value)),
            Err(why) => wrong.push(Mistake::field(&column.name, "invalid", why)),
        }
    }
    if wrong.is_empty() { Ok(Line { number, members }) } else { Err(refused(sheet, number, wrong)) }
}

/// The refusal of a row, which says where it stands.
pub fn refused(sheet: &Sheet, number: u64, wrong: Vec<Mistake>) -> Error {
    let place = |mistake: Mistake| {
        let name = format!("{}:{number}: {}", sheet.file(), mistake.name);
        Mistake { name: name.trim_end_matches([':', ' ']).to_owned(), ..mistake }
    };
    Error::all(Kind::InvalidContent, wrong.into_iter().map(place).collect())
}

fn value(column: &Column, text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return if column.nullable { Ok(Value::Null) } else { Err("must not be empty".into()) };
    }
    let known = column.words.is_empty() || column.words.iter().any(|word| word == text);
    match column.holds {
        Type::Text if !known => Err(format!("must be one of {}", column.words.join(", "))),
        Type::Text if text.contains('\0') => Err("must not contain the NUL character".into()),
        Type::Text => Ok(text.into()),
        Type::Integer => text.parse::<i64>().map(Value::from).map_err(|_| "must be a whole number".into()),
        Type::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| "must be true or false".into()),
        Type::Number => match text.parse::<f64>() {
            // As rows have it: whole numbers without a point.
            Ok(number) if number.is_finite() => {
                serde_json::to_value(crate::domain::Number(number + 0.0)).map_err(|e| e.to_string())
            }
            _ => Err("must be a number".into()),
        },
    }
}
