//! One connection type, one query path, two databases.
//!
//! Statements are written as text in one dialect that both databases read (`statement`), with every value bound;
//! rows come back through serde (`record`), so that a resource's struct is its row, its JSON and its CSV at once.
//! Diesel brings the connections, the binding, the cache of prepared statements and the migrations. Its typed
//! query builder is not used: a list here is put together at run time from filters, orders and columns that are
//! data (see `http::filter`), and sixteen tables of boxed, two-backend types cost minutes of compilation for
//! queries that a test runs one by one on both databases anyway.
pub mod audit;
pub mod background;
pub mod backup;
pub mod batch;
pub mod boundaries;
mod breaker;
pub mod bulk;
pub mod cited;
mod counted;
mod damage;
pub mod digest;
mod door;
mod erasure;
mod file;
pub mod head;
pub mod idempotency;
pub mod insert;
pub mod json;
pub mod migrate;
mod open;
pub mod place;
pub mod pool;
pub mod record;
pub mod reference;
pub mod replay;
pub mod restore;
pub mod revision;
pub mod rows;
mod secret;
pub mod series;
mod stamp;
mod standing;
pub mod statement;
pub mod submission;
mod suppression;
pub mod table;
pub mod unsuppressed;
pub mod verify;
mod watch;

use crate::domain::boundaries::{Map, Register};
use crate::error::Error;
use boundaries::{Registers, Target};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use door::Door;
use head::{Head, Heads};
use idempotency::{Answer, Done, Keyed, Turns};
use pool::Pools;
use revision::Intent;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use table::Table;

pub use counted::State as PoolState;
pub use door::{Passed, Ways};
pub use revision::{Author, Expect, Outcome, Write};
pub use standing::{Fault, Standing};
pub use statement::Statement;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Db {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// The backend every statement is written for.
pub type Backend = MultiBackend;

/// `ended` of a version that is current: the largest BIGINT.
pub const CURRENT: i64 = i64::MAX;

/// An open database: its connections, its tables, and the newest revision known here.
#[derive(Clone)]
pub struct Database {
    pools: Arc<Pools>,
    heads: Arc<Heads>,
    registers: Arc<Registers>,
    tables: &'static [&'static Table],
    turns: Arc<Turns>,
    door: Arc<Door>,
    /// Set while the log may still have what was erased.
    uncut: Arc<AtomicBool>,
}

