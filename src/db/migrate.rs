//! Migrations: one folder for both databases, embedded in the binary.
use super::{Db, Statement, Transaction, damage, erasure};
use crate::error::{Error, Kind};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Names the advisory lock on PostgreSQL, so that instances that start together migrate one after the other.
const LOCK: i64 = 0x6f70_7074_7261_7070;

/// Brings the schema up to date; a schema newer than this program is refused.
pub fn run(conn: &mut Db) -> Result<(), Error> {
    let locked = matches!(conn, Db::Postgres(_));
    if locked {
        Statement::new("SELECT pg_advisory_lock(").bind(LOCK).sql(")").run(conn)?;
    }
    let done = pending(conn).and_then(|()| erasure::keep_out_of_statistics(conn));
    if locked {
        Statement::new("SELECT pg_advisory_unlock(").bind(LOCK).sql(")").run(conn)?;
    }
    done
}

/// In one transaction, which on SQLite takes the file for writing at once: of two processes that start on one file the
/// second waits here, and then finds nothing to do.
fn pending(conn: &mut Db) -> Result<(), Error> {
    refuse_newer(conn)?;
    refuse_damaged(conn)?;
    let transaction = Transaction::begin(conn)?;
    transaction.conn.run_pending_migrations(MIGRATIONS).map_err(Error::internal)?;
    transaction.commit()
}

/// Which of these migrations this program does not know.
pub fn stranger<'v>(mut applied: impl Iterator<Item = &'v str>) -> Result<Option<&'v str>, Error> {
    let known: Vec<String> = names()?;
    Ok(applied.find(|version| !known.iter().any(|name| name.starts_with(version))))
}

fn refuse_newer(conn: &mut Db) -> Result<(), Error> {
    let applied = conn.applied_migrations().map_err(Error::internal)?;
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    match stranger(applied.iter().map(String::as_str))? {
        Some(stranger) => Err(Error::unavailable(
            Kind::SchemaNewer,
            format!(
                "the database has the migration {stranger}, which this program does not know: it was written by a newer one"
            ),
        )),
        None => Ok(()),
    }
}

/// A database that is to be changed must be sound: what is damaged might be copied into what is not.
fn refuse_damaged(conn: &mut Db) -> Result<(), Error> {
    let is_new = conn.applied_migrations().map_err(Error::internal)?.is_empty();
    if matches!(conn, Db::Postgres(_)) || is_new || is_current(conn)? {
        return Ok(());
    }
    match damage::find(conn)? {
        Some(what) => Err(Error::unavailable(Kind::StorageFault, what)),
        None => Ok(()),
    }
}

fn names() -> Result<Vec<String>, Error> {
    use diesel::migration::MigrationSource;
    let all = MigrationSource::<super::Backend>::migrations(&MIGRATIONS).map_err(Error::internal)?;
    Ok(all.iter().map(|m| m.name().version().to_string()).collect())
}

/// Each migration with whether it has been applied.
pub fn status(conn: &mut Db) -> Result<Vec<(String, bool)>, Error> {
    let applied: Vec<String> =
        conn.applied_migrations().map_err(Error::internal)?.iter().map(ToString::to_string).collect();
    Ok(names()?.into_iter().map(|name| (name.clone(), applied.contains(&name))).collect())
}

/// Whether the schema is that of this program, neither older nor newer. Nothing is changed, not even Diesel's list.
pub(super) fn is_current(conn: &mut Db) -> Result<bool, Error> {
    let applied = Statement::new("SELECT version FROM __diesel_schema_migrations").rows::<(String,)>(conn)?;
    let known = names()?;
    Ok(known.len() == applied.len() && stranger(applied.iter().map(|(version,)| version.as_str()))?.is_none())
}

/// Text must sort by bytes on PostgreSQL as it does on SQLite, or lists and cursors would differ.
pub(super) fn require_byte_order(conn: &mut Db) -> Result<(), Error> {
    if !matches!(conn, Db::Postgres(_)) {
        return Ok(());
    }
    let found: Option<(String,)> =
        Statement::new("SELECT datcollate::text FROM pg_database WHERE datname = current_database()").row(conn)?;
    match found {
        Some((c,))
            if c == "C" || c == "POSIX" || c.eq_ignore_ascii_case("c.utf-8") || c.eq_ignore_ascii_case("c.utf8") =>
        {
            Ok(())
        }
        Some((other,)) => Err(Error::unavailable(
            Kind::DatabaseUnavailable,
            format!(
                "the PostgreSQL database has collation {other}; create it with TEMPLATE template0 LC_COLLATE 'C' ENCODING 'UTF8'"
            ),
        )),
        None => Ok(()),
    }
}
