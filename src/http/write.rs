//! The writing handlers, the same for every collection: who, which version, what; then one revision.
use super::Settings;
use super::answer::tags;
use super::asked::Asked;
use super::auth::Writer;
use super::body;
use super::idempotency::{Claim, kept, of_body};
use super::list::language;
use super::parameter::Parameter;
use super::read::{find, item_tag};
use super::resource::Resource;
use super::shape::{self, Whole};
use crate::db::idempotency::Answer;
use crate::db::{Database, Db, Expect, Outcome, Write};
use crate::domain::Language;
use crate::error::{Error, Kind, Mistake};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a write needs beside its body.
struct Order {
    id: String,
    expect: Expect,
    reason: Option<String>,
    asked: Asked,
    language: Language,
}

impl Order {
    fn read(req: &HttpRequest, id: Path<String>) -> Result<Self, Error> {
        let asked = Asked::read(req.query_string(), &Parameter::of_writes())?;
        let (language, _) = language(req, &asked);
        let reason = reason(req, &asked)?;
        Ok(Self { id: id.into_inner(), expect: expectation(req)?, reason, asked, language })
    }
}

/// Why something is written: `reason=` or the header `Reason`.
pub fn reason(req: &HttpRequest, asked: &Asked) -> Result<Option<String>, Error> {
    match (asked.one("reason"), req.headers().get("reason")) {
        (Some(reason), _) => Ok(Some(reason.to_owned())),
        (None, Some(header)) => reason_header(header).map(Some),
        (None, None) => Ok(None),
    }
}

fn reason_header(value: &header::HeaderValue) -> Result<String, Error> {
    let text = std::str::from_utf8(value.as_bytes()).ok().map(str::trim).filter(|t| !t.contains('\0'));
    text.filter(|t| (1..=500).contains(&t.chars().count())).map(str::to_owned).ok_or_else(|| {
        let mistake = Mistake::header("Reason", "invalid", "must be 1 to 500 characters of UTF-8");
        Error::because(Kind::MalformedRequest, mistake)
    })
}

/// What the writer says it knows: `If-Match`, or `If-None-Match: *`.
pub fn expectation(req: &HttpRequest) -> Result<Expect, Error> {
    let refuse = |name: &str, message: &str| {
        Err(Error::because(Kind::MalformedRequest, Mistake::header(name, "invalid", message)))
    };
    let single = |name: HeaderName| req.headers().get(name).map(|v| v.to_str().unwrap_or("").trim().to_owned());
    let new_only = single(header::IF_NONE_MATCH);
    if new_only.as_ref().is_some_and(|any| any != "*") {
        return refuse("If-None-Match", "must be * in a write");
    }
    let Some(list) = single(header::IF_MATCH) else {
        return Ok(if new_only.is_some() { Expect::Nothing } else { Expect::Unsaid });
    };
    if list == "*" {
        return refuse("If-Match", "must name a version; * would overwrite any");
    }
    if list.contains("W/") || tags(&list).next().is_none() {
        return refuse("If-Match", "must be strong entity tags, each in quotation marks");
    }
    if new_only.is_some() {
        // RFC 9110 §13.2.2 would evaluate both, and they cannot both hold.
        let why = "If-Match asks for something that exists and If-None-Match for nothing";
        return Err(Error::new(Kind::PreconditionFailed).detail(why));
    }
    // A tag read in another language or encoding has an ending after the revision.
    Ok(Expect::Versions(tags(&list).filter_map(|tag| tag.split('-').next()?.parse().ok()).collect()))
}

/// `PUT /v1/{collection}/{id}`
pub async fn put<R: Resource>(
    writer: Writer<R>,
    req: HttpRequest,
    id: Path<String>,
    payload: Payload,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let order = Order::read(&req, id)?;
    body::require_type(&req, &["application/json"], HeaderName::from_static("accept-post"))?;
    store(writer, order, Whole::Row, (req, payload), db, settings).await
}

/// `PATCH /v1/{collection}/{id}`
pub async fn patch<R: Resource>(
    writer: Writer<R>,
    req: HttpRequest,
    id: Path<String>,
    payload: Payload,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let order = Order::read(&req, id)?;
    body::require_type(&req, &[MERGE_PATCH], HeaderName::from_static("accept-patch"))?;
    store(writer, order, Whole::Patch, (req, payload), db, settings).await
}

