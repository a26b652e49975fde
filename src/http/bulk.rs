//! `PUT /v1/{collection}`: many rows at once, all of them as one revision, or none.
use super::Settings;
use super::asked::Asked;
use super::auth::Writer;
use super::idempotency::{Claim, kept};
use super::parameter::{Parameter, Shape};
use super::resource::Resource;
use super::write::{expectation, reason};
use super::{body, intake, rows};
use crate::db::bulk::{self, Tally};
use crate::db::idempotency::{Answer, Done};
use crate::db::table::Table;
use crate::db::{Database, Expect, Write};
use crate::error::{Error, Kind, Mistake};
use actix_web::http::header::HeaderName;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use std::fs::File;
use utoipa::ToSchema;

/// The largest body, unpacked, unless set: a million observations with every field, as JSON.
pub const MOST_BYTES: u64 = 1_073_741_824;

/// What a table may be sent as.
pub const MEDIA: [&str; 3] = ["application/json", "application/x-ndjson", "text/csv"];

/// What a table did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    /// Rows that were not there.
    #[schema(minimum = 0, example = 1)]
    pub inserted: usize,
    /// Rows that were replaced.
    #[schema(minimum = 0, example = 0)]
    pub updated: usize,
    /// Rows that were there as they were sent.
    #[schema(minimum = 0, example = 0)]
    pub unchanged: usize,
    /// The revision they make; null where nothing changed, and for a dry run.
    #[schema(required, example = 43)]
    pub revision: Option<i64>,
    /// Always empty here: a table with mistakes is a problem (422) and is not written.
    #[schema(max_items = 0)]
    pub errors: Vec<Mistake>,
}

impl BulkResult {
    fn answer(tally: Tally, revision: Option<i64>) -> Result<Answer, Error> {
        let Tally { inserted, updated, unchanged } = tally;
        kept(200, &[], &Self { inserted, updated, unchanged, revision, errors: vec![] })
    }
}

/// What a table takes beside its rows.
pub fn parameters() -> Vec<Parameter> {
    let about = "Check everything, answer the same, and write nothing.";
    let reason = Parameter::of_writes().into_iter().filter(|parameter| parameter.name == "reason");
    reason.chain([Parameter::new("dry_run", about, Shape::Truth).default("false")]).collect()
}

/// `PUT /v1/{collection}`
pub async fn put<R: Resource>(
    writer: Writer<R>,
    req: HttpRequest,
    payload: Payload,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters())?;
    let reason = reason(&req, &asked)?;
    refuse_condition(&req)?;
    let media = body::require_type(&req, &MEDIA, HeaderName::from_static("accept-post"))?;
    let dry_run = asked.one("dry_run") == Some("true");
    let claim = match dry_run {
        true => Claim::untaken(&req)?,
        false => Claim::of(&req, &db, Some(&writer.author)).await?,
    };
    let arrived = intake::receive(&req, payload, settings.bulk_bytes).await?;
    let once = claim.on(&req, &arrived.digest);
    once.run_long(db, move |db, keyed| {
        let store = |write: &mut Write| bulk::rows::<R>(write, &mut *read(R::table(), media, arrived.file)?);
        if dry_run {
            let (tally, _) = db.rehearse(store)?;
            return Ok(Done { answer: BulkResult::answer(tally, None)?, replayed: false });
        }
        db.write_once(keyed, &writer.author, reason.as_deref(), store, |_, tally, revision| {
            BulkResult::answer(tally, revision)
        })
    })
    .await
}

/// A table has no version, and what is not understood is not passed over.
fn refuse_condition(req: &HttpRequest) -> Result<(), Error> {
    let name = match expectation(req)? {
        Expect::Unsaid | Expect::Anything => return Ok(()),
        Expect::Nothing => "If-None-Match",
        Expect::Versions(_) => "If-Match",
    };
    let message = "is for one thing; a table replaces what is there";
    Err(Error::because(Kind::MalformedRequest, Mistake::header(name, "invalid", message)))
}

fn read(table: &'static Table, media: &str, file: File) -> Result<Box<bulk::Rows<'static>>, Error> {
    Ok(match media {
        "text/csv" => Box::new(rows::csv::read(table, file)?),
        "application/x-ndjson" => Box::new(rows::ndjson::read(table, file)),
        _ => Box::new(rows::json::read(table, file)),
    })
}
