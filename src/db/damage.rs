//! Damage in the file of an SQLite database: looked for before it is served or migrated, and once a day while it is served.
//!
//! A page that is broken is told of by whoever reads it, which may be nobody for years, while every backup since has it too.
use super::file::File;
use super::pool::Pools;
use super::{Db, Statement, background};
use crate::error::{Error, Kind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A file of up to so many bytes is looked through before it is served, which takes a tenth of a second. To wait for a
/// larger one would keep its readers from what is sound, so that it is looked through when it is served.
const AT_ONCE: u64 = 32 * 1_024 * 1_024;
/// How long after the start that is; those who waited for the service are answered first.
const SOON: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_secs(86_400);
/// How often to see whether it is time, or the database was closed.
const TICK: Duration = Duration::from_millis(500);

/// What is found to be damaged in all tables and their indexes; none where they are sound.
pub(super) fn find(conn: &mut Db) -> Result<Option<String>, Error> {
    // Table by table: who writes can bring the log to an end in between.
    for table in tables(conn)? {
        let found = Statement::new("SELECT quick_check FROM pragma_quick_check(").bind(table);
        let found = found.sql(") WHERE quick_check <> 'ok' LIMIT 1").row::<(String,)>(conn)?;
        if let Some((what,)) = found {
            return Ok(Some(format!("it is damaged: {}", what.replace('\n', " "))));
        }
    }
    Ok(None)
}

/// The tables there are. Where the file is no database, or its first pages are broken, they cannot be read.
fn tables(conn: &mut Db) -> Result<Vec<String>, Error> {
    let tables = Statement::new("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    Ok(tables.rows::<(String,)>(conn)?.into_iter().map(|(table,)| table).collect())
}

/// A connection to look with, which changes nothing.
fn connect(file: &File) -> Result<Db, Error> {
    let conn = SqliteConnection::establish(&file.path).map_err(|e| Error::unavailable(Kind::StorageFault, e))?;
    let mut conn = Db::Sqlite(conn);
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON")?;
    Ok(conn)
}

/// What is found to be damaged in a file of so many bytes before it is served.
pub(super) fn at_first(file: &File, length: u64) -> Result<Option<String>, Error> {
    let mut conn = connect(file)?;
    if length > AT_ONCE { tables(&mut conn).map(|_| None) } else { find(&mut conn) }
}

/// Starts the thread that looks through the file while it is served. It ends with the database; a server has none.
pub(super) fn start(pools: &Arc<Pools>) {
    if let Some(file) = pools.file() {
        let pools = Arc::downgrade(pools);
        background::start("damage", move || watch(&file, &pools));
    }
}

fn watch(file: &File, pools: &Weak<Pools>) {
    let length = std::fs::metadata(&file.path).map_or(0, |found| found.len());
    let (mut wait, mut looked) = (if length > AT_ONCE { SOON } else { DAY }, Instant::now());
    loop {
        std::thread::sleep(TICK);
        let Some(standing) = pools.upgrade().map(|pools| pools.standing.clone()) else { return };
        if looked.elapsed() < wait {
            continue;
        }
        (wait, looked) = (DAY, Instant::now());
        match connect(file).and_then(|mut conn| find(&mut conn)) {
            Ok(None) => log::info!("looked for damage in {} ms, and found none", looked.elapsed().as_millis()),
            Ok(Some(what)) => standing.set_damaged(&what),
            Err(e) => {
                log::warn!("the file could not be looked through for damage: {e}");
                standing.note(&e);
            }
        }
    }
}
