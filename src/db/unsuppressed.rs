//! Observations with their true values, for those who may read them; and who did.
use super::revision::now;
use super::statement::Value;
use super::submission::new_id;
use super::{Author, CURRENT, Database, Db, Statement};
use crate::domain::suppression::Withheld;
use crate::domain::vocabulary::ObservationStatus;
use crate::domain::{Level, Number};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A current observation with its true value.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Unsuppressed {
    /// Names the value: indicator, region, period and vintage.
    #[schema(example = "overdose-deaths.NO.2020.2022-06")]
    pub id: String,
    /// The indicator.
    #[schema(example = "overdose-deaths")]
    pub indicator: String,
    /// The region.
    #[schema(example = "NO")]
    pub region: String,
    /// The official number of the region.
    #[schema(example = "NO")]
    pub region_code: String,
    /// The name of the region in the period.
    #[schema(example = "Norge")]
    pub region_name: String,
    /// What kind of place the region is.
    #[schema(inline, example = "nation")]
    pub level: Level,
    /// The period the value is for.
    #[schema(example = "2020")]
    pub period: String,
    /// The vintage: when the source gave this value, as precisely as it says.
    #[schema(example = "2022-06")]
    pub published: String,
    /// The day whose map the region is from, where the source used another map than that of the period.
    #[schema(required)]
    pub mapped_on: Option<String>,
    /// The true value, in the indicator's unit; null where there is none, or the source itself hides it.
    #[schema(required, value_type = Option<f64>, example = 331)]
    pub value: Option<Number>,
    /// What the status would be if the value were published.
    #[schema(inline, example = "ok")]
    pub status: ObservationStatus,
    /// Why the value is not published: it is a small number (`primary`), it would give one away (`complementary`), or it
    /// is a rate of a count that is not published (`rate`); null where it is.
    #[schema(required, inline)]
    pub withheld: Option<Withheld>,
}

const COLUMNS: &str = "t.id, t.indicator, t.region, t.region_code, t.region_name, t.level, t.period, t.published, \
     t.mapped_on, COALESCE(w.value, t.value), COALESCE(w.status, t.status), w.why";

/// Which observations are asked for; all where a list is empty.
#[derive(Default)]
pub struct Wanted<'a> {
    pub indicators: &'a [String],
    pub regions: &'a [String],
    pub periods: &'a [String],
    /// Only those whose value is withheld, or only those whose value is not.
    pub withheld: Option<bool>,
    /// The indicator and the id after which to go on.
    pub after: Option<&'a (String, String)>,
    pub limit: i64,
}

/// The observations asked for, every vintage, and how many there are on all pages.
pub fn list(conn: &mut Db, wanted: &Wanted) -> Result<(Vec<Unsuppressed>, i64), Error> {
    let from = " FROM observations t LEFT JOIN withheld w ON w.id = t.id WHERE t.ended = ";
    let mut chosen = Statement::new(from).bind(CURRENT);
    for (column, values) in [("indicator", wanted.indicators), ("region", wanted.regions), ("period", wanted.periods)] {
        if !values.is_empty() {
            chosen = chosen.sql(format!(" AND t.{column} IN ")).bind_list(values.iter().cloned());
        }
    }
    if let Some(withheld) = wanted.withheld {
        chosen = chosen.sql(if withheld { " AND w.id IS NOT NULL" } else { " AND w.id IS NULL" });
    }
    let total: Option<(i64,)> = Statement::new("SELECT COUNT(*)").append(chosen.clone()).row(conn)?;
    let mut sql = Statement::new(format!("SELECT {COLUMNS}")).append(chosen);
    if let Some((indicator, id)) = wanted.after {
        sql = sql.sql(" AND (t.indicator, t.id) > (").bind(indicator.as_str()).sql(", ").bind(id.as_str()).sql(")");
    }
    let rows = sql.sql(" ORDER BY t.indicator, t.id LIMIT ").bind(wanted.limit).rows(conn)?;
    Ok((rows, total.map_or(0, |(n,)| n)))
}

/// Keeps that somebody read so many rows by a question. Nothing is answered where that fails.
pub fn audit(db: &Database, reader: &Author, query: &str, row_count: i64) -> Result<(), Error> {
    let values: [Value; 8] = [
        new_id()?.into(),
        now().into(),
        reader.issuer.as_str().into(),
        reader.subject.as_str().into(),
        Value::Text(reader.organisation.clone()),
        Value::Text(reader.token_id.clone()),
        query.into(),
        row_count.into(),
    ];
    let names = "id, time, issuer, subject, organisation, token_id, query, row_count";
    let mut sql = Statement::new(format!("INSERT INTO unsuppressed_reads ({names}) VALUES ("));
    for (n, value) in values.into_iter().enumerate() {
        sql = (if n > 0 { sql.sql(", ") } else { sql }).bind(value);
    }
    db.beside(|conn| Ok(sql.sql(")").run(conn)?)).map(drop)
}
