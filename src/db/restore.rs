//! A dataset from elsewhere put into an empty database, with its numbers: the same addresses then have the same answers.
use super::table::{Record, Table};
use super::{Database, Db, Statement, Transaction, digest, insert, verify, watch};
use crate::domain::id;
use crate::error::{Error, Kind, Mistake};
use diesel::connection::SimpleConnection;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

pub use super::statement::Value;

/// How many findings of the check at the end are told.
const TOLD: usize = 20;

/// A database being filled.
pub struct Restore<'c> {
    conn: &'c mut Db,
    tables: &'static [&'static Table],
}

impl Database {
    /// Runs `work` on a database that has had no revision yet, which gives what the current rows of each collection must
    /// add up to. What it put there is checked whole, and then kept, or all of it is undone. Gives the newest revision.
    pub fn restore(
        &self,
        work: impl FnOnce(&mut Restore) -> Result<BTreeMap<String, String>, Error>,
    ) -> Result<i64, Error> {
        let newest = self.pools.write(|conn| {
            let transaction = Transaction::begin(conn)?;
            // Holds the counter: a writer that comes meanwhile waits.
            let sql = Statement::new("UPDATE dataset SET revision = revision RETURNING revision");
            if let Some((revision @ 1..,)) = sql.row::<(i64,)>(transaction.conn)? {
                let detail = format!("the database is at revision {revision}; a copy is put into an empty one only");
                return Err(Error::new(Kind::Duplicate).detail(detail));
            }
            let mut restore = Restore { conn: transaction.conn, tables: self.tables };
            let digests = work(&mut restore)?;
            let newest = restore.finish(&digests)?;
            watch::tell(transaction.conn, newest)?;
            transaction.commit()?;
            Ok(newest)
        })?;
        self.refresh()?;
        Ok(newest)
    }
}

impl Restore<'_> {
    /// Inserts rows into a table, each with a value for each column.
    pub fn insert(&mut self, table: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Result<(), Error> {
        insert::many(self.conn, table, columns, rows)
    }

    fn finish(&mut self, digests: &BTreeMap<String, String>) -> Result<i64, Error> {
        self.take_statistics()?;
        Statement::new("UPDATE dataset SET revision = (SELECT COALESCE(MAX(revision), 0) FROM revisions)")
            .run(self.conn)?;
        Statement::new(
            "INSERT INTO collections (collection, revision, updated_at) \
             SELECT n.collection, n.revision, r.time FROM \
             (SELECT collection, MAX(revision) AS revision FROM changes GROUP BY collection) n \
             JOIN revisions r ON r.revision = n.revision",
        )
        .run(self.conn)?;
        let mut wrong = vec![];
        for table in self.tables {
            let digest = digest::recompute(self.conn, table)?;
            digest::keep(self.conn, table, digest)?;
            if digests.get(table.collection) != Some(&digest.to_string()) {
                wrong.push(format!("{}: its rows do not come to the digest it has where it is from", table.collection));
            }
        }
        wrong.extend(verify::whole(self.conn, self.tables)?);
        if !wrong.is_empty() {
            let unlisted = wrong.len().saturating_sub(TOLD);
            wrong.truncate(TOLD);
            let told = wrong.into_iter().map(|finding| Mistake::field("", "invalid", finding)).collect();
            return Err(Error::all(Kind::InvalidContent, told).and_more(unlisted));
        }
        super::head::revision(self.conn)
    }

    /// PostgreSQL knows nothing yet of tables that were filled in this transaction, and would look for each row by going
    /// through all.
    fn take_statistics(&mut self) -> Result<(), Error> {
        if matches!(self.conn, Db::Postgres(_)) {
            let names = self.tables.iter().map(|table| table.name.as_str()).chain(["revisions", "changes"]);
            self.conn.batch_execute(&format!("ANALYZE {}", names.collect::<Vec<_>>().join(", ")))?;
        }
        Ok(())
    }
}

/// Checks a row that was stored elsewhere, as a JSON object of what is stored of it, by every rule that needs no other
/// row. What follows from the row must be what it says. Gives the row whole.
pub fn inspect<T: Record>(stored: Map<String, Json>) -> Result<Json, Vec<Mistake>> {
    let claimed = stored.clone();
    let row: Result<T, serde_json::Error> = serde_json::from_value(Json::Object(stored));
    let mut row = row.map_err(|e| vec![Mistake::field("", "invalid", e.to_string())])?;
    let mut wrong = vec![];
    row.check(&mut wrong);
    if let Err(why) = id::check(row.id()) {
        wrong.push(Mistake::field("id", "invalid", why));
    }
    let whole = serde_json::to_value(&row).map_err(|e| vec![Mistake::field("", "invalid", e.to_string())])?;
    for column in T::table().columns.iter().filter(|column| !column.localized) {
        let name = column.name.as_str();
        if claimed.get(name).unwrap_or(&Json::Null) != &whole[name] && !wrong.iter().any(|m| m.name == name) {
            wrong.push(Mistake::field(
                name,
                "invalid",
                format!("does not follow from the row, which gives {}", whole[name]),
            ));
        }
    }
    if wrong.is_empty() { Ok(whole) } else { Err(wrong) }
}

/// [`inspect`] with the type of the row forgotten.
pub type Inspect = fn(Map<String, Json>) -> Result<Json, Vec<Mistake>>;
