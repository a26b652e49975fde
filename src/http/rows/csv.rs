//! Our own CSV: UTF-8, commas, a header with names of fields in any order; those left out are null, and so are empty cells.
use super::bounded::{Bounded, Count};
use crate::db::bulk::{Origin, Row};
use crate::db::table::{Column, Table};
use crate::error::{Error, Kind, Mistake, Place};
use crate::http::shape::{self, Taken};
use std::io::Read;
use std::sync::Arc;

/// Reads the header, and then row by row. A byte order mark is passed over.
pub fn read<'r>(
    table: &'static Table,
    input: impl Read + 'r,
) -> Result<impl Iterator<Item = Result<Row, Error>> + 'r, Error> {
    let count = Count::default();
    let mut reader = csv::ReaderBuilder::new().from_reader(Bounded::new(input, count.clone()));
    let columns = header(table, reader.headers().map_err(|e| malformed(&e))?)?;
    let cells = columns.iter().enumerate().map(|(i, column)| (column.name.clone(), i + 1)).collect();
    let cells: Arc<Vec<(String, usize)>> = Arc::new(cells);
    let mut records = reader.into_records();
    let mut number = 0;
    Ok(std::iter::from_fn(move || {
        let record = records.next()?;
        count.whole();
        number += 1;
        Some(match record {
            Ok(record) => {
                let line = record.position().map_or(0, |p| p.line() as usize);
                take(table, &columns, &record, number, Origin { line, cells: cells.clone() })
            }
            Err(e) => Err(broken(&e, number)),
        })
    }))
}

fn take(
    table: &'static Table,
    columns: &[&'static Column],
    record: &csv::StringRecord,
    number: usize,
    origin: Origin,
) -> Result<Row, Error> {
    let mut taken = Taken::default();
    for (column, text) in columns.iter().zip(record) {
        // An empty cell says nothing: of a field the service fills, or that it is not known.
        if let Some(value) = super::value(column, text) {
            taken.take(column, value);
        }
    }
    super::row(table, taken, number, origin)
}

fn header(table: &'static Table, names: &csv::StringRecord) -> Result<Vec<&'static Column>, Error> {
    let mut columns: Vec<&Column> = vec![];
    let mut wrong = vec![];
    for (i, name) in names.iter().enumerate() {
        let name = name.trim_start_matches('\u{feff}');
        let mistake = match table.column(name) {
            Some(column) if columns.iter().any(|c| c.name == column.name) => {
                Mistake::field(name, "repeated", "the column stands twice")
            }
            Some(column) => {
                columns.push(column);
                continue;
            }
            None => shape::unknown(table, name),
        };
        let place = Some(Place { line: 1, column: Some(i + 1) });
        wrong.push(mistake.in_row(0, place));
    }
    if wrong.is_empty() { Ok(columns) } else { Err(Error::all(Kind::InvalidContent, wrong)) }
}

fn malformed(e: &csv::Error) -> Error {
    Error::new(Kind::InvalidContent).detail(format!("the CSV cannot be read: {e}"))
}

/// One record that cannot be read spoils the table, and those after it are read; without its bytes there is no going on.
fn broken(e: &csv::Error, number: usize) -> Error {
    let why = match e.kind() {
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells, and the header {expected_len}")
        }
        _ => return malformed(e),
    };
    let place = e.position().map(|p| Place { line: p.line() as usize, column: None });
    Error::because(Kind::InvalidContent, Mistake::field("", "invalid", why).in_row(number, place))
}
