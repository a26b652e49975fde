//! Rows are hidden and shown: new versions of what was published, and in place what this revision wrote itself.
use super::super::revision::Write;
use super::super::statement::Value;
use super::super::table::Table;
use super::super::{CURRENT, Db, Statement};
use super::HIDING;
use super::load::Row;
use crate::domain::suppression::Withheld;
use crate::domain::vocabulary::ObservationStatus;
use crate::error::Error;
use std::collections::BTreeSet;

/// How many ids a statement has.
const CHUNK: usize = 500;

/// Makes of a row what the verdict says: hidden for a reason, or shown.
pub(super) fn row(write: &mut Write, indicator: &str, row: &Row, withheld: Option<Withheld>) -> Result<(), Error> {
    match (withheld, row.withheld, row.value()) {
        (Some(why), None, Some(value)) => {
            show(write, row, None, ObservationStatus::Suppressed)?;
            keep(write, indicator, row, value, why)
        }
        (Some(why), Some(_), _) if row.why.as_deref() != Some(why.word()) => {
            let sql = Statement::new("UPDATE withheld SET why = ").bind(why.word()).sql(", revision = ");
            sql.bind(write.revision).sql(" WHERE id = ").bind(row.id.as_str()).run(write.conn)?;
            Ok(())
        }
        (None, Some(value), _) => {
            show(write, row, Some(value), row.withheld_status.unwrap_or(row.status))?;
            forget(write.conn, &row.id)
        }
        _ => Ok(()),
    }
}

/// Removes what is withheld of an observation.
pub(super) fn forget(conn: &mut Db, id: &str) -> Result<(), Error> {
    Statement::new("DELETE FROM withheld WHERE id = ").bind(id).run(conn)?;
    Ok(())
}

fn keep(write: &mut Write, indicator: &str, row: &Row, value: f64, why: Withheld) -> Result<(), Error> {
    let names = "id, indicator, region, period, published, mapped_on, value, status, why, revision";
    let values: [Value; 10] = [
        row.id.as_str().into(),
        indicator.into(),
        row.region.as_str().into(),
        row.period.as_str().into(),
        row.published.as_str().into(),
        Value::Text(row.mapped_on.clone()),
        value.into(),
        row.status.word().into(),
        why.word().into(),
        write.revision.into(),
    ];
    let mut sql = Statement::new(format!("INSERT INTO withheld ({names}) VALUES ("));
    for (n, value) in values.into_iter().enumerate() {
        sql = (if n > 0 { sql.sql(", ") } else { sql }).bind(value);
    }
    sql.sql(")").run(write.conn)?;
    Ok(())
}

/// Publishes a row with another value: a version that this revision wrote has not been seen yet, and is changed itself.
fn show(write: &mut Write, row: &Row, value: Option<f64>, status: ObservationStatus) -> Result<(), Error> {
    let value = Value::Number(value);
    if row.revision == write.revision {
        let sql = Statement::new("UPDATE observations SET value = ").bind(value).sql(", status = ").bind(status.word());
        let sql = sql.sql(" WHERE id = ").bind(row.id.as_str()).sql(" AND revision = ").bind(row.revision);
        sql.run(write.conn)?;
        return Ok(());
    }
    let tables = write.tables;
    let table: &'static Table = tables
        .iter()
        .find(|table| table.collection == HIDING)
        .ok_or_else(|| Error::internal("there are no observations"))?;
    write.close(table, &row.id)?;
    let columns = table.stored_columns();
    let mut sql = Statement::new(format!("INSERT INTO observations (revision, ended, {}) SELECT ", columns.join(", ")));
    sql = sql.bind(write.revision).sql(", ").bind(CURRENT);
    for column in columns {
        sql = match column.as_str() {
            "value" => sql.sql(", ").bind(value.clone()),
            "status" => sql.sql(", ").bind(status.word()),
            _ => sql.sql(format!(", {column}")),
        };
    }
    let sql =
        sql.sql(" FROM observations WHERE id = ").bind(row.id.as_str()).sql(" AND revision = ").bind(row.revision);
    sql.run(write.conn)?;
    write.log(table, &row.id, "update")
}

/// Takes the values out of all versions that have ended. Says whether there were any.
pub(super) fn redact(conn: &mut Db, ids: &BTreeSet<String>, revision: i64) -> Result<bool, Error> {
    let ids: Vec<&String> = ids.iter().collect();
    let mut any = false;
    for chunk in ids.chunks(CHUNK) {
        let sql = Statement::new("UPDATE observations SET value = NULL, status = ")
            .bind(ObservationStatus::Suppressed.word())
            .sql(" WHERE value IS NOT NULL AND ended <= ")
            .bind(revision)
            .sql(" AND id IN ")
            .bind_list(chunk.iter().map(|id| id.as_str()));
        any |= sql.run(conn)? > 0;
    }
    Ok(any)
}
