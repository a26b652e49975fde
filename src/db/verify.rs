//! Checks over the whole database what each write checks for itself: what `opptrapping check` runs.
use super::table::Table;
use super::{CURRENT, Db, Statement};
use crate::domain::id;
use crate::error::Error;
use std::collections::HashSet;

/// Everything that is not as it should be, in sentences.
pub fn whole(conn: &mut Db, tables: &[&'static Table]) -> Result<Vec<String>, Error> {
    let mut wrong = vec![];
    for table in tables {
        wrong.extend(versions(conn, table)?);
        wrong.extend(changes(conn, table)?);
        for reference in &table.references {
            let target = reference.table.replace('-', "_");
            let there: HashSet<String> = ids(conn, &target)?;
            let sql =
                format!("SELECT id, {0} FROM {1} WHERE {0} IS NOT NULL AND ended = ", reference.field, table.name);
            for (pointer, text) in Statement::new(sql).bind(CURRENT).rows::<(String, String)>(conn)? {
                let named: Vec<&str> = if reference.many { id::listed(&text).collect() } else { vec![&text] };
                for missing in named.into_iter().filter(|id| !there.contains(*id)) {
                    wrong.push(format!(
                        "{}/{pointer}: {} names {missing}, which is not in {}",
                        table.collection, reference.field, reference.table
                    ));
                }
            }
        }
    }
    wrong.extend(withheld(conn)?);
    wrong.extend(revisions(conn)?);
    Ok(wrong)
}

fn ids(conn: &mut Db, table: &str) -> Result<HashSet<String>, Error> {
    let rows =
        Statement::new(format!("SELECT id FROM {table} WHERE ended = ")).bind(CURRENT).rows::<(String,)>(conn)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The versions of a thing follow one another: none begins before the one before it has ended.
fn versions(conn: &mut Db, table: &Table) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT a.id, a.revision FROM {0} a JOIN {0} b ON b.id = a.id AND b.revision > a.revision \
         WHERE a.ended > b.revision ORDER BY a.id",
        table.name
    );
    let overlapping = Statement::new(sql).rows::<(String, i64)>(conn)?;
    let told = |(id, revision): (String, i64)| {
        format!("{}/{id}: the version of revision {revision} overlaps a later one", table.collection)
    };
    Ok(overlapping.into_iter().map(told).collect())
}

/// Every version has its line in `changes`, and every line its version.
fn changes(conn: &mut Db, table: &Table) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT t.id, t.revision FROM {} t WHERE NOT EXISTS \
         (SELECT 1 FROM changes c WHERE c.revision = t.revision AND c.id = t.id AND c.collection = ",
        table.name
    );
    let unlogged = Statement::new(sql).bind(table.collection).sql(")").rows::<(String, i64)>(conn)?;
    let sql =
        Statement::new("SELECT c.id, c.revision FROM changes c WHERE c.operation <> 'delete' AND c.collection = ")
            .bind(table.collection)
            .sql(format!(
                " AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = c.id AND t.revision = c.revision)",
                table.name
            ));
    let empty = sql.rows::<(String, i64)>(conn)?;
    let name = table.collection;
    let mut wrong: Vec<String> =
        unlogged.into_iter().map(|(id, r)| format!("{name}/{id}: revision {r} is not in the changes")).collect();
    wrong.extend(
        empty.into_iter().map(|(id, r)| format!("{name}/{id}: revision {r} is in the changes and has no version")),
    );
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

/// Every revision up to the counter is there, once.
fn revisions(conn: &mut Db) -> Result<Vec<String>, Error> {
    let found: Option<(i64, i64, i64)> = Statement::new(
        "SELECT d.revision, (SELECT COUNT(*) FROM revisions), (SELECT COALESCE(MAX(revision), 0) FROM revisions) FROM dataset d",
    )
    .row(conn)?;
    Ok(match found {
        Some((counter, count, newest)) if counter == count && counter == newest => vec![],
        other => vec![format!("the counter, the number of revisions and the newest do not agree: {other:?}")],
    })
}
