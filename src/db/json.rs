//! Cells as JSON spells them: the one spelling of a row in answers, in files and in digests.
use super::rows::{Cell, Row};
use crate::domain::Number;
use crate::error::Error;

/// Writes rows as objects, with the text before each value made once.
pub struct Objects {
    before: Vec<Vec<u8>>,
}

impl Objects {
    /// Of columns with these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let before = names.into_iter().enumerate().map(|(index, name)| {
            let mut text = vec![if index == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut text, name).map_err(Error::internal)?;
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
