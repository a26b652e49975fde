//! A list as it was asked for: which rows, in which order, which page of them, in which form, at which revision.
use super::asked::Asked;
use super::filter;
use super::format::{Format, Table};
use super::inquiry::Inquiry;
use super::page::Cursor;
use super::parameter::Parameter;
use super::reading::Reading;
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
use crate::error::Error;
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

/// A path with its query, where it has one.
pub fn address(path: &str, query: &str) -> String {
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

/// A list asked for, ready to be read.
#[derive(Clone)]
pub struct List {
    pub inquiry: Inquiry,
    collection: &'static Collection,
    tables: &'static [&'static crate::db::table::Table],
    keys: Vec<Key>,
}

/// The WHERE of the rows that the filters of a collection and the search leave at a revision.
pub fn matching(collection: &Collection, asked: &Asked, at: i64) -> Statement {
    let filtered =
        collection.filters.iter().fold(Statement::default().at(at), |sql, filter| filter.apply(asked, at, sql));
    filter::search(asked, filtered)
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

    /// What a request asks of a collection by parameters that have been read.
    pub fn asking(
        req: &HttpRequest,
        collection: &'static Collection,
        db: &Database,
        asked: Asked,
    ) -> Result<Self, Error> {
        let cube = collection.cube_of(&asked);
        Self::of(collection, Inquiry::read(req, collection.path(), asked, cube.as_ref())?, db)
    }

    /// What is asked of a collection, at which revision and from which place.
    pub fn of(collection: &'static Collection, inquiry: Inquiry, db: &Database) -> Result<Self, Error> {
        let keys = sort::keys(collection, inquiry.asked.all("sort"));
        let mut list = Self { inquiry, collection, tables: db.tables(), keys };
        let labels = list.inquiry.form.labels_read();
        let mut read = Selection::collections(collection.table, list.tables, labels, list.metric());
        if list.may_warn() {
            read.extend(boundaries::READS);
        }
        list.inquiry = list.inquiry.reading(db, &read, |place| sort::fits(&list.keys, place))?;
        Ok(list)
    }

    /// Whether codes are asked for on a day, on which they may not have been valid.
    pub fn may_warn(&self) -> bool {
        let asked = &self.inquiry.asked;
        self.collection.by_code && asked.one("valid_on").is_some() && !asked.all("region").is_empty()
    }

    /// What a reader should know of what was asked for.
    pub fn warnings(&self, db: &Database, conn: &mut Db, mark: &Mark) -> Result<Vec<String>, Error> {
        if !self.may_warn() {
            return Ok(vec![]);
        }
        succession::warnings(db, conn, mark.revision, &self.inquiry.asked, self.inquiry.language)
    }

    /// The field whose unit is wanted.
    fn metric(&self) -> Option<&str> {
        if self.inquiry.form.format == Format::JsonStat {
            self.collection.cube.as_ref()?.metric.as_deref()
        } else {
            None
        }
    }

    /// The fields that are read: those asked for, and what a cube is made of.
    fn fields(&self) -> Vec<String> {
        let asked = self.inquiry.asked.all("fields");
        let Some(cube) = self
            .collection
            .cube_of(&self.inquiry.asked)
            .filter(|_| self.inquiry.form.wide || self.inquiry.form.format == Format::JsonStat)
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

    /// What is sent, before its rows.
    pub fn table(&self, selection: &Selection, meta: Meta) -> Table {
        Table {
            name: self.collection.name().to_owned(),
            about: self.collection.about.to_owned(),
            columns: selection.columns.clone(),
            cube: self.collection.cube_of(&self.inquiry.asked),
            meta,
        }
    }

    /// What is selected of each row.
    pub fn selection(&self) -> Selection {
        let wanted = Wanted {
            fields: &self.fields(),
            labels: self.inquiry.form.labels_read(),
            language: self.inquiry.language,
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
        // A page is often shorter than it may be, a chunk of a table is not.
        let ready = if self.inquiry.is_limited() { 0 } else { most as usize };
        let (collection, asked, keys) = (self.collection, &self.inquiry.asked, self.keys.as_slice());
        let rows = Reading { collection, asked, keys, selection, at }.rows(conn, beyond, most, ready)?;
        Ok(rows.showing(selection.columns.len()))
    }

    /// Reads the page asked for.
    pub fn page(&self, conn: &mut Db, totals: &Totals) -> Result<Found, Error> {
        let mark = self.inquiry.at.mark(conn)?;
        let selection = self.selection();
        let limit = self.inquiry.size();
        let place = self.inquiry.cursor.as_ref().map(|c| c.place.as_slice());
        let mut rows = self.rows(conn, &selection, mark.revision, place, limit + 1)?;
        let more = rows.len() as i64 > limit;
        rows.truncate(limit as usize);
        let total = match &self.inquiry.cursor {
            Some(cursor) => cursor.total,
            None if !more => rows.len() as i64,
            None => self.total(conn, totals, mark.revision)?,
        };
        let next = more.then(|| Cursor { revision: mark.revision, total, place: selection.last_place(&rows) });
        Ok(Found { rows, total, next, mark, selection })
    }

    /// How many rows there are on all pages.
    pub fn total(&self, conn: &mut Db, totals: &Totals, at: i64) -> Result<i64, Error> {
        totals.of(at, &self.inquiry.question, || {
            let sql = Statement::new(format!("SELECT COUNT(*) FROM {} t", self.collection.table.name));
            Ok(sql.append(matching(self.collection, &self.inquiry.asked, at)).row::<(i64,)>(conn)?.map_or(0, |(n,)| n))
        })
    }
}
