//! What two revisions differ in, row by row: the net outcome, whatever happened in between.
use super::question::{self, Question};
use super::{Feed, fields};
use crate::db::head::{self, Mark};
use crate::db::{Database, Db, Statement};
use crate::error::{Error, Kind, Mistake};
use crate::http::Settings;
use crate::http::answer::{Head, Keep};
use crate::http::asked::{Asked, encode};
use crate::http::format::Format;
use crate::http::list::{self, Meta};
use crate::http::page::{Cursor, short_hash};
use crate::http::parameter::{Parameter, ROWS, Shape};
use crate::http::resource::Entry;
use crate::http::versions;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where differences are.
pub const PATH: &str = "/v1/diff";

/// A row that is not the same at two revisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// The collection.
    #[schema(example = "grants")]
    pub resource: String,
    /// Names the thing within its collection.
    pub id: String,
    /// `create` where it is there at `to` only, `delete` where at `from` only, else `update`.
    #[schema(example = "update")]
    pub operation: &'static str,
    /// The fields in which it differs; all of them where it is there once only.
    pub changed: Vec<String>,
    /// The row at `from`.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The row at `to`.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
}

/// What stands beside the differences.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferencesMeta {
    #[serde(flatten)]
    pub meta: Meta,
    /// The earlier of the two revisions.
    #[schema(example = 1)]
    pub from: i64,
    /// The later one.
    #[schema(example = 18)]
    pub to: i64,
}

/// A page of differences.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    /// The rows that differ, by collection and id.
    pub data: Vec<Difference>,
    /// Give this as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// The address of the next page.
    pub next: Option<String>,
    /// What stands beside the differences: the two revisions, licence, citation.
    pub meta: DifferencesMeta,
}

/// The parameters of differences.
pub fn parameters(entries: &'static [Entry]) -> Vec<Parameter> {
    let mut all = vec![
        Parameter::new("from", "The earlier state: a revision number or a time.", Shape::Moment)
            .required()
            .example("1"),
        Parameter::new("to", "The later state: a revision number or a time. Without it, the newest.", Shape::Moment)
            .example("2"),
    ];
    all.extend(question::parameters(entries));
    all.push(
        Parameter::new(
            "format",
            "`json`, or `csv` with a line for each field that differs; the next page is then in the header `Link`.",
            Shape::Word(&["json", "csv"]),
        )
        .default("json"),
    );
    all.push(Parameter::language());
    all.extend(Parameter::of_pages());
    all
}

/// The two states, and where a page of their differences begins.
#[derive(Debug, Clone, Copy)]
struct Between {
    from: i64,
    to: i64,
}

/// `GET /v1/diff`
pub async fn differences(
    req: HttpRequest,
    feed: Data<Feed>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let entries = feed.entries;
    let asked = Asked::read(req.query_string(), &parameters(entries))?;
    let (language, language_from) = list::language(&req, &asked);
    let named = |name: &str| asked.one(name).is_some_and(|text| text.parse::<i64>().is_ok());
    let keep = if named("from") && named("to") { Keep::Forever } else { Keep::Briefly };
    let text = format!("{PATH}?{}", asked.canonical(&["cursor", "lang", "limit"]));
    let cursor = asked.one("cursor").map(|cursor| Cursor::open(cursor, &text)).transpose()?;
    let (head, base) = (db.head(), settings.clone());
    let redacted = head.redacted;
    let (asking, sealing) = (asked.clone(), text.clone());
    let (mark, found) = db
        .reading(move |conn| {
            let from = state(conn, &asking, "from", head.revision)?.unwrap_or(0);
            let to = match &cursor {
                Some(cursor) => cursor.revision,
                None => state(conn, &asking, "to", head.revision)?.unwrap_or(head.revision),
            };
            if from > to {
                let mistake = Mistake::query("to", "invalid", "must not be before from");
                return Err(Error::because(Kind::InvalidParameter, mistake));
            }
            let mark = Mark { revision: to, time: head::time_of(conn, to)?.unwrap_or_default() };
            let question = Question::of(entries, &asking, language);
            let limit = asking.integer("limit").unwrap_or(ROWS);
            let begin = cursor.as_ref().map(|cursor| cursor.place.as_slice());
            let (data, end) = load(conn, &question, Between { from, to }, begin, limit)?;
            let next = end.map(|place| Cursor { revision: to, total: 0, place }.seal(&sealing));
            let meta = cited(&base, &asking, entries, language, from, &mark)?;
            Ok((mark, page(&base, &asking, data, next, DifferencesMeta { meta, from, to })))
        })
        .await?;
    let variant = [asked.canonical(&[]), language.code().to_owned(), found.meta.from.to_string()];
    let variant = variant.each_ref().map(|part| part.as_bytes());
    let mut head = Head {
        keep,
        time: Some(mark.time).filter(|t| !t.is_empty()),
        language: Some(language),
        vary: language_from.into_iter().collect(),
        ..Head::json(format!("{}-{}", head::tag(mark.revision, redacted), short_hash(&variant)))
    };
    head.links.extend(found.next.iter().map(|next| (next.clone(), "next")));
    head.links.push((found.meta.meta.cite_as.clone(), "cite-as"));
    if head.is_known(&req) {
        return Ok(head.not_modified(&req));
    }
    let body = match asked.one("format") {
        Some("csv") => {
            head.content_type = Format::Csv.content_type();
            fields::csv(&found.data, found.meta.meta)?
        }
        _ => serde_json::to_vec(&found).map_err(Error::internal)?,
    };
    Ok(head.ok(&req, &settings, body))
}

