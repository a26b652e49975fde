//! What comes from files: the reference data that ships, and tables handed to `opptrapping import`.
//!
//! A reader turns a file into rows and knows nothing of the database; what it needs to know of what is there is given to
//! it as [`known::Known`]. The rows go to the same function as every other table (`db::bulk`), which writes all or none.
//!
//! * `csv`, `ndjson`: our own tables, read by `http::rows`;
//! * [`jsonstat`], [`ssb_csv`]: statistics, read as a [`cube::Cube`], of which [`mapping`] makes observations;
//! * [`klass`]: codes and their changes, of which [`register`] makes `municipalities` and `counties`, and [`changes`]
//!   `municipality-changes`.
//!
//! Beside them stand what makes an instance of another one: [`copy`] reads a full copy, [`mirror`] follows a source.
pub mod changes;
pub mod code;
pub mod command;
pub mod content;
pub mod copy;
pub mod cube;
pub mod encoding;
pub mod figure;
pub mod jsonstat;
pub mod klass;
pub mod known;
pub mod lines;
pub mod mapping;
pub mod mirror;
pub mod options;
pub mod progress;
pub mod reference;
pub mod register;
pub mod remote;
pub mod separated;
pub mod ssb_csv;
pub mod sum;

use crate::db::bulk;
use crate::db::table::Table;
use crate::error::{Error, Kind, Mistake, Place};
use crate::http::rows;
use known::Known;
use options::{Form, Options};
use std::io::Read;

/// What was read, with what the reader did of itself and the user should know.
pub struct Reading<'r> {
    pub rows: Box<bulk::Rows<'r>>,
    pub warnings: Vec<String>,
}

/// Reads a file in the form named, or in the one it seems to have.
pub fn read<'r>(
    table: &'static Table,
    options: &Options,
    known: &Known,
    mut input: Box<dyn Read + 'r>,
) -> Result<Reading<'r>, Error> {
    input = encoding::unpacked(input)?;
    match options.from.unwrap_or(Form::Csv) {
        Form::Csv => Ok(Reading { rows: Box::new(rows::csv::read(table, input)?), warnings: vec![] }),
        Form::Ndjson => Ok(Reading { rows: Box::new(rows::ndjson::read(table, input)), warnings: vec![] }),
        Form::SsbJsonStat => mapping::observations(table, jsonstat::read(&encoding::utf8(input)?)?, options, known),
        Form::SsbCsv => {
            let cube = ssb_csv::read(&encoding::text(input)?, options.value.as_deref(), &options.axes())?;
            mapping::observations(table, cube, options, known)
        }
        Form::KlassJson => register::rows(table, klass::json(&encoding::utf8(input)?)?, options, known),
        Form::KlassCsv => register::rows(table, klass::csv(&encoding::text(input)?)?, options, known),
    }
}

/// A mistake of a file that is not one of a row of it.
fn wrong(name: &str, message: impl Into<String>, place: Option<Place>) -> Error {
    let mistake = Mistake { place, pointer: None, ..Mistake::field(name, "invalid", message) };
    Error::because(Kind::InvalidContent, mistake)
}
