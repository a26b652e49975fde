//! Erasing for good: a row that is deleted is first only forgotten. Its bytes lie on in free space, in old versions of
//! pages and in the log, where whoever has the files can read them.
//!
//! * The table is written anew in the transaction that deletes. On PostgreSQL `TRUNCATE` gives it new files, which
//!   hold no dead row of an earlier update either; `VACUUM FULL` would keep those that some old transaction might still
//!   see. On SQLite all of its pages are freed, and `secure_delete` (see `pool`) fills freed pages with zeros; deleting
//!   the one row would leave what a rebalanced page kept of it in its gaps.
//! * On SQLite the write-ahead log still has the old pages after the commit. It is copied into the database and cut to
//!   nothing. A reader may prevent that; it is tried again every minute, and whenever the database is opened, which is
//!   also what finishes the work of a process that was killed in between.
//! * PostgreSQL keeps samples of columns for its planner. Those with personal data are kept out of them from the start.
//!
//! Backups, replicas and archived logs are elsewhere and age out as their operator has them.
use super::{Db, Statement};
use crate::error::{Error, Kind};
use diesel::connection::SimpleConnection;

/// Columns that PostgreSQL must take no samples of.
const PERSONAL: [&str; 5] = ["text", "name", "organisation", "email", "rejection_reason"];

/// Takes the table for this transaction alone: on PostgreSQL a row that another one adds between the copy and the
/// `TRUNCATE` would be lost. SQLite has one writer in any case.
pub(super) fn lock(conn: &mut Db, table: &str) -> Result<(), Error> {
    if matches!(conn, Db::Postgres(_)) {
        conn.batch_execute(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))?;
    }
    Ok(())
}

/// Writes the table anew, with the rows it has now and nothing else.
pub(super) fn rewrite(conn: &mut Db, table: &str) -> Result<(), Error> {
    let clear = match conn {
        Db::Postgres(_) => "TRUNCATE",
        // Without a condition it frees the pages whole.
        Db::Sqlite(_) => "DELETE FROM",
    };
    conn.batch_execute(&format!(
        "CREATE TEMPORARY TABLE kept AS SELECT * FROM {table}; {clear} {table}; \
         INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"
    ))?;
    Ok(())
}

/// Brings the log of SQLite to nothing. False where somebody who reads or writes prevents it.
pub(super) fn cut_log(conn: &mut Db) -> Result<bool, Error> {
    if matches!(conn, Db::Postgres(_)) {
        return Ok(true);
    }
    let cut: Result<Option<(i64, i64, i64)>, _> = Statement::new("PRAGMA wal_checkpoint(TRUNCATE)").row(conn);
    match cut.map_err(Error::from) {
        Ok(told) => Ok(told.is_some_and(|(busy, _, _)| busy == 0)),
        Err(e) if e.kind == Kind::Contention => Ok(false),
        Err(e) => Err(e),
    }
}

/// Keeps personal data out of the samples in `pg_statistic`, where an erased row would outlive itself.
pub(super) fn keep_out_of_statistics(conn: &mut Db) -> Result<(), Error> {
    if !matches!(conn, Db::Postgres(_)) {
        return Ok(());
    }
    let sampled: Vec<(String,)> = Statement::new(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'submissions'::regclass \
         AND COALESCE(attstattarget, -1) <> 0 AND attname IN ",
    )
    .bind_list(PERSONAL)
    .rows(conn)?;
    for (column,) in sampled {
        conn.batch_execute(&format!("ALTER TABLE submissions ALTER COLUMN {column} SET STATISTICS 0"))?;
    }
    Ok(())
}
