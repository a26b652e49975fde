//! What is sent for a row whose value is withheld is compared with its true value.
use super::super::revision::{Author, Write, now};
use super::super::statement::Value;
use super::super::submission::new_id;
use super::super::table::Table;
use super::super::{Statement, insert};
use super::{HIDING, apply};
use crate::domain::vocabulary::ObservationStatus;
use crate::error::Error;
use serde_json::Value as Json;
use std::collections::HashMap;

/// A value that is withheld, and the status it would have.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Truth {
    value: f64,
    status: String,
}

impl Write<'_> {
    /// What is withheld of some rows.
    pub(in super::super) fn withheld<'i>(
        &mut self,
        table: &Table,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> Result<HashMap<String, Truth>, Error> {
        let mut ids = ids.into_iter().peekable();
        if ids.peek().is_none() || !self.withholds(table)? {
            return Ok(HashMap::new());
        }
        let sql = Statement::new("SELECT id, value, status FROM withheld WHERE id IN ").bind_list(ids);
        let found: Vec<(String, f64, String)> = sql.rows(self.conn)?;
        Ok(found.into_iter().map(|(id, value, status)| (id, Truth { value, status })).collect())
    }

    /// Whether anything is withheld of a table: of most databases nothing is, which is looked up once.
    fn withholds(&mut self, table: &Table) -> Result<bool, Error> {
        if table.collection != HIDING {
            return Ok(false);
        }
        if let Some(any) = self.hiding.any {
            return Ok(any);
        }
        let any = Statement::new("SELECT id FROM withheld LIMIT 1").row::<(String,)>(self.conn)?.is_some();
        self.hiding.any = Some(any);
        Ok(any)
    }

    /// Takes the value out of a row that is sent for one whose value is withheld, so that it is kept where the other was.
    /// Says whether that leaves the row as it is published: then there is nothing to write.
    ///
    /// A row that is sent as it was read says nothing of the value, and what is withheld stays. One that says there is no
    /// value is believed.
    pub(in super::super) fn withhold(
        &mut self,
        table: &Table,
        before: &Json,
        object: &mut Json,
        truth: &Truth,
    ) -> Result<bool, Error> {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let status = object["status"].as_str().unwrap_or_default().to_owned();
        let Some(value) = object["value"].as_f64() else {
            if status != ObservationStatus::Suppressed.word() {
                apply::forget(self.conn, &id)?;
            }
            return Ok(false);
        };
        (object["value"], object["status"]) = (Json::Null, ObservationStatus::Suppressed.word().into());
        let sent = Truth { value, status };
        if sent != *truth {
            Statement::new("UPDATE withheld SET value = ")
                .bind(sent.value)
                .sql(", status = ")
                .bind(sent.status)
                .sql(" WHERE id = ")
                .bind(id.as_str())
                .run(self.conn)?;
            self.hiding.stirred.insert(id.clone());
            self.hiding.note(table, object);
        }
        if object["mapped_on"] != before["mapped_on"] {
            let mapped_on = Value::Text(object["mapped_on"].as_str().map(str::to_owned));
            let sql = Statement::new("UPDATE withheld SET mapped_on = ").bind(mapped_on).sql(" WHERE id = ").bind(id);
            sql.run(self.conn)?;
        }
        Ok(object == before)
    }

    /// Keeps who changed what is withheld: no revision tells of it.
    pub(in super::super) fn audit_withheld(&mut self, author: &Author, reason: Option<&str>) -> Result<(), Error> {
        let time = now();
        let mut rows = vec![];
        for observation in std::mem::take(&mut self.hiding.stirred) {
            rows.push(vec![
                new_id()?.into(),
                time.as_str().into(),
                author.issuer.as_str().into(),
                author.subject.as_str().into(),
                Value::Text(author.organisation.clone()),
                Value::Text(author.token_id.clone()),
                Value::Text(reason.map(str::to_owned)),
                observation.into(),
            ]);
        }
        let columns = ["id", "time", "issuer", "subject", "organisation", "token_id", "reason", "observation"];
        insert::many(self.conn, "withheld_writes", &columns, rows)
    }

    /// Forgets what is withheld of a row that ends.
    pub(in super::super) fn release(&mut self, table: &Table, id: &str) -> Result<(), Error> {
        if self.withholds(table)? { apply::forget(self.conn, id) } else { Ok(()) }
    }
}
