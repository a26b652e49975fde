//! A list that is derived from collections and is none itself: what it is, said once, from which its parameters, its
//! answer and its document follow.
use super::Settings;
use super::asked::Asked;
use super::computed::{self, Computed};
use super::format::{Column, Exports, Form};
use super::inquiry::Inquiry;
use super::parameter::{Parameter, Shape};
use crate::db::head::Mark;
use crate::db::rows::Rows;
use crate::db::{self, Database, Db};
use crate::error::Error;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

/// What is said of a derived list.
pub struct Derived {
    /// The whole path.
    pub path: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What it holds, in a sentence.
    pub about: &'static str,
    /// The collections it is derived from: a change in any of them is a change of the answer.
    pub reads: &'static [&'static str],
    /// Its columns, described by the schema of a row.
    pub table: fn() -> &'static db::table::Table,
    /// The parameters it takes beside those of its form, `fields`, `limit`, `cursor`, `lang` and `as_of`.
    pub parameters: fn() -> Vec<Parameter>,
    /// A request that the document shows: parameters and their values, those that are needed among them.
    pub shown: &'static [(&'static str, &'static str)],
}

/// What was derived: every row with every column of the table, and what a reader should know of them.
pub struct Answer {
    pub rows: Rows,
    pub warnings: Vec<String>,
}

impl Derived {
    /// All its parameters.
    pub fn parameters(&self) -> Vec<Parameter> {
        let names = (self.table)().columns.iter().map(|c| c.name.clone()).collect();
        let fields = Parameter::new("fields", "Only these fields of each row, in this order.", Shape::Field(names));
        // A row that is derived has its names beside its codes.
        let form = Form::parameters(false).into_iter().filter(|p| p.name != "labels");
        let common = [fields.list()].into_iter().chain(Parameter::of_pages()).chain(Parameter::of_views());
        (self.parameters)().into_iter().chain(form).chain(common).collect()
    }

    /// Answers a request. `check` refuses what the parameters alone show to be wrong; what the client has already costs no
    /// query.
    pub async fn answer(
        &'static self,
        req: &HttpRequest,
        db: &Data<Database>,
        settings: &Data<Settings>,
        exports: &Data<Exports>,
        check: impl Fn(&Asked) -> Result<(), Error>,
        work: impl Fn(&mut Db, &Inquiry, &Mark) -> Result<Answer, Error> + Send + 'static,
    ) -> Result<HttpResponse, Error> {
        let asked = Asked::read(req.query_string(), &self.parameters())?;
        check(&asked)?;
        let inquiry = Inquiry::read(req, self.path.to_owned(), asked, None)?.reading(db, self.reads, computed::fits)?;
        computed::answer(req, inquiry, db, settings, exports, move |conn, inquiry, mark| {
            let Answer { rows, warnings } = work(conn, inquiry, mark)?;
            let columns = (self.table)().columns.iter();
            let columns = columns.map(|c| Column::new(&c.name, c.holds, &c.description)).collect();
            Ok(Computed { about: self.about.to_owned(), columns, rows, cube: None, warnings })
        })
        .await
    }
}