/// Writes a row or a patch as one revision, and answers with the row as the writer reads it.
async fn store<R: Resource>(
    writer: Writer<R>,
    order: Order,
    whole: Whole,
    (req, payload): (HttpRequest, Payload),
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let claim = Claim::of(&req, &db, Some(&writer.author)).await?;
    let bytes = body::bytes(&req, payload).await?;
    let once = claim.on(&req, of_body(&bytes).as_ref());
    let sent = shape::read(R::table(), body::object(&bytes)?, whole)?;
    once.run(db, move |db, keyed| {
        let work = |write: &mut Write| {
            let object = match whole {
                Whole::Row | Whole::Line => Value::Object(sent.stored.clone()),
                Whole::Patch => patched::<R>(write, &order, sent.stored.clone())?,
            };
            let (row, outcome) = write.put(row_from::<R>(object, &order.id)?, &order.expect)?;
            same_id::<R>(&row, &order.id)?;
            let stored = serde_json::to_value(&row).map_err(Error::internal)?;
            let disagreeing = R::table().disagreements(&sent.claimed, &stored);
            if !disagreeing.is_empty() {
                return Err(Error::all(Kind::InvalidContent, disagreeing));
            }
            Ok((row.id().to_owned(), outcome))
        };
        // Read back as everybody will, in the language of the writer.
        let answer = |conn: &mut Db, (id, outcome): (String, Outcome), revision| {
            // What is there may be of this revision also where the row itself was unchanged: a small number can be hidden or
            // shown for another's sake.
            let version = match (outcome, revision) {
                (_, Some(revision)) => revision,
                (Outcome::Unchanged(version), None) => version,
                (_, None) => return Err(Error::internal("a change without a revision")),
            };
            let found = find::<R>(conn, &id, version, order.language, &order.asked)?;
            let (version, row): (i64, R) = found.ok_or_else(|| Error::internal("what was written cannot be read"))?;
            written(&settings, version, &row, outcome, order.language)
        };
        db.write_once(keyed, &writer.author, order.reason.as_deref(), work, answer)
    })
    .await
}

/// The row as it is, with the patch applied.
fn patched<R: Resource>(write: &mut Write, order: &Order, patch: Map<String, Value>) -> Result<Value, Error> {
    let Some((_, before)) = write.current::<R>(&order.id)? else {
        return Err(write.absent(R::table(), &order.id)?);
    };
    let mut object = serde_json::to_value(&before).map_err(Error::internal)?;
    shape::merge(&mut object, patch);
    Ok(object)
}

/// `DELETE /v1/{collection}/{id}`
pub async fn delete<R: Resource>(
    writer: Writer<R>,
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
) -> Result<HttpResponse, Error> {
    let order = Order::read(&req, id)?;
    let once = Claim::of(&req, &db, Some(&writer.author)).await?.on(&req, &[]);
    once.run(db, move |db, keyed| {
        let work = |write: &mut Write| write.delete::<R>(&order.id, &order.expect);
        db.write_once(keyed, &writer.author, order.reason.as_deref(), work, |_, _, _| Ok(Answer::empty(204)))
    })
    .await
}

/// The row from its members. Where ids are not derived, the id in the path is the row's.
fn row_from<R: Resource>(mut object: Value, id: &str) -> Result<R, Error> {
    let derived = R::table().column("id").is_some_and(|c| c.read_only);
    if !derived {
        if object.get("id").is_some_and(|given| given != id) {
            let mistake = Mistake::field("id", "invalid", "is not the id in the path");
            return Err(Error::because(Kind::InvalidContent, mistake));
        }
        object["id"] = id.into();
    }
    // The members have been checked against the columns; what is left is a matter of one value.
    serde_json::from_value(object).map_err(|e| {
        let mistake = Mistake { pointer: Some(String::new()), ..Mistake::field("", "invalid", e.to_string()) };
        Error::because(Kind::InvalidContent, mistake)
    })
}

/// A row whose id follows from its fields must be put where that id says.
fn same_id<R: Resource>(row: &R, id: &str) -> Result<(), Error> {
    if row.id() == id {
        return Ok(());
    }
    let message = format!("the fields make the id `{}`, which is not the one in the path", row.id());
    Err(Error::because(Kind::InvalidContent, Mistake::field("id", "invalid", message)))
}

fn written<R: Resource>(
    settings: &Settings,
    version: i64,
    row: &R,
    outcome: Outcome,
    language: Language,
) -> Result<Answer, Error> {
    let mut headers = vec![
        (header::ETAG, format!("\"{}\"", item_tag(version, language, &[]))),
        (header::CONTENT_LANGUAGE, language.code().to_owned()),
    ];
    if outcome == Outcome::Created {
        let place = format!("{}/v1/{}/{}", settings.base_url, R::collection().name(), row.id());
        headers.push((header::LOCATION, place));
    }
    kept(if outcome == Outcome::Created { 201 } else { 200 }, &headers, row)
}
