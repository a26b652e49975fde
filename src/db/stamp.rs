//! What is kept of a revision beside its rows: who, when, why, and what it touched.
use super::statement::Value;
use super::table::Table;
use super::{Author, Db, Statement, digest};
use crate::error::Error;

/// What is kept of a revision beside its rows.
pub(super) struct Stamp<'a> {
    pub revision: i64,
    pub time: &'a str,
    pub reason: Option<&'a str>,
    /// How many changes it has, counted from 1 without a gap.
    pub changes: i64,
}

impl Stamp<'_> {
    /// Writes down who, when and why.
    pub fn record(&self, conn: &mut Db, author: &Author) -> Result<(), Error> {
        Statement::new("INSERT INTO revisions (revision, time, issuer, subject, organisation, token_id, reason, row_count) VALUES (")
            .bind(self.revision)
            .sql(", ")
            .bind(self.time)
            .sql(", ")
            .bind(author.issuer.as_str())
            .sql(", ")
            .bind(author.subject.as_str())
            .sql(", ")
            .bind(Value::Text(author.organisation.clone()))
            .sql(", ")
            .bind(Value::Text(author.token_id.clone()))
            .sql(", ")
            .bind(Value::Text(self.reason.map(str::to_owned)))
            .sql(", ")
            .bind(self.changes)
            .sql(")")
            .run(conn)?;
        Ok(())
    }

    /// Says of a collection that this revision touched it, and what its digest is now.
    pub fn touch(&self, conn: &mut Db, table: &Table) -> Result<(), Error> {
        let digest = digest::after(conn, table, self.revision, self.changes)?;
        Statement::new("INSERT INTO collections (collection, revision, updated_at, digest) VALUES (")
            .bind(table.collection)
            .sql(", ")
            .bind(self.revision)
            .sql(", ")
            .bind(self.time)
            .sql(", ")
            .bind(digest.to_string())
            .sql(
                ") ON CONFLICT (collection) DO UPDATE SET revision = excluded.revision, \
                 updated_at = excluded.updated_at, digest = excluded.digest",
            )
            .run(conn)?;
        Ok(())
    }
}
