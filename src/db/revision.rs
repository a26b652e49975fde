//! Nothing is overwritten: every write is one transaction, one revision, and closes and opens versions of rows.
//!
//! The counter row is taken first, so writers queue in the order in which they commit, on both databases.
use super::place::{self, Places};
use super::reference::{self, Pending};
use super::stamp::Stamp;
use super::suppression::{self, Touched};
use super::table::{Record, Table};
use super::{CURRENT, Db, Statement, Transaction, digest, watch};
use crate::domain::{Language, id};
use crate::error::{Error, Kind, Mistake};
use chrono::{SecondsFormat, Utc};
use diesel::connection::SimpleConnection;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who writes, as it is kept with the revision.
#[derive(Debug, Clone, Default)]
pub struct Author {
    pub issuer: String,
    pub subject: String,
    pub organisation: Option<String>,
    /// `jti` of the token, where it has one.
    pub token_id: Option<String>,
}

impl Author {
    /// The service itself, or who runs its command line.
    pub fn local(subject: &str) -> Self {
        Self { issuer: "local".into(), subject: subject.into(), ..Self::default() }
    }
}

/// What the writer believes to be there.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Whatever there is: for bulk writes and imports, which replace.
    Anything,
    /// Nothing (`If-None-Match: *`).
    Nothing,
    /// One of these versions (`If-Match`).
    Versions(Vec<i64>),
    /// Nothing was said: fine for a new thing, refused for one that exists.
    Unsaid,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Replaced,
    /// The same content was there; nothing was written. The revision is the one it has had.
    Unchanged(i64),
    Deleted,
}

/// A revision being written.
pub struct Write<'c> {
    pub(super) conn: &'c mut Db,
    pub(super) tables: &'static [&'static Table],
    pub(super) revision: i64,
    pub(super) position: i64,
    pub(super) touched: BTreeSet<&'static str>,
    pub(super) pending: Pending,
    places: Option<Arc<Places>>,
    /// Places of which a version was changed or ended: what lies in them must still have somewhere to lie.
    moved: BTreeSet<String>,
    /// What the verdict on small numbers depends on.
    pub(super) hiding: Touched,
}

/// The current time as it is stored: one precision, UTC, so that text order is time order.
pub fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What is to become of a revision.
pub(super) enum Intent<'a> {
    Keep {
        author: &'a Author,
        reason: Option<&'a str>,
    },
    /// It is undone, after every check.
    Rehearse,
}

/// Runs `work` within the next revision. See [`super::Database::write`].
pub(super) fn run<T>(
    conn: &mut Db,
    tables: &'static [&'static Table],
    intent: Intent,
    work: impl FnOnce(&mut Write) -> Result<T, Error>,
) -> Result<(T, Option<i64>), Error> {
    let transaction = Transaction::begin(conn)?;
    let keeps = matches!(intent, Intent::Keep { .. });
    let written = within(transaction.conn, tables, intent, work)?;
    if keeps && written.kept {
        transaction.commit()?;
    }
    Ok((written.done, written.revision))
}

/// Takes the counter, and with it the right to write until the transaction ends.
fn next(conn: &mut Db) -> Result<i64, Error> {
    queue(conn)?;
    let taken: Option<(i64,)> =
        Statement::new("UPDATE dataset SET revision = revision + 1 RETURNING revision").row(conn)?;
    taken.map(|(revision,)| revision).ok_or_else(|| Error::internal("the dataset has no counter row"))
}

/// Waits on PostgreSQL for others who write, for as long as the connection waits for a lock. That setting counts each lock
/// apart, and a row that several wait for takes two, one to be the next and the row's own: the time of a statement is one.
fn queue(conn: &mut Db) -> Result<(), Error> {
    if matches!(conn, Db::Sqlite(_)) {
        return Ok(());
    }
    let queue = "SELECT set_config('statement_timeout', current_setting('lock_timeout'), true); \
                 SELECT 1 FROM dataset FOR NO KEY UPDATE; \
                 SET LOCAL statement_timeout TO DEFAULT";
    conn.batch_execute(queue).map_err(|e| match e.to_string().contains("statement timeout") {
        true => Error::unavailable(Kind::Contention, e),
        false => e.into(),
    })
}

/// The same in a transaction that has begun, and is committed by the caller or not.
pub(super) fn within<T>(
    conn: &mut Db,
    tables: &'static [&'static Table],
    intent: Intent,
    work: impl FnOnce(&mut Write) -> Result<T, Error>,
) -> Result<Written<T>, Error> {
    let revision = next(conn)?;
    let mut write = Write {
        conn: &mut *conn,
        tables,
        revision,
        position: 0,
        touched: BTreeSet::new(),
        pending: Pending::default(),
        places: None,
        moved: BTreeSet::new(),
        hiding: Touched::default(),
    };
    let done = work(&mut write)?;
    if write.position == 0 && write.hiding.stirred.is_empty() {
        write.give_back()?;
        return Ok(Written { done, revision: None, kept: false });
    }
    write.check()?;
    if write.position == 0 {
        // Only a value that nobody sees is another: a revision would tell of it.
        if let Intent::Keep { author, reason } = intent {
            write.audit_withheld(author, reason)?;
        }
        write.give_back()?;
        return Ok(Written { done, revision: None, kept: true });
    }
    if let Intent::Keep { author, reason } = intent {
        write.audit_withheld(author, reason)?;
        write.finish(author, reason)?;
        watch::tell(conn, revision)?;
    }
    Ok(Written { done, revision: Some(revision), kept: true })
}

