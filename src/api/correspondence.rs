//! Which municipalities of one day are which of another: many to many, forward and backward.
use crate::db::boundaries::Target;
use crate::db::rows::{Cell, Rows};
use crate::db::table::Table;
use crate::db::{Database, boundaries};
use crate::domain::boundaries::{BEGINS, Link, Map, Method, Quality, Reason, Register, correspondence};
use crate::domain::{Language, date};
use crate::error::{Error, Kind, Mistake};
use crate::http::Settings;
use crate::http::asked::Asked;
use crate::http::derived::{Answer, Derived};
use crate::http::endpoint::{Endpoint, READ};
use crate::http::format::Exports;
use crate::http::parameter::{Parameter, Shape};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// `GET /v1/municipalities/correspondence`
pub const CORRESPONDENCE: Endpoint = Endpoint {
    path: LIST.path,
    methods: READ,
    routes: || vec![web::get().to(answer)],
    document: |document| document.derived(&LIST, "list_municipality_correspondence", "municipalities"),
};

/// A municipality of one day that is, wholly or in part, a municipality of another day. It is read for its description
/// alone: rows are written cell by cell.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema is what is used: names, types and descriptions of the fields")]
struct Correspondence {
    /// The version of the municipality on the day `from`: the id of one of the municipalities.
    #[schema(example = "K-1507.2020-01-01")]
    from_id: String,
    /// Its region key.
    #[schema(example = "K-1507")]
    from_region: String,
    /// Its name.
    #[schema(example = "Ålesund")]
    from_name: String,
    /// The version of the municipality on the day `to`.
    #[schema(example = "K-1508.2024-01-01")]
    to_id: String,
    /// Its region key.
    #[schema(example = "K-1508")]
    to_region: String,
    /// Its name.
    #[schema(example = "Ålesund")]
    to_name: String,
    /// How a value gets from the one to the other: all of it (`exact`), by a published share of the population
    /// (`estimated`), or not at all (`not_comparable`).
    #[schema(inline, example = "estimated")]
    quality: Quality,
    /// What happened between the two; null where that is not comparable.
    #[schema(inline, example = "split_share")]
    method: Option<Method>,
    /// The part of the population of `from_region` that is in `to_region`, between 0 and 1: 1 for the whole, null where
    /// nobody published it.
    #[schema(example = 0.862125, minimum = 0, maximum = 1)]
    share: Option<f64>,
    /// How many municipalities of the day `from` are in `to_region`, wholly or in part. Its value needs all of them.
    #[schema(example = 1, minimum = 1)]
    n_from: i64,
    /// How many municipalities of the day `to` have something of `from_region`.
    #[schema(example = 2, minimum = 1)]
    n_to: i64,
    /// Why a value cannot get from the one to the other, or not without an estimate, in the language of the answer; null
    /// where it can.
    #[schema(example = json!(null))]
    explanation: Option<String>,
}

static LIST: Derived = Derived {
    path: "/v1/municipalities/correspondence",
    title: "Which municipalities of one day are which of another",
    about: "Which municipalities of one day are, wholly or in part, which of another: a row for each pair, through as many reforms as lie between. Either day may be the earlier. It is what `boundaries` converts by: a value reaches `to_region` if the rows of all its `n_from` sources are exact, or estimated if asked for.",
    reads: &boundaries::READS,
    table: || {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::of::<Correspondence>("municipality-correspondence"));
        &TABLE
    },
    parameters: || {
        let day = |name: &str, which: &str| {
            let about = format!(
                "{which}: a day, or a year or a month, which means its first day. The register begins on {BEGINS}."
            );
            Parameter::new(name, about, Shape::PartialDate).required()
        };
        vec![day("from", "The day whose municipalities are looked up"), day("to", "The day they are looked up on")]
    },
    shown: &[("from", "2023-01-01"), ("to", "2024-01-01")],
};

async fn answer(
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
    exports: Data<Exports>,
) -> Result<HttpResponse, Error> {
    let database = db.get_ref().clone();
    LIST.answer(
        &req,
        &db,
        &settings,
        &exports,
        |asked| days(asked).map(drop),
        move |conn, inquiry, mark| {
            let (from, to) = days(&inquiry.asked)?;
            let register = database.register(conn, mark.revision)?;
            let map = database.map(&register, Target::Day(to));
            Ok(rows(&register, &map, from, inquiry.language))
        },
    )
    .await
}

/// The two days. One before the register begins is refused: its map would lack places in silence.
fn days(asked: &Asked) -> Result<(NaiveDate, NaiveDate), Error> {
    let mut wrong = vec![];
    let mut day = |name: &str| match asked.one(name).and_then(|text| date::partial(text).ok()) {
        Some((day, _)) if day >= BEGINS => day,
        _ => {
            wrong.push(Mistake::query(
                name,
                "invalid",
                format!("must not be before {BEGINS}, when the register begins"),
            ));
            BEGINS
        }
    };
    let found = (day("from"), day("to"));
    if wrong.is_empty() { Ok(found) } else { Err(Error::all(Kind::InvalidParameter, wrong)) }
}

fn rows(register: &Register, map: &Map, from: NaiveDate, language: Language) -> Answer {
    let (links, lost) = correspondence(register, map, from);
    let mut rows = Rows::new((LIST.table)().columns.len());
    for link in links {
        let (old, new) = (&register.places()[link.from], &register.places()[link.to]);
        let [from_id, from_region, to_id, to_region] = [old.id(), old.key(), new.id(), new.key()];
        let explanation = explanation(register, map, from, &link, language);
        rows.push([
            Cell::Text(&from_id),
            Cell::Text(&from_region),
            Cell::Text(&old.name),
            Cell::Text(&to_id),
            Cell::Text(&to_region),
            Cell::Text(&new.name),
            Cell::Text(link.quality.word()),
            link.method.map(Method::word).into(),
            link.share.into(),
            (link.n_from as i64).into(),
            (link.n_to as i64).into(),
            explanation.as_deref().into(),
        ]);
    }
    let warning = |place: usize| Reason::Unrecorded.sentence(&register.named(&[place]), language);
    Answer { rows, warnings: lost.into_iter().map(warning).collect() }
}

fn explanation(register: &Register, map: &Map, from: NaiveDate, link: &Link, language: Language) -> Option<String> {
    let reason = match link.quality {
        Quality::Exact => return None,
        Quality::Estimated => Reason::SplitByShare,
        Quality::NotComparable if map.is_after(register.epoch(from)) => Reason::SplitUnpublished,
        Quality::NotComparable => Reason::PartOfWhole,
    };
    Some(reason.sentence(&register.named(&[link.from]), language))
}
