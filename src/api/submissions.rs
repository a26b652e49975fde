//! Submissions that are published, as everybody reads them.
use crate::db::Database;
use crate::db::submission::{self, Submission};
use crate::error::Error;
use crate::http::Settings;
use crate::http::answer::unkept;
use crate::http::asked::Asked;
use crate::http::docs::Document;
use crate::http::docs::operation::Operation;
use crate::http::walk::Walk;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The id of the example in the document.
pub const EXAMPLE: &str = "5eb0f2c94a7d4d18b3c6a9e0d1f27b84";

/// A page of published submissions.
#[derive(Serialize, ToSchema)]
pub struct SubmissionList {
    /// The submissions, in the order in which they were published.
    pub data: Vec<Submission>,
    /// How many are published now, on all pages.
    #[schema(minimum = 0)]
    pub total: i64,
    /// Give this as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The address of the next page.
    #[schema(required)]
    pub next: Option<String>,
}

/// `GET /v1/consultations/{id}/submissions`
pub async fn list(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let walk = Walk::read(req.path(), &Asked::read(req.query_string(), &Walk::parameters())?)?;
    let (id, tables, page) = (id.into_inner(), db.clone(), walk.clone());
    let mut found = db
        .reading(move |conn| {
            let table = tables.table("consultations").ok_or_else(|| Error::internal("there are no consultations"))?;
            submission::dates(conn, table, &id)?;
            submission::all_published(conn, &id, page.after.as_ref(), page.wanted())
        })
        .await?;
    let place = |row: &Submission| (row.published_at.clone(), row.id.clone());
    let (next_cursor, next) = walk.next(&settings.base_url, &mut found.rows, place).unzip();
    unkept(&req, &settings, &SubmissionList { data: found.rows, total: found.total, next_cursor, next })
}

/// `GET /v1/submissions/{id}`
pub async fn one(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    let id = id.into_inner();
    let found = db.reading(move |conn| submission::published(conn, &id)).await?;
    unkept(&req, &settings, &found)
}

/// The operations in the document.
pub fn document(document: &mut Document) {
    document
        .tag("submissions", "What the public sends to consultations: read when it is published, and erasable whole.");
    document.schema::<Submission>();
    document.schema::<SubmissionList>();
    let consultation = document.example("consultations")["id"].as_str().unwrap_or_default().to_owned();
    let example = document.example("submissions").clone();
    let read = Operation {
        path: "/v1/submissions/{id}",
        method: "get",
        id: "get_submission",
        tag: "submissions",
        summary: "Get one published submission",
        about: "One that waits or was rejected is not found, as if it had never been sent; one that was erased is gone. \
                There is no history of it, and no cache may keep it.",
        of: Some(("submission", EXAMPLE)),
        parameters: &[],
        conditional: false,
        body: None,
        answers: &[(200, "The submission.", Some(("Submission", example.clone())))],
        problems: &[400, 401, 404, 410, 500, 503],
        scope: None,
    };
    document.add(&read);
    let list = json!({ "data": [example], "total": 1, "next_cursor": null, "next": null });
    document.add(&Operation {
        path: "/v1/consultations/{id}/submissions",
        id: "list_submissions",
        summary: "List the published submissions to a consultation",
        about: "In the order in which they were published, so that one that is published during a walk through the pages \
                comes at its end. As JSON alone: a stranger's text in a spreadsheet could be a formula.",
        of: Some(("consultation", &consultation)),
        parameters: &Walk::parameters(),
        answers: &[(200, "The submissions.", Some(("SubmissionList", list)))],
        ..read
    });
}