/// The revision that a parameter names, or that was newest at the time it names.
fn state(conn: &mut Db, asked: &Asked, name: &str, newest: i64) -> Result<Option<i64>, Error> {
    let Some(text) = asked.one(name) else { return Ok(None) };
    match text.parse::<i64>() {
        Ok(revision) if revision > newest => {
            let message = format!("revision {revision} has not been written; the newest is {newest}");
            Err(Error::because(Kind::InvalidParameter, Mistake::query(name, "invalid", message)))
        }
        Ok(revision) => Ok(Some(revision)),
        Err(_) => head::revision_at(conn, text).map(|revision| Some(revision.min(newest))),
    }
}

/// What stands beside differences. Their address for good names both revisions.
fn cited(
    settings: &Settings,
    asked: &Asked,
    entries: &'static [Entry],
    language: crate::domain::Language,
    from: i64,
    mark: &Mark,
) -> Result<Meta, Error> {
    let rest = asked.canonical(&["cursor", "from", "to"]);
    let named = Asked::read(&format!("{rest}&from={from}&to={}", mark.revision), &parameters(entries))?;
    let cite_as = format!("{}{PATH}?{}", settings.base_url, named.canonical(&[]));
    Ok(Meta { cite_as, ..Meta::of(settings, PATH, asked, language, mark) })
}

fn page(
    settings: &Settings,
    asked: &Asked,
    data: Vec<Difference>,
    next_cursor: Option<String>,
    meta: DifferencesMeta,
) -> Differences {
    let rest = asked.canonical(&["cursor"]);
    let next = next_cursor.as_ref().map(|next| format!("{}{PATH}?{rest}&cursor={}", settings.base_url, encode(next)));
    Differences { data, next_cursor, next, meta }
}

/// What differs, by collection and id, after a place; and the place where the page ends before everything was looked at.
fn load(
    conn: &mut Db,
    question: &Question,
    between: Between,
    begin: Option<&[Value]>,
    limit: i64,
) -> Result<(Vec<Difference>, Option<Vec<Value>>), Error> {
    let sql = Statement::new("SELECT DISTINCT c.collection, c.id FROM changes c WHERE ").append(between.log());
    let mut sql = question.narrow(question.entries(), sql, |_| between.ends());
    if let Some([Value::String(collection), Value::String(id)]) = begin {
        sql = sql.sql(" AND (c.collection, c.id) > (").bind(collection.as_str()).sql(", ").bind(id.as_str()).sql(")");
    }
    let mut touched: Vec<(String, String)> =
        sql.sql(" ORDER BY c.collection, c.id LIMIT ").bind(limit + 1).rows(conn)?;
    let more = touched.len() as i64 > limit;
    touched.truncate(limit as usize);
    let mut all = vec![];
    for ids in touched.chunk_by(|one, other| one.0 == other.0) {
        let entry = question.entries().iter().find(|entry| (entry.table)().collection == ids[0].0);
        let entry = entry.ok_or_else(|| Error::internal(format!("no collection {}", ids[0].0)))?;
        let sql =
            Statement::new("JOIN (SELECT DISTINCT c.id AS changed_id FROM changes c WHERE ").append(between.log());
        let sql =
            sql.sql(" AND c.id >= ").bind(ids[0].1.as_str()).sql(" AND c.id <= ").bind(ids[ids.len() - 1].1.as_str());
        let sql =
            question.narrow(&[entry], sql.sql(" AND c.collection = ").bind(ids[0].0.as_str()), |_| between.ends());
        let sql = sql.sql(") h ON t.id = h.changed_id WHERE ").append(between.ends());
        let mut pairs: BTreeMap<String, (Option<Value>, Option<Value>)> = BTreeMap::new();
        for (revision, ended, _, row) in (entry.versions)(conn, question.language, "t.revision, t.ended, t.ended", sql)?
        {
            let pair = pairs.entry(row["id"].as_str().unwrap_or_default().to_owned()).or_default();
            if revision <= between.from && ended > between.from {
                pair.0 = Some(row.clone());
            }
            if revision <= between.to && ended > between.to {
                pair.1 = Some(row);
            }
        }
        all.extend(pairs.into_iter().filter_map(|(id, pair)| difference(&ids[0].0, id, pair)));
    }
    let operations = question.operations();
    all.retain(|found| operations.is_empty() || operations.iter().any(|wanted| wanted == found.operation));
    let end = touched.pop().filter(|_| more).map(|(collection, id)| vec![collection.into(), id.into()]);
    Ok((all, end))
}

/// None where a row was changed, and changed back.
fn difference(resource: &str, id: String, pair: (Option<Value>, Option<Value>)) -> Option<Difference> {
    let (before, after) = pair;
    let operation = match (&before, &after) {
        (Some(before), Some(after)) if before == after => return None,
        (None, _) => "create",
        (_, None) => "delete",
        _ => "update",
    };
    let changed = versions::changed(before.as_ref(), after.as_ref());
    Some(Difference { resource: resource.to_owned(), id, operation, changed, before, after })
}

impl Between {
    /// The changes `c` that lie between.
    fn log(self) -> Statement {
        Statement::new("c.revision > ").bind(self.from).sql(" AND c.revision <= ").bind(self.to)
    }

    /// The versions `t` that were valid at either end.
    fn ends(self) -> Statement {
        let valid =
            |sql: Statement, at: i64| sql.sql("(t.revision <= ").bind(at).sql(" AND t.ended > ").bind(at).sql(")");
        valid(valid(Statement::new("("), self.from).sql(" OR "), self.to).sql(")")
    }
}
