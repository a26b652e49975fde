//! A request to the feed, answered: which changes, in which form, at once or when there are some.
use super::page::{Page, Span};
use super::point::Point;
use super::question::{self, Question};
use super::{Feed, atom, stream};
use crate::db::Database;
use crate::db::head::{self, Mark};
use crate::error::{Error, Kind, Mistake};
use crate::http::Settings;
use crate::http::answer::{Head, Keep};
use crate::http::asked::Asked;
use crate::http::at::{At, When};
use crate::http::format::accepted;
use crate::http::guard::OnlyHead;
use crate::http::list::{self, Meta};
use crate::http::page::short_hash;
use crate::http::parameter::{Parameter, ROWS, Shape};
use crate::http::resource::Entry;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::waiting::Woken;

/// Where the feed is.
pub const PATH: &str = "/v1/changes";

/// Entries of an Atom document unless asked.
const ENTRIES: i64 = 100;

/// What stands beside the changes of a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangesMeta {
    #[serde(flatten)]
    pub meta: Meta,
    /// Where to go on: give it as `after`. It has a position (`42.1000`) where the page ends within a revision.
    #[schema(example = "18")]
    pub last: String,
    /// The newest revision when the page was made.
    #[schema(example = 18)]
    pub head: i64,
}

/// The forms of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Atom,
    Stream,
}

/// The parameters of the feed.
pub fn parameters(entries: &'static [Entry]) -> Vec<Parameter> {
    let mut all = vec![
        Parameter::new(
            "after",
            "Changes after this point: the `meta.last` of the page before, or a revision, all of which is left out.",
            Shape::Point,
        )
        .default("0")
        .example("18"),
        Parameter::new(
            "wait",
            "Where there is nothing yet, wait up to this many seconds for something.",
            Shape::Integer(1, 60),
        ),
    ];
    all.extend(question::parameters(entries));
    all.push(
        Parameter::new(
            "format",
            "`json` or `atom`; beats `Accept`. Atom without `after` has the newest changes first, and 100 of them unless `limit` says otherwise.",
            Shape::Word(&["json", "atom"]),
        )
        .default("json"),
    );
    all.extend([Parameter::language(), Parameter::limit(), Parameter::as_of()]);
    all
}

/// What a request asks for.
struct Wanted {
    asked: Asked,
    form: Form,
    question: Question,
    after: Option<Point>,
    limit: i64,
    wait: Option<Duration>,
    vary: Vec<&'static str>,
}

impl Wanted {
    fn read(req: &HttpRequest, feed: &Feed) -> Result<Self, Error> {
        let asked = Asked::read(req.query_string(), &parameters(feed.entries))?;
        let form = form(req, &asked)?;
        let (language, language_from) = list::language(req, &asked);
        let mut vary: Vec<&'static str> = language_from.into_iter().collect();
        if asked.one("format").is_none() {
            vary.push("Accept");
        }
        let wait = asked.integer("wait").map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
        let together = [("wait", wait.is_some()), ("as_of", form == Form::Stream)];
        if let Some((name, _)) = together.into_iter().find(|(_, on)| *on && asked.one("as_of").is_some()) {
            let mistake = Mistake::query(name, "invalid", "nothing more is written as of a moment that is past");
            return Err(Error::because(Kind::InvalidParameter, mistake));
        }
        let given = asked.one("after").and_then(|text| Point::parse(text).ok());
        let after = if form == Form::Stream { resumed(req)?.or(given) } else { given };
        let question = Question::of(feed.entries, &asked, language);
        let usual = if form == Form::Atom { ENTRIES } else { ROWS };
        let limit = asked.integer("limit").unwrap_or(usual);
        Ok(Self { asked: asked.without(&["wait"]), form, question, after, limit, wait, vary })
    }
}

fn form(req: &HttpRequest, asked: &Asked) -> Result<Form, Error> {
    if let Some(word) = asked.one("format") {
        return Ok(if word == "atom" { Form::Atom } else { Form::Json });
    }
    let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let offers = [
        (Form::Json, ("application", "json")),
        (Form::Stream, ("text", "event-stream")),
        (Form::Atom, ("application", "atom+xml")),
    ];
    accepted(accept, &offers).ok_or_else(|| {
        let allowed: Vec<String> = offers.iter().map(|(_, (kind, sub))| format!("{kind}/{sub}")).collect();
        let mistake = Mistake::header("Accept", "not_acceptable", "names no form there is");
        Error::because(Kind::NotAcceptable, mistake.allowing("", &allowed))
    })
}

/// Where a client that was cut off says that it was. It goes before `after`, which is the same in every attempt.
fn resumed(req: &HttpRequest) -> Result<Option<Point>, Error> {
    let Some(given) = req.headers().get("last-event-id").filter(|id| !id.is_empty()) else { return Ok(None) };
    let refuse = |why: &str| Error::because(Kind::MalformedRequest, Mistake::header("Last-Event-ID", "invalid", why));
    given.to_str().map_err(|_| "must be plain text").and_then(Point::parse).map(Some).map_err(refuse)
}

/// `GET /v1/changes`
pub async fn changes(
    req: HttpRequest,
    feed: Data<Feed>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let wanted = Wanted::read(&req, &feed)?;
    let after = wanted.after.unwrap_or(Point::after(0));
    feed.require_written(&db, after).await?;
    if wanted.form == Form::Stream {
        if req.extensions().contains::<OnlyHead>() {
            return Ok(stream::head().finish());
        }
        let place = feed.waiting.enter(&db)?;
        return Ok(stream::answer(feed, db, wanted.question, after, place));
    }
    let all: Vec<&str> = wanted.question.entries().iter().map(|entry| (entry.table)().collection).collect();
    let at = At::of(&wanted.asked, &db, &all)?;
    let conditional = wanted.wait.is_none() && matches!(at.point, When::Newest(_));
    if conditional {
        let head = head(&wanted, &db.head().newest(), db.head().redacted, Keep::Asking);
        if head.is_named(&req) {
            return Ok(head.not_modified(&req));
        }
    }
    let (page, mark) = match at.point {
        When::Newest(_) => found(&feed, &db, &wanted, after).await?,
        _ => as_of(&db, &wanted, after, at).await?,
    };
    answer(&req, &settings, &wanted, &page, (&mark, db.head().redacted))
}

