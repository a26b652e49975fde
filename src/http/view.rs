//! A view: one JSON answer put together from several collections, all read at one revision.
use super::Settings;
use super::answer::Head;
use super::asked::Asked;
use super::at::At;
use super::list::{self, Meta};
use super::page::short_hash;
use super::parameter::Parameter;
use crate::db::head::{self, Mark};
use crate::db::table::Table;
use crate::db::{Database, Db, Statement};
use crate::domain::Language;
use crate::error::Error;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is said of a view.
pub struct View {
    /// The collections it is put together from: a change in any of them is a change of the answer.
    pub reads: &'static [&'static str],
    /// The parameters it takes beside `lang` and `as_of`.
    pub parameters: fn() -> Vec<Parameter>,
}

/// What a view is asked for.
pub struct Reading {
    pub asked: Asked,
    at: At,
    pub language: Language,
    /// The revision everything is read at.
    pub mark: Mark,
    /// What stands beside the answer.
    pub meta: Meta,
}

impl View {
    /// All its parameters.
    pub fn parameters(&self) -> Vec<Parameter> {
        (self.parameters)().into_iter().chain(Parameter::of_views()).collect()
    }

    /// Answers a request for `path` with what `work` reads. Known answers cost no query.
    pub async fn answer<T: Serialize>(
        &self,
        req: &HttpRequest,
        db: &Database,
        settings: &web::Data<Settings>,
        path: String,
        work: impl Fn(&mut Db, &Reading) -> Result<T, Error> + Send + 'static,
    ) -> Result<HttpResponse, Error> {
        let asked = Asked::read(req.query_string(), &self.parameters())?;
        let at = At::of(&asked, db, self.reads)?;
        let (language, language_from) = list::language(req, &asked);
        let canonical = asked.canonical(&[]);
        let variant = short_hash(&[path.as_bytes(), canonical.as_bytes(), language.code().as_bytes()]);
        let mut head = Head {
            keep: at.keep(),
            reads: at.reads.clone(),
            language: Some(language),
            vary: language_from.into_iter().collect(),
            ..Head::json(String::new())
        };
        let redacted = db.head().redacted;
        let tag = |revision: i64| format!("{}-{variant}", head::tag(revision, redacted));
        if let Some(revision) = at.known() {
            head.tag = tag(revision);
            // `*` names no answer: whether the thing exists must be looked up.
            if head.is_named(req) {
                return Ok(head.not_modified(req));
            }
        }
        let base = settings.clone();
        let (mark, cite_as, body) = db
            .reading(move |conn| {
                let mark = at.mark(conn)?;
                let meta = Meta::of(&base, &path, &asked, language, &mark);
                let reading = Reading { asked: asked.clone(), at: at.clone(), language, mark: mark.clone(), meta };
                let body = serde_json::to_vec(&work(conn, &reading)?).map_err(Error::internal)?;
                Ok((mark, reading.meta.cite_as, body))
            })
            .await?;
        head.tag = tag(mark.revision);
        head.time = Some(mark.time).filter(|t| !t.is_empty());
        head.links = vec![(cite_as, "cite-as")];
        Ok(if head.is_known(req) { head.not_modified(req) } else { head.ok(req, settings, body) })
    }
}

impl Reading {
    /// `SELECT columns` of the rows of `table` that were valid at the revision read at; conditions may be added.
    pub fn select(&self, columns: &str, table: &str) -> Statement {
        Statement::new(format!("SELECT {columns} FROM {table} t")).at(self.mark.revision)
    }

    /// The one row with this id, or why there is none: it never was, or it was deleted.
    pub fn one<T: DeserializeOwned + 'static>(
        &self,
        conn: &mut Db,
        table: &Table,
        columns: &str,
        id: &str,
    ) -> Result<T, Error> {
        let found = self.select(columns, &table.name).sql(" AND t.id = ").bind(id).row(conn)?;
        match found {
            Some(row) => Ok(row),
            None => Err(self.at.absent(conn, table, id, self.mark.revision)?),
        }
    }
}
