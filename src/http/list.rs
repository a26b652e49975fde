//! A list as it was asked for: which rows, in which order, which page of them, in which form, at which revision.
use super::answer::{Head, Keep};
use super::asked::{Asked, encode};
use super::at::At;
use super::filter;
use super::format::{Form, Format, Table};
use super::page::{Cursor, short_hash};
use super::parameter::{MOST_ROWS, Parameter, ROWS};
use super::resource::Collection;
use super::selection::{Selection, Wanted};
use super::sort::{self, Key};
use super::succession;
use super::totals::Totals;
use super::{ATTRIBUTION, Settings};
use crate::db::head::Mark;
use crate::db::rows::Rows;
use crate::db::{Database, Db, Statement, boundaries};
use crate::domain::Language;
use crate::error::{Error, Kind, Mistake};
use actix_web::{HttpRequest, http::header};
use serde::Serialize;
use serde_json::Value;
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

/// The parameters that do not change which rows there are nor their order.
const NOT_OF_THE_QUESTION: &[&str] = &["cursor", "limit", "format", "dialect", "layout", "labels", "lang", "fields"];

/// A list asked for, ready to be read.
#[derive(Clone)]
pub struct List {
    pub form: Form,
    pub at: At,
    asked: Asked,
    language: Language,
    collection: &'static Collection,
    tables: &'static [&'static crate::db::table::Table],
    path: String,
    /// What a cursor belongs to: the path, the filters, the order. Neither the size of a page nor its form matters.
    question: String,
    /// All of the parameters in one spelling.
    canonical: String,
    vary: Vec<&'static str>,
    keys: Vec<Key>,
    /// Rows on a page; none where all are wanted.
    limit: Option<i64>,
    cursor: Option<Cursor>,
}

/// A page that was found.
pub struct Found {
    pub rows: Rows,
    pub total: i64,
    pub next: Option<Cursor>,
    pub mark: Mark,
    pub selection: Selection,
}

impl List {
    /// Reads what a request asks of a collection.
    pub fn read(req: &HttpRequest, collection: &'static Collection, db: &Database) -> Result<Self, Error> {
        Self::asking(req, collection, db, Asked::read(req.query_string(), collection.list_parameters())?)
    }

    /// The same of the rows under one thing, which the path names in the place of a filter. The answer is that of the whole
    /// collection with this filter, and its links lead there.
    pub fn within(
        req: &HttpRequest,
        collection: &'static Collection,
        db: &Database,
        (filter, id): (&str, &str),
    ) -> Result<Self, Error> {
        let parameters: Vec<Parameter> = collection.parameters_within(filter);
        let asked = Asked::read(req.query_string(), &parameters)?.with(filter, id);
        Self::asking(req, collection, db, asked)
    }

    fn asking(req: &HttpRequest, collection: &'static Collection, db: &Database, asked: Asked) -> Result<Self, Error> {
        let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
        let (language, language_from) = language(req, &asked);
        let mut vary: Vec<&'static str> = language_from.into_iter().collect();
        if asked.one("format").is_none() {
            vary.push("Accept");
        }
        let form = Form::choose(&asked, accept, collection.cube_of(&asked).as_ref())?;
        Ok(Self { vary, ..Self::of(collection, asked, form, language, db)? })
    }

    /// What is asked of a collection by parameters that have been read.
    pub fn of(
        collection: &'static Collection,
        asked: Asked,
        form: Form,
        language: Language,
        db: &Database,
    ) -> Result<Self, Error> {
        let keys = sort::keys(collection, asked.all("sort"));
        let limit = asked.integer("limit").or(if form.format.is_table() { None } else { Some(ROWS) });
        let path = format!("/v1/{}", collection.name());
        let mut list = Self {
            question: format!("{path}?{}", asked.canonical(NOT_OF_THE_QUESTION)),
            canonical: asked.canonical(&[]),
            at: At::Revision(0),
            path,
            cursor: None,
            asked,
            form,
            language,
            collection,
            tables: db.tables(),
            vary: vec![],
            keys,
            limit,
        };
        let mut read = Selection::collections(collection.table, list.tables, form.labels_read(), list.metric());
        if list.may_warn() {
            read.extend(boundaries::READS);
        }
        list.at = At::of(&list.asked, db, &read)?;
        if let Some(text) = list.asked.one("cursor") {
            let cursor = Cursor::open(text, &list.question)?;
            if cursor.revision > db.head().revision || !sort::fits(&list.keys, &cursor.place) {
                let mistake = Mistake::query("cursor", "invalid", "is of another database");
                return Err(Error::because(Kind::InvalidCursor, mistake));
            }
            // Every page of a walk is read where the first was.
            if !matches!(list.at, At::Revision(_)) {
                list.at = At::Revision(cursor.revision);
            }
            list.cursor = Some(cursor);
        }
        Ok(list)
    }

    /// The field whose unit is wanted.
    fn metric(&self) -> Option<&str> {
        if self.form.format == Format::JsonStat { self.collection.cube.as_ref()?.metric.as_deref() } else { None }
    }

