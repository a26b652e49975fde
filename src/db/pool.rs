//! The pools: on SQLite one writer and several readers, on PostgreSQL several of each.
use super::Db;
use crate::error::{Error, Kind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use r2d2::{ManageConnection, Pool};
use std::time::Duration;

/// Connections for reading. Two cores serve no more at once; the rest would only hold memory.
const READERS: u32 = 4;
/// Connections to PostgreSQL for reading, and for writing: writers wait for one another in the database, and while a large
/// table is written they would hold every connection there is.
const POSTGRES_READERS: u32 = 6;
const POSTGRES_WRITERS: u32 = 4;
/// How long a request waits for a connection before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(3);

pub struct Pools {
    readers: Pool<Manager>,
    writer: Pool<Manager>,
    target: Target,
}

/// Makes connections of the kind the URL names.
struct Manager {
    target: Target,
    reads_only: bool,
}

#[derive(Clone)]
enum Target {
    Postgres(String),
    Sqlite(String),
}

impl Target {
    fn of(url: &str) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(complete(url)));
        }
        let path = url.strip_prefix("sqlite://").or(url.strip_prefix("sqlite:")).unwrap_or(url);
        if path.is_empty() || path.contains(":memory:") || path.contains("://") {
            // Each connection would get an empty database of its own.
            return Err(Error::internal("DATABASE_URL must be sqlite://FILE or postgres://…"));
        }
        Ok(Self::Sqlite(path.to_owned()))
    }
}

/// Adds what libpq needs to notice a dead server: without it a request hangs for as long as TCP is patient.
fn complete(url: &str) -> String {
    const NEEDED: [&str; 5] = [
        "connect_timeout=2",
        "tcp_user_timeout=3000",
        "keepalives_idle=10",
        "keepalives_interval=3",
        "keepalives_count=3",
    ];
    NEEDED.iter().fold(url.to_owned(), |url, setting| {
        let name = setting.split('=').next().unwrap_or(setting);
        if url.contains(&format!("{name}=")) {
            return url;
        }
        let glue = if url.contains('?') { '&' } else { '?' };
        format!("{url}{glue}{setting}")
    })
}

impl ManageConnection for Manager {
    type Connection = Db;
    type Error = diesel::r2d2::Error;

    // Not `Db::establish`: the derived one tries every variant in turn and reports "Invalid connection url"
    // where PostgreSQL would have said what is wrong.
    fn connect(&self) -> Result<Db, Self::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        let queried = diesel::r2d2::Error::QueryError;
        match &self.target {
            Target::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(failed)?;
                // work_mem: with the 4 MB that servers have unless set, a summary sorts all it reads on disk, where it
                // could put it into groups in memory, at twice the time.
                conn.batch_execute("SET TIME ZONE 'UTC'; SET work_mem = '32MB'").map_err(queried)?;
                Ok(Db::Postgres(conn))
            }
            Target::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(failed)?;
                // synchronous=FULL: NORMAL can lose an acknowledged commit when the power goes.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
                )
                .map_err(queried)?;
                // secure_delete and temp_store=MEMORY: what is deleted leaves no bytes in free pages, and what is copied
                // none in files for the time being.
                // cache_size: a table of 100,000 rows touches every page of its indexes again and again; in the 2 MB there
                // are unless told otherwise, each page is written out and read back, which takes four times as long.
                conn.batch_execute(match self.reads_only {
                    true => "PRAGMA query_only = ON",
                    false => "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536",
                })
                .map_err(queried)?;
                Ok(Db::Sqlite(conn))
            }
        }
    }

    fn is_valid(&self, conn: &mut Db) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Db) -> bool {
        conn.is_broken()
    }
}

impl Pools {
    pub fn open(url: &str) -> Result<Self, Error> {
        let target = Target::of(url)?;
        let build = |size: u32, reads_only: bool| {
            // No ping at checkout: it costs every request a round trip, and does not bound its own time.
            // A reader that turns out to be broken is replaced, see `read`.
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(PATIENCE)
                .error_handler(Box::new(Quiet))
                .build(Manager { target: target.clone(), reads_only })
                .map_err(|e| Error::unavailable(Kind::DatabaseUnavailable, e))
        };
        Ok(match &target {
            Target::Postgres(_) => {
                Self { readers: build(POSTGRES_READERS, false)?, writer: build(POSTGRES_WRITERS, false)?, target }
            }
            Target::Sqlite(_) => {
                // The writer first: it creates the file and turns it to WAL.
                let writer = build(1, false)?;
                Self { readers: build(READERS, true)?, writer, target }
            }
        })
    }

    /// A connection outside the pools, to be told of revisions on; none on SQLite, which tells nobody.
    pub fn listener(&self) -> Result<Option<Db>, Error> {
        match &self.target {
            Target::Sqlite(_) => Ok(None),
            Target::Postgres(_) => {
                let manager = Manager { target: self.target.clone(), reads_only: true };
                manager.connect().map(Some).map_err(|e| Error::unavailable(Kind::DatabaseUnavailable, e))
            }
        }
    }

    /// Runs `work` on a reader; where its connection has died, once more on a fresh one.
    pub fn read<T>(&self, work: impl Fn(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let first = work(&mut *self.readers.get()?);
        match first {
            Err(e) if e.is_broken_connection() => {
                log::info!("a reading connection had died: {e}");
                work(&mut *self.readers.get()?)
            }
            done => done,
        }
    }

    /// Runs `work` on the writer. A connection that died while it waited is found out before the work begins.
    pub fn write<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let mut conn = self.writing()?;
        // After a restart of the server all that lay in the pool have died.
        for _ in 0..POSTGRES_WRITERS {
            if conn.ping().is_ok() {
                break;
            }
            drop(conn);
            conn = self.writing()?;
        }
        work(&mut conn)
    }

    /// A connection for writing. That all of them are in use is another thing than that the database is away.
    fn writing(&self) -> Result<r2d2::PooledConnection<Manager>, Error> {
        self.writer.get().map_err(|e| match self.writer.state().connections {
            0 => e.into(),
            _ => Error::unavailable(Kind::Contention, e),
        })
    }
}

/// r2d2 logs each failed attempt in full; a database that is away would fill the log, and a URL has a password.
#[derive(Debug)]
struct Quiet;
impl r2d2::HandleError<diesel::r2d2::Error> for Quiet {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        log::debug!("connection: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_what_it_says_and_gains_what_it_lacks() {
        let url = complete("postgres://u@h/db?connect_timeout=9");
        assert!(url.starts_with("postgres://u@h/db?connect_timeout=9&tcp_user_timeout=3000&"));
        assert!(!url.contains("connect_timeout=2&"));
    }
}
