//! A list that is computed, and not the rows of one table: small enough to be given whole, in every form that lists have.
use super::Settings;
use super::answer::Head;
use super::asked::Asked;
use super::at::At;
use super::format::{Column, Exports, Form, Source, Table, send};
use super::list::{self, Meta};
use super::listing;
use super::page::short_hash;
use super::parameter::{Parameter, Shape};
use crate::db::head::Mark;
use crate::db::rows::Rows;
use crate::db::{self, Database, Db};
use crate::domain::Language;
use crate::error::Error;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

/// What is said of a computed list.
pub struct Computed {
    /// The whole path.
    pub path: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What it holds, in a sentence.
    pub about: &'static str,
    /// The collections it is computed from: a change in any of them is a change of the answer.
    pub reads: &'static [&'static str],
    /// Its columns, described by the schema of a row.
    pub table: fn() -> &'static db::table::Table,
    /// The parameters it takes beside those of its form, `fields`, `lang` and `as_of`.
    pub parameters: fn() -> Vec<Parameter>,
    /// A request that the document shows: parameters and their values, those that are needed among them.
    pub shown: &'static [(&'static str, &'static str)],
}

/// What is asked of a computed list.
pub struct Question {
    pub asked: Asked,
    pub language: Language,
    /// The revision everything is read at.
    pub mark: Mark,
}

/// What was computed: every row with every column of the table, and what a reader should know of them.
pub struct Answer {
    pub rows: Rows,
    pub warnings: Vec<String>,
}

impl Computed {
    /// All its parameters.
    pub fn parameters(&self) -> Vec<Parameter> {
        let names = (self.table)().columns.iter().map(|c| c.name.clone()).collect();
        let fields = Parameter::new("fields", "Only these fields of each row, in this order.", Shape::Field(names));
        // A computed row has its names beside its codes.
        let form = Form::parameters(false).into_iter().filter(|p| p.name != "labels");
        (self.parameters)().into_iter().chain(form).chain([fields.list()]).chain(Parameter::of_views()).collect()
    }

    /// Its name: of files, and in its schema. `/v1/a/b` is `a-b`.
    pub fn name(&self) -> String {
        self.path.trim_start_matches("/v1/").replace('/', "-")
    }

    /// Answers a request. `check` refuses what the parameters alone show to be wrong; what the client has already costs no
    /// query.
    pub async fn answer(
        &'static self,
        req: &HttpRequest,
        db: &Database,
        settings: &Data<Settings>,
        exports: &Data<Exports>,
        check: impl Fn(&Asked) -> Result<(), Error>,
        work: impl Fn(&mut Db, &Question) -> Result<Answer, Error> + Send + 'static,
    ) -> Result<HttpResponse, Error> {
        let asked = Asked::read(req.query_string(), &self.parameters())?;
        check(&asked)?;
        let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
        let form = Form::choose(&asked, accept, None)?;
        let (language, language_from) = list::language(req, &asked);
        let at = At::of(&asked, db, self.reads)?;
        let mut head = Head {
            keep: at.keep(),
            content_type: form.format.content_type(),
            language: Some(language),
            vary: language_from.into_iter().chain(asked.one("format").is_none().then_some("Accept")).collect(),
            ..Head::json(String::new())
        };
        let canonical = asked.canonical(&[]);
        let variant = [self.path, &canonical, form.format.word(), language.code()];
        let variant = short_hash(&variant.map(str::as_bytes));
        let tag = |revision: i64| format!("{revision}-{variant}");
        if let Some(revision) = at.known() {
            head.tag = tag(revision);
            if head.is_known(req) {
                return Ok(head.not_modified(req));
            }
        }
        let shown = Shown::of((self.table)(), asked.all("fields"));
        let (question, answer) = db
            .reading(move |conn| {
                let question = Question { asked: asked.clone(), language, mark: at.mark(conn)? };
                let answer = work(conn, &question)?;
                Ok((question, answer))
            })
            .await?;
        let mark = &question.mark;
        let meta = Meta { warnings: answer.warnings, ..Meta::of(settings, self.path, &question.asked, language, mark) };
        head.tag = tag(mark.revision);
        head.time = Some(mark.time.clone()).filter(|t| !t.is_empty());
        head.links.push((meta.cite_as.clone(), "cite-as"));
        if head.is_known(req) {
            return Ok(head.not_modified(req));
        }
        let rows = shown.pick(&answer.rows);
        if !form.format.is_table() {
            let total = rows.len() as i64;
            let body = listing::body(
                &shown.columns,
                &rows,
                &listing::Around { total, next_cursor: None, next: None, meta: &meta },
            )?;
            return Ok(head.ok(req, settings, body));
        }
        head.file_name = Some(format!("opptrapping-{}-r{}.{}", self.name(), mark.revision, form.format.ending()));
        let table = Table { name: self.name(), about: self.about.to_owned(), columns: shown.columns, cube: None, meta };
        send(req, settings, exports, head, form, move || Ok((table, Box::new(Some(rows)) as Box<dyn Source>))).await
    }
}

/// The columns that are shown, and where each is in what was computed.
struct Shown {
    columns: Vec<Column>,
    places: Vec<usize>,
}

impl Shown {
    fn of(table: &db::table::Table, fields: &[String]) -> Self {
        let places: Vec<usize> = match fields {
            [] => (0..table.columns.len()).collect(),
            fields => fields.iter().filter_map(|name| table.columns.iter().position(|c| c.name == *name)).collect(),
        };
        let column = |place: &usize| {
            let column = &table.columns[*place];
            Column::new(&column.name, column.holds, &column.description)
        };
        Self { columns: places.iter().map(column).collect(), places }
    }

    fn pick(&self, all: &Rows) -> Rows {
        let mut rows = Rows::new(self.places.len());
        for row in all.iter() {
            rows.push(self.places.iter().map(|place| row.get(*place)));
        }
        rows
    }
}
