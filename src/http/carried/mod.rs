//! Rows carried to another municipal map, and values divided by the population of their place. The answer is a list like
//! any other, with fields beside those of the collection that say how each row came to be.
mod amounts;
pub mod fields;
pub mod made;
pub mod question;
pub mod said;
pub mod source;
pub mod values;

use super::Settings;
use super::asked::Asked;
use super::computed::{self, Computed};
use super::format::{Column, Exports, Format};
use super::inquiry::Inquiry;
use super::ordered::{self, By};
use super::parameter::Parameter;
use super::per::Per;
use super::population;
use super::resource::Resource;
use super::selection::Selection;
use super::sort;
use crate::db::head::Mark;
use crate::db::table;
use crate::db::{Database, Db, boundaries};
use crate::error::{Error, Kind, Mistake};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use made::{Made, Maker, Spot};

pub use question::{Question, parameters, spelled};
pub use source::Sources;

/// What in the rows of a collection can be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Values of indicators: those of several places become one by the rule of the indicator.
    Values,
    /// Amounts: each row stays, and lies somewhere else.
    Amounts,
}

impl Carried {
    /// The field that is carried.
    pub fn value(self) -> &'static str {
        match self {
            Self::Values => "value",
            Self::Amounts => "amount_nok",
        }
    }

    /// What is asked of it; none where rows are wanted as they are.
    pub fn question(self, asked: &Asked) -> Result<Option<Question>, Error> {
        let question = Question::of(asked)?;
        if self == Self::Values
            && question.is_some_and(|q| q.boundaries.is_some())
            && asked.one("published") == Some("all")
        {
            let message = "with boundaries a value has one vintage: latest, first, or the newest by a date";
            return Err(Error::because(Kind::InvalidParameter, Mistake::query("published", "invalid", message)));
        }
        Ok(question)
    }

    /// Refuses fields that rows have only when they were carried, where they are not.
    pub fn check_fields(self, asked: &Asked, question: Option<&Question>) -> Result<(), Error> {
        question::strangers(asked, question, self.value())
    }

    /// The parameters it takes.
    pub fn parameters(self) -> impl Iterator<Item = Parameter> {
        let per = Per::parameter(
            "Puts beside each row the population of its region in its year, on the same map, and its value for each inhabitant (`capita`) or for so many.",
        );
        parameters().into_iter().chain([per])
    }

    /// The fields that rows can have beside their own.
    pub fn fields(self) -> impl Iterator<Item = &'static table::Column> {
        fields::of(self.value())
    }

    /// The collections beside its own that an answer depends on.
    fn reads(self, question: &Question) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = boundaries::READS.to_vec();
        if self == Self::Values {
            all.push("indicators");
        }
        if question.per.is_some() {
            all.extend(population::READS);
        }
        all
    }
}

/// What rows are carried for.
pub struct Asking<'a> {
    pub db: &'a Database,
    pub question: &'a Question,
    pub inquiry: &'a Inquiry,
    /// The revision.
    pub at: i64,
}

/// What was made of the rows that were reported.
pub struct Outcome {
    pub made: Vec<Made>,
    /// The areas of the map, none where rows were left where they were.
    pub spots: Vec<Spot>,
    /// What a reader should know of it.
    pub warnings: Vec<String>,
}

/// Answers with the rows of a collection, carried as asked.
pub async fn answer<R: Resource>(
    req: &HttpRequest,
    (carried, question, asked): (Carried, Question, Asked),
    db: &Data<Database>,
    settings: &Data<Settings>,
    exports: &Data<Exports>,
) -> Result<HttpResponse, Error> {
    let collection = R::collection();
    let cube = collection.cube_of(&asked);
    let inquiry = Inquiry::read(req, collection.path(), asked, cube.as_ref())?;
    let mut reads = Selection::collections(R::table(), db.tables(), inquiry.form.labels_read(), metric::<R>(&inquiry));
    reads.extend(carried.reads(&question));
    let inquiry = inquiry.reading(db, &reads, computed::fits)?;
    let database = db.get_ref().clone();
    computed::answer(req, inquiry, db, settings, exports, move |conn, inquiry, mark| {
        computed::<R>(&database, conn, (carried, &question), inquiry, mark)
    })
    .await
}

/// The field whose unit is wanted.
fn metric<R: Resource>(inquiry: &Inquiry) -> Option<&'static str> {
    let cube = R::collection().cube.as_ref().filter(|_| inquiry.form.format == Format::JsonStat)?;
    cube.metric.as_deref()
}

fn computed<R: Resource>(
    db: &Database,
    conn: &mut Db,
    (carried, question): (Carried, &Question),
    inquiry: &Inquiry,
    mark: &Mark,
) -> Result<Computed, Error> {
    let collection = R::collection();
    let sources = Sources::read(
        db,
        conn,
        collection,
        (inquiry, metric::<R>(inquiry)),
        question.boundaries.is_some(),
        mark.revision,
    )?;
    let added = question.fields(carried.value());
    let columns: Vec<Column> = sources
        .columns
        .iter()
        .cloned()
        .chain(added.iter().map(|c| Column::new(&c.name, c.holds, &c.description)))
        .collect();
    let asked = Asking { db, question, inquiry, at: mark.revision };
    let outcome = match carried {
        Carried::Values => values::carry(&asked, conn, &sources)?,
        Carried::Amounts => amounts::carry(&asked, conn, &sources)?,
    };
    let maker = Maker::new((&sources, &outcome.spots), &columns, question.word(), question.per);
    let mut rows: Vec<_> = outcome.made.iter().map(|made| maker.row(made)).collect();
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    if question.boundaries.is_some() {
        rows.retain(|row| source::keeps(collection, &inquiry.asked, &position, row));
    }
    let names = sort::names(collection, inquiry.asked.all("sort"));
    let order = By::of(names.iter().map(String::as_str), position, R::table().collated);
    Ok(Computed {
        about: collection.about.to_owned(),
        rows: ordered::sorted(rows, columns.len(), &order),
        cube: collection.cube_of(&inquiry.asked),
        columns,
        warnings: outcome.warnings,
    })
}
