//! A page of the log of changes, each with the row before and after it: one statement for the log, and one for each
//! collection that is on the page.
use super::point::Point;
use super::question::Question;
use crate::db::table::Table;
use crate::db::{Db, Statement};
use crate::error::Error;
use crate::http::resource::Entry;
use crate::http::versions;
use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use utoipa::ToSchema;

/// How many changes are looked through for a page. Where few of them are asked for, a page ends here, possibly without
/// any: a rare filter must not read the whole log in one request.
const LOOKED_THROUGH: i64 = 100_000;

/// One change of one thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change<'a> {
    /// The revision it is part of.
    #[schema(example = 18)]
    pub revision: i64,
    /// Its place within the revision, counted from 1.
    #[schema(example = 1)]
    pub position: i64,
    /// When the revision was written.
    #[schema(example = "2026-11-22T10:00:00.000Z", format = DateTime)]
    pub time: &'a str,
    /// What was done: `create`, `update` or `delete`.
    #[schema(example = "update")]
    pub operation: &'a str,
    /// The collection.
    #[schema(example = "grants")]
    pub resource: &'a str,
    /// Names the thing within its collection.
    #[schema(example = "rus-2016-2020-g3")]
    pub id: &'a str,
    /// The row as it was; null where it was created.
    #[schema(value_type = Option<Object>)]
    pub before: Option<&'a Value>,
    /// The row as it became; null where it was deleted.
    #[schema(value_type = Option<Object>)]
    pub after: Option<&'a Value>,
    /// Why, where the writer said so.
    pub reason: Option<&'a str>,
}

/// A change as it is told, in every form.
pub struct Told {
    pub point: Point,
    pub time: String,
    pub operation: String,
    pub resource: String,
    pub id: String,
    pub reason: Option<String>,
    /// The fields in which the row differs.
    pub changed: Vec<String>,
    /// As an event of a stream; the JSON is a part of it.
    pub frame: Bytes,
    json: std::ops::Range<usize>,
}

impl Told {
    pub fn json(&self) -> &[u8] {
        &self.frame[self.json.clone()]
    }
}

/// What to look through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Changes after this point …
    pub after: Point,
    /// … up to and with this revision, …
    pub until: i64,
    /// … at most so many, …
    pub limit: i64,
    /// … the oldest first, or the newest.
    pub newest_first: bool,
}

/// Changes in their order.
pub struct Page {
    pub changes: Vec<Told>,
    /// Where to go on.
    pub last: Point,
    /// Whether there was more to look through.
    pub more: bool,
}

type Logged = (i64, i64, String, String, String, String, Option<String>);

impl Page {
    /// A page on which nothing is.
    pub fn empty(last: Point) -> Self {
        Self { changes: vec![], last, more: false }
    }

    pub fn bytes(&self) -> usize {
        self.changes.iter().map(|told| told.frame.len()).sum()
    }

    pub fn load(conn: &mut Db, question: &Question, span: Span) -> Result<Self, Error> {
        let edge = if question.is_everything() { None } else { edge(conn, span)? };
        let range = within(span, edge);
        let order = if span.newest_first { "DESC" } else { "ASC" };
        let sql = Statement::new(
            "SELECT c.revision, c.position, c.collection, c.id, c.operation, r.time, r.reason \
             FROM changes c JOIN revisions r ON r.revision = c.revision WHERE ",
        );
        let sql = matching(question, question.entries(), sql.append(range));
        let sql = sql.sql(format!(" ORDER BY c.revision {order}, c.position {order} LIMIT ")).bind(span.limit + 1);
        let mut found: Vec<Logged> = sql.rows(conn)?;
        let full = found.len() as i64 > span.limit;
        let beyond = found.get(span.limit as usize).map(|next| next.0);
        found.truncate(span.limit as usize);
        let mut rows: HashMap<(i64, i64, bool), Value> = HashMap::new();
        for entry in question.entries() {
            let of_it: Vec<_> = found.iter().filter(|logged| logged.2 == (entry.table)().collection).collect();
            if let (Some(one), Some(other)) = (of_it.first(), of_it.last()) {
                let ends = [(one.0, one.1), (other.0, other.1)];
                let (first, last) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                for (revision, position, version, row) in around(conn, question, entry, first, last)? {
                    rows.insert((revision, position, version == revision), row);
                }
            }
        }
        let last = match found.last() {
            // The next change is of another revision, so this one has been told whole.
            Some(last) if full && beyond != Some(last.0) => Point::after(last.0),
            Some(last) if full => Point { revision: last.0, position: last.1 },
            _ => edge.unwrap_or(Point::after(span.until)),
        };
        let changes: Result<_, _> = found.into_iter().map(|logged| told(logged, &rows)).collect();
        Ok(Self { changes: changes?, last, more: full || edge.is_some() })
    }
}

