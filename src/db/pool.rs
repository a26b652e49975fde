//! The pools: on SQLite one writer and several readers, on PostgreSQL several of each.
use super::counted::{Counted, State};
use super::file::File;
use super::head::{self, Heads};
use super::standing::Standing;
use super::{Db, Statement, secret};
use crate::error::{Error, Kind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use r2d2::{ManageConnection, Pool};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most connections for reading a file.
const MOST_READERS: u32 = 8;
/// Connections to PostgreSQL for reading, and for writing: writers wait for one another in the database, and while a large
/// table is written they would hold every connection there is.
const POSTGRES_READERS: u32 = 6;
const POSTGRES_WRITERS: u32 = 4;
/// How long a request waits for a connection before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(2);

/// For how long a read is tried on one connection after another.
const TRIED: Duration = Duration::from_secs(1);

pub struct Pools {
    readers: Counted<Manager>,
    writer: Counted<Manager>,
    target: Target,
    doubt: Arc<Doubt>,
    heads: Arc<Heads>,
    pub(super) standing: Arc<Standing>,
}

/// Makes connections of the kind the URL names.
struct Manager {
    target: Target,
    reads_only: bool,
    doubt: Arc<Doubt>,
    heads: Arc<Heads>,
}

/// When a connection was last found dead. Diesel does not notice that it is, and others made at the same time are likely to
/// be.
#[derive(Default)]
struct Doubt(Mutex<Option<Instant>>);

impl Doubt {
    const LASTS: Duration = Duration::from_secs(10);

    fn note(&self, error: &Error) {
        if error.is_broken_connection() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    fn is_fresh(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|since| since.elapsed() <= Self::LASTS)
    }
}

/// How many connections read a file: as many as can run at once, beside two that large exports may be holding. Each has pages
/// of its own, and with more of them fewer pages are found at hand.
fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores + 2).map_or(MOST_READERS, |readers| readers.min(MOST_READERS))
}

/// Which database, and where.
#[derive(Clone)]
pub(super) enum Target {
    Postgres(String),
    Sqlite(Arc<File>),
}

impl Target {
    pub fn of(url: &str) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(complete(url)));
        }
        let path = url.strip_prefix("sqlite://").or(url.strip_prefix("sqlite:")).unwrap_or(url);
        if path.is_empty() || path.contains(":memory:") || path.contains("://") {
            // Each connection would get an empty database of its own.
            return Err(Error::internal("DATABASE_URL must be sqlite://FILE or postgres://…"));
        }
        Ok(Self::Sqlite(Arc::new(File::at(path))))
    }
}

/// Adds what libpq needs to notice a dead server: without it a request hangs for as long as TCP is patient. Of several
/// servers the one is taken that can be written to.
fn complete(url: &str) -> String {
    const NEEDED: [&str; 5] = [
        "connect_timeout=2",
        "tcp_user_timeout=3000",
        "keepalives_idle=10",
        "keepalives_interval=3",
        "keepalives_count=3",
    ];
    let hosts = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default();
    let several = hosts.contains(',').then_some("target_session_attrs=read-write");
    NEEDED.into_iter().chain(several).fold(url.to_owned(), |url, setting| {
        let name = setting.split('=').next().unwrap_or(setting);
        if url.contains(&format!("{name}=")) {
            return url;
        }
        let glue = if url.contains('?') { '&' } else { '?' };
        format!("{url}{glue}{setting}")
    })
}

