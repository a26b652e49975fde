//! A full copy of what is published: every version of every row, the revisions and the log of changes, in files that
//! explain themselves. Whoever has it can answer every address with `as_of` as this service does.
//!
//! It is the same, byte for byte, for the same revision on either database. What is not public is in none of it: neither
//! who wrote a revision, nor what was sent to consultations.
pub mod answer;
mod csvw;
pub mod files;
mod package;
mod readme;
pub mod sheet;

use crate::db::head::Mark;
use crate::db::{Database, digest};
use crate::domain::Language;
use crate::error::Error;
use crate::http::Settings;
use crate::http::asked::Asked;
use crate::http::format::{Column, Form, Format, Labels, Table, send};
use crate::http::list::Meta;
use crate::http::resource::Entry;
use files::{Files, Sum};
use serde_json::Value;
use sheet::Sheet;
use std::io::Write;
use std::sync::{Arc, OnceLock};

/// The file that lists the others with their sums. It is written last: a copy without it was never finished.
pub const SUMS: &str = "SHA256SUMS";
/// The file that describes the others (Frictionless Data Package).
pub const PACKAGE: &str = "datapackage.json";
/// The same for tools that read CSV on the Web (W3C).
pub const CSVW: &str = "csv-metadata.json";
/// The document of the API.
pub const OPENAPI: &str = "openapi.json";
/// What it is, for people.
pub const README: &str = "README.txt";

/// What a copy is made of.
pub struct Copies {
    sheets: Vec<Arc<Sheet>>,
    license: String,
    document: fn(&Settings) -> Value,
    /// The document, rendered when it is first wanted.
    rendered: OnceLock<Vec<u8>>,
}

/// A sheet that was written.
struct Written<'s> {
    sheet: &'s Sheet,
    sum: Sum,
    /// What its current rows add up to, see [`crate::db::digest`]; none where it has no versions.
    digest: Option<String>,
}

impl Copies {
    /// Copies of these collections, under a licence.
    pub fn of(entries: &'static [Entry], license: &str, document: fn(&Settings) -> Value) -> Self {
        let sheets = sheet::sheets(entries).into_iter().map(Arc::new).collect();
        Self { sheets, license: license.to_owned(), document, rendered: OnceLock::new() }
    }

    /// The document as it is for any instance, so that the same data have the same copy.
    fn document(&self) -> &[u8] {
        self.rendered.get_or_init(|| {
            let document = (self.document)(&Settings::default());
            let mut bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
            bytes.push(b'\n');
            bytes
        })
    }

    /// Writes a copy of the dataset as it was at a revision.
    pub fn write(&self, db: &Database, mark: &Mark, mut files: Box<dyn Files + '_>) -> Result<Vec<Sum>, Error> {
        let mut written = vec![];
        for sheet in &self.sheets {
            let sum = files::write(&mut *files, &sheet.file(), |out| rows(sheet, db, mark, out))?;
            let table = db.table(sheet.name);
            let digest = table.map(|table| db.read(|conn| digest::at(conn, table, mark.revision))).transpose()?;
            written.push(Written { sheet, sum, digest: digest.map(|digest| digest.to_string()) });
        }
        let package = pretty(&package::describe(&written, mark, &self.license))?;
        let csvw = pretty(&csvw::describe(&self.sheets, &self.license))?;
        let readme = readme::text(&self.sheets, mark, &self.license);
        let mut sums: Vec<Sum> = written.into_iter().map(|written| written.sum).collect();
        for (name, bytes) in
            [(PACKAGE, &package[..]), (CSVW, &csvw), (OPENAPI, self.document()), (README, readme.as_bytes())]
        {
            sums.push(files::write(&mut *files, name, |out| out.write_all(bytes).map_err(Error::internal))?);
        }
        let list: String = sums.iter().map(|sum| format!("{}  {}\n", sum.sha256, sum.file)).collect();
        sums.push(files::write(&mut *files, SUMS, |out| out.write_all(list.as_bytes()).map_err(Error::internal))?);
        files.finish().map_err(Error::internal)?;
        Ok(sums)
    }
}

fn pretty(value: &Value) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Error::internal)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A sheet as CSV, in the spelling that every list has.
fn rows(sheet: &Arc<Sheet>, db: &Database, mark: &Mark, out: &mut dyn Write) -> Result<(), Error> {
    let form = Form { format: Format::Csv, excel: false, wide: false, labels: Labels::Code };
    let column = |c: &crate::db::table::Column| Column::new(c.name.clone(), c.holds, c.description.clone());
    let table = Table {
        name: sheet.name.to_owned(),
        about: sheet.about.to_owned(),
        columns: sheet.columns.iter().map(column).collect(),
        cube: None,
        meta: Meta::of(&Settings::default(), answer::PATH, &Asked::default(), Language::Nb, mark),
    };
    send::write(&form, (table, sheet.read(db, mark.revision)), out)
}
