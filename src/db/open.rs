//! A database opened: brought up to date, and looked at where it stands.
use super::head::{self, Heads};
use super::pool::Pools;
use super::table::Table;
use super::{Database, Fault, Standing, digest, erasure, migrate};
use crate::error::{Error, Kind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Database {
    /// Opens the database at `url` (`sqlite://FILE`, `:memory:` is not supported, or `postgres://…`), migrates it, and
    /// reads where it stands.
    pub fn open(url: &str, tables: &'static [&'static Table]) -> Result<Self, Error> {
        let database = Self::attach(url, tables)?;
        database.prepare()?;
        Ok(database)
    }

    /// The database at `url`, to be [prepared](Self::prepare) before it is used. A server need not be there yet.
    pub fn attach(url: &str, tables: &'static [&'static Table]) -> Result<Self, Error> {
        let heads = Arc::<Heads>::default();
        let pools = Arc::new(Pools::open(url, heads.clone())?);
        let (registers, turns, door, uncut) = Default::default();
        Ok(Self { pools, heads, registers, turns, door, tables, uncut })
    }

    /// Migrates, and reads where the dataset stands. What keeps it from that is noted in its [standing](Self::standing).
    /// May be done again.
    pub fn prepare(&self) -> Result<(), Error> {
        let failed = |fault: Fault| move |e: Error| (fault, e);
        let prepared = self.pools.apart().map_err(|e| (Fault::of_connecting(&e), e)).and_then(|mut conn| {
            migrate::require_byte_order(&mut conn).map_err(failed(Fault::Collation))?;
            migrate::run(&mut conn).map_err(failed(Fault::OlderSchema))?;
            // A process that was killed after it erased may have left what it erased in the log.
            let cut = digest::fill(&mut conn, self.tables).and_then(|()| erasure::cut_log(&mut conn));
            self.uncut.store(!cut.map_err(failed(Fault::Away))?, Ordering::Relaxed);
            self.heads.advance(head::load(&mut conn).map_err(failed(Fault::Away))?);
            Ok(())
        });
        let (fault, error) = match prepared {
            Ok(()) => return Ok(()),
            Err((_, e)) if e.kind == Kind::SchemaNewer => {
                self.pools.standing.set_newer(true);
                // What can be read is read.
                self.refresh().unwrap_or_else(|e| log::warn!("the newer schema cannot be read: {e}"));
                return Err(e);
            }
            // The connection broke on the way; the schema has nothing to do with it.
            Err((Fault::OlderSchema, e)) if e.is_broken_connection() => (Fault::Away, e),
            Err(found) => found,
        };
        self.pools.standing.open_or(Some(fault));
        Err(error)
    }

    /// Whether it is in a server, which can be away.
    pub fn has_server(&self) -> bool {
        self.pools.has_server()
    }

    /// How it stands with the database.
    pub fn standing(&self) -> &Standing {
        &self.pools.standing
    }

    /// Which migrations a database has had, without applying any. By the writer: looking makes Diesel's list of them
    /// where there is none.
    pub fn migrations(url: &str) -> Result<Vec<(String, bool)>, Error> {
        Pools::open(url, Arc::default())?.write(migrate::status)
    }
}
