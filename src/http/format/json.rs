//! Rows as JSON objects: on a page, or one a line (ndjson).
use super::table::{Column, Table, Writer};
use crate::db::rows::{Cell, Row, Rows};
use crate::domain::Number;
use crate::error::Error;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::io::Write;

/// A row with only some of its fields, in the order asked for.
pub struct Picked<'a> {
    pub row: &'a serde_json::Value,
    pub fields: &'a [String],
}

impl Serialize for Picked<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.fields.len()))?;
        for field in self.fields {
            map.serialize_entry(field, &self.row[field.as_str()])?;
        }
        map.end()
    }
}

/// Writes rows as objects, with the text before each value made once.
pub struct Objects {
    before: Vec<Vec<u8>>,
}

impl Objects {
    pub fn of(columns: &[Column]) -> Result<Self, Error> {
        let before = columns.iter().enumerate().map(|(index, column)| {
            let mut text = vec![if index == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut text, &column.name).map_err(Error::internal)?;
            text.push(b':');
            Ok(text)
        });
        Ok(Self { before: before.collect::<Result<_, Error>>()? })
    }

    /// Writes one row; cells beyond the columns are left out.
    pub fn write(&self, row: Row, out: &mut Vec<u8>) -> Result<(), Error> {
        for (before, cell) in self.before.iter().zip(row.iter()) {
            out.extend(before);
            value(cell, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// A cell in JSON.
pub fn value(cell: Cell, out: &mut Vec<u8>) -> Result<(), Error> {
    match cell {
        Cell::Null => out.extend(b"null"),
        Cell::Boolean(true) => out.extend(b"true"),
        Cell::Boolean(false) => out.extend(b"false"),
        Cell::Text(text) => serde_json::to_writer(out, text).map_err(Error::internal)?,
        Cell::Integer(_) | Cell::Number(_) => number(cell, out)?,
    }
    Ok(())
}

/// A number in the spelling it has in every text format: `331`, `6.2`.
pub fn number(cell: Cell, out: &mut Vec<u8>) -> Result<(), Error> {
    match cell {
        Cell::Integer(number) => serde_json::to_writer(out, &number),
        Cell::Number(number) => serde_json::to_writer(out, &Number(number)),
        _ => Ok(()),
    }
    .map_err(Error::internal)
}

/// One object a line.
pub struct Ndjson {
    objects: Objects,
    line: Vec<u8>,
}

impl Ndjson {
    pub fn new(table: &Table) -> Result<Self, Error> {
        Ok(Self { objects: Objects::of(&table.columns)?, line: vec![] })
    }
}

impl Writer for Ndjson {
    fn rows(&mut self, rows: &Rows, out: &mut dyn Write) -> Result<(), Error> {
        for row in rows.iter() {
            self.objects.write(row, &mut self.line)?;
            self.line.push(b'\n');
            if self.line.len() > 65_536 {
                out.write_all(&self.line).map_err(Error::internal)?;
                self.line.clear();
            }
        }
        out.write_all(&self.line).map_err(Error::internal)?;
        self.line.clear();
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Write) -> Result<(), Error> {
        Ok(())
    }
}
