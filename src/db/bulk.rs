//! Many rows at once: checked one by one, written by the hundred, refused together with every mistake of each.
use super::batch::Checked;
use super::revision::{Outcome, Write, twice};
use super::table::Record;
use crate::error::{Error, Kind, Mistake, Place};
use serde::Serialize;
use serde::de::IntoDeserializer;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// How many mistakes are told of at once; the others are counted.
pub const TOLD: usize = 100;

/// How many rows are held at a time, and looked up by one statement.
const BATCH: usize = 500;

/// A row as a reader of files or bodies gives it: its members have the types of their columns, and no more is known.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its number in what was sent, counted from 1.
    pub number: usize,
    pub stored: Map<String, Value>,
    /// What was sent for fields the service fills; it must agree with what it fills.
    pub claimed: Map<String, Value>,
    /// Where it is in the file.
    pub origin: Origin,
}

/// Where a row is in a file, and in which cell each of its fields stood.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Counted from 1; 0 where the row came from no file.
    pub line: usize,
    /// The names of fields with their cells, counted from 1. Rows of one table mostly share it.
    pub cells: std::sync::Arc<Vec<(String, usize)>>,
}

impl Origin {
    /// Where a field is: its cell, or the line where it has none.
    pub fn place(&self, field: &str) -> Option<Place> {
        let column = self.cells.iter().find(|(name, _)| name == field).map(|(_, cell)| *cell);
        (self.line > 0).then_some(Place { line: self.line, column })
    }

    /// Says of mistakes which row they are in, and where that is.
    pub fn stamp(&self, number: usize, mistakes: Vec<Mistake>) -> Vec<Mistake> {
        let stamped = |mistake: Mistake| {
            let place = self.place(&mistake.name);
            mistake.in_row(number, place)
        };
        mistakes.into_iter().map(stamped).collect()
    }
}

/// Rows as they are read, with an error in the place of each that cannot be.
pub type Rows<'r> = dyn Iterator<Item = Result<Row, Error>> + 'r;

/// What a table did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub inserted: usize,
    pub updated: usize,
    pub unchanged: usize,
}

/// Writes every row, or none. A reader gives an error with mistakes for a row it could not read, and goes on; an error
/// without is the end.
pub fn rows<T: Record>(write: &mut Write, rows: &mut Rows) -> Result<Tally, Error> {
    let mut bulk = Bulk::<T>::default();
    for row in rows {
        match row.and_then(|row| bulk.check(write, row)) {
            Ok(checked) => bulk.batch.push(checked),
            Err(e) if !e.mistakes.is_empty() => bulk.refuse(e.mistakes),
            Err(e) => return Err(e),
        }
        if bulk.batch.len() >= BATCH {
            bulk.flush(write)?;
        }
    }
    bulk.flush(write)?;
    bulk.finish(write)
}

struct Bulk<T> {
    tally: Tally,
    batch: Vec<Checked<T>>,
    seen: Seen,
    wrong: Vec<Mistake>,
    unlisted: usize,
}

impl<T> Default for Bulk<T> {
    fn default() -> Self {
        Self { tally: Tally::default(), batch: vec![], seen: Seen::default(), wrong: vec![], unlisted: 0 }
    }
}

impl<T: Record> Bulk<T> {
    fn check(&mut self, write: &mut Write, row: Row) -> Result<Checked<T>, Error> {
        let Row { number, stored, claimed, origin } = row;
        let refused = |mistakes| Error::all(Kind::InvalidContent, origin.stamp(number, mistakes));
        let members = serde::de::value::MapDeserializer::new(
            stored.into_iter().map(|(name, value)| (name, value.into_deserializer())),
        );
        let row: Result<T, serde_json::Error> = T::deserialize(members);
        let row = row.map_err(|e| refused(vec![Mistake::field("", "invalid", e.to_string())]))?;
        let row = write.complete(row).map_err(|e| match e.mistakes.is_empty() {
            true => e,
            false => refused(e.mistakes),
        })?;
        let object = serde_json::to_value(&row).map_err(Error::internal)?;
        let mut wrong = T::table().disagreements(&claimed, &object);
        if !self.seen.add(row.id()) {
            wrong.push(twice(row.id()));
        }
        if !wrong.is_empty() {
            return Err(refused(wrong));
        }
        let fields = T::table().references.iter().map(|reference| reference.field);
        let places = fields.filter_map(|field| Some((field, origin.place(field)?))).collect();
        Ok(Checked { row, object, number, places })
    }

    fn flush(&mut self, write: &mut Write) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        // Also after a refusal, though all is undone in the end: what the rows refer to can then be told as well.
        for outcome in write.put_all(&batch)? {
            match outcome {
                Ok(Outcome::Created) => self.tally.inserted += 1,
                Ok(Outcome::Unchanged(_)) => self.tally.unchanged += 1,
                Ok(_) => self.tally.updated += 1,
                Err(i) => {
                    self.refuse(vec![twice(batch[i].row.id()).in_row(batch[i].number, None)]);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, mistakes: Vec<Mistake>) {
        for mistake in mistakes {
            match self.wrong.len() {
                TOLD.. => self.unlisted += 1,
                _ => self.wrong.push(mistake),
            }
        }
    }

    fn finish(mut self, write: &mut Write) -> Result<Tally, Error> {
        if self.wrong.is_empty() {
            return Ok(self.tally);
        }
        // What refers to nothing is told beside the other mistakes; but where rows refer to their own table, one that was
        // refused would be said not to be there.
        if T::table().references.iter().all(|r| r.table != T::table().collection)
            && let Err(e) = write.check_references()
        {
            match e.mistakes.is_empty() {
                true => return Err(e),
                false => self.refuse(e.mistakes),
            }
        }
        self.wrong.sort_by_key(|mistake| mistake.row);
        Err(Error::all(Kind::InvalidContent, self.wrong).and_more(self.unlisted))
    }
}

/// The ids of a table so far, as hashes, so that a million take 40 MB. Of 128 bits with keys made for the occasion, so
/// that two ids that differ are told apart whoever chose them.
#[derive(Default)]
struct Seen {
    keys: (RandomState, RandomState),
    ids: HashSet<u128>,
}

impl Seen {
    /// Adds an id, or says that it was there.
    fn add(&mut self, id: &str) -> bool {
        let (high, low) = (self.keys.0.hash_one(id), self.keys.1.hash_one(id));
        self.ids.insert(u128::from(high) << 64 | u128::from(low))
    }
}