/// Where looking ends before the log does.
fn edge(conn: &mut Db, span: Span) -> Result<Option<Point>, Error> {
    let order = if span.newest_first { "DESC" } else { "ASC" };
    let sql = Statement::new("SELECT c.revision, c.position FROM changes c WHERE ").append(within(span, None));
    let sql =
        sql.sql(format!(" ORDER BY c.revision {order}, c.position {order} LIMIT 1 OFFSET ")).bind(LOOKED_THROUGH - 1);
    Ok(sql.row::<(i64, i64)>(conn)?.map(|(revision, position)| Point { revision, position }))
}

fn within(span: Span, edge: Option<Point>) -> Statement {
    let sql =
        Statement::new("(c.revision, c.position) > (").bind(span.after.revision).sql(", ").bind(span.after.position);
    let sql = sql.sql(") AND c.revision <= ").bind(span.until);
    let Some(edge) = edge else { return sql };
    let side = if span.newest_first { ">=" } else { "<=" };
    sql.sql(format!(" AND (c.revision, c.position) {side} ("))
        .bind(edge.revision)
        .sql(", ")
        .bind(edge.position)
        .sql(")")
}

/// Adds to a WHERE over `changes c` that they are asked for.
fn matching(question: &Question, entries: &[&'static Entry], sql: Statement) -> Statement {
    let sql = question.narrow(entries, sql, versions_of);
    match question.operations() {
        [] => sql,
        operations => sql.sql(" AND c.operation IN ").bind_list(operations.iter().cloned()),
    }
}

/// The versions that a change ended and began. The one before is looked for by its number: going through all that a
/// thing has had would make a page about a thing that changes often slow.
fn versions_of(table: &Table) -> Statement {
    Statement::new(format!(
        "t.revision IN (c.revision, (SELECT MAX(b.revision) FROM {} b WHERE b.id = c.id AND b.revision < c.revision)) \
         AND t.ended >= c.revision",
        table.name
    ))
}

/// The rows before and after the changes of a collection between two places of the log, both included.
fn around(
    conn: &mut Db,
    question: &Question,
    entry: &'static Entry,
    first: (i64, i64),
    last: (i64, i64),
) -> Result<Vec<versions::Keyed>, Error> {
    let changes = |version: String, without: &str| {
        // Names of their own: those of the row stand beside them.
        let sql = Statement::new(format!(
            "SELECT c.id AS changed_id, c.revision AS changed_in, c.position AS changed_at, {version} AS changed_version \
             FROM changes c WHERE c.operation <> '{without}' AND (c.revision, c.position) >= ("
        ));
        let sql = sql.bind(first.0).sql(", ").bind(first.1).sql(") AND (c.revision, c.position) <= (");
        matching(question, &[entry], sql.bind(last.0).sql(", ").bind(last.1).sql(")"))
    };
    let before = format!(
        "(SELECT MAX(b.revision) FROM {} b WHERE b.id = c.id AND b.revision < c.revision)",
        (entry.table)().name
    );
    let rest = Statement::new("JOIN (").append(changes("c.revision".into(), "delete")).sql(" UNION ALL ");
    let rest = rest.append(changes(before, "create"));
    let rest = rest.sql(") h ON t.id = h.changed_id AND t.revision = h.changed_version");
    (entry.versions)(conn, question.language, "h.changed_in, h.changed_at, h.changed_version", rest)
}

fn told(logged: Logged, rows: &HashMap<(i64, i64, bool), Value>) -> Result<Told, Error> {
    let (revision, position, resource, id, operation, time, reason) = logged;
    let (before, after) = (rows.get(&(revision, position, false)), rows.get(&(revision, position, true)));
    if before.is_none() == (operation != "create") || after.is_none() == (operation != "delete") {
        return Err(Error::internal(format!("{resource}/{id}: a version of revision {revision} is missing")));
    }
    let change = Change {
        revision,
        position,
        time: &time,
        operation: &operation,
        resource: &resource,
        id: &id,
        before,
        after,
        reason: reason.as_deref(),
    };
    let point = Point { revision, position };
    let mut frame = format!("id: {point}\nevent: change\ndata: ").into_bytes();
    let start = frame.len();
    serde_json::to_writer(&mut frame, &change).map_err(Error::internal)?;
    let json = start..frame.len();
    frame.extend_from_slice(b"\n\n");
    let changed = versions::changed(before, after);
    Ok(Told { point, changed, frame: frame.into(), json, time, operation, resource, id, reason })
}
