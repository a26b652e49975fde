//! Rows as JSON objects: on a page, or one a line (ndjson).
use super::table::{Table, Writer};
use crate::db::json::Objects;
use crate::db::rows::Rows;
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

/// One object a line.
pub struct Ndjson {
    objects: Objects,
    line: Vec<u8>,
}

impl Ndjson {
    pub fn new(table: &Table) -> Result<Self, Error> {
        Ok(Self { objects: Objects::of(table.columns.iter().map(|c| c.name.as_str()))?, line: vec![] })
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
