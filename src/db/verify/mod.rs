//! Checks over the whole database what each write checks for itself, and what only damage from outside can break: what
//! `opptrapping check` runs, and what a copy must pass before it is kept.
//!
//! Each check is a statement that finds what is wrong, so that a sound database of any size costs no memory.
mod log;
mod state;
mod versions;

use super::table::Table;
use super::{CURRENT, Database, Db, Statement, damage};
use crate::domain::id;
use crate::error::Error;
use diesel::connection::SimpleConnection;
use std::collections::HashSet;

/// Everything that is not as it should be, a sentence each.
pub fn whole(conn: &mut Db, tables: &[&'static Table]) -> Result<Vec<String>, Error> {
    told(conn, tables, &|_| ())
}

impl Database {
    /// Checks everything as it is at one moment, whoever writes meanwhile; what is being looked at is told to `tell`.
    pub fn check(&self, tell: &dyn Fn(&str)) -> Result<Vec<String>, Error> {
        self.read(|conn| {
            conn.batch_execute(match conn {
                Db::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                Db::Sqlite(_) => "BEGIN",
            })?;
            let found = match pages(conn, tell) {
                Ok(damage) if damage.is_empty() => told(conn, self.tables(), tell),
                // What is read from broken pages says nothing of the rows, or cannot be read at all.
                found => found,
            };
            conn.batch_execute("ROLLBACK")?;
            found
        })
    }
}

/// Damage in the file itself. A server looks after its own.
fn pages(conn: &mut Db, tell: &dyn Fn(&str)) -> Result<Vec<String>, Error> {
    if matches!(conn, Db::Postgres(_)) {
        return Ok(vec![]);
    }
    tell("pages");
    Ok(damage::find(conn)?.into_iter().collect())
}

pub(super) fn told(conn: &mut Db, tables: &[&'static Table], tell: &dyn Fn(&str)) -> Result<Vec<String>, Error> {
    let mut wrong = vec![];
    for table in tables {
        tell(&format!("{}: versions", table.collection));
        wrong.extend(versions::check(conn, table)?);
        tell(&format!("{}: the log of changes", table.collection));
        wrong.extend(log::of(conn, table)?);
        tell(&format!("{}: references", table.collection));
        for reference in &table.references {
            wrong.extend(dangling(conn, table, reference)?);
        }
        tell(&format!("{}: digest", table.collection));
        wrong.extend(state::check(conn, table)?);
    }
    tell("withheld values");
    wrong.extend(withheld(conn)?);
    tell("revisions");
    wrong.extend(log::revisions(conn, tables)?);
    Ok(wrong)
}

/// What is withheld is of an observation that is published as suppressed.
fn withheld(conn: &mut Db) -> Result<Vec<String>, Error> {
    let sql = "SELECT w.id FROM withheld w WHERE NOT EXISTS (SELECT 1 FROM observations t WHERE t.id = w.id \
               AND t.value IS NULL AND t.status = 'suppressed' AND t.ended = ";
    let found = Statement::new(sql).bind(CURRENT).sql(") ORDER BY w.id").rows::<(String,)>(conn)?;
    let told = |(id,): (String,)| format!("observations/{id}: a value is withheld, and the row is not suppressed");
    Ok(found.into_iter().map(told).collect())
}

/// References of current rows to nothing.
fn dangling(conn: &mut Db, table: &Table, reference: &super::table::Reference) -> Result<Vec<String>, Error> {
    let target = reference.table.replace('-', "_");
    let found = if reference.many {
        let there: HashSet<String> = ids(conn, &target)?;
        let sql = format!("SELECT id, {0} FROM {1} WHERE {0} IS NOT NULL AND ended = ", reference.field, table.name);
        let rows = Statement::new(sql).bind(CURRENT).sql(" ORDER BY id").rows::<(String, String)>(conn)?;
        let missing = |(pointer, text): (String, String)| {
            let named: Vec<String> = id::listed(&text).map(str::to_owned).collect();
            named.into_iter().filter(|id| !there.contains(id)).map(|id| (pointer.clone(), id)).collect::<Vec<_>>()
        };
        rows.into_iter().flat_map(missing).collect()
    } else {
        let sql = format!(
            "SELECT t.id, t.{0} FROM {1} t WHERE t.{0} IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM {target} o WHERE o.id = t.{0} AND o.ended = ",
            reference.field, table.name
        );
        Statement::new(sql).bind(CURRENT).sql(") AND t.ended = ").bind(CURRENT).sql(" ORDER BY t.id").rows(conn)?
    };
    let told = |(pointer, missing): (String, String)| {
        let (field, target) = (reference.field, reference.table);
        format!("{}/{pointer}: {field} names {missing}, which is not in {target}", table.collection)
    };
    Ok(found.into_iter().map(told).collect())
}

fn ids(conn: &mut Db, table: &str) -> Result<HashSet<String>, Error> {
    let rows =
        Statement::new(format!("SELECT id FROM {table} WHERE ended = ")).bind(CURRENT).rows::<(String,)>(conn)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
