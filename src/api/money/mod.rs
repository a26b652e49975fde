//! The money of a plan: from the frame to the last krone a source names, each line in one place.
mod read;
mod rows;

use crate::db::cited::Cited;
use crate::db::{Database, cited};
use crate::domain::Trilingual;
use crate::error::Error;
use crate::http::Settings;
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::list::Meta;
use crate::http::view::View;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use rows::{Contested, InsideFrame, MeasureMoney, MoneyGroup, MoneyLine, SchemeGrants};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const MONEY: Endpoint = Endpoint {
    path: "/v1/plans/{id}/money",
    methods: READ,
    routes: || vec![web::get().to(money)],
    document: |document| {
        document.answer::<PlanMoney>();
        document.reading(&ReadOperation {
            path: "/v1/plans/{id}/money",
            id: "get_plan_money",
            tag: "plans",
            summary: "Where a plan's money went",
            about: "The frame, what of it is itemised by measure and what remains; the lines of each measure by year and flow; what is outside the frame; what no source places; and the grants by scheme and region. Each budget line stands in one place, with its stage and its source. Flows of different kinds, and the same money at different stages, are never added. Contested figures stand with who says what.",
            parameters: &VIEW.parameters(),
            schema: "PlanMoney",
        });
    },
};

static VIEW: View = View {
    reads: &["plans", "measures", "budgets", "schemes", "grants", "counties", "assessments", "sources"],
    parameters: Vec::new,
};

/// The plan whose money it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoneyPlan {
    /// The plan.
    #[schema(example = "rus-2016-2020")]
    pub id: String,
    /// Its title in the language asked for.
    pub title: String,
    /// The years it is for.
    #[schema(example = "2016-2020")]
    pub period: String,
    /// What it is to cost over its whole period, in whole kroner; null where it names no sum.
    #[schema(example = 2400000000i64)]
    pub frame_nok: Option<i64>,
    /// The source it was read from.
    pub source: String,
}

/// Where a plan's money went.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanMoney {
    #[serde(flatten)]
    pub plan: MoneyPlan,
    /// What was said of the frame as a whole.
    pub frame: Vec<MoneyLine>,
    /// The frame against what is itemised within it: once for each kind of money and each stage.
    pub inside_frame: Vec<InsideFrame>,
    /// Lines of measures of which no source says whether they count within the frame.
    pub measures: Vec<MeasureMoney>,
    /// What comes in addition to the frame.
    pub outside_frame: Vec<MoneyGroup>,
    /// Lines of no measure of which no source says whether they count within the frame.
    pub unplaced: Vec<MoneyGroup>,
    /// Grants counted under the plan, by scheme and region. They are what was done with money above, not more of it.
    pub grants: Vec<SchemeGrants>,
    /// Figures that are contested, with who says what.
    pub contested: Vec<Contested>,
    /// The sources named above.
    pub sources: Vec<Cited>,
    /// What stands beside the answer: revision, licence, citation.
    pub meta: Meta,
}

const NEVER_ADDED: Trilingual = Trilingual {
    nb: "Ulike slag penger, og de samme pengene på ulike trinn, er aldri lagt sammen. Frie inntekter og tilskudd skal ikke summeres.",
    nn: "Ulike slag pengar, og dei same pengane på ulike steg, er aldri lagde saman. Frie inntekter og tilskot skal ikkje summerast.",
    en: "Different kinds of money, and the same money at different stages, are never added. Free income and grants are not to be summed.",
};

async fn money(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let table = db.table("plans").ok_or_else(|| Error::internal("no table of plans"))?;
    VIEW.answer(&req, &db, &settings, format!("/v1/plans/{id}/money"), move |conn, reading| {
        let mut money = read::plan(conn, reading, table, &id)?;
        money.meta.warnings.push(NEVER_ADDED.to(reading.language).to_owned());
        money.sources = cited::load(conn, reading.mark.revision, &money)?;
        Ok(money)
    })
    .await
}
