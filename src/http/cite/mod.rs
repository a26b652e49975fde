//! Citations of whatever this service answers: the address is brought into its one spelling and pinned to a revision, and
//! what it addresses is named in words.
pub mod citation;

use super::Settings;
use super::answer::Head;
use super::asked::{Asked, decode};
use super::docs::Reading;
use super::format::accepted;
use super::list;
use super::parameter::{Parameter, Shape};
use super::resource::Entry;
use crate::db::head::{self, Mark};
use crate::db::{Database, Db, Statement};
use crate::domain::{Language, titles};
use crate::error::{Error, Kind, Mistake};
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use citation::{Citation, Style};
use std::sync::{Arc, OnceLock};

/// Where citations are.
pub const PATH: &str = "/v1/cite";
/// The longest address that is cited.
const LONGEST: usize = 2_000;
/// Parameters that say how an answer looks and not what it is about.
const OF_FORM: &[&str] =
    &["as_of", "cursor", "dialect", "fields", "format", "labels", "lang", "layout", "limit", "sort"];

/// What can be cited: the paths that can be read, put together when they are first asked for.
pub struct Citable {
    entries: &'static [Entry],
    make: fn() -> Vec<Reading>,
    readings: OnceLock<Arc<Vec<Reading>>>,
}

impl Citable {
    pub fn of(entries: &'static [Entry], make: fn() -> Vec<Reading>) -> Self {
        Self { entries, make, readings: OnceLock::new() }
    }

    fn readings(&self) -> Arc<Vec<Reading>> {
        self.readings.get_or_init(|| Arc::new((self.make)())).clone()
    }
}

/// The parameters of a citation.
pub fn parameters() -> Vec<Parameter> {
    vec![
        Parameter::new(
            "url",
            "The address to cite: one of this service, whole or from `/v1/` on.",
            Shape::Text(LONGEST),
        )
        .required()
        .example("/v1/goals?plan=rus-2016-2020"),
        Parameter::new("style", "The form; beats `Accept`.", Shape::Word(&Style::WORDS)).default("text"),
        Parameter::new("accessed", "The day you looked at it, for the citation to say so.", Shape::Date),
        Parameter::language(),
    ]
}

/// `GET /v1/cite`
pub async fn cite(
    req: HttpRequest,
    citable: Data<Citable>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters())?;
    let style = style(&req, &asked)?;
    let (language, language_from) = list::language(&req, &asked);
    let mut vary: Vec<&'static str> = language_from.into_iter().collect();
    if asked.one("style").is_none() {
        vary.push("Accept");
    }
    let (entries, readings, known, base) = (citable.entries, citable.readings(), db.head(), settings.clone());
    let given = asked.clone();
    let citation = db
        .reading(move |conn| {
            let url = given.one("url").unwrap_or_default();
            let address = Address::read(url, &base, &readings)?;
            address.citation(conn, entries, &known, &base, language, given.one("accessed"))
        })
        .await?;
    let body = citation.write(style).into_bytes();
    let mut head = Head { content_type: style.content_type(), language: Some(language), vary, ..Head::of_bytes(&body) };
    head.links.push((format!("{}{PATH}?{}", settings.base_url, asked.canonical(&[])), "cite-as"));
    Ok(if head.is_known(&req) { head.not_modified(&req) } else { head.ok(&req, &settings, body) })
}

fn style(req: &HttpRequest, asked: &Asked) -> Result<Style, Error> {
    if let Some(style) = asked.one("style").and_then(Style::of) {
        return Ok(style);
    }
    let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accepted(accept, &Style::ALL.map(|style| (style, style.media()))).ok_or_else(|| {
        let allowed = Style::ALL.map(|style| format!("{}/{}", style.media().0, style.media().1));
        let mistake = Mistake::header("Accept", "not_acceptable", "names no form there is");
        Error::because(Kind::NotAcceptable, mistake.allowing("", &allowed))
    })
}

fn refused(why: impl Into<String>) -> Error {
    Error::because(Kind::InvalidParameter, Mistake::query("url", "invalid", why))
}

/// An address of this service, understood.
struct Address<'r> {
    path: String,
    reading: &'r Reading,
    asked: Asked,
}

impl<'r> Address<'r> {
    fn read(url: &str, settings: &Settings, readings: &'r [Reading]) -> Result<Self, Error> {
        let local = url.strip_prefix(&settings.base_url).unwrap_or(url);
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        let path = decode(&path.replace('+', "%2B"))?;
        let reading = readings.iter().find(|reading| path.starts_with("/v1/") && reading.pattern.is_match(&path));
        let Some(reading) = reading.filter(|reading| reading.path != PATH && !query.contains('#')) else {
            return Err(refused(format!(
                "is not an address of this service: begin with {}/v1/ or /v1/",
                settings.base_url
            )));
        };
        let asked = Asked::read(query, &reading.parameters).map_err(|wrong| {
            let within = |m: &Mistake| Mistake::query("url", m.code, format!("{}: {}", m.name, m.message));
            match wrong.mistakes.iter().map(within).collect::<Vec<_>>() {
                told if told.is_empty() => wrong,
                told => Error::all(Kind::InvalidParameter, told),
            }
        })?;
        Ok(Self { path, reading, asked })
    }

