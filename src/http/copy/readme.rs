//! What a full copy is, for the person who opens it.
use super::sheet::Sheet;
use super::{CSVW, OPENAPI, PACKAGE, SUMS};
use crate::db::head::Mark;
use crate::http::{ATTRIBUTION, LICENSE_URL};
use std::fmt::Write;
use std::sync::Arc;

const BOKMAAL: &str =
    "Dette er en full kopi av det Opptrapping har publisert: hver versjon av hver rad, med historikken.";
const NYNORSK: &str =
    "Dette er ein full kopi av det Opptrapping har publisert: kvar versjon av kvar rad, med historikken.";

/// The text, with a line for each file.
pub fn text(sheets: &[Arc<Sheet>], mark: &Mark, license: &str) -> String {
    let mut files = String::new();
    for sheet in sheets {
        let _ = writeln!(files, "  {:<26}{}", sheet.file(), sheet.about.lines().next().unwrap_or_default());
    }
    let written = if mark.time.is_empty() { String::new() } else { format!(", written {}", mark.time) };
    format!(
        "OPPTRAPPING: A FULL COPY\n\n\
         Everything published by this service up to revision {revision}{written}: every version of every row.\n\
         {BOKMAAL}\n{NYNORSK}\n\n\
         LICENCE\n\n{license}, {LICENSE_URL}\n{ATTRIBUTION}\n\n\
         FILES\n\n{files}\n  \
         {PACKAGE:<26}The same described for programs (Frictionless Data Package).\n  \
         {CSVW:<26}The same for CSV on the Web (W3C).\n  \
         {OPENAPI:<26}The document of the API.\n  \
         {SUMS:<26}The SHA-256 of every file: sha256sum -c {SUMS}\n\n\
         READING\n\n\
         CSV in UTF-8 with commas, a header, and LF. An empty cell is not known. Read codes as text: 0301 is Oslo.\n\
         `revision` is the revision that wrote a version of a row, and `ended` the one that replaced or deleted it.\n\
         The rows of today are those with nothing in `ended`; those of revision R have revision <= R and ended > R or empty.\n\
         What the dataset was at a time is what it was at the last revision of revisions.csv written by then.\n\n\
         A SERVICE OF YOUR OWN\n\n  \
         opptrapping import --all FOLDER|FILE.zip|URL      a new database with this in it\n  \
         opptrapping mirror URL                            the same, kept in step with its source\n",
        revision = mark.revision,
    )
}
