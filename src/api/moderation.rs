//! Moderation: who may see what was sent, publishes it, rejects it, or erases it whole.
use crate::db::idempotency::Answer;
use crate::db::submission::{self, Case, Decision};
use crate::db::table::Table;
use crate::db::{Database, revision};
use crate::domain::vocabulary::{Moderated, SubmissionState};
use crate::error::{Error, Kind, Mistake};
use crate::http::answer::unkept;
use crate::http::asked::Asked;
use crate::http::auth::{Permission, Writer};
use crate::http::docs::Document;
use crate::http::docs::operation::Operation;
use crate::http::idempotency::{Claim, kept, of_body, response};
use crate::http::parameter::{LONGEST_VALUE, Parameter, Shape};
use crate::http::shape::{self, Whole};
use crate::http::walk::Walk;
use crate::http::write::{MERGE_PATCH, expectation};
use crate::http::{Settings, body, check};
use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The scope of tokens that moderate.
const SCOPE: &str = "submissions:moderate";
/// The longest a reason may be, in characters.
const LONGEST_REASON: usize = 500;

/// Leave to moderate.
pub struct Moderation;

impl Permission for Moderation {
    fn scope() -> &'static str {
        SCOPE
    }
}

/// A caller who may moderate.
type Moderator = Writer<Moderation>;

/// What is decided on a submission.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmissionDecision {
    /// The state it gets.
    #[schema(inline, example = "published")]
    pub state: Moderated,
    /// Why it is rejected; needed then. Other moderators see it, and nobody else.
    #[schema(max_length = 500, pattern = r"\S", example = json!(null))]
    pub rejection_reason: Option<String>,
}

/// A page of submissions in moderation.
#[derive(Serialize, ToSchema)]
pub struct CaseList {
    /// The submissions, oldest first.
    pub data: Vec<Case>,
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
    let states = Parameter::new("state", "Submissions in these states.", Shape::Word(SubmissionState::WORDS)).list();
    let to = Parameter::new("consultation", "Submissions to these consultations.", Shape::Text(LONGEST_VALUE)).list();
    [states.default("received"), to].into_iter().chain(Walk::parameters()).collect()
}

/// `GET /v1/moderation/submissions`
pub async fn list(
    _moderator: Moderator,
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters())?;
    let walk = Walk::read(req.path(), &asked)?;
    let page = walk.clone();
    let mut found = db
        .reading(move |conn| {
            let states = match asked.all("state") {
                [] => vec![SubmissionState::Received.word().to_owned()],
                some => some.to_vec(),
            };
            submission::cases(conn, &states, asked.all("consultation"), page.after.as_ref(), page.wanted())
        })
        .await?;
    let place = |case: &Case| (case.received_at.clone(), case.id.clone());
    let (next_cursor, next) = walk.next(&settings.base_url, &mut found.rows, place).unzip();
    unkept(&req, &settings, &CaseList { data: found.rows, total: found.total, next_cursor, next })
}

/// `PATCH /v1/submissions/{id}`
pub async fn decide(
    moderator: Moderator,
    req: HttpRequest,
    id: Path<String>,
    payload: Payload,
    db: Data<Database>,
) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    let expect = expectation(&req)?;
    body::require_type(&req, &[MERGE_PATCH], header::HeaderName::from_static("accept-patch"))?;
    let claim = Claim::of(&req, &db, Some(&moderator.author)).await?;
    let bytes = body::bytes(&req, payload).await?;
    let once = claim.on(&req, of_body(&bytes).as_ref());
    let decision = read(&bytes)?;
    let done = once.execute(db, move |db, keyed| {
        let (by, at) = (&moderator.author.subject, revision::now());
        let mut decided = None;
        let mut done = db.beside_once(keyed, |conn| {
            decided = Some(submission::decide(conn, &id, &expect, &decision, by, &at)?);
            // Nothing of the submission is kept with the key, where erasing would not find it.
            Ok(Answer::empty(200))
        })?;
        if done.answer.status == 200 {
            let case = match decided {
                Some(case) => case,
                None => db.read(|conn| submission::case(conn, &id))?,
            };
            done.answer = kept(200, &[(header::ETAG, format!("\"{}\"", case.version))], &case)?;
        }
        Ok(done)
    });
    response(done.await?)
}

