//! The values of indicators for one region, in the order of time: the newest vintage of each.
use super::{Db, Statement};
use crate::domain::Number;
use crate::domain::course::Point;
use crate::domain::vocabulary::ObservationStatus;
use crate::error::Error;
use serde::Deserialize;
use std::collections::HashMap;

const COLUMNS: &str = "t.indicator, t.id, t.period, t.period_start, t.period_end, t.value, t.status, t.published, \
                       t.series_break, t.publisher, t.source, t.note";

#[derive(Deserialize)]
struct Vintage {
    indicator: String,
    observation: String,
    period: String,
    period_start: String,
    period_end: String,
    value: Option<Number>,
    status: ObservationStatus,
    published: String,
    series_break: Option<bool>,
    publisher: Option<String>,
    source: String,
    note: Option<String>,
}

/// The series of these indicators for a region at a revision. One that has no value is not in the answer.
pub fn load(conn: &mut Db, at: i64, indicators: &[&str], region: &str) -> Result<HashMap<String, Vec<Point>>, Error> {
    let mut all: HashMap<String, Vec<Point>> = HashMap::new();
    if indicators.is_empty() {
        return Ok(all);
    }
    let rows: Vec<Vintage> = Statement::new(format!("SELECT {COLUMNS} FROM observations t"))
        .at(at)
        .sql(" AND t.region = ")
        .bind(region)
        .sql(" AND t.indicator IN ")
        .bind_list(indicators.iter().copied())
        .sql(" ORDER BY t.indicator, t.period_start, t.period_end, t.period, t.published")
        .rows(conn)?;
    for row in rows {
        let series = all.entry(row.indicator).or_default();
        // Vintages of one period follow one another, the newest last: it takes the place of those before.
        let earlier = if series.last().is_some_and(|p| p.period == row.period) { series.pop() } else { None };
        series.push(Point {
            vintages: earlier.map_or(1, |point| point.vintages + 1),
            observation: row.observation,
            period: row.period,
            period_start: row.period_start,
            period_end: row.period_end,
            value: row.value,
            status: row.status,
            like_baseline: false,
            change_absolute: None,
            change_percent: None,
            published: row.published,
            series_break: row.series_break,
            publisher: row.publisher,
            source: row.source,
            note: row.note,
        });
    }
    Ok(all)
}
