//! Who wrote each revision, when and why: for those who answer for the dataset, and for nobody else.
use super::statement::Value;
use super::{Db, Statement};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One revision, with who wrote it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// The number of the revision.
    #[schema(example = 18)]
    pub revision: i64,
    /// When it was written.
    #[schema(example = "2026-11-22T10:00:00.000Z", format = DateTime)]
    pub time: String,
    /// Who issued the token it was written with; `local` for the command line and the service itself, and the address of
    /// the source for a mirror.
    #[schema(example = "local")]
    pub issuer: String,
    /// Whom the token is for.
    #[schema(example = "reference data")]
    pub subject: String,
    /// The organisation the token names.
    #[schema(required)]
    pub organisation: Option<String>,
    /// The id of the token (`jti`).
    #[schema(required)]
    pub token_id: Option<String>,
    /// Why, where the writer said so.
    #[schema(required)]
    pub reason: Option<String>,
    /// How many rows it changed.
    #[schema(example = 15, minimum = 0)]
    pub row_count: i64,
}

/// Which revisions are asked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Not before this revision.
    pub from: Option<i64>,
    /// Not after this one.
    pub to: Option<i64>,
    pub subjects: Vec<String>,
    pub issuers: Vec<String>,
    /// Those that touched one of these collections.
    pub collections: Vec<String>,
}

/// The newest first: at most so many, before a revision where there is one to go on from; and how many there are on all.
pub fn entries(conn: &mut Db, question: &Question, before: Option<i64>, most: i64) -> Result<(Vec<Entry>, i64), Error> {
    let total = question.narrow(Statement::new("SELECT COUNT(*) FROM revisions r WHERE 1 = 1"));
    let total: Option<(i64,)> = total.row(conn)?;
    let sql = Statement::new(
        "SELECT r.revision, r.time, r.issuer, r.subject, r.organisation, r.token_id, r.reason, r.row_count \
         FROM revisions r WHERE r.revision < ",
    );
    let sql = question.narrow(sql.bind(before.unwrap_or(i64::MAX)));
    let rows = sql.sql(" ORDER BY r.revision DESC LIMIT ").bind(most).rows(conn)?;
    Ok((rows, total.map_or(0, |(total,)| total)))
}

impl Question {
    fn narrow(&self, mut sql: Statement) -> Statement {
        let bounds = [(" AND r.revision >= ", self.from), (" AND r.revision <= ", self.to)];
        for (condition, bound) in bounds {
            sql = bound.into_iter().fold(sql, |sql, bound| sql.sql(condition).bind(bound));
        }
        for (condition, values) in [(" AND r.subject IN ", &self.subjects), (" AND r.issuer IN ", &self.issuers)] {
            if !values.is_empty() {
                sql = sql.sql(condition).bind_list(values.iter().map(|value| Value::from(value.as_str())));
            }
        }
        if self.collections.is_empty() {
            return sql;
        }
        // By the revision and not by the collection: a revision has few changes, and a collection a great many.
        let sql =
            sql.sql(" AND EXISTS (SELECT 1 FROM changes c WHERE c.revision = r.revision AND (c.collection || '') IN ");
        sql.bind_list(self.collections.iter().cloned()).sql(")")
    }
}
