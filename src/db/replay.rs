//! A revision that was written elsewhere, written here as it was there: with its number, its time, its reason and the
//! order of its changes, in one transaction. Where it is kept is where the copy stands; there is no other mark that could
//! fall out of step with the rows.
use super::stamp::Stamp;
use super::table::Table;
use super::{Author, CURRENT, Database, Db, Statement, Transaction, insert, watch};
use crate::error::{Error, Kind};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashSet};

/// Changes that are written together.
const BATCH: usize = 500;

/// One change of it.
pub struct Change {
    pub table: &'static Table,
    pub id: String,
    pub operation: Operation,
}

/// What it did, with the row as it became, where there is one.
pub enum Operation {
    Create(Json),
    Update(Json),
    Delete,
}

impl Operation {
    fn word(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update(_) => "update",
            Self::Delete => "delete",
        }
    }

    fn row(&self) -> Option<&Json> {
        match self {
            Self::Create(row) | Self::Update(row) => Some(row),
            Self::Delete => None,
        }
    }
}

/// What is said of it as a whole.
pub struct Foreign<'a> {
    pub revision: i64,
    pub time: &'a str,
    pub reason: Option<&'a str>,
    /// Where it is from, as the revision says who wrote it here.
    pub author: &'a Author,
}

impl Database {
    /// Writes the revision after the newest one here. Any other number is refused: something would be missing, or
    /// somebody else has written.
    pub fn replay(&self, foreign: &Foreign, changes: impl Iterator<Item = Result<Change, Error>>) -> Result<(), Error> {
        self.pools.write(|conn| {
            let transaction = Transaction::begin(conn)?;
            let taken = Statement::new("UPDATE dataset SET revision = revision + 1 RETURNING revision");
            let taken: Option<(i64,)> = taken.row(transaction.conn)?;
            if taken != Some((foreign.revision,)) {
                let detail =
                    format!("revision {} does not follow on what is here: somebody else writes", foreign.revision);
                return Err(Error::new(Kind::Duplicate).detail(detail));
            }
            let (mut done, mut touched, mut batch) = (0, BTreeSet::new(), Batch::default());
            for change in changes {
                let change = change?;
                touched.insert(change.table.collection);
                if !batch.takes(&change) {
                    done += batch.flush(transaction.conn, foreign.revision, done)?;
                }
                batch.push(change);
            }
            done += batch.flush(transaction.conn, foreign.revision, done)?;
            let stamp = Stamp { revision: foreign.revision, time: foreign.time, reason: foreign.reason, changes: done };
            stamp.record(transaction.conn, foreign.author)?;
            for table in self.tables.iter().filter(|table| touched.contains(table.collection)) {
                stamp.touch(transaction.conn, table)?;
            }
            watch::tell(transaction.conn, foreign.revision)?;
            transaction.commit()
        })?;
        self.refresh()
    }
}

/// Changes of one table that follow one another, of things that all differ.
#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    ids: HashSet<String>,
}

impl Batch {
    fn takes(&self, change: &Change) -> bool {
        let same = self.changes.first().is_none_or(|first| first.table.collection == change.table.collection);
        same && self.changes.len() < BATCH && !self.ids.contains(&change.id)
    }

    fn push(&mut self, change: Change) {
        self.ids.insert(change.id.clone());
        self.changes.push(change);
    }

    /// Writes them, with the positions after `before`; how many there were.
    fn flush(&mut self, conn: &mut Db, revision: i64, before: i64) -> Result<i64, Error> {
        self.ids.clear();
        let changes = std::mem::take(&mut self.changes);
        let Some(table) = changes.first().map(|change| change.table) else { return Ok(0) };
        let ended: Vec<&str> =
            changes.iter().filter(|c| !matches!(c.operation, Operation::Create(_))).map(|c| c.id.as_str()).collect();
        close(conn, table, revision, &ended)?;
        let stored = table.stored_columns();
        let columns: Vec<&str> = ["revision", "ended"].into_iter().chain(stored.iter().map(String::as_str)).collect();
        let rows = changes.iter().filter_map(|change| {
            let mut row = vec![revision.into(), CURRENT.into()];
            row.extend(table.stored_values(change.operation.row()?));
            Some(row)
        });
        insert::many(conn, &table.name, &columns, rows.collect())?;
        let log = (before + 1..).zip(&changes).map(|(position, change)| {
            let word = change.operation.word();
            vec![revision.into(), position.into(), table.collection.into(), change.id.as_str().into(), word.into()]
        });
        let log: Vec<_> = log.collect();
        insert::many(conn, "changes", &["revision", "position", "collection", "id", "operation"], log)?;
        Ok(changes.len() as i64)
    }
}

fn close(conn: &mut Db, table: &Table, revision: i64, ids: &[&str]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = Statement::new(format!("UPDATE {} SET ended = ", table.name)).bind(revision).sql(" WHERE ended = ");
    let closed = sql.bind(CURRENT).sql(" AND id IN ").bind_list(ids.iter().copied()).run(conn)?;
    if closed == ids.len() {
        return Ok(());
    }
    let detail = format!(
        "revision {revision} changes {} rows of {}, of which {closed} are here: this is no copy of its source",
        ids.len(),
        table.collection
    );
    Err(Error::new(Kind::InvalidContent).detail(detail))
}
