//! The audit: who wrote which revision, when and why.
use crate::db::audit::{self, Entry, Question};
use crate::db::{Database, Db, head};
use crate::error::Error;
use crate::http::Settings;
use crate::http::answer::unkept;
use crate::http::asked::Asked;
use crate::http::auth::{Permission, Writer};
use crate::http::docs::Document;
use crate::http::docs::operation::Operation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::parameter::{LONGEST_VALUE, Parameter, Shape};
use crate::http::walk::Walk;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The scope of tokens that may see who wrote.
const SCOPE: &str = "admin";
const PATH: &str = "/v1/revisions";

pub const REVISIONS: Endpoint = Endpoint { path: PATH, methods: READ, routes: || vec![web::get().to(list)], document };

/// Leave to see who wrote.
pub struct Audit;

impl Permission for Audit {
    fn scope() -> &'static str {
        SCOPE
    }
}

/// A page of revisions.
#[derive(Serialize, ToSchema)]
pub struct RevisionList {
    /// The revisions, newest first.
    pub data: Vec<Entry>,
    /// How many there are, on all pages.
    #[schema(minimum = 0)]
    pub total: i64,
    /// Give this as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The address of the next page.
    #[schema(required)]
    pub next: Option<String>,
}

fn parameters() -> Vec<Parameter> {
    static NAMES: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| super::RESOURCES.iter().map(|entry| (entry.table)().collection).collect());
    let text = |name, about| Parameter::new(name, about, Shape::Text(LONGEST_VALUE)).list();
    let own = [
        Parameter::new("from", "Revisions from this one on: a number, or a time.", Shape::Moment).example("2"),
        Parameter::new("to", "Revisions up to this one, it included: a number, or a time.", Shape::Moment).example("4"),
        text("subject", "Revisions written by these subjects of tokens."),
        text("issuer", "Revisions written with tokens of these issuers."),
        Parameter::new("collection", "Revisions that touched one of these collections.", Shape::Word(&NAMES)).list(),
    ];
    own.into_iter().chain(Walk::parameters()).collect()
}

/// `GET /v1/revisions`
pub async fn list(
    _auditor: Writer<Audit>,
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters())?;
    let walk = Walk::read(req.path(), &asked)?;
    let page = walk.clone();
    let (mut data, total) = db
        .reading(move |conn| {
            let question = Question {
                from: first(conn, &asked)?,
                to: last(conn, &asked)?,
                subjects: asked.all("subject").to_vec(),
                issuers: asked.all("issuer").to_vec(),
                collections: asked.all("collection").to_vec(),
            };
            let before = page.after.as_ref().and_then(|(revision, _)| revision.parse().ok());
            audit::entries(conn, &question, before, page.wanted())
        })
        .await?;
    let place = |entry: &Entry| (entry.revision.to_string(), String::new());
    let (next_cursor, next) = walk.next(&settings.base_url, &mut data, place).unzip();
    unkept(&req, &settings, &RevisionList { data, total, next_cursor, next })
}

/// The first revision that is asked for: the one named, or the first that is not older than a time.
fn first(conn: &mut Db, asked: &Asked) -> Result<Option<i64>, Error> {
    match (asked.one("from"), asked.integer("from")) {
        (Some(time), None) => head::revision_since(conn, time).map(Some),
        (_, number) => Ok(number),
    }
}

/// The last one.
fn last(conn: &mut Db, asked: &Asked) -> Result<Option<i64>, Error> {
    match (asked.one("to"), asked.integer("to")) {
        (Some(time), None) => head::revision_at(conn, time).map(Some),
        (_, number) => Ok(number),
    }
}

fn document(document: &mut Document) {
    document.tag("audit", "For those who answer for the dataset: who wrote what, when and why.");
    document.schema::<RevisionList>();
    let entry = json!({
        "revision": 21, "time": "2026-11-22T10:00:00.000Z", "issuer": "local", "subject": "kari", "organisation": null,
        "token_id": "3f2b", "reason": "Figures for 2021", "row_count": 15,
    });
    document.add(&Operation {
        path: PATH,
        method: "get",
        id: "list_revisions",
        tag: "audit",
        summary: "Who wrote which revision, when and why",
        about: "Newest first. What each did is in `/v1/changes?after=<revision before>`.",
        of: None,
        parameters: &parameters(),
        conditional: false,
        body: None,
        answers: &[(
            200,
            "The revisions.",
            Some(("RevisionList", json!({ "data": [entry], "total": 1, "next_cursor": null, "next": null }))),
        )],
        problems: &[400, 401, 403, 500, 503],
        scope: Some(SCOPE),
    });
}
