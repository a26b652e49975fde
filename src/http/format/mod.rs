//! The forms an answer can have, how one is chosen, and a writer for each, in a file of its own.
//!
//! The seam is [`table`]: a writer takes columns and rows and knows no resource. What can say its columns and give its
//! rows, whether from the database or computed in memory, has every form ([`send`]).
mod accept;
mod csv;
pub mod form;
mod growing;
mod json;
mod jsonstat;
#[cfg(feature = "parquet")]
mod parquet;
pub mod send;
mod spool;
pub mod table;
mod wide;
mod words;
#[cfg(feature = "xlsx")]
mod xlsx;

pub use accept::accepted;
pub use form::{Form, Labels};
pub use json::Picked;
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
    #[cfg(feature = "xlsx")]
    Xlsx,
    #[cfg(feature = "parquet")]
    Parquet,
    JsonStat,
}

impl Format {
    /// Every form this program was built with, the first the one given unless asked.
    pub const ALL: &'static [Self] = &[
        Self::Json,
        Self::Csv,
        Self::Ndjson,
        #[cfg(feature = "xlsx")]
        Self::Xlsx,
        #[cfg(feature = "parquet")]
        Self::Parquet,
        Self::JsonStat,
    ];

    /// Its word in `format=`, its content type, how its files end, and what it is.
    fn said(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Json => ("json", "application/json; charset=utf-8", "json", "A page of rows."),
            Self::Csv => ("csv", "text/csv; charset=utf-8; header=present", "csv", "A header and the rows."),
            Self::Ndjson => {
                ("ndjson", "application/x-ndjson; charset=utf-8", "ndjson", "A row in each line, as it is in JSON.")
            }
            #[cfg(feature = "xlsx")]
            Self::Xlsx => (
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "xlsx",
                "A workbook: the rows in one sheet, source, licence, units and query in another.",
            ),
            #[cfg(feature = "parquet")]
            Self::Parquet => (
                "parquet",
                "application/vnd.apache.parquet",
                "parquet",
                "Typed columns, with licence and query in the metadata of the file.",
            ),
            Self::JsonStat => (
                "json-stat2",
                "application/vnd.json-stat+json; charset=utf-8",
                "json",
                "A JSON-stat 2.0 dataset: the rows as a cube, with labels, units and roles.",
            ),
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
        self == Self::JsonStat
    }

    /// Refuses more rows than a file of it can hold; they are counted only where that is few.
    pub fn bound(self, count: impl FnOnce() -> Result<i64, Error>) -> Result<(), Error> {
        #[cfg(feature = "xlsx")]
        if self == Self::Xlsx && count()? > xlsx::MOST_ROWS {
            return Err(xlsx::too_large());
        }
        #[cfg(not(feature = "xlsx"))]
        drop(count);
        Ok(())
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
        #[cfg(feature = "xlsx")]
        Format::Xlsx => Box::new(xlsx::Xlsx::new(table)?),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::Parquet::new(table)?),
        Format::JsonStat => Box::new(jsonstat::JsonStat::new(table)?),
        Format::Json | Format::Ndjson => Box::new(json::Ndjson::new(table)?),
    })
}
