//! Answers with a list: a page of JSON, or every row in one of the other forms.
use super::Settings;
use super::answer::Head;
use super::asked::Asked;
use super::at::When;
use super::format::{Column, Exports, Form, Opened, Source, send};
use super::inquiry::Inquiry;
use super::list::{Found, List, Meta};
use super::page::Cursor;
use super::resource::Collection;
use super::selection::Selection;
use super::totals::Totals;
use crate::db::Database;
use crate::db::head::Mark;
use crate::db::json::Objects;
use crate::db::rows::Rows;
use crate::domain::Language;
use crate::error::Error;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use std::io::Write;

/// So many rows of a table are read at a time, each time by a short read of its own: no connection is held while a slow
/// reader drinks, and what is in memory is bounded. All are read at one revision, so together they are one consistent
/// answer. A table that has no more is sent in one piece, with its length.
const ROWS: i64 = 2_048;

/// Answers with what is asked of a collection.
pub async fn answer(
    req: &HttpRequest,
    list: List,
    db: &Data<Database>,
    settings: &Data<Settings>,
    totals: &Data<Totals>,
    exports: &Data<Exports>,
) -> Result<HttpResponse, Error> {
    if let Some(head) = list.inquiry.known(req) {
        return Ok(head.not_modified(req));
    }
    if list.inquiry.form.format.is_table() {
        return table(req, db, settings, totals, exports, list).await;
    }
    let (base, totals, database) = (settings.clone(), totals.clone(), db.get_ref().clone());
    let (head, body) = db
        .reading(move |conn| {
            let Found { rows, total, next, mark, selection } = list.page(conn, &totals)?;
            let warnings = list.warnings(&database, conn, &mark)?;
            let shown = Page { columns: &selection.columns, rows, total, next, warnings };
            page(&list.inquiry, &base, &mark, shown)
        })
        .await?;
    Ok(if head.is_known(req) { head.not_modified(req) } else { head.ok(req, settings, body) })
}

/// What stands around the rows of a page.
#[derive(Serialize)]
struct Around<'a> {
    total: i64,
    next_cursor: Option<&'a str>,
    next: Option<&'a str>,
    meta: &'a Meta,
}

/// A page that is shown.
pub struct Page<'a> {
    pub columns: &'a [Column],
    pub rows: Rows,
    /// How many rows there are on all pages.
    pub total: i64,
    pub next: Option<Cursor>,
    pub warnings: Vec<String>,
}

/// The head and the body of a page of JSON.
pub fn page(inquiry: &Inquiry, settings: &Settings, mark: &Mark, page: Page) -> Result<(Head, Vec<u8>), Error> {
    let mut head = inquiry.head(mark.revision, Some(mark.time.clone()));
    let meta = Meta { warnings: page.warnings, ..inquiry.meta(settings, mark) };
    let next = page.next.as_ref().map(|cursor| inquiry.next(settings, cursor));
    if let Some((address, _)) = &next {
        head.links.push((address.clone(), "next"));
    }
    head.links.push((meta.cite_as.clone(), "cite-as"));
    let objects = Objects::of(page.columns.iter().map(|c| c.name.as_str()))?;
    let mut body = b"{\"data\":[".to_vec();
    for (index, row) in page.rows.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        objects.write(row, &mut body)?;
    }
    body.extend(b"],");
    let (next, next_cursor) = match &next {
        Some((address, cursor)) => (Some(address.as_str()), Some(cursor.as_str())),
        None => (None, None),
    };
    let around = serde_json::to_vec(&Around { total: page.total, next_cursor, next, meta: &meta });
    body.extend(&around.map_err(Error::internal)?[1..]);
    Ok((head, body))
}

async fn table(
    req: &HttpRequest,
    db: &Data<Database>,
    settings: &Data<Settings>,
    totals: &Data<Totals>,
    exports: &Data<Exports>,
    list: List,
) -> Result<HttpResponse, Error> {
    let mark = match &list.inquiry.at.point {
        When::Newest(mark) => mark.clone(),
        _ => {
            let at = list.inquiry.at.clone();
            db.reading(move |conn| at.mark(conn)).await?
        }
    };
    let mut meta = list.inquiry.meta(settings, &mark);
    if list.may_warn() {
        let (asked, database, at) = (list.clone(), db.get_ref().clone(), mark.clone());
        meta.warnings = db.reading(move |conn| asked.warnings(&database, conn, &at)).await?;
    }
    let mut head = list.inquiry.head(mark.revision, Some(mark.time.clone()));
    head.file_name = Some(list.inquiry.file_name(&mark));
    head.links.push((meta.cite_as.clone(), "cite-as"));
    if head.is_known(req) {
        return Ok(head.not_modified(req));
    }
    let (form, limited) = (list.inquiry.form, list.inquiry.is_limited());
    if !limited {
        let (source, totals) = (db.get_ref().clone(), totals.clone());
        return send(req, settings, exports, head, form, move || open(source, &totals, list, mark, meta)).await;
    }
    // A page in another form: what comes after it is known before the first byte.
    let (pages, totals, base) = (list.clone(), totals.clone(), settings.clone());
    let (found, next) = db
        .reading(move |conn| {
            let found = pages.page(conn, &totals)?;
            let next = found.next.as_ref().map(|cursor| pages.inquiry.next(&base, cursor).0);
            Ok((found, next))
        })
        .await?;
    head.links.extend(next.map(|address| (address, "next")));
    let table = list.table(&found.selection, meta);
    send(req, settings, exports, head, form, move || Ok((table, Box::new(Some(found.rows)) as Box<dyn Source>))).await
}

/// Every row of a list.
fn open(db: Database, totals: &Totals, list: List, mark: Mark, meta: Meta) -> Result<Opened, Error> {
    // A million rows are not read to find that no sheet holds them.
    list.inquiry.form.format.bound(|| db.read(|conn| list.total(conn, totals, mark.revision)))?;
    let selection = list.selection();
    let table = list.table(&selection, meta);
    let walk = Walk { db, list, selection, at: mark.revision, place: None, done: false };
    Ok((table, Box::new(walk)))
}

/// Reads a list from its beginning to its end.
struct Walk {
    db: Database,
    list: List,
    selection: Selection,
    at: i64,
    /// The place of the last row that was read.
    place: Option<Vec<Value>>,
    /// Whether there are no more.
    done: bool,
}

impl Source for Walk {
    fn next(&mut self) -> Result<Option<Rows>, Error> {
        if self.done {
            return Ok(None);
        }
        let (selection, place) = (&self.selection, self.place.as_deref());
        let rows = self.db.read(|conn| self.list.rows(conn, selection, self.at, place, ROWS))?;
        self.place = Some(selection.last_place(&rows));
        self.done = (rows.len() as i64) < ROWS;
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }
}

/// Writes every row of a collection, every vintage included, as it is now.
pub fn export(
    db: &Database,
    collection: &'static Collection,
    settings: &Settings,
    format: &str,
    language: Language,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let parameters = collection.list_parameters();
    let vintages = parameters.iter().any(|p| p.name == "published");
    let query = format!("format={format}&sort=id{}", if vintages { "&published=all" } else { "" });
    let asked = Asked::read(&query, parameters)?;
    let form = Form::choose(&asked, None, collection.cube_of(&asked).as_ref())?;
    let list = List::of(collection, Inquiry::of(collection.path(), asked, form, language), db)?;
    let mark = db.read(|conn| list.inquiry.at.mark(conn))?;
    let meta = list.inquiry.meta(settings, &mark);
    send::write(&form, open(db.clone(), &Totals::default(), list, mark, meta)?, out)
}
