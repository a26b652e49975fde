//! The forms an answer can have, how one is chosen, and a writer for each, in a file of its own.
//!
//! The seam is [`table`]: a writer takes columns and rows and knows no resource. What can say its columns and give its
//! rows, whether from the database or computed in memory, has every form ([`send`]).
mod accept;
mod csv;
pub mod form;
mod json;
pub mod send;
mod spool;
pub mod table;

pub use accept::accepted;
pub use form::{Form, Labels};
pub use json::{Objects, Picked};
pub use send::{Opened, send};
pub use spool::Exports;
pub use table::{Column, Cube, Source, Table, Writer};

use crate::error::Error;
use std::sync::LazyLock;

/// A form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
    Ndjson,
}

impl Format {
    /// Every form this program was built with, the first the one given unless asked.
    pub const ALL: &'static [Self] = &[Self::Json, Self::Csv, Self::Ndjson];

    /// Its word in `format=`, its content type, how its files end, and what it is.
    fn said(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Json => ("json", "application/json; charset=utf-8", "json", "A page of rows."),
            Self::Csv => ("csv", "text/csv; charset=utf-8; header=present", "csv", "A header and the rows."),
            Self::Ndjson => {
                ("ndjson", "application/x-ndjson; charset=utf-8", "ndjson", "A row in each line, as it is in JSON.")
            }
        }
    }

    /// The word of `format=`.
    pub fn word(self) -> &'static str {
        self.said().0
    }

    pub fn content_type(self) -> &'static str {
        self.said().1
    }

    /// The content type without its parameters.
    pub fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }

    /// How a file of it ends.
    pub fn ending(self) -> &'static str {
        self.said().2
    }

    /// What it is, for the document.
    pub fn about(self) -> &'static str {
        self.said().3
    }

    /// Those that rows have; some only where the rows make a cube.
    pub fn offered(cube: bool) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |f| cube || !f.needs_cube())
    }

    /// The words of those.
    pub fn words(cube: bool) -> &'static [&'static str] {
        static WORDS: LazyLock<[Vec<&'static str>; 2]> =
            LazyLock::new(|| [false, true].map(|cube| Format::offered(cube).map(Format::word).collect()));
        &WORDS[usize::from(cube)]
    }

    /// Whether it has dimensions in the place of rows.
    pub fn needs_cube(self) -> bool {
        false
    }

    /// Whether it holds every row at once.
    pub fn is_table(self) -> bool {
        self != Self::Json
    }
}

/// The writer of a form.
fn writer(form: &Form, table: &Table) -> Result<Box<dyn Writer>, Error> {
    Ok(match form.format {
        Format::Csv => Box::new(csv::Csv::new(table, form.excel)),
        Format::Json | Format::Ndjson => Box::new(json::Ndjson::new(table)?),
    })
}
