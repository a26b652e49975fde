//! Summaries of money: the rows of a collection put into groups, each with its sum, its number, its mean and its middle.
//!
//! A collection says which of its fields rows may be grouped by ([`Summary`]); the rest is the same for all. The answer is
//! a list like any other, with the groups as its rows.
mod cells;
mod fields;
mod placed;
mod question;
mod rows;
mod warnings;

use super::Settings;
use super::asked::Asked;
use super::carried;
use super::computed::{self, Computed};
use super::docs::{self, Document};
use super::endpoint::{Endpoint, READ};
use super::filter::Filter;
use super::format::{Column, Exports};
use super::inquiry::Inquiry;
use super::parameter::{Parameter, Shape};
use super::per::Per;
use super::resource::Resource;
use crate::db::Database;
use crate::db::table::{self, Table};
use crate::error::Error;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use question::Question;

/// What is said of the summary of a collection whose rows have an `amount_nok`.
pub struct Summary {
    /// The fields rows may be grouped by. `municipality` is the region of rows of that level; `county` is derived from the
    /// region where rows have no such field.
    pub groups: &'static [&'static str],
    /// Fields whose amounts are different kinds of money: part of every group, asked for or not.
    pub apart: &'static [&'static str],
    /// Fields whose amounts may be the same money twice: where a group adds several, the answer warns of it.
    pub mixed: &'static [&'static str],
    /// What the summary is, for the document.
    pub about: &'static str,
}

/// A collection that has a summary.
pub trait Summarised: Resource {
    const SUMMARY: Summary;
}

/// The fields that give a place, the most exact first.
const PLACES: [&str; 3] = ["region", "municipality", "county"];

/// `GET /v1/{collection}/summary`
pub const fn endpoint<R: Summarised>(path: &'static str) -> Endpoint {
    Endpoint { path, methods: READ, routes: routes::<R>, document: document::<R> }
}

fn routes<R: Summarised>() -> Vec<Route> {
    vec![web::get().to(answer::<R>)]
}

async fn answer<R: Summarised>(
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
    exports: Data<Exports>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters::<R>())?;
    let question = Question::of(&R::SUMMARY, R::table(), &asked)?;
    let cube = question.cube();
    let inquiry = Inquiry::read(&req, format!("{}/summary", R::collection().path()), asked, cube.as_ref())?;
    let reads = question::reads(R::collection().name(), &inquiry.asked);
    let inquiry = inquiry.reading(&db, &reads, computed::fits)?;
    let database = db.get_ref().clone();
    computed::answer(&req, inquiry, &db, &settings, &exports, move |conn, inquiry, mark| {
        let read = cells::read::<R>(&database, conn, inquiry, &question, mark.revision)?;
        let warnings = warnings::of(&question, &read.groups, inquiry.language);
        Ok(Computed {
            about: R::SUMMARY.about.to_owned(),
            columns: question.columns.iter().map(|c| Column::new(&c.name, c.holds, &c.description)).collect(),
            warnings: warnings.into_iter().chain(read.warnings.iter().cloned()).collect(),
            rows: rows::of(&database, conn, inquiry, &question, read, mark.revision)?,
            cube: cube.clone(),
        })
    })
    .await
}

/// The parameters: those of the list of the collection, with fields and order of the summary, and its own first.
fn parameters<R: Summarised>() -> Vec<Parameter> {
    let all: Vec<&'static str> = columns::<R>().iter().map(|column| column.name.as_str()).collect();
    let own = [
        Parameter::new(
            "group_by",
            "The fields that rows of one group have in common; the groups have them in this order, and are sorted by them unless `sort` says otherwise.",
            Shape::Word(R::SUMMARY.groups),
        )
        .list()
        .required(),
        Per::parameter(
            "Puts beside each sum the population of the group's place in the group's year, and the sum for each inhabitant (`capita`) or for so many. It needs a place (`county`, `municipality` or `region`) and `period`, each in `group_by` or as a filter with one value.",
        ),
    ];
    let filters = R::collection().filters.iter().flat_map(Filter::parameters).chain(carried::parameters());
    // A summary names its places itself, and shows nothing else that has a title.
    let common = Parameter::of_lists(R::collection()).into_iter().filter(|parameter| parameter.name != "labels");
    let common = common.map(|parameter| match parameter.name.as_str() {
        "sort" => Parameter {
            about: format!("{} It must be a field of the answer.", parameter.about),
            shape: Shape::Order(all.clone()),
            ..parameter
        },
        "fields" => Parameter {
            about: format!("{} They must be fields of the answer.", parameter.about),
            shape: Shape::Field(all.iter().map(|name| (*name).to_owned()).collect()),
            ..parameter
        },
        _ => parameter,
    });
    own.into_iter().chain(filters).chain(common).collect()
}

/// Every field a summary can have: what it can be grouped by, and what it computes.
fn columns<R: Summarised>() -> Vec<&'static table::Column> {
    let groups = R::SUMMARY.groups.iter().filter_map(|name| column(R::table(), name));
    groups.chain(fields::computed()).collect()
}

/// A field of a summary: one of the rows summed, or one of its own.
fn column(table: &'static Table, name: &str) -> Option<&'static table::Column> {
    table.column(name).or_else(|| fields::table().column(name))
}

fn document<R: Summarised>(document: &mut Document) {
    docs::summary::<R>(document, R::SUMMARY.about, &parameters::<R>(), &columns::<R>());
}