/// The URL with its hosts in each order that begins with another of them.
fn orders(url: &str) -> Vec<String> {
    let begin = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |length| begin + length);
    let begin = url[begin..end].rfind('@').map_or(begin, |account| begin + account + 1);
    let mut hosts: Vec<&str> = url[begin..end].split(',').collect();
    let mut all = vec![];
    for _ in 0..hosts.len() {
        all.push([&url[..begin], &hosts.join(","), &url[end..]].concat());
        hosts.rotate_left(1);
    }
    all
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
                let mut refused = None;
                for url in orders(url) {
                    let mut conn = PgConnection::establish(&url).map_err(|e| failed(secret::hidden(&url, e)))?;
                    // work_mem: with the 4 MB that servers have unless set, a summary sorts all it reads on disk, where it
                    // could put it into groups in memory, at twice the time.
                    conn.batch_execute("SET TIME ZONE 'UTC'; SET work_mem = '32MB'").map_err(queried)?;
                    let mut conn = Db::Postgres(conn);
                    match self.require_newest(&mut conn) {
                        Ok(()) => return Ok(conn),
                        Err(e) => refused = Some(e),
                    }
                }
                Err(refused.unwrap_or_else(|| failed(ConnectionError::BadConnection("the URL has no host".into()))))
            }
            Target::Sqlite(file) => {
                let mut conn = SqliteConnection::establish(&file.path).map_err(failed)?;
                if !file.is_same() {
                    let why = "the file of the database was deleted or replaced";
                    return Err(failed(ConnectionError::BadConnection(why.into())));
                }
                // synchronous=FULL: NORMAL can lose an acknowledged commit when the power goes.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
                )
                .map_err(queried)?;
                // secure_delete and temp_store=MEMORY: what is deleted leaves no bytes in free pages, and what is copied
                // none in files for the time being.
                // cache_size: a table of 100,000 rows touches every page of its indexes again and again; in the 2 MB there
                // are unless told otherwise, each page is written out and read back, which takes four times as long. A list of
                // grants reads as many pages as it has rows, and is answered a fifth faster with 5 MB of them.
                conn.batch_execute(match self.reads_only {
                    true => "PRAGMA query_only = ON; PRAGMA cache_size = -5120",
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
        conn.is_broken() || (self.doubt.is_fresh() && !self.is_sound(conn))
    }
}

impl Manager {
    /// Refuses a server that stands behind what has been read: a former primary that still answers, or one that a backup was
    /// restored to. What it has is old, and what would be written to it would be another history under the same numbers.
    fn require_newest(&self, conn: &mut Db) -> Result<(), diesel::r2d2::Error> {
        let newest = self.heads.current().revision;
        if newest == 0 {
            return Ok(());
        }
        let found = head::revision(conn).map_err(|e| ConnectionError::BadConnection(e.to_string()));
        let found = found.map_err(diesel::r2d2::Error::ConnectionError)?;
        if found < newest {
            let why = format!(
                "the server is at revision {found} and {newest} was read before: it is no longer the primary, or a backup was restored to it, and then the service must be started anew"
            );
            log::error!("{why}");
            return Err(diesel::r2d2::Error::ConnectionError(ConnectionError::BadConnection(why)));
        }
        Ok(())
    }

    /// Whether a connection answers, and one for writing can be written by: a server may have become a standby.
    fn is_sound(&self, conn: &mut Db) -> bool {
        if self.reads_only || matches!(conn, Db::Sqlite(_)) {
            return conn.ping().is_ok();
        }
        let can_write = Statement::new("SELECT current_setting('transaction_read_only')").rows::<(String,)>(conn);
        can_write.is_ok_and(|rows| rows.iter().all(|(read_only,)| read_only == "off"))
    }
}

impl Pools {
    /// The pools of a database. A file is looked at and opened; a server need not be there yet. A server that stands behind
    /// `heads` is refused.
    pub fn open(url: &str, heads: Arc<Heads>) -> Result<Self, Error> {
        let target = Target::of(url)?;
        let doubt = Arc::<Doubt>::default();
        let build = |size: u32, reads_only: bool| {
            // No ping at checkout: it costs every request a round trip, and does not bound its own time.
            // A reader that turns out to be broken is replaced, see `read`.
            let pool = Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(PATIENCE)
                .error_handler(Box::new(Quiet))
                .build_unchecked(Manager {
                    target: target.clone(),
                    reads_only,
                    doubt: doubt.clone(),
                    heads: heads.clone(),
                });
            Counted::of(pool)
        };
        let (readers, writer) = match &target {
            // A server may be away; that is found out when it is used.
            Target::Postgres(_) => (build(POSTGRES_READERS, true), build(POSTGRES_WRITERS, false)),
            Target::Sqlite(file) => {
                file.inspect()?;
                // The writer first: it creates the file and turns it to WAL.
                let writer = build(1, false);
                drop(writer.get_timeout(PATIENCE)?);
                (build(readers(), true), writer)
            }
        };
        Ok(Self { readers, writer, target, doubt, heads, standing: Arc::default() })
    }

