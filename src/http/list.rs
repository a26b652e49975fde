//! A list as it was asked for: which rows, in which order, which page of them, in which form, at which revision.
use super::answer::{Head, Keep};
use super::asked::{Asked, encode};
use super::at::At;
use super::filter;
use super::format::{self, Format, Picked};
use super::page::{Cursor, short_hash};
use super::parameter::{MOST_ROWS, Parameter, ROWS};
use super::resource::Resource;
use super::sort::{self, Key};
use super::totals::Totals;
use super::{ATTRIBUTION, Settings};
use crate::db::head::Mark;
use crate::db::table::Column;
use crate::db::{Database, Db, Statement};
use crate::domain::Language;
use crate::error::{Error, Kind, Mistake};
use actix_web::{HttpRequest, http::header};
use serde::Serialize;
use utoipa::ToSchema;

/// What stands beside the rows of every list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Meta {
    /// The revision that last touched what the answer shows; with it in `as_of` the answer never changes.
    #[schema(example = 18)]
    pub revision: i64,
    /// When that revision was written.
    #[schema(example = "2026-11-22T10:00:00.000Z", format = DateTime)]
    pub updated_at: Option<String>,
    /// The language of titles and descriptions.
    #[schema(example = "nb")]
    pub language: &'static str,
    /// The licence of the data (SPDX).
    #[schema(example = "NLOD-2.0")]
    pub license: String,
    /// Whom to name when using the data.
    pub attribution: &'static str,
    /// The question, in its canonical spelling.
    #[schema(example = "/v1/goals?plan=rus-2016-2020")]
    pub query: String,
    /// The address of this answer for good.
    pub cite_as: String,
    /// What a reader should know of the answer.
    pub warnings: Vec<String>,
}

impl Meta {
    /// What stands beside an answer to these parameters of a path, read at a revision.
    pub fn of(settings: &Settings, path: &str, asked: &Asked, language: Language, mark: &Mark) -> Self {
        let cited = asked.canonical(&["cursor", "as_of"]);
        let glue = if cited.is_empty() { "" } else { "&" };
        Self {
            revision: mark.revision,
            updated_at: Some(mark.time.clone()).filter(|t| !t.is_empty()),
            language: language.code(),
            license: settings.license.clone(),
            attribution: ATTRIBUTION,
            query: address(path, &asked.canonical(&[])),
            cite_as: settings.base_url.clone() + &address(path, &format!("{cited}{glue}as_of={}", mark.revision)),
            warnings: vec![],
        }
    }
}

fn address(path: &str, query: &str) -> String {
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{mark}{query}")
}

#[derive(Serialize)]
struct Body<'a, D> {
    data: D,
    total: i64,
    next_cursor: Option<&'a str>,
    next: Option<&'a str>,
    meta: &'a Meta,
}

/// The language of an answer, and the header it was read from, if it was.
pub fn language(req: &HttpRequest, asked: &Asked) -> (Language, Option<&'static str>) {
    match asked.language() {
        Some(language) => (language, None),
        None => {
            let accepted = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
            (accepted.map_or_else(Language::default, Language::accepted), Some("Accept-Language"))
        }
    }
}

/// A list asked for, ready to be read.
#[derive(Debug, Clone)]
pub struct List {
    pub asked: Asked,
    pub format: Format,
    pub language: Language,
    pub at: At,
    path: String,
    /// What a cursor belongs to: the path, the filters, the order. Neither the size of a page nor its form matters.
    question: String,
    /// All of the parameters in one spelling.
    canonical: String,
    vary: Vec<&'static str>,
    keys: Vec<Key>,
    limit: Option<i64>,
    cursor: Option<Cursor>,
    fields: Vec<String>,
}

/// What was found.
pub struct Found<R> {
    pub rows: Vec<R>,
    pub total: i64,
    pub next: Option<Cursor>,
    pub mark: Mark,
    /// What a reader should know of it, in the language of the answer.
    pub warnings: Vec<String>,
}

impl List {
    pub fn read<R: Resource>(req: &HttpRequest, db: &Database) -> Result<Self, Error> {
        let collection = R::collection();
        let path = format!("/v1/{}", collection.name());
        let mut list = Self::ask(req, db, path, collection.list_parameters(), |_| vec![collection.name()])?;
        list.keys = sort::keys(collection, list.asked.all("sort"));
        let keys = list.keys.clone();
        list.resume(db, |place| sort::fits(&keys, place))?;
        Ok(list)
    }

