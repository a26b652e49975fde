//! A list whose rows are computed: all of them are known at once, and a page is a part of them. It has every form, the
//! pages, the tags and the citation of any other list.
use super::Settings;
use super::at::When;
use super::format::{Column, Cube, Exports, Labels, Source, Table, send};
use super::inquiry::Inquiry;
use super::listing;
use super::page::Cursor;
use crate::db::head::Mark;
use crate::db::rows::Rows;
use crate::db::{Database, Db};
use crate::error::Error;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

/// What was computed.
pub struct Computed {
    /// What it holds, in a sentence.
    pub about: String,
    pub columns: Vec<Column>,
    /// In their order; a cell for each column.
    pub rows: Rows,
    /// How the rows make a cube, where they do.
    pub cube: Option<Cube>,
    /// What a reader should know of it, in the language of the answer.
    pub warnings: Vec<String>,
}

impl Computed {
    /// Only the columns of these fields, in this order, with codes or the names of codes or both; all where none is named.
    fn picking(self, fields: &[String], labels: Labels) -> Self {
        let position = |name: &str| self.columns.iter().position(|column| column.name == name);
        let all: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let known = |name: &&String| position(name).is_some();
        let fields: Vec<&String> = if fields.iter().any(|name| known(&name)) { fields } else { &all }.iter().collect();
        let mut picks: Vec<usize> = vec![];
        for name in fields {
            let label = position(&format!("{name}_name")).filter(|_| labels != Labels::Code);
            let code = position(name).filter(|_| labels != Labels::Name || label.is_none());
            picks.extend(code.into_iter().chain(label).filter(|at| !picks.contains(at)).collect::<Vec<_>>());
        }
        if picks.len() == self.columns.len() && picks.is_sorted() {
            return self;
        }
        let mut rows = Rows::new(picks.len());
        self.rows.iter().for_each(|row| rows.push(picks.iter().map(|index| row.get(*index))));
        let columns = picks.iter().map(|index| self.columns[*index].clone()).collect();
        Self { columns, rows, ..self }
    }

    /// So many rows from a place on.
    fn part(&self, start: usize, size: usize) -> Rows {
        let mut rows = Rows::new(self.columns.len());
        self.rows.iter().skip(start).take(size).for_each(|row| rows.push(row.iter()));
        rows
    }
}

/// Whether a place can be one of a computed list: the number of the row to go on from.
pub fn fits(place: &[Value]) -> bool {
    matches!(place, [number] if number.is_u64())
}

/// Answers with what `work` computes at a revision.
pub async fn answer(
    req: &HttpRequest,
    inquiry: Inquiry,
    db: &Data<Database>,
    settings: &Data<Settings>,
    exports: &Data<Exports>,
    work: impl Fn(&mut Db, &Inquiry, &Mark) -> Result<Computed, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    if let Some(head) = inquiry.known(req) {
        return Ok(head.not_modified(req));
    }
    let found = move |conn: &mut Db, inquiry: &Inquiry, mark: &Mark| {
        let found = work(conn, inquiry, mark)?;
        let mut fields = inquiry.asked.all("fields").to_vec();
        if let Some(cube) = found.cube.as_ref().filter(|_| inquiry.form.wide && !fields.is_empty()) {
            // What becomes the columns, and what stands in them.
            fields.extend(cube.along.iter().chain([&cube.value]).cloned());
        }
        Ok::<_, Error>(found.picking(&fields, inquiry.form.labels_read()))
    };
    if inquiry.form.format.is_table() {
        return table(req, inquiry, db, settings, exports, found).await;
    }
    let base = settings.clone();
    let (head, body) = db
        .reading(move |conn| {
            let mark = inquiry.at.mark(conn)?;
            let found = found(conn, &inquiry, &mark)?;
            let (rows, total, next) = page(&inquiry, &found, &mark);
            let shown = listing::Page { columns: &found.columns, rows, total, next, warnings: found.warnings };
            listing::page(&inquiry, &base, &mark, shown)
        })
        .await?;
    Ok(if head.is_known(req) { head.not_modified(req) } else { head.ok(req, settings, body) })
}

/// The page asked for, how many rows there are on all, and where the next begins.
fn page(inquiry: &Inquiry, found: &Computed, mark: &Mark) -> (Rows, i64, Option<Cursor>) {
    let start = inquiry.cursor.as_ref().and_then(|c| c.place.first()?.as_u64()).unwrap_or(0) as usize;
    let (size, total) = (inquiry.size() as usize, found.rows.len());
    let end = start.saturating_add(size);
    let next = (end < total).then(|| Cursor {
        revision: mark.revision,
        total: total as i64,
        place: vec![(end as u64).into()],
    });
    (found.part(start, size), total as i64, next)
}

async fn table(
    req: &HttpRequest,
    inquiry: Inquiry,
    db: &Data<Database>,
    settings: &Data<Settings>,
    exports: &Data<Exports>,
    found: impl Fn(&mut Db, &Inquiry, &Mark) -> Result<Computed, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let mark = match &inquiry.at.point {
        When::Newest(mark) => mark.clone(),
        _ => {
            let at = inquiry.at.clone();
            db.reading(move |conn| at.mark(conn)).await?
        }
    };
    let mut head = inquiry.head(mark.revision, Some(mark.time.clone()));
    head.file_name = Some(inquiry.file_name(&mark));
    let mut meta = inquiry.meta(settings, &mark);
    head.links.push((meta.cite_as.clone(), "cite-as"));
    if head.is_known(req) {
        return Ok(head.not_modified(req));
    }
    let (source, form, base) = (db.get_ref().clone(), inquiry.form, settings.clone());
    if inquiry.is_limited() {
        // A page in another form: what comes after it is known before the first byte.
        let (asked, at) = (inquiry.clone(), mark.clone());
        let (computed, rows, next) = db
            .reading(move |conn| {
                let computed = found(conn, &asked, &at)?;
                let (rows, _, next) = page(&asked, &computed, &at);
                Ok((computed, rows, next.map(|cursor| asked.next(&base, &cursor).0)))
            })
            .await?;
        head.links.extend(next.map(|address| (address, "next")));
        meta.warnings = computed.warnings.clone();
        let table = said(&inquiry, computed.about, computed.columns, computed.cube, meta);
        return send(req, settings, exports, head, form, move || Ok((table, Box::new(Some(rows)) as Box<dyn Source>)))
            .await;
    }
    send(req, settings, exports, head, form, move || {
        let computed = source.read(|conn| found(conn, &inquiry, &mark))?;
        meta.warnings = computed.warnings;
        let table = said(&inquiry, computed.about, computed.columns, computed.cube, meta);
        Ok((table, Box::new(Some(computed.rows)) as Box<dyn Source>))
    })
    .await
}

fn said(inquiry: &Inquiry, about: String, columns: Vec<Column>, cube: Option<Cube>, meta: super::list::Meta) -> Table {
    Table { name: inquiry.name(), about, columns, cube, meta }
}