/// What came of a write.
pub(super) struct Written<T> {
    pub done: T,
    /// The revision it made; none where nothing that is published changed.
    pub revision: Option<i64>,
    /// Whether there is anything to commit.
    pub kept: bool,
}

impl Write<'_> {
    /// Gives the number back: what is committed now makes no revision.
    fn give_back(&mut self) -> Result<(), Error> {
        Statement::new("UPDATE dataset SET revision = revision - 1").run(self.conn)?;
        Ok(())
    }

    /// The revision this write will be.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Checks what the rows written so far refer to; it is checked at the end in any case.
    pub fn check_references(&mut self) -> Result<(), Error> {
        let wrong = std::mem::take(&mut self.pending).check(self.conn, self.tables)?;
        if wrong.is_empty() { Ok(()) } else { Err(Error::all(Kind::InvalidContent, wrong)) }
    }

    /// Creates or replaces one row. Many at once are written faster by [`super::bulk::rows`].
    pub fn put<T: Record>(&mut self, row: T, expect: &Expect) -> Result<(T, Outcome), Error> {
        let table = T::table();
        let row = self.complete(row)?;
        let found = self.current::<T>(row.id())?;
        expect_holds(expect, found.as_ref().map(|(version, _)| *version))?;
        if let Some((version, before)) = &found {
            if *version == self.revision {
                return Err(Error::because(Kind::Duplicate, twice(row.id())));
            }
            if *before == row {
                return Ok((row, Outcome::Unchanged(*version)));
            }
        }
        let mut object = serde_json::to_value(&row).map_err(Error::internal)?;
        if let Some((version, before)) = &found {
            if let Some(truth) = self.withheld(table, [row.id()])?.remove(row.id()) {
                let before = serde_json::to_value(before).map_err(Error::internal)?;
                if self.withhold(table, &before, &mut object, &truth)? {
                    return Ok((row, Outcome::Unchanged(*version)));
                }
            }
            self.close(table, row.id())?;
        }
        self.insert(table, &object)?;
        self.hiding.note(table, &object);
        self.pending.note(&table.references, &object, None, &[]);
        let outcome = if found.is_some() { Outcome::Replaced } else { Outcome::Created };
        self.log(table, row.id(), if found.is_some() { "update" } else { "create" })?;
        Ok((row, outcome))
    }

    /// Ends one row. What others refer to stays.
    pub fn delete<T: Record>(&mut self, id: &str, expect: &Expect) -> Result<T, Error> {
        let table = T::table();
        let Some((version, before)) = self.current::<T>(id)? else {
            return Err(self.absent(table, id)?);
        };
        expect_holds(expect, Some(version))?;
        if version == self.revision {
            return Err(Error::because(Kind::Duplicate, twice(id)));
        }
        let pointing = reference::pointing_at(self.conn, self.tables, table, id)?;
        if !pointing.is_empty() {
            return Err(Error::all(Kind::Referenced, pointing));
        }
        self.close(table, id)?;
        self.release(table, id)?;
        self.hiding.note(table, &serde_json::to_value(&before).map_err(Error::internal)?);
        self.log(table, id, "delete")?;
        Ok(before)
    }

    /// The current version of a row and the revision it is from.
    pub fn current<T: Record>(&mut self, id: &str) -> Result<Option<(i64, T)>, Error> {
        let table = T::table();
        let sql = format!("SELECT revision, {} FROM {} t WHERE id = ", table.selection(Language::Nb), table.name);
        Ok(Statement::new(sql).bind(id).sql(" AND ended = ").bind(CURRENT).row(self.conn)?)
    }

    /// Why there is nothing current under an id: there never was, or it was deleted.
    pub fn absent(&mut self, table: &Table, id: &str) -> Result<Error, Error> {
        absent(self.conn, table, id)
    }

    /// Checks a row and fills what follows from it.
    pub(super) fn complete<T: Record>(&mut self, mut row: T) -> Result<T, Error> {
        let mut wrong = vec![];
        row.check(&mut wrong);
        if let Err(why) = id::check(row.id()) {
            wrong.push(Mistake::field("id", "invalid", why));
        }
        if T::LOCATED {
            let places = match self.places.take() {
                Some(known) => known,
                None if place::FROM.iter().any(|of| self.touched.contains(of)) => Arc::new(Places::load(self.conn)?),
                None => Places::known(self.conn)?,
            };
            row.locate(&places, &mut wrong);
            self.places = Some(places);
        }
        if wrong.is_empty() { Ok(row) } else { Err(Error::all(Kind::InvalidContent, wrong)) }
    }

    pub(super) fn close(&mut self, table: &Table, id: &str) -> Result<(), Error> {
        let closed = Statement::new(format!("UPDATE {} SET ended = ", table.name))
            .bind(self.revision)
            .sql(" WHERE id = ")
            .bind(id)
            .sql(" AND ended = ")
            .bind(CURRENT)
            .run(self.conn)?;
        if closed == 1 { Ok(()) } else { Err(Error::internal(format!("{closed} versions of {id} were current"))) }
    }

    fn insert(&mut self, table: &Table, object: &serde_json::Value) -> Result<(), Error> {
        let names = table.stored_columns().join(", ");
        let sql = format!("INSERT INTO {} (revision, ended, {names}) VALUES (", table.name);
        let mut statement = Statement::new(sql).bind(self.revision).sql(", ").bind(CURRENT);
        for value in table.stored_values(object) {
            statement = statement.sql(", ").bind(value);
        }
        statement.sql(")").run(self.conn)?;
        Ok(())
    }

    /// Counts a change in, and gives its position in the revision. It must be written to `changes` too.
    pub(super) fn count(&mut self, table: &'static Table, id: &str, operation: &str) -> i64 {
        // What this revision says of places must hold for its own later rows too.
        if place::FROM.contains(&table.collection) {
            self.places = None;
            if operation != "create" && table.collection != place::PLANS {
                // The id of a place is its region key, with the day it began behind a point where there are several.
                self.moved.extend(id.split('.').next().map(str::to_owned));
            }
        }
        self.position += 1;
        self.touched.insert(table.collection);
        self.position
    }

    pub(super) fn log(&mut self, table: &'static Table, id: &str, operation: &'static str) -> Result<(), Error> {
        let position = self.count(table, id, operation);
        Statement::new("INSERT INTO changes (revision, position, collection, id, operation) VALUES (")
            .bind(self.revision)
            .sql(", ")
            .bind(position)
            .sql(", ")
            .bind(table.collection)
            .sql(", ")
            .bind(id)
            .sql(", ")
            .bind(operation)
            .sql(")")
            .run(self.conn)?;
        Ok(())
    }

    /// What can be checked only when all is written.
    fn check(&mut self) -> Result<(), Error> {
        self.check_references()?;
        if !self.moved.is_empty() {
            let places = Places::load(self.conn)?;
            let stranded = reference::stranded(self.conn, self.tables, &places, &self.moved)?;
            if !stranded.is_empty() {
                return Err(Error::all(Kind::Referenced, stranded));
            }
        }
        suppression::settle(self)
    }

    fn finish(self, author: &Author, reason: Option<&str>) -> Result<(), Error> {
        let stamp = Stamp { revision: self.revision, time: &now(), reason, changes: self.position };
        stamp.record(self.conn, author)?;
        for table in self.tables.iter().filter(|table| self.touched.contains(table.collection)) {
            stamp.touch(self.conn, table)?;
            if self.hiding.redacted && table.collection == suppression::HIDING {
                // Versions that this revision ended are not what they were when they were counted in.
                let digest = digest::recompute(self.conn, table)?;
                digest::keep(self.conn, table, digest)?;
            }
        }
        Ok(())
    }
}