    /// The fields that are read: those asked for, and what a cube is made of.
    fn fields(&self) -> Vec<String> {
        let asked = self.asked.all("fields");
        let Some(cube) =
            self.collection.cube_of(&self.asked).filter(|_| self.form.wide || self.form.format == Format::JsonStat)
        else {
            return asked.to_vec();
        };
        let needed = cube.along.iter().chain([&cube.value]).chain(&cube.status).cloned().chain(["id".to_owned()]);
        let all: Vec<String> = match asked {
            [] => cube.by.iter().chain(&cube.carries).cloned().collect(),
            asked => asked.to_vec(),
        };
        let rest = needed.filter(|name| !all.contains(name)).collect::<Vec<_>>();
        all.iter().cloned().chain(rest).collect()
    }

    /// Whether only so many rows are wanted.
    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// The name of the file of an answer: `opptrapping-grants-r42.csv`.
    pub fn file_name(&self, mark: &Mark) -> String {
        format!("opptrapping-{}-r{}.{}", self.collection.name(), mark.revision, self.form.format.ending())
    }

    /// What is sent, before its rows.
    pub fn table(&self, selection: &Selection, meta: Meta) -> Table {
        Table {
            name: self.collection.name().to_owned(),
            about: self.collection.about.to_owned(),
            columns: selection.columns.clone(),
            cube: self.collection.cube_of(&self.asked),
            meta,
        }
    }

    fn matching(&self, at: i64) -> Statement {
        let mut sql = Statement::default().at(at);
        for filter in &self.collection.filters {
            sql = filter.apply(&self.asked, at, sql);
        }
        filter::search(&self.asked, sql)
    }

    /// What is selected of each row.
    pub fn selection(&self) -> Selection {
        let wanted = Wanted {
            fields: &self.fields(),
            labels: self.form.labels_read(),
            language: self.language,
            metric: self.metric(),
        };
        Selection::of(self.collection.table, self.tables, &wanted, &self.keys)
    }

    /// Reads so many rows beyond a place.
    pub fn rows(
        &self,
        conn: &mut Db,
        selection: &Selection,
        at: i64,
        beyond: Option<&[Value]>,
        most: i64,
    ) -> Result<Rows, Error> {
        let mut sql = selection.statement(self.collection.table, at).append(self.matching(at));
        if let Some(place) = beyond {
            sql = sort::beyond(&self.keys, place, sql);
        }
        let sql = sql.sql(sort::order(&self.keys)).sql(" LIMIT ").bind(most);
        Ok(sql.cells(conn, selection.types())?.showing(selection.columns.len()))
    }

    /// Reads the page asked for.
    pub fn page(&self, conn: &mut Db, totals: &Totals) -> Result<Found, Error> {
        let mark = self.at.mark(conn)?;
        let selection = self.selection();
        let limit = self.limit.unwrap_or(ROWS).min(MOST_ROWS);
        let place = self.cursor.as_ref().map(|c| c.place.as_slice());
        let mut rows = self.rows(conn, &selection, mark.revision, place, limit + 1)?;
        let more = rows.len() as i64 > limit;
        rows.truncate(limit as usize);
        let total = match &self.cursor {
            Some(cursor) => cursor.total,
            None if !more => rows.len() as i64,
            None => self.total(conn, totals, mark.revision)?,
        };
        let next = more.then(|| Cursor { revision: mark.revision, total, place: selection.last_place(&rows) });
        Ok(Found { rows, total, next, mark, selection })
    }

    /// How many rows there are on all pages.
    pub fn total(&self, conn: &mut Db, totals: &Totals, at: i64) -> Result<i64, Error> {
        totals.of(at, &self.question, || {
            let sql = Statement::new(format!("SELECT COUNT(*) FROM {} t", self.collection.table.name));
            Ok(sql.append(self.matching(at)).row::<(i64,)>(conn)?.map_or(0, |(n,)| n))
        })
    }

    /// The tag and the caching of the answer: known before the rows are, unless a time was asked for.
    pub fn head(&self, revision: i64, time: Option<String>) -> Head {
        let variant = [self.path.as_str(), &self.canonical, self.form.format.word(), self.language.code()];
        let hash = short_hash(&variant.map(str::as_bytes));
        Head {
            tag: format!("{revision}-{hash}"),
            time: time.filter(|t| !t.is_empty()),
            keep: if self.asked.one("as_of").is_some() { self.at.keep() } else { Keep::Briefly },
            content_type: self.form.format.content_type(),
            language: Some(self.language),
            vary: self.vary.clone(),
            links: vec![],
            file_name: None,
        }
    }

    /// Whether codes are asked for on a day, on which they may not have been valid.
    pub fn may_warn(&self) -> bool {
        self.collection.by_code && self.asked.one("valid_on").is_some() && !self.asked.all("region").is_empty()
    }

    /// What a reader should know of what was asked for.
    pub fn warnings(&self, db: &Database, conn: &mut Db, mark: &Mark) -> Result<Vec<String>, Error> {
        if !self.may_warn() {
            return Ok(vec![]);
        }
        succession::warnings(db, conn, mark.revision, &self.asked, self.language)
    }

    /// What stands beside rows read at a revision.
    pub fn meta(&self, settings: &Settings, mark: &Mark) -> Meta {
        Meta::of(settings, &self.path, &self.asked, self.language, mark)
    }

    /// The address of the next page.
    pub fn next(&self, settings: &Settings, cursor: &Cursor) -> (String, String) {
        let sealed = cursor.seal(&self.question);
        let rest = self.asked.canonical(&["cursor"]);
        let glue = if rest.is_empty() { "" } else { "&" };
        let query = format!("{rest}{glue}cursor={}", encode(&sealed));
        (settings.base_url.clone() + &address(&self.path, &query), sealed)
    }
}
