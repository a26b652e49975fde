//! Rows written by the hundred: what each of them does is decided as [`Write::put`] decides it for one, and the
//! statements are shared.
use super::revision::{Outcome, Write};
use super::table::{Record, Table};
use super::{CURRENT, Statement, insert};
use crate::domain::Language;
use crate::error::{Error, Place};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// A row that has been checked, as it is written.
pub struct Checked<T> {
    pub row: T,
    /// The same as JSON.
    pub object: Json,
    /// Its number in the table sent.
    pub number: usize,
    /// Where the fields that refer to others stand in a file.
    pub places: Vec<(&'static str, Place)>,
}

impl Write<'_> {
    /// Creates or replaces rows whose ids all differ, in their order; says what became of each. A row that this revision
    /// has already written is refused by its place among them.
    pub fn put_all<T: Record>(&mut self, batch: &[Checked<T>]) -> Result<Vec<Result<Outcome, usize>>, Error> {
        if batch.is_empty() {
            return Ok(vec![]);
        }
        let table = T::table();
        let before = self.current_of::<T>(batch)?;
        let differing = batch.iter().filter(|c| before.get(c.row.id()).is_some_and(|(_, row)| *row != c.row));
        let withheld = self.withheld(table, differing.map(|checked| checked.row.id()))?;
        let (mut outcomes, mut written, mut replaced) = (Vec::with_capacity(batch.len()), vec![], vec![]);
        for (i, checked) in batch.iter().enumerate() {
            outcomes.push(match before.get(checked.row.id()) {
                Some((version, _)) if *version == self.revision => Err(i),
                Some((version, row)) if *row == checked.row => Ok(Outcome::Unchanged(*version)),
                Some((version, row)) => {
                    let mut object = Cow::Borrowed(&checked.object);
                    let same = match withheld.get(checked.row.id()) {
                        Some(truth) => {
                            let row = serde_json::to_value(row).map_err(Error::internal)?;
                            self.withhold(table, &row, object.to_mut(), truth)?
                        }
                        None => false,
                    };
                    if same {
                        Ok(Outcome::Unchanged(*version))
                    } else {
                        replaced.push(checked.row.id());
                        written.push((checked, object, "update"));
                        Ok(Outcome::Replaced)
                    }
                }
                None => {
                    written.push((checked, Cow::Borrowed(&checked.object), "create"));
                    Ok(Outcome::Created)
                }
            });
        }
        self.close_all(table, &replaced)?;
        self.insert_all(table, &written)?;
        Ok(outcomes)
    }

    fn current_of<T: Record>(&mut self, batch: &[Checked<T>]) -> Result<HashMap<String, (i64, T)>, Error> {
        let table = T::table();
        let sql =
            format!("SELECT t.revision, {} FROM {} t WHERE t.ended = ", table.selection(Language::Nb), table.name);
        let found: Vec<(i64, T)> = Statement::new(sql)
            .bind(CURRENT)
            .sql(" AND t.id IN ")
            .bind_list(batch.iter().map(|checked| checked.row.id()))
            .rows(self.conn)?;
        Ok(found.into_iter().map(|(version, row)| (row.id().to_owned(), (version, row))).collect())
    }

    fn close_all(&mut self, table: &Table, ids: &[&str]) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let closed = Statement::new(format!("UPDATE {} SET ended = ", table.name))
            .bind(self.revision)
            .sql(" WHERE ended = ")
            .bind(CURRENT)
            .sql(" AND id IN ")
            .bind_list(ids.iter().copied())
            .run(self.conn)?;
        if closed == ids.len() {
            return Ok(());
        }
        Err(Error::internal(format!("{closed} versions were closed where {} were current", ids.len())))
    }

    fn insert_all<T: Record>(
        &mut self,
        table: &'static Table,
        written: &[(&Checked<T>, Cow<Json>, &'static str)],
    ) -> Result<(), Error> {
        let stored = table.stored_columns();
        let columns: Vec<&str> = ["revision", "ended"].into_iter().chain(stored.iter().map(String::as_str)).collect();
        let (mut rows, mut changes) = (Vec::with_capacity(written.len()), Vec::with_capacity(written.len()));
        for (checked, object, operation) in written {
            let mut row = vec![self.revision.into(), CURRENT.into()];
            row.extend(table.stored_values(object));
            rows.push(row);
            self.hiding.note(table, object);
            self.pending.note(&table.references, object, Some(checked.number), &checked.places);
            let id = checked.row.id();
            let position = self.count(table, id, operation);
            changes.push(vec![
                self.revision.into(),
                position.into(),
                table.collection.into(),
                id.into(),
                (*operation).into(),
            ]);
        }
        insert::many(self.conn, &table.name, &columns, rows)?;
        insert::many(self.conn, "changes", &["revision", "position", "collection", "id", "operation"], changes)
    }
}
