//! The public answers a consultation that is open: without a token, stored unpublished, so many in an hour.
use crate::db::submission::{self, Received};
use crate::db::table::Table;
use crate::db::{Database, Db, revision};
use crate::domain::vocabulary::SubmissionState;
use crate::domain::{consultation, date};
use crate::error::{Error, Kind, Mistake};
use crate::http::asked::Asked;
use crate::http::docs::Document;
use crate::http::docs::operation::Operation;
use crate::http::idempotency::{Claim, kept, of_body, response};
use crate::http::rate::Limiter;
use crate::http::shape::{self, Whole};
use crate::http::token::Issuers;
use crate::http::{Settings, body, check};
use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The largest body that is taken, unpacked: the longest text, however it is escaped.
const MOST_BYTES: usize = 65_536;
/// The longest a name may be, of a person or an organisation, in characters.
const LONGEST_NAME: usize = 200;

// Without `Debug`: it must not get into a log by a slip.
/// What is sent.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmissionInput {
    /// What you want to say, in plain text.
    #[schema(max_length = 10_000, pattern = r"\S", example = "Det mangler plasser for ettervern i distriktene.")]
    pub text: String,
    /// The language of it, as a code of two or three letters (ISO 639).
    #[schema(pattern = "^[a-z]{2,3}$", example = "nb")]
    pub language: Option<String>,
    /// Who you are. Shown with the text only if you consent.
    #[schema(max_length = 200, pattern = r"\S", example = "Kari Nordmann")]
    pub name: Option<String>,
    /// For whom you speak. Shown with the text only if you consent.
    #[schema(max_length = 200, pattern = r"\S", example = "Foreningen Eksempel")]
    pub organisation: Option<String>,
    /// Whether name and organisation may be shown with the text. They may not unless you say so.
    #[schema(example = true)]
    pub consent_to_name: Option<bool>,
    /// Where you can be reached. Never shown, to moderators neither; only who runs the service can look it up.
    #[schema(max_length = 254, pattern = r"^[^@\s]+@[^@\s]+\.[^@\s]+$", example = "kari@example.org")]
    pub email: Option<String>,
}

/// What the sender is told.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// Names the submission. It is what to refer to when you want it erased.
    #[schema(example = "5eb0f2c94a7d4d18b3c6a9e0d1f27b84")]
    pub id: String,
    /// The consultation it was sent to.
    #[schema(example = "rus-2016-2020-c01")]
    pub consultation: String,
    /// How far it has come.
    #[schema(inline)]
    pub state: SubmissionState,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
}

/// `POST /v1/consultations/{id}/submissions`
pub async fn submit(
    req: HttpRequest,
    id: Path<String>,
    payload: Payload,
    (db, settings, issuers, limiter): (Data<Database>, Data<Settings>, Data<Issuers>, Data<Limiter>),
) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    if issuers.is_empty() {
        // What nobody could publish or erase must not be collected.
        return Err(Error::new(Kind::AuthUnavailable)
            .detail("this service was started without a key for tokens: nobody could answer for what you send"));
    }
    body::require_type(&req, &["application/json"], header::HeaderName::from_static("accept-post"))?;
    let claim = Claim::of(&req, &db, None).await?;
    let bytes = body::bytes_within(&req, payload, MOST_BYTES).await?;
    let once = claim.on(&req, of_body(&bytes).as_ref());
    let input = read(&bytes)?;
    // What was taken once has been, though the consultation may be closed by now, or the allowance used up.
    if let Some(answered) = once.answered(&db).await? {
        return Ok(answered);
    }
    let (to, tables) = (id.to_string(), db.clone());
    db.reading(move |conn| require_open(conn, &tables, &to)).await?;
    // Only now: a mistake costs nothing of the allowance.
    let told = limiter.count(&req)?;
    let receipt = Receipt {
        id: submission::new_id()?,
        consultation: id.into_inner(),
        state: SubmissionState::Received,
        received_at: revision::now(),
    };
    let new = Received {
        id: receipt.id.clone(),
        consultation: receipt.consultation.clone(),
        received_at: receipt.received_at.clone(),
        language: input.language,
        text: input.text,
        name: input.name,
        organisation: input.organisation,
        consent_to_name: input.consent_to_name.unwrap_or(false),
        email: input.email,
    };
    let place = format!("{}/v1/submissions/{}", settings.base_url, receipt.id);
    let done = once.execute(db, move |db, keyed| {
        db.beside_once(keyed, |conn| {
            submission::receive(conn, new)?;
            kept(202, &[(header::LOCATION, place)], &receipt)
        })
    });
    let mut out = response(done.await?)?;
    told.add(out.headers_mut());
    Ok(out)
}

