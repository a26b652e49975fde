//! `opptrapping import --all`: a full copy made into an instance of its own.
//!
//! The sums of all files are compared before a row is read. Every row is then checked by itself, and the whole database
//! as `opptrapping check` does it, before the one transaction that has written all of it is kept.
pub mod files;
mod rows;
mod sums;

use super::progress::Counted;
use crate::api::RESOURCES;
use crate::db::restore::{Restore, Value};
use crate::db::{Author, CURRENT, Database};
use crate::domain::date;
use crate::error::{Error, Kind, Mistake};
use crate::http::copy::sheet::{self, Sheet};
use crate::http::copy::{CSVW, OPENAPI, PACKAGE, README, SUMS};
use crate::http::resource::Entry;
use files::{Files, unusable};
use rows::{Line, refused};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::io::Read;

/// Rows that are written together.
const BATCH: usize = 500;
/// How many mistakes of a file are told of.
const TOLD: usize = 100;
/// The longest the description may be, in bytes.
const LONGEST: u64 = 16 << 20;

/// What was loaded.
#[derive(Debug, PartialEq)]
pub struct Loaded {
    /// The newest revision.
    pub revision: i64,
    /// How many rows each file had.
    pub rows: BTreeMap<&'static str, usize>,
}

/// Loads a copy into an empty database. `author` is who the revisions are written by here: who wrote them where they come
/// from is not in a copy.
pub fn load(db: &Database, files: &mut Files, author: &Author) -> Result<Loaded, Error> {
    let sheets = sheet::sheets(&RESOURCES);
    let mut expected: Vec<String> = sheets.iter().map(Sheet::file).collect();
    expected.extend([PACKAGE, CSVW, OPENAPI, README, SUMS].map(str::to_owned));
    files.only(&expected)?;
    sums::compare(files, &expected)?;
    let digests = digests(files)?;
    let mut rows = BTreeMap::new();
    let revision = db.restore(|restore| {
        for sheet in &sheets {
            let input = files.read(&sheet.file())?;
            rows.insert(sheet.name, fill(restore, sheet, input, author)?);
        }
        Ok(digests)
    })?;
    Ok(Loaded { revision, rows })
}

/// What the current rows of each collection add up to, as the description says.
fn digests(files: &mut Files) -> Result<BTreeMap<String, String>, Error> {
    let package: Json =
        serde_json::from_reader(files.read(PACKAGE)?.take(LONGEST)).map_err(|e| unusable(format!("{PACKAGE}: {e}")))?;
    let resources = package["resources"].as_array().into_iter().flatten();
    let pair = |resource: &Json| Some((resource["name"].as_str()?.to_owned(), resource["digest"].as_str()?.to_owned()));
    Ok(resources.filter_map(pair).collect())
}

/// Writes the rows of a sheet; how many there were.
fn fill(restore: &mut Restore, sheet: &Sheet, input: impl Read, author: &Author) -> Result<usize, Error> {
    let entry = RESOURCES.iter().find(|entry| (entry.table)().collection == sheet.name);
    let stored = entry.map(|entry| (entry.table)().stored_columns());
    let (table, columns): (&str, Vec<&str>) = match (entry, &stored, sheet.name) {
        (Some(entry), Some(stored), _) => {
            let columns = ["revision", "ended"].into_iter().chain(stored.iter().map(String::as_str)).collect();
            ((entry.table)().name.as_str(), columns)
        }
        (.., "revisions") => (
            "revisions",
            vec!["revision", "time", "reason", "row_count", "issuer", "subject", "organisation", "token_id"],
        ),
        _ => ("changes", vec!["revision", "position", "collection", "id", "operation"]),
    };
    let (mut batch, mut wrong, mut unlisted) = (Vec::with_capacity(BATCH), vec![], 0);
    let mut lines = Counted::new(rows::read(sheet, input)?);
    for line in &mut lines {
        match line.and_then(|line| checked(sheet, entry, line, author)) {
            Ok(row) => batch.push(row),
            Err(e) if e.mistakes.is_empty() => return Err(e),
            Err(e) if wrong.len() >= TOLD => unlisted += e.mistakes.len(),
            Err(e) => wrong.extend(e.mistakes),
        }
        if batch.len() >= BATCH {
            restore.insert(table, &columns, std::mem::take(&mut batch))?;
        }
    }
    if !wrong.is_empty() {
        return Err(Error::all(Kind::InvalidContent, wrong).and_more(unlisted));
    }
    restore.insert(table, &columns, batch)?;
    Ok(lines.rows())
}

/// A row as it is written, checked by itself.
fn checked(sheet: &Sheet, entry: Option<&Entry>, line: Line, author: &Author) -> Result<Vec<Value>, Error> {
    let Line { number, mut members } = line;
    if let Some(entry) = entry {
        let (revision, ended) = (integer(&mut members, "revision"), integer(&mut members, "ended"));
        let whole = (entry.inspect)(members).map_err(|wrong| refused(sheet, number, wrong))?;
        let mut row = vec![Value::Integer(revision), Value::Integer(ended.or(Some(CURRENT)))];
        row.extend((entry.table)().stored_values(&whole));
        return Ok(row);
    }
    if let Some(time) = members.get("time").and_then(Json::as_str)
        && !date::is_stamp(time)
    {
        let mistake = Mistake::field("time", "invalid", "must be a time such as 2026-11-22T10:00:00.000Z");
        return Err(refused(sheet, number, vec![mistake]));
    }
    let mut row: Vec<Value> = sheet
        .columns
        .iter()
        .map(|column| match &members[&column.name] {
            Json::Number(number) => Value::Integer(number.as_i64()),
            other => Value::Text(other.as_str().map(str::to_owned)),
        })
        .collect();
    if sheet.name == "revisions" {
        row.extend([author.issuer.as_str().into(), author.subject.as_str().into()]);
        row.extend([Value::Text(author.organisation.clone()), Value::Text(author.token_id.clone())]);
    }
    Ok(row)
}

fn integer(members: &mut Map<String, Json>, name: &str) -> Option<i64> {
    members.shift_remove(name).and_then(|value| value.as_i64())
}
