//! What a request asks of any list, whatever its rows are: the form, the language, the revision, the page.
use super::Settings;
use super::answer::{Head, Keep};
use super::asked::{Asked, encode};
use super::at::{At, When};
use super::format::{Cube, Form};
use super::list::{Meta, address, language};
use super::page::{Cursor, short_hash};
use super::parameter::{MOST_ROWS, ROWS};
use crate::db::Database;
use crate::db::head::{self, Mark};
use crate::domain::Language;
use crate::error::{Error, Kind, Mistake};
use actix_web::{HttpRequest, http::header};
use serde_json::Value;

/// The parameters that do not change which rows there are nor their order.
const NOT_OF_THE_QUESTION: &[&str] = &["cursor", "limit", "format", "dialect", "layout", "labels", "lang", "fields"];

/// A list asked for.
#[derive(Clone)]
pub struct Inquiry {
    pub form: Form,
    pub at: At,
    pub asked: Asked,
    pub language: Language,
    /// The path of the list, to which links lead.
    pub path: String,
    /// What a cursor belongs to: the path, the filters, the order. Neither the size of a page nor its form matters.
    pub question: String,
    /// All of the parameters in one spelling.
    canonical: String,
    /// See [`Head::redacted`](crate::db::head::Head::redacted).
    redacted: i64,
    vary: Vec<&'static str>,
    /// Rows on a page; none where all are wanted.
    limit: Option<i64>,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

impl Inquiry {
    /// Reads what a request asks for by parameters that have been read. At which revision is said later, by
    /// [`Inquiry::reading`].
    pub fn read(req: &HttpRequest, path: String, asked: Asked, cube: Option<&Cube>) -> Result<Self, Error> {
        let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
        let (language, language_from) = language(req, &asked);
        let mut vary: Vec<&'static str> = language_from.into_iter().collect();
        if asked.one("format").is_none() {
            vary.push("Accept");
        }
        let form = Form::choose(&asked, accept, cube)?;
        Ok(Self { vary, ..Self::of(path, asked, form, language) })
    }

    /// What is asked for without a request.
    pub fn of(path: String, asked: Asked, form: Form, language: Language) -> Self {
        Self {
            question: format!("{path}?{}", asked.canonical(NOT_OF_THE_QUESTION)),
            canonical: asked.canonical(&[]),
            at: At::revision(0),
            redacted: 0,
            limit: asked.integer("limit").or(if form.format.is_table() { None } else { Some(ROWS) }),
            path,
            cursor: None,
            asked,
            form,
            language,
            vary: vec![],
        }
    }

    /// Takes the revision, of what is read from these collections, and the place to go on from where a cursor was given.
    /// `fits` says whether a place can be one of this list.
    pub fn reading(
        mut self,
        db: &Database,
        collections: &[&'static str],
        fits: impl Fn(&[Value]) -> bool,
    ) -> Result<Self, Error> {
        (self.at, self.redacted) = (At::of(&self.asked, db, collections)?, db.head().redacted);
        let Some(text) = self.asked.one("cursor") else { return Ok(self) };
        let cursor = Cursor::open(text, &self.question)?;
        if cursor.revision > db.head().revision || !fits(&cursor.place) {
            let mistake = Mistake::query("cursor", "invalid", "is of another database");
            return Err(Error::because(Kind::InvalidCursor, mistake));
        }
        // Every page of a walk is read where the first was.
        if !matches!(self.at.point, When::Revision(_)) {
            self.at.point = When::Revision(cursor.revision);
        }
        self.cursor = Some(cursor);
        Ok(self)
    }

    /// Whether only so many rows are wanted.
    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// How many rows a page has.
    pub fn size(&self) -> i64 {
        self.limit.unwrap_or(ROWS).min(MOST_ROWS)
    }

    /// What the answer is called: `grants`, `grants-summary`.
    pub fn name(&self) -> String {
        self.path.trim_start_matches("/v1/").replace('/', "-")
    }

    /// The name of the file of an answer: `opptrapping-grants-r42.csv`.
    pub fn file_name(&self, mark: &Mark) -> String {
        format!("opptrapping-{}-r{}.{}", self.name(), mark.revision, self.form.format.ending())
    }

    /// The tag and the caching of the answer: known before the rows are, unless a time was asked for.
    pub fn head(&self, revision: i64, time: Option<String>) -> Head {
        let variant = [self.path.as_str(), &self.canonical, self.form.format.word(), self.language.code()];
        let hash = short_hash(&variant.map(str::as_bytes));
        Head {
            tag: format!("{}-{hash}", head::tag(revision, self.redacted)),
            time: time.filter(|t| !t.is_empty()),
            keep: if self.asked.one("as_of").is_some() { self.at.keep() } else { Keep::Briefly },
            content_type: self.form.format.content_type(),
            language: Some(self.language),
            vary: self.vary.clone(),
            links: vec![],
            file_name: None,
            reads: self.at.reads.clone(),
        }
    }

    /// The head of the answer, where the client has it already and no query is needed to know that.
    pub fn known(&self, req: &HttpRequest) -> Option<Head> {
        let revision = self.at.known().filter(|_| req.headers().contains_key(header::IF_NONE_MATCH))?;
        let time = if let When::Newest(mark) = &self.at.point { Some(mark.time.clone()) } else { None };
        Some(self.head(revision, time)).filter(|head| head.is_known(req))
    }

    /// What stands beside rows read at a revision.
    pub fn meta(&self, settings: &Settings, mark: &Mark) -> Meta {
        Meta::of(settings, &self.path, &self.asked, self.language, mark)
    }

    /// The address of the next page, and its cursor.
    pub fn next(&self, settings: &Settings, cursor: &Cursor) -> (String, String) {
        let sealed = cursor.seal(&self.question);
        let rest = self.asked.canonical(&["cursor"]);
        let glue = if rest.is_empty() { "" } else { "&" };
        let query = format!("{rest}{glue}cursor={}", encode(&sealed));
        (settings.base_url.clone() + &address(&self.path, &query), sealed)
    }
}