/// Why there is nothing current under an id.
pub fn absent(conn: &mut Db, table: &Table, id: &str) -> Result<Error, Error> {
    let statement = Statement::new(format!("SELECT MAX(ended) FROM {} WHERE id = ", table.name)).bind(id);
    let last: Option<(Option<i64>,)> = statement.row(conn)?;
    Ok(match last {
        Some((Some(ended),)) => Error::new(Kind::Gone).detail(format!(
            "`{id}` was deleted by revision {ended}; its versions are at /v1/{}/{id}/history",
            table.collection
        )),
        _ => Error::new(Kind::NotFound).detail(format!("there is no `{id}` in {}", table.collection)),
    })
}

/// The refusal of an id that one request has twice: which of the two is meant cannot be known.
pub(super) fn twice(id: &str) -> Mistake {
    Mistake::field("id", "duplicate", format!("`{id}` stands twice in one request"))
}

/// Whether what the writer believes to be there is.
pub(super) fn expect_holds(expect: &Expect, found: Option<i64>) -> Result<(), Error> {
    let stale = |version: i64| {
        Error::new(Kind::PreconditionFailed)
            .detail(format!("the current ETag is \"{version}\""))
            .header(actix_web::http::header::ETAG, &format!("\"{version}\""))
    };
    match (expect, found) {
        (Expect::Anything, _) | (Expect::Nothing | Expect::Unsaid, None) => Ok(()),
        (Expect::Nothing, Some(version)) => Err(stale(version)),
        (Expect::Unsaid, Some(version)) => Err(Error::new(Kind::PreconditionRequired)
            .detail(format!("it exists; send If-Match with its ETag, which is \"{version}\" now"))
            .header(actix_web::http::header::ETAG, &format!("\"{version}\""))),
        (Expect::Versions(_), None) => {
            Err(Error::new(Kind::PreconditionFailed).detail("If-Match was sent, and there is nothing to match"))
        }
        (Expect::Versions(versions), Some(version)) if versions.contains(&version) => Ok(()),
        (Expect::Versions(_), Some(version)) => Err(stale(version)),
    }
}
