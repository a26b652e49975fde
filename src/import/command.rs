//! `opptrapping import`: a file into a collection, all of it as one revision, or nothing.
use super::known::Known;
use super::options::Options;
use super::progress::Counted;
use crate::db::bulk::Tally;
use crate::db::{Author, Database};
use crate::error::Error;
use crate::http::resource::Entry;
use std::fmt::Write as _;
use std::io::Read;

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub tally: Tally,
    /// The revision that was written; none where nothing changed, and for a rehearsal.
    pub revision: Option<i64>,
    /// What the reader did of itself.
    pub warnings: Vec<String>,
}

/// Imports from `input`; with `dry_run` everything is checked and nothing kept.
pub fn run(
    db: &Database,
    entry: &Entry,
    input: Box<dyn Read>,
    options: &Options,
    reason: Option<&str>,
    dry_run: bool,
) -> Result<Report, Error> {
    let table = (entry.table)();
    let known = Known::load(db, table)?;
    let reading = super::read(table, options, &known, input)?;
    let mut rows = Counted::new(reading.rows);
    let (tally, revision) = match dry_run {
        true => (db.rehearse(|write| (entry.store)(write, &mut rows))?.0, None),
        false => db.write(&Author::local("command line"), reason, |write| (entry.store)(write, &mut rows))?,
    };
    Ok(Report { tally, revision, warnings: reading.warnings })
}

impl Report {
    /// The report in a line.
    pub fn summary(&self, dry_run: bool) -> String {
        let outcome = match (dry_run, self.revision) {
            (true, _) => "dry run, nothing written".to_owned(),
            (_, Some(revision)) => format!("revision {revision}"),
            (_, None) => "nothing changed, no new revision".to_owned(),
        };
        let Tally { inserted, updated, unchanged } = self.tally;
        format!("{outcome}: {inserted} inserted, {updated} updated, {unchanged} unchanged")
    }
}

/// Every complaint on a line of its own, `FILE:LINE:COLUMN: field: message`, as compilers write them and editors read
/// them. In tables the column is the number of the cell.
pub fn complaints(file: &str, error: &Error) -> String {
    let mut out = String::new();
    for mistake in &error.mistakes {
        let place = match (mistake.place, mistake.row) {
            (Some(place), _) => {
                let column = place.column.map(|column| format!(":{column}")).unwrap_or_default();
                format!(":{}{column}", place.line)
            }
            (None, Some(row)) => format!(": row {row}"),
            (None, None) => String::new(),
        };
        let name = if mistake.name.is_empty() { String::new() } else { format!(" {}:", mistake.name) };
        let meant = mistake.did_you_mean.as_ref().map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let _ = writeln!(out, "{file}{place}:{name} {}{meant}", mistake.message);
    }
    if error.mistakes.is_empty() {
        let _ = writeln!(out, "{file}: {error}");
    }
    if error.unlisted > 0 {
        let _ = writeln!(out, "{file}: and {} more", error.unlisted);
    }
    out + "nothing was written"
}