/// Reads and checks a body.
fn read(bytes: &[u8]) -> Result<SubmissionInput, Error> {
    static SHAPE: LazyLock<Table> = LazyLock::new(|| Table::of::<SubmissionInput>("submissions"));
    let sent = shape::read(&SHAPE, body::object(bytes)?, Whole::Row)?;
    // The members have the right types. What serde would say of them repeats what was sent.
    let input: SubmissionInput = serde_json::from_value(Value::Object(sent.stored))
        .map_err(|_| Error::internal("a submission whose members were checked cannot be read"))?;
    let mut wrong: Vec<Mistake> = vec![];
    check::said(&mut wrong, "text", Some(&input.text), shape::LONGEST, true);
    check::said(&mut wrong, "name", input.name.as_deref(), LONGEST_NAME, false);
    check::said(&mut wrong, "organisation", input.organisation.as_deref(), LONGEST_NAME, false);
    check::email(&mut wrong, "email", input.email.as_deref());
    if let Some(language) = &input.language {
        check::language(&mut wrong, "language", language);
    }
    if wrong.is_empty() { Ok(input) } else { Err(Error::all(Kind::InvalidContent, wrong)) }
}

fn require_open(conn: &mut Db, db: &Database, id: &str) -> Result<(), Error> {
    let table = db.table("consultations").ok_or_else(|| Error::internal("there are no consultations"))?;
    let (opens, closes) = submission::dates(conn, table, id)?;
    let day = date::norwegian(chrono::Utc::now()).to_string();
    if consultation::is_open(opens.as_deref(), closes.as_deref(), &day) {
        return Ok(());
    }
    let told = |date: Option<String>| date.unwrap_or_else(|| "a day that is not known".into());
    let detail = format!("it is open from {} to {}, and it is {day} in Norway", told(opens), told(closes));
    Err(Error::new(Kind::ConsultationClosed).detail(detail))
}

/// The operation in the document.
pub fn document(document: &mut Document) {
    document.schema::<SubmissionInput>();
    document.schema::<Receipt>();
    let consultation = document.example("consultations")["id"].as_str().unwrap_or_default().to_owned();
    let sent = document.example("submissions").clone();
    let body = json!({
        "text": sent["text"], "language": sent["language"], "name": sent["name"], "organisation": sent["organisation"],
        "consent_to_name": true, "email": "kari@example.org",
    });
    let receipt = json!({
        "id": sent["id"], "consultation": sent["consultation"], "state": "received", "received_at": sent["received_at"],
    });
    document.add(&Operation {
        path: "/v1/consultations/{id}/submissions",
        method: "post",
        id: "post_submission",
        tag: "submissions",
        summary: "Answer a consultation",
        about: "Open to all while the consultation is, in Norwegian days; no token is needed. What is sent is stored and \
                shown to nobody but moderators until one of them publishes it. Name and organisation are shown only with \
                consent, the e-mail address never. One address may send so many in an hour (`RateLimit-Policy`).",
        of: Some(("consultation", &consultation)),
        parameters: &[],
        conditional: false,
        body: Some(("application/json", "SubmissionInput", body)),
        answers: &[(202, "Received, and not published yet.", Some(("Receipt", receipt)))],
        problems: &[400, 401, 404, 408, 409, 410, 413, 415, 422, 500, 503],
        scope: None,
    });
}
