//! CSV (RFC 4180 with LF): a header always, nothing for null, raw texts. For Excel in a Norwegian setting another dialect:
//! a byte-order mark, semicolons, decimal commas, CRLF, and texts that a spreadsheet would run as formulas made harmless.
use super::table::{Table, Writer};
use crate::db::json::number;
use crate::db::rows::{Cell, Rows};
use crate::error::Error;
use std::io::Write;

pub struct Csv {
    /// The names of the columns, until they are written.
    header: Option<Vec<String>>,
    excel: bool,
    line: Vec<u8>,
}

impl Csv {
    pub fn new(table: &Table, excel: bool) -> Self {
        let header = table.columns.iter().map(|c| c.name.clone()).collect();
        Self { header: Some(header), excel, line: vec![] }
    }

    fn cell(&mut self, cell: Cell) -> Result<(), Error> {
        match cell {
            Cell::Null => {}
            Cell::Boolean(true) => self.line.extend(b"true"),
            Cell::Boolean(false) => self.line.extend(b"false"),
            Cell::Text(text) => self.text(text),
            Cell::Integer(_) | Cell::Number(_) => {
                let start = self.line.len();
                number(cell, &mut self.line)?;
                if self.excel {
                    self.line[start..].iter_mut().filter(|b| **b == b'.').for_each(|b| *b = b',');
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        // A spreadsheet runs a text that begins so as a formula, and it may have been written by a stranger.
        let formula = self.excel && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let separator = if self.excel { b';' } else { b',' };
        let quoted = text.bytes().any(|b| b == separator || matches!(b, b'"' | b'\n' | b'\r'));
        if quoted {
            self.line.push(b'"');
        }
        if formula {
            self.line.push(b'\'');
        }
        if quoted {
            for byte in text.bytes() {
                if byte == b'"' {
                    self.line.push(b'"');
                }
                self.line.push(byte);
            }
            self.line.push(b'"');
        } else {
            self.line.extend(text.as_bytes());
        }
    }

    fn line<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) -> Result<(), Error> {
        let start = self.line.len();
        for (index, cell) in cells.enumerate() {
            if index > 0 {
                self.line.push(if self.excel { b';' } else { b',' });
            }
            self.cell(cell)?;
        }
        if self.line.len() == start {
            // One empty cell and no line at all would look alike.
            self.line.extend(b"\"\"");
        }
        self.line.extend(if self.excel { &b"\r\n"[..] } else { b"\n" });
        Ok(())
    }

    fn header(&mut self) -> Result<(), Error> {
        let Some(names) = self.header.take() else { return Ok(()) };
        if self.excel {
            self.line.extend("\u{feff}".as_bytes());
        }
        self.line(names.iter().map(|name| Cell::Text(name)))
    }

    fn flush(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        out.write_all(&self.line).map_err(Error::internal)?;
        self.line.clear();
        Ok(())
    }
}

impl Writer for Csv {
    fn rows(&mut self, rows: &Rows, out: &mut dyn Write) -> Result<(), Error> {
        self.header()?;
        for row in rows.iter() {
            self.line(row.iter())?;
            if self.line.len() > 65_536 {
                self.flush(out)?;
            }
        }
        self.flush(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        self.header()?;
        self.flush(out)
    }
}