    /// Reads what a request asks of any list: the form, the language, the revision of the collections that `reads` names,
    /// the size of a page. The order is up to the caller, and so is where to [resume](Self::resume).
    pub fn ask(
        req: &HttpRequest,
        db: &Database,
        path: String,
        parameters: &[Parameter],
        reads: impl Fn(&Asked) -> Vec<&'static str>,
    ) -> Result<Self, Error> {
        let asked = Asked::read(req.query_string(), parameters)?;
        let format = Format::choose(&asked, req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()))?;
        let (language, language_from) = language(req, &asked);
        let mut vary: Vec<&'static str> = language_from.into_iter().collect();
        if asked.one("format").is_none() {
            vary.push("Accept");
        }
        let limit = asked.integer("limit").or(if format.is_table() { None } else { Some(ROWS) });
        let at = At::of(&asked, db, &reads(&asked))?;
        Ok(Self {
            question: format!("{path}?{}", asked.canonical(&["cursor", "limit", "format", "lang", "fields"])),
            canonical: asked.canonical(&[]),
            path,
            fields: asked.all("fields").to_vec(),
            cursor: None,
            asked,
            format,
            language,
            at,
            vary,
            keys: vec![],
            limit,
        })
    }

    /// Takes the place to go on from, where a cursor was given. `fits` says whether a place can be one of this list.
    pub fn resume(&mut self, db: &Database, fits: impl Fn(&[serde_json::Value]) -> bool) -> Result<(), Error> {
        let Some(text) = self.asked.one("cursor") else { return Ok(()) };
        let cursor = Cursor::open(text, &self.question)?;
        if cursor.revision > db.head().revision || !fits(&cursor.place) {
            let mistake = Mistake::query("cursor", "invalid", "is of another database");
            return Err(Error::because(Kind::InvalidCursor, mistake));
        }
        // Every page of a walk is read where the first was.
        if !matches!(self.at, At::Revision(_)) {
            self.at = At::Revision(cursor.revision);
        }
        self.cursor = Some(cursor);
        Ok(())
    }

    /// The page of a list that was read as a whole: the place of a row is its number.
    pub fn page<T>(&self, mut rows: Vec<T>, mark: Mark, warnings: Vec<String>) -> Found<T> {
        let total = rows.len();
        let start = self.cursor.as_ref().and_then(|c| c.place.first()?.as_u64()).unwrap_or(0) as usize;
        rows.drain(..start.min(total));
        let size = self.limit.map_or(total, |limit| limit as usize);
        let more = rows.len() > size;
        rows.truncate(size);
        let total = total as i64;
        let next = more.then(|| Cursor { revision: mark.revision, total, place: vec![(start + size).into()] });
        Found { rows, total, next, mark, warnings }
    }

    /// The WHERE of the rows that the filters of a collection and the search leave at a revision.
    pub fn rows_at<R: Resource>(&self, at: i64) -> Statement {
        let mut sql = Statement::default().at(at);
        for filter in &R::collection().filters {
            sql = filter.apply(&self.asked, at, sql);
        }
        filter::search(&self.asked, sql)
    }

    /// Reads the page, or the whole table.
    pub fn load<R: Resource>(&self, conn: &mut Db, totals: &Totals) -> Result<Found<R>, Error> {
        let table = R::table();
        let mark = self.at.mark(conn)?;
        let matching = self.rows_at::<R>(mark.revision);
        let mut sql = Statement::new(format!("SELECT {} FROM {} t", table.selection(self.language), table.name))
            .append(matching.clone());
        if let Some(cursor) = &self.cursor {
            sql = sort::beyond(&self.keys, &cursor.place, sql);
        }
        sql = sql.sql(sort::order(&self.keys));
        if let Some(limit) = self.limit {
            sql = sql.sql(" LIMIT ").bind(limit.min(MOST_ROWS) + 1);
        }
        let mut rows: Vec<R> = sql.rows(conn)?;
        let more = self.limit.is_some_and(|limit| rows.len() as i64 > limit);
        if let Some(limit) = self.limit {
            rows.truncate(limit as usize);
        }
        let total = match &self.cursor {
            Some(cursor) => cursor.total,
            None if !more => rows.len() as i64,
            None => totals.of(mark.revision, &self.question, || count(conn, &table.name, matching))?,
        };
        let next = match rows.last().filter(|_| more) {
            Some(last) => {
                let place = sort::place(&self.keys, &serde_json::to_value(last).map_err(Error::internal)?);
                Some(Cursor { revision: mark.revision, total, place })
            }
            None => None,
        };
        Ok(Found { rows, total, next, mark, warnings: vec![] })
    }

    /// The tag and the caching of the answer: known before the rows are, unless a time was asked for.
    pub fn head(&self, revision: i64, time: Option<String>) -> Head {
        let variant = [self.path.as_str(), &self.canonical, self.format.word(), self.language.code()];
        let hash = short_hash(&variant.map(str::as_bytes));
        Head {
            tag: format!("{revision}-{hash}"),
            time: time.filter(|t| !t.is_empty()),
            keep: if self.asked.one("as_of").is_some() { self.at.keep() } else { Keep::Briefly },
            content_type: self.format.content_type(),
            language: Some(self.language),
            vary: self.vary.clone(),
            links: vec![],
            file_name: None,
        }
    }

    /// Puts what was found into the form asked for. A row has the fields that `columns` has, in that order.
    pub fn render<T: Serialize>(
        &self,
        settings: &Settings,
        columns: &[&Column],
        found: &Found<T>,
    ) -> Result<(Head, Vec<u8>), Error> {
        let mut head = self.head(found.mark.revision, Some(found.mark.time.clone()));
        let meta = Meta {
            warnings: found.warnings.clone(),
            ..Meta::of(settings, &self.path, &self.asked, self.language, &found.mark)
        };
        let next_cursor = found.next.as_ref().map(|c| c.seal(&self.question));
        let next = next_cursor.as_ref().map(|cursor| {
            let rest = self.asked.canonical(&["cursor"]);
            let glue = if rest.is_empty() { "" } else { "&" };
            settings.base_url.clone() + &address(&self.path, &format!("{rest}{glue}cursor={}", encode(cursor)))
        });
        if let Some(next) = &next {
            head.links.push((next.clone(), "next"));
        }
        head.links.push((meta.cite_as.clone(), "cite-as"));
        let body = match self.format {
            Format::Csv => {
                let name = self.path.trim_start_matches("/v1/").replace('/', "-");
                head.file_name = Some(format!("opptrapping-{name}-r{}.csv", found.mark.revision));
                self.csv(columns, &found.rows)?
            }
            Format::Json => self.json(found, next_cursor.as_deref(), next.as_deref(), &meta)?,
        };
        Ok((head, body))
    }

    fn csv<T: Serialize>(&self, columns: &[&Column], rows: &[T]) -> Result<Vec<u8>, Error> {
        if !self.fields.is_empty() {
            return format::csv_picked(&self.fields, rows);
        }
        let header: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
        format::csv(&header, rows)
    }

    fn json<T: Serialize>(
        &self,
        found: &Found<T>,
        next_cursor: Option<&str>,
        next: Option<&str>,
        meta: &Meta,
    ) -> Result<Vec<u8>, Error> {
        let total = found.total;
        if self.fields.is_empty() {
            let body = Body { data: &found.rows, total, next_cursor, next, meta };
            return serde_json::to_vec(&body).map_err(Error::internal);
        }
        let rows: Result<Vec<_>, _> = found.rows.iter().map(serde_json::to_value).collect();
        let rows = rows.map_err(Error::internal)?;
        let data: Vec<Picked> = rows.iter().map(|row| Picked { row, fields: &self.fields }).collect();
        serde_json::to_vec(&Body { data, total, next_cursor, next, meta }).map_err(Error::internal)
    }
}

fn count(conn: &mut Db, table: &str, matching: Statement) -> Result<i64, Error> {
    let sql = Statement::new(format!("SELECT COUNT(*) FROM {table} t")).append(matching);
    Ok(sql.row::<(i64,)>(conn)?.map_or(0, |(n,)| n))
}