    /// How it stands with each, by its name.
    pub fn states(&self) -> [(&'static str, State); 2] {
        [("readers", self.readers.figures()), ("writers", self.writer.figures())]
    }

    /// Whether there is a server that can be away.
    pub fn has_server(&self) -> bool {
        matches!(self.target, Target::Postgres(_))
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> Option<Arc<File>> {
        if let Target::Sqlite(file) = &self.target { Some(file.clone()) } else { None }
    }

    /// A connection outside the pools, whose error says what is wrong.
    pub fn apart(&self) -> Result<Db, Error> {
        let (target, doubt, heads) = (self.target.clone(), self.doubt.clone(), self.heads.clone());
        let manager = Manager { target, reads_only: false, doubt, heads };
        manager.connect().map_err(|e| Error::unavailable(Kind::DatabaseUnavailable, e))
    }

    /// Looks whether the file is still the one that was opened.
    pub fn look_at_file(&self) {
        if let Target::Sqlite(file) = &self.target {
            self.standing.set_gone(!file.is_same());
        }
    }

    /// A connection outside the pools, to be told of revisions on; none on SQLite, which tells nobody.
    pub fn listener(&self) -> Result<Option<Db>, Error> {
        match &self.target {
            Target::Sqlite(_) => Ok(None),
            Target::Postgres(_) => self.apart().map(Some),
        }
    }

    /// Runs `work` on a reader; where its connection has died, again on another. After a restart of the server all that lay
    /// in the pool have, and say so at once; what takes longer to fail is not tried again.
    pub fn read<T>(&self, work: impl Fn(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let begun = Instant::now();
        let mut left = POSTGRES_READERS;
        loop {
            let done = work(&mut *self.readers.get_timeout(PATIENCE)?).inspect_err(|e| self.doubt.note(e));
            match done {
                Err(e) if e.is_broken_connection() && left > 0 && begun.elapsed() < TRIED => {
                    log::info!("a reading connection had died: {e}");
                    left -= 1;
                }
                done => return done,
            }
        }
    }

    /// Runs `work` on the writer. A connection that died while it waited is found out before the work begins. The wait for
    /// a connection and that for others who write are one: together they would outlast the request, which could then not be
    /// told that nothing was written.
    pub fn write<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        // Asked each time: what is written into a file that is gone is lost, and would be acknowledged.
        self.look_at_file();
        self.standing.permit_writing()?;
        let begun = Instant::now();
        let mut conn = self.writing()?;
        // After a restart of the server all that lay in the pool have died.
        for _ in 0..POSTGRES_WRITERS {
            if bound(&mut conn, PATIENCE.saturating_sub(begun.elapsed())).is_ok() {
                break;
            }
            drop(conn);
            conn = self.writing()?;
        }
        work(&mut conn).inspect_err(|e| self.doubt.note(e))
    }

    /// A connection for writing. That all of them are in use is another thing than that the database is away.
    fn writing(&self) -> Result<r2d2::PooledConnection<Manager>, Error> {
        self.writer.get_timeout(PATIENCE).map_err(|e| match self.writer.state().connections {
            0 => e.into(),
            _ => Error::unavailable(Kind::Contention, e),
        })
    }
}

/// Has a connection wait for others who write for so long at most; fails where it has died.
fn bound(conn: &mut Db, patience: Duration) -> QueryResult<()> {
    let ms = patience.as_millis();
    conn.batch_execute(&match conn {
        Db::Sqlite(_) => format!("PRAGMA busy_timeout = {ms}"),
        // None at all would be as long as it takes.
        Db::Postgres(_) => format!("SET lock_timeout = {}", ms.max(1)),
    })
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
        assert!(!url.contains("connect_timeout=2&") && !url.contains("target_session_attrs"));
        assert_eq!(
            orders("postgres://u:p@a:1,b,c:3/db?x=y"),
            ["a:1,b,c:3", "b,c:3,a:1", "c:3,a:1,b"].map(|hosts| format!("postgres://u:p@{hosts}/db?x=y"))
        );
        assert_eq!(orders("postgres:///db?host=/tmp"), ["postgres:///db?host=/tmp"]);
        assert!(complete("postgres://u@a,b/db").ends_with("&target_session_attrs=read-write"));
    }
}