/// Reads and checks a decision: published, or rejected for a reason.
fn read(bytes: &[u8]) -> Result<Decision, Error> {
    static SHAPE: LazyLock<Table> = LazyLock::new(|| Table::of::<SubmissionDecision>("submissions"));
    let sent = shape::read(&SHAPE, body::object(bytes)?, Whole::Row)?;
    let given: SubmissionDecision = serde_json::from_value(Value::Object(sent.stored))
        .map_err(|_| Error::internal("a decision whose members were checked cannot be read"))?;
    let mut wrong: Vec<Mistake> = vec![];
    check::said(&mut wrong, "rejection_reason", given.rejection_reason.as_deref(), LONGEST_REASON, true);
    let decision = match (given.state, given.rejection_reason) {
        (Moderated::Published, None) => Ok(Decision::Publish),
        (Moderated::Rejected, Some(reason)) => Ok(Decision::Reject(reason)),
        (Moderated::Rejected, None) => Err(Mistake::field("rejection_reason", "required", "is needed to reject")),
        (Moderated::Published, Some(_)) => {
            Err(Mistake::field("rejection_reason", "invalid", "is for what is rejected"))
        }
    };
    match decision {
        Ok(decision) if wrong.is_empty() => Ok(decision),
        decision => {
            wrong.extend(decision.err());
            Err(Error::all(Kind::InvalidContent, wrong))
        }
    }
}

/// `DELETE /v1/submissions/{id}`
pub async fn erase(
    moderator: Moderator,
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    let expect = expectation(&req)?;
    let once = Claim::of(&req, &db, Some(&moderator.author)).await?.on(&req, &[]);
    // All that is left of the table is written anew.
    once.run_long(db, move |db, keyed| {
        submission::erase(db, keyed, &id, &expect, &moderator.author.subject, &revision::now())
    })
    .await
}

/// The operations in the document.
pub fn document(document: &mut Document) {
    document.tag("moderation", "For moderators: what was sent to consultations, and what becomes of it.");
    document.schema::<SubmissionDecision>();
    document.schema::<Case>();
    document.schema::<CaseList>();
    let sent = document.example("submissions").clone();
    let case = json!({
        "id": sent["id"], "consultation": sent["consultation"], "state": "published", "version": 2,
        "received_at": sent["received_at"], "decided_at": sent["published_at"], "decided_by": "moderator",
        "rejection_reason": null, "language": sent["language"], "text": sent["text"], "name": sent["name"],
        "organisation": sent["organisation"], "consent_to_name": true, "has_email": true,
    });
    let of = sent["id"].as_str().unwrap_or_default().to_owned();
    let decide = Operation {
        path: "/v1/submissions/{id}",
        method: "patch",
        id: "patch_submission",
        tag: "moderation",
        summary: "Publish or reject a submission",
        about: "What is published may be rejected later, and the other way round. The same decision again changes nothing.",
        of: Some(("submission", &of)),
        parameters: &[],
        conditional: true,
        body: Some((MERGE_PATCH, "SubmissionDecision", json!({ "state": "published" }))),
        answers: &[(200, "Decided.", Some(("Case", case.clone())))],
        problems: &[400, 401, 403, 404, 408, 409, 410, 412, 413, 415, 422, 428, 500, 503],
        scope: Some(SCOPE),
    };
    document.add(&decide);
    document.add(&Operation {
        method: "delete",
        id: "delete_submission",
        summary: "Erase a submission whole",
        about: "Not undone by anything: nothing of it is left in the database. What stays is its id, its consultation, when \
                and by whom it was erased.",
        body: None,
        answers: &[
            (204, "Erased.", None),
            (202, "Erased, and read by nobody any more. Somebody who reads keeps the log of the database from being cut; it is tried again every minute.", None),
        ],
        problems: &[400, 401, 403, 404, 409, 410, 412, 422, 428, 500, 503],
        ..decide
    });
    let list = json!({ "data": [case], "total": 1, "next_cursor": null, "next": null });
    document.add(&Operation {
        path: "/v1/moderation/submissions",
        method: "get",
        id: "list_submissions_to_moderate",
        summary: "List submissions in any state",
        about: "Whole but for how the sender is reached, oldest first; those that wait for a decision unless `state` says \
                otherwise.",
        of: None,
        parameters: &parameters(),
        conditional: false,
        body: None,
        answers: &[(200, "The submissions.", Some(("CaseList", list)))],
        problems: &[400, 401, 403, 500, 503],
        ..decide
    });
}