/// The newest page, waited for where it is empty and the client said for how long.
async fn found(feed: &Feed, db: &Database, wanted: &Wanted, after: Point) -> Result<(Arc<Page>, Mark), Error> {
    if wanted.form == Form::Atom && wanted.after.is_none() {
        let mark = db.head().newest();
        let span = Span { after, until: mark.revision, limit: wanted.limit, newest_first: true };
        return Ok((feed.shared.page(db, &wanted.question, span).await?, mark));
    }
    let page = feed.following(db, &wanted.question, after, wanted.limit).await?;
    let Some(wait) = wanted.wait.filter(|_| page.changes.is_empty()) else {
        return Ok((page, db.head().newest()));
    };
    let until = Instant::now() + wait;
    let mut place = feed.waiting.enter(db)?;
    let mut point = page.last;
    loop {
        place.look();
        let mark = db.head().newest();
        let page = feed.following(db, &wanted.question, point, wanted.limit).await?;
        point = page.last;
        if !page.changes.is_empty() {
            return Ok((page, mark));
        }
        if !page.more && place.wait(until).await != Woken::Moved || Instant::now() >= until {
            return Ok((Arc::new(Page::empty(point)), mark));
        }
    }
}

/// The page as the log was at a revision that has been written.
async fn as_of(db: &Database, wanted: &Wanted, after: Point, at: At) -> Result<(Arc<Page>, Mark), Error> {
    let (question, limit) = (wanted.question.clone(), wanted.limit);
    let newest_first = wanted.form == Form::Atom && wanted.after.is_none();
    let work = move |conn: &mut crate::db::Db| {
        let mark = at.mark(conn)?;
        if Point::after(mark.revision) < after {
            let mistake = Mistake::query("after", "invalid", "must not be later than as_of");
            return Err(Error::because(Kind::InvalidParameter, mistake));
        }
        let span = Span { after, until: mark.revision, limit, newest_first };
        Ok((Arc::new(Page::load(conn, &question, span)?), mark))
    };
    db.reading(work).await
}

/// What is known of an answer at a head before it is read.
fn head(wanted: &Wanted, mark: &Mark, redacted: i64, keep: Keep) -> Head {
    let language = wanted.question.language;
    let variant = [wanted.asked.canonical(&[]), language.code().to_owned(), format!("{:?}", wanted.form)];
    let [asked, language_code, form] = variant.each_ref().map(|part| part.as_bytes());
    Head {
        keep,
        time: Some(mark.time.clone()).filter(|t| !t.is_empty()),
        language: Some(language),
        vary: wanted.vary.clone(),
        content_type: match wanted.form {
            Form::Atom => "application/atom+xml; charset=utf-8",
            _ => "application/json; charset=utf-8",
        },
        ..Head::json(format!("{}-{}", head::tag(mark.revision, redacted), short_hash(&[asked, language_code, form])))
    }
}

fn answer(
    req: &HttpRequest,
    settings: &Settings,
    wanted: &Wanted,
    page: &Page,
    (mark, redacted): (&Mark, i64),
) -> Result<HttpResponse, Error> {
    let past = wanted.asked.one("as_of").is_some_and(|at| at.parse::<i64>().is_ok());
    // What lies before the head never changes; what is at the end of the log goes on.
    let keep = if past || page.more && wanted.after.is_some() { Keep::Forever } else { Keep::Asking };
    let mut head = head(wanted, mark, redacted, keep);
    let meta = Meta::of(settings, PATH, &wanted.asked, wanted.question.language, mark);
    let rest = wanted.asked.canonical(&["after"]);
    let glue = if rest.is_empty() { "" } else { "&" };
    let newest_first = wanted.form == Form::Atom && wanted.after.is_none();
    let next =
        (page.more && !newest_first).then(|| format!("{}{PATH}?{rest}{glue}after={}", settings.base_url, page.last));
    head.links.extend(next.iter().map(|next| (next.clone(), "next")));
    head.links.push((meta.cite_as.clone(), "cite-as"));
    if head.is_known(req) {
        return Ok(head.not_modified(req));
    }
    let body = if wanted.form == Form::Atom {
        let own = settings.base_url.clone() + &meta.query;
        let addresses = atom::Addresses { own: &own, next: next.as_deref() };
        atom::write(page, settings, wanted.question.language, &addresses, &mark.time)
    } else {
        let meta = ChangesMeta { meta, last: page.last.to_string(), head: mark.revision };
        json(page, next.as_deref(), &meta)?
    };
    Ok(head.ok(req, settings, body))
}

/// The changes were written as JSON when they were read, once for all who get them.
fn json(page: &Page, next: Option<&str>, meta: &ChangesMeta) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(page.bytes() + 1_024);
    out.extend_from_slice(b"{\"data\":[");
    for (n, told) in page.changes.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        out.extend_from_slice(told.json());
    }
    out.extend_from_slice(b"],\"next\":");
    serde_json::to_writer(&mut out, &next).map_err(Error::internal)?;
    out.extend_from_slice(b",\"meta\":");
    serde_json::to_writer(&mut out, meta).map_err(Error::internal)?;
    out.push(b'}');
    Ok(out)
}
