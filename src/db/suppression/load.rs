//! What a verdict is made from: figures with their true values, and which periods hang together.
use super::super::statement::Value;
use super::super::{CURRENT, Db, Statement};
use super::Register;
use crate::domain::suppression::Figure;
use crate::domain::vocabulary::ObservationStatus;
use crate::domain::{Period, date};
use crate::error::Error;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// For each place of a register its health region.
pub(super) fn health_regions(conn: &mut Db, register: &Register) -> Result<Vec<Option<String>>, Error> {
    let sql = Statement::new("SELECT region_code, valid_from, health_region FROM municipalities WHERE ended = ");
    let rows = sql.bind(CURRENT).rows::<(String, String, Option<String>)>(conn)?;
    let known: HashMap<(String, String), Option<String>> =
        rows.into_iter().map(|(code, from, region)| ((code, from), region)).collect();
    let of = |code: &str, from: String| known.get(&(code.to_owned(), from)).cloned().flatten();
    Ok(register.places().iter().map(|place| of(&place.code, place.valid_from.to_string())).collect())
}

/// A current observation, or an older version of one, with its true value.
#[derive(Deserialize)]
pub(super) struct Row {
    pub id: String,
    pub region: String,
    pub period: String,
    pub mapped_on: Option<String>,
    pub published: String,
    value: Option<f64>,
    pub status: ObservationStatus,
    pub revision: i64,
    pub withheld: Option<f64>,
    pub withheld_status: Option<ObservationStatus>,
    pub why: Option<String>,
    /// Not 0 where a value of it has been published.
    seen: i64,
}

impl Row {
    /// The true value.
    pub fn value(&self) -> Option<f64> {
        self.withheld.or(self.value)
    }

    /// The value as it stands in the table.
    pub fn published_value(&self) -> Option<f64> {
        self.value
    }

    /// The row as it is judged, of one of the indicators that are judged together.
    pub fn figure(&self, indicator: usize) -> Result<Figure<'_>, Error> {
        let wrong = |why: String| Error::internal(format!("an observation that cannot be read: {why}"));
        Ok(Figure {
            indicator,
            region: &self.region,
            period: Period::parse(&self.period).map_err(wrong)?,
            mapped_on: self.mapped_on.as_deref().map(date::whole).transpose().map_err(wrong)?,
            published: &self.published,
            value: self.value(),
            suppressed: self.status == ObservationStatus::Suppressed && self.withheld.is_none(),
            hidden: self.withheld.is_some(),
            seen: self.seen != 0,
        })
    }
}

const COLUMNS: &str = "t.id, t.region, t.period, t.mapped_on, t.published, t.value, t.status, t.revision";

/// The current figures of an indicator for some periods.
pub(super) fn rows(conn: &mut Db, indicator: &str, periods: &[String], revision: i64) -> Result<Vec<Row>, Error> {
    if periods.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "SELECT {COLUMNS}, w.value, w.status, w.why, CAST(CASE WHEN EXISTS (SELECT 1 FROM observations o \
         WHERE o.id = t.id AND o.value IS NOT NULL AND o.revision < "
    );
    let sql = Statement::new(sql)
        .bind(revision)
        .sql(") THEN 1 ELSE 0 END AS BIGINT) FROM observations t LEFT JOIN withheld w ON w.id = t.id WHERE t.ended = ")
        .bind(CURRENT);
    Ok(among(sql, indicator, periods).sql(" ORDER BY t.id").rows(conn)?)
}

/// Versions of them, deleted ones included, that have ended and have a value.
pub(super) fn ended(conn: &mut Db, indicator: &str, periods: &[String], revision: i64) -> Result<Vec<Row>, Error> {
    if periods.is_empty() {
        return Ok(vec![]);
    }
    let sql = Statement::new(format!("SELECT {COLUMNS}, "))
        .bind(Value::Number(None))
        .sql(", ")
        .bind(Value::Text(None))
        .sql(", ")
        .bind(Value::Text(None))
        .sql(", CAST(1 AS BIGINT) FROM observations t WHERE t.value IS NOT NULL AND t.ended <= ")
        .bind(revision);
    Ok(among(sql, indicator, periods).rows(conn)?)
}

fn among(sql: Statement, indicator: &str, periods: &[String]) -> Statement {
    let sql = sql.sql(" AND t.indicator = ").bind(indicator).sql(" AND t.period IN ");
    sql.bind_list(periods.iter().map(String::as_str))
}

/// The periods of some indicators that hang together with some: those that overlap them, and those that overlap these.
pub(super) fn together(
    conn: &mut Db,
    indicators: &[String],
    touched: Option<BTreeSet<String>>,
) -> Result<Vec<String>, Error> {
    // Also those of which there are old versions only: what they show is shown still.
    let sql = Statement::new("SELECT DISTINCT period, period_start, period_end FROM observations WHERE indicator IN ");
    let sql = sql.bind_list(indicators.iter().map(String::as_str)).sql(" ORDER BY period_start, period_end, period");
    let all: Vec<(String, String, String)> = sql.rows(conn)?;
    let mut found = vec![];
    let mut rest = all.as_slice();
    while let Some((_, _, end)) = rest.first() {
        let (mut end, mut size) = (end.clone(), 1);
        while let Some((_, _, later)) = rest.get(size).filter(|(_, start, _)| *start <= end) {
            end = end.max(later.clone());
            size += 1;
        }
        let (group, after) = rest.split_at(size);
        let is_touched = |period: &String| touched.as_ref().is_none_or(|touched| touched.contains(period));
        if group.iter().any(|(period, ..)| is_touched(period)) {
            found.extend(group.iter().map(|(period, ..)| period.clone()));
        }
        rest = after;
    }
    Ok(found)
}