    /// The name of the collection, or of what stands beside them.
    fn first(&self) -> &str {
        self.path.split('/').nth(2).unwrap_or_default()
    }

    /// The parts of the path after the first, with whether each is an id.
    fn rest(&self) -> impl Iterator<Item = (&str, bool)> {
        self.path.split('/').zip(self.reading.path.split('/')).skip(3).map(|(part, of)| (part, of.starts_with('{')))
    }

    fn has(&self, name: &str) -> bool {
        self.reading.parameters.iter().any(|parameter| parameter.name == name)
    }

    /// The revision the answer is of, and the query that says so for good.
    fn pinned(&self, conn: &mut Db, known: &head::Head) -> Result<(Mark, String), Error> {
        let number = |name: &str| self.asked.one(name).and_then(|text| text.parse::<i64>().ok());
        let written = |revision: i64| match revision > known.revision {
            true => Err(refused(format!("revision {revision} has not been written; the newest is {}", known.revision))),
            false => Ok(revision),
        };
        if !self.has("as_of") {
            // What lies between two revisions is pinned by them.
            let between = (self.has("from") && self.has("to")).then(|| number("from").zip(number("to"))).flatten();
            let Some((from, to)) = between else {
                return Err(refused("has no answer that stays: it takes no as_of, nor two revisions"));
            };
            let revision = written(from.max(to))?;
            return Ok((mark(conn, revision)?, self.asked.canonical(&["cursor"])));
        }
        let touched = known.of(self.first());
        let newest = if touched.revision > 0 && self.reading.path.matches('/').count() <= 3 {
            touched.revision
        } else {
            known.revision
        };
        let revision = match (self.asked.one("as_of"), number("as_of")) {
            (_, Some(revision)) => written(revision)?,
            (Some(time), None) => head::revision_at(conn, time)?.min(known.revision),
            (None, None) => newest,
        };
        let query = self.asked.canonical(&["as_of", "cursor"]);
        let glue = if query.is_empty() { "" } else { "&" };
        Ok((mark(conn, revision)?, format!("{query}{glue}as_of={revision}")))
    }

    fn citation(
        &self,
        conn: &mut Db,
        entries: &'static [Entry],
        known: &head::Head,
        settings: &Settings,
        language: Language,
        accessed: Option<&str>,
    ) -> Result<Citation, Error> {
        let (mark, query) = self.pinned(conn, known)?;
        let entry = entries.iter().find(|entry| (entry.table)().collection == self.first());
        let collection = titles::collection(self.first()).map_or(self.first(), |title| title.to(language));
        let (mut path, mut title, mut source) = (self.path.clone(), collection.to_owned(), None);
        for (part, is_id) in self.rest() {
            if !is_id {
                title += &format!(", {}", titles::view(part).map_or(part, |view| view.to(language)));
                continue;
            }
            let entry = entry.ok_or_else(|| refused("is not of data that has revisions"))?;
            let found = (entry.find)(conn, part, mark.revision, language, &self.asked)?;
            let Some((_, row)) = found else {
                return Err(refused(format!(
                    "there was no `{part}` in {} at revision {}",
                    self.first(),
                    mark.revision
                )));
            };
            let named = ["title", "region_name"].iter().find_map(|field| row[*field].as_str());
            title = format!("{} ({title})", named.unwrap_or(part).trim_end_matches('.'));
            let id = row["id"].as_str().unwrap_or(part);
            path = path.replacen(&format!("/{part}"), &format!("/{id}"), 1);
            source = match row["source"].as_str() {
                Some(source) => document(conn, source, mark.revision)?,
                None => None,
            };
        }
        let chosen: Vec<String> = self.chosen()?;
        if !chosen.is_empty() {
            title += &format!(" [{}]", chosen.join("; "));
        }
        Ok(Citation {
            title,
            publisher: settings.publisher.clone(),
            revision: mark.revision,
            day: mark.time.get(..10).map(str::to_owned),
            license: settings.license.clone(),
            url: format!("{}{path}?{query}", settings.base_url),
            accessed: accessed.map(str::to_owned),
            source,
            language,
        })
    }

    /// The filters, in words of the service.
    fn chosen(&self) -> Result<Vec<String>, Error> {
        let all = self.asked.canonical(OF_FORM);
        let pairs = all.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, values)| Ok(format!("{name}: {}", decode(values)?.replace(',', ", ")))).collect()
    }
}

fn mark(conn: &mut Db, revision: i64) -> Result<Mark, Error> {
    Ok(Mark { revision, time: head::time_of(conn, revision)?.unwrap_or_default() })
}

/// The title and the publisher of the document that a row was read from.
fn document(conn: &mut Db, id: &str, at: i64) -> Result<Option<String>, Error> {
    let sql = Statement::new("SELECT t.title, t.publisher FROM sources t").at(at).sql(" AND t.id = ").bind(id);
    let found: Option<(String, String)> = sql.row(conn)?;
    Ok(found.map(|(title, publisher)| format!("{title}, {publisher}")))
}
