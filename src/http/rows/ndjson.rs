//! NDJSON: a JSON object on each line, with the fields of a row as its members. Empty lines are passed over.
use super::bounded::{Bounded, Count};
use crate::db::bulk::{Origin, Row};
use crate::db::table::Table;
use crate::error::{Error, Kind, Mistake, Place};
use crate::http::body;
use crate::http::shape::{self, Sent, Whole};
use std::io::{BufRead, BufReader, Read};

/// Reads line by line.
pub fn read<'r>(table: &'static Table, input: impl Read + 'r) -> impl Iterator<Item = Result<Row, Error>> + 'r {
    let count = Count::default();
    let mut reader = BufReader::new(Bounded::new(input, count.clone()));
    let (mut number, mut line, mut bytes) = (0, 0, vec![]);
    std::iter::from_fn(move || {
        loop {
            bytes.clear();
            count.whole();
            line += 1;
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                Ok(_) => {
                    number += 1;
                    return Some(take(table, &bytes, number, line));
                }
                Err(e) => {
                    let why = format!("line {line} of the NDJSON cannot be read: {e}");
                    return Some(Err(Error::new(Kind::InvalidContent).detail(why)));
                }
            }
        }
    })
}

fn take(table: &Table, bytes: &[u8], number: usize, line: usize) -> Result<Row, Error> {
    let origin = Origin { line, ..Origin::default() };
    let members = body::object(bytes).map_err(|e| {
        // The reader of bodies counts lines within the object; here it is the column that says where.
        let mistake = match e.mistakes.first() {
            Some(mistake) => mistake.clone(),
            None => Mistake::field("", "invalid", e.detail.unwrap_or_default()),
        };
        let place = Some(Place { line, column: None });
        let stamped = origin.stamp(number, vec![Mistake { place, ..mistake }]);
        Error::all(Kind::InvalidContent, stamped)
    })?;
    match shape::read(table, members, Whole::Line) {
        Ok(Sent { stored, claimed }) => Ok(Row { number, stored, claimed, origin }),
        Err(e) => Err(Error::all(Kind::InvalidContent, origin.stamp(number, e.mistakes))),
    }
}