impl Database {
    /// Every published table, in the order of the document.
    pub fn tables(&self) -> &'static [&'static Table] {
        self.tables
    }

    /// The table of a collection, by the name it has in a URL.
    pub fn table(&self, collection: &str) -> Option<&'static Table> {
        self.tables.iter().copied().find(|t| t.collection == collection)
    }

    /// Where the dataset stood when this process last looked: a consistent point to read at, without a query.
    pub fn head(&self) -> Arc<Head> {
        self.heads.current()
    }

    /// How long ago the database was last asked where it stands, and answered; none before the first time.
    pub fn head_age(&self) -> Option<Duration> {
        self.heads.age()
    }

    /// How it stands with each pool of connections, by its name.
    pub fn pools(&self) -> [(&'static str, PoolState); 2] {
        self.pools.states()
    }

    /// How many ask the database, and how many were not let in.
    pub fn ways(&self) -> Ways {
        self.door.ways()
    }

    /// The register of municipalities and its change graph at a revision.
    pub fn register(&self, conn: &mut Db, at: i64) -> Result<Arc<Register>, Error> {
        self.registers.register(conn, &self.head(), at)
    }

    /// A map of a register that was read here, to carry values to.
    pub fn map(&self, register: &Arc<Register>, target: Target) -> Arc<Map> {
        self.registers.map(register, target)
    }

    /// Looks where the dataset stands now.
    pub fn refresh(&self) -> Result<(), Error> {
        let found = self.pools.read(head::load)?;
        self.heads.advance(found);
        Ok(())
    }

    /// Runs `work` on a reader. A connection that broke while it lay in the pool is replaced once.
    pub fn read<T>(&self, work: impl Fn(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        self.pools.read(&work)
    }

    /// Runs `work` as one revision: all of it, or none. Where it changes nothing there is no new revision.
    pub fn write<T>(
        &self,
        author: &Author,
        reason: Option<&str>,
        work: impl FnOnce(&mut Write) -> Result<T, Error>,
    ) -> Result<(T, Option<i64>), Error> {
        let intent = Intent::Keep { author, reason };
        let done = self.pools.write(|conn| revision::run(conn, self.tables, intent, work))?;
        if done.1.is_some() {
            self.refresh()?;
        }
        Ok(done)
    }

    /// Runs `work` as [`Database::write`] does, with every check, and undoes it. Says whether there would be a revision.
    pub fn rehearse<T>(&self, work: impl FnOnce(&mut Write) -> Result<T, Error>) -> Result<(T, bool), Error> {
        let (done, revision) = self.pools.write(|conn| revision::run(conn, self.tables, Intent::Rehearse, work))?;
        Ok((done, revision.is_some()))
    }

    /// Tells when this process learns of a newer revision, whoever wrote it.
    pub fn moves(&self) -> tokio::sync::watch::Receiver<i64> {
        self.heads.moves()
    }

    /// The requests with a key that are under way here.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Runs `work` in a transaction that is no revision: for what is not published data.
    pub fn beside<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        self.pools.write(|conn| {
            let transaction = Transaction::begin(conn)?;
            let done = work(transaction.conn)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    /// The same for work that deletes from `table`, and of what it deletes nothing is left in the database. It is answered
    /// with 204, or with 202 where that is done but for the log, which is tried again; see `erasure`.
    fn erase(
        &self,
        table: &str,
        keyed: Option<&Keyed>,
        work: impl FnOnce(&mut Db) -> Result<(), Error>,
    ) -> Result<Done, Error> {
        let mut done = self.beside_once(keyed, |conn| {
            erasure::lock(conn, table)?;
            work(conn)?;
            erasure::rewrite(conn, table)?;
            Ok(Answer::empty(204))
        })?;
        if done.replayed || done.answer.status != 204 {
            return Ok(done);
        }
        let cut = self.pools.write(erasure::cut_log).unwrap_or_else(|e| {
            log::error!("the log could not be cut: {e}");
            false
        });
        if !cut {
            self.uncut.store(true, Ordering::Relaxed);
            done.answer.status = 202;
            if let Some(keyed) = keyed {
                self.pools.write(|conn| idempotency::amend(conn, keyed, 202))?;
            }
        }
        Ok(done)
    }

    /// Starts the thread that notices what other processes write, and finishes what erasures left to do, and the one that
    /// looks for damage. They end when the database is dropped.
    pub fn watch(&self) {
        damage::start(&self.pools);
        watch::start(Arc::downgrade(&self.pools), Arc::downgrade(&self.heads), self.uncut.clone());
    }
}

/// A transaction that is undone unless it is committed, whatever way it is left, a panic included.
pub(crate) struct Transaction<'c> {
    pub conn: &'c mut Db,
    open: bool,
}

impl<'c> Transaction<'c> {
    pub fn begin(conn: &'c mut Db) -> Result<Self, Error> {
        // A deferred transaction on SQLite fails with "database is locked" when it turns from reading to writing
        // beside another, whatever the busy timeout.
        let begin = match conn {
            Db::Sqlite(_) => "BEGIN IMMEDIATE",
            Db::Postgres(_) => "BEGIN",
        };
        conn.batch_execute(begin)?;
        Ok(Self { conn, open: true })
    }

    pub fn commit(mut self) -> Result<(), Error> {
        self.open = false;
        if let Err(e) = self.conn.batch_execute("COMMIT") {
            let _ = self.conn.batch_execute("ROLLBACK");
            return Err(e.into());
        }
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open && self.conn.batch_execute("ROLLBACK").is_err() {
            log::warn!("a transaction could not be rolled back; its connection is given up");
        }
    }
}
