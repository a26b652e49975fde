//! A copy of an SQLite database in a file of its own, made while others write: what was there at one moment, whole.
use super::pool::Target;
use super::table::Table;
use super::{Db, Statement, head, migrate, verify};
use crate::error::{Error, Kind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::fmt::Display;
use std::fs::File;
use std::path::Path;

/// What a copy holds.
#[derive(Debug)]
pub struct Backup {
    pub revision: i64,
    pub bytes: u64,
}

/// Copies the database at `url` to a file that there is not yet, and checks the copy as `opptrapping check` does, before it
/// gets its name. What was erased is not in it, nor in any free page. Refuses a database of PostgreSQL, which has tools of
/// its own, and a schema that is not that of this program: it could not be checked.
pub fn make(url: &str, target: &Path, tables: &[&'static Table], tell: &dyn Fn(&str)) -> Result<Backup, Error> {
    let source = match Target::of(url)? {
        Target::Sqlite(file) => file.path.clone(),
        Target::Postgres(_) => {
            return Err(refused("this is a database of PostgreSQL; pg_dump --format=custom makes a backup of it"));
        }
    };
    if !Path::new(&source).is_file() {
        return Err(refused(format!("there is no database {source}")));
    }
    if target.exists() {
        return Err(refused(format!("{} exists already; it is not overwritten", target.display())));
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Not for the eyes of others: it has what the public sent, and how they are reached.
    let part = tempfile::NamedTempFile::new_in(folder).map_err(|e| refused(format!("{}: {e}", folder.display())))?;
    let name = part.path().to_str().ok_or_else(|| refused("the name of the folder is not UTF-8"))?;
    tell("copying");
    let mut conn = connect(&source)?;
    Statement::new("VACUUM INTO ").bind(name).run(&mut conn)?;
    drop(conn);
    let backup = sound(name, tables, tell)?;
    part.as_file().sync_all().map_err(Error::internal)?;
    part.persist_noclobber(target).map_err(|e| refused(format!("{}: {}", target.display(), e.error)))?;
    // The name is as safe as the file when its folder is.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::internal)?;
    Ok(backup)
}

fn connect(path: &str) -> Result<Db, Error> {
    let conn = SqliteConnection::establish(path).map_err(|e| Error::unavailable(Kind::StorageFault, e))?;
    let mut conn = Db::Sqlite(conn);
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF")?;
    Ok(conn)
}

/// Checks a copy: its pages, and everything in them.
fn sound(path: &str, tables: &[&'static Table], tell: &dyn Fn(&str)) -> Result<Backup, Error> {
    let mut conn = connect(path)?;
    conn.batch_execute("PRAGMA query_only = ON")?;
    let damage = Statement::new("SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
    let mut wrong: Vec<String> = damage.rows::<(String,)>(&mut conn)?.into_iter().map(|(what,)| what).collect();
    if !migrate::is_current(&mut conn)? {
        return Err(refused(
            "the schema is not that of this program: migrate the database, or use the program of its version",
        ));
    }
    wrong.extend(verify::told(&mut conn, tables, tell)?);
    match wrong.first() {
        Some(first) => Err(refused(format!("the database is not sound, `check` tells all of it: {first}"))),
        None => {
            let bytes = std::fs::metadata(path).map_err(Error::internal)?.len();
            Ok(Backup { revision: head::revision(&mut conn)?, bytes })
        }
    }
}

fn refused(why: impl Display) -> Error {
    Error::unavailable(Kind::StorageFault, why)
}
