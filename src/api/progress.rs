//! How far an indicator has come: from its baseline, towards its target, in a region, up to a day.
use crate::db::table::{Table, spoken};
use crate::db::{Database, Db, place, series};
use crate::domain::course::{Course, Definition};
use crate::domain::region::NATION;
use crate::domain::vocabulary::{Direction, Unit};
use crate::domain::{Level, Number, Region, Trilingual};
use crate::error::{Error, Kind, Mistake};
use crate::http::Settings;
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::list::Meta;
use crate::http::parameter::{Parameter, Shape};
use crate::http::view::{Reading, View};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const PROGRESS: Endpoint = Endpoint {
    path: "/v1/indicators/{id}/progress",
    methods: READ,
    routes: || vec![web::get().to(progress)],
    document: |document| {
        document.answer::<IndicatorProgress>();
        document.reading(&ReadOperation {
            path: "/v1/indicators/{id}/progress",
            id: "get_indicator_progress",
            tag: "indicators",
            summary: "How far an indicator has come",
            about: "Baseline, values since, target, and what follows from them: the change, the attained share, whether it is on track, the gap and the pace that is needed. The method is named and every figure it uses is in the answer. Where no source sets a target there is no share: null, and never 0 %.",
            parameters: &VIEW.parameters(),
            schema: "IndicatorProgress",
        });
    },
};

static VIEW: View = View {
    reads: &["indicators", "observations", "plans", "municipalities", "counties", "health-regions"],
    parameters: || {
        vec![
            Parameter::new("region", "The region whose values are followed.", Shape::Region).default("NO"),
            Parameter::new(
                "on",
                "The day to judge at: values for periods that ended later are left aside. Without it, the newest.",
                Shape::Date,
            ),
        ]
    },
};

/// How progress is reckoned.
#[derive(Debug, Serialize, ToSchema)]
pub struct Method {
    /// As a word for programs.
    #[schema(example = "linear")]
    pub code: &'static str,
    /// As a sentence for people, in the language asked for.
    pub text: &'static str,
}

/// How far an indicator has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorProgress {
    /// The indicator.
    #[schema(example = "waiting-time-mean-tsb")]
    pub id: String,
    /// Its title in the language asked for.
    pub title: String,
    /// What a value is counted in.
    #[schema(inline, example = "days")]
    pub unit: Unit,
    /// How many decimals the publisher gives.
    #[schema(example = 0)]
    pub decimals: i64,
    /// Which way it should move.
    #[schema(inline, example = "down")]
    pub direction: Direction,
    /// The plan it follows up.
    #[schema(example = "rus-2016-2020")]
    pub plan: Option<String>,
    /// The region whose values are followed.
    #[schema(example = "NO")]
    pub region: String,
    /// The name of the region.
    #[schema(example = "Norge")]
    pub region_name: String,
    /// The day judged at; null for the newest.
    #[schema(example = json!(null))]
    pub on: Option<String>,
    #[serde(flatten)]
    pub course: Course,
    /// How the progress is reckoned.
    pub method: Method,
    /// What stands beside the answer: revision, licence, citation.
    pub meta: Meta,
}

/// The method, for the answers that use it.
const LINEAR: Trilingual = Trilingual {
    nb: "Lineær: et måltall ventes nådd med like store skritt hvert år fra utgangspunktet. Bare verdier for samme slags periode sammenlignes.",
    nn: "Lineær: eit måltal er venta nådd med like store steg kvart år frå utgangspunktet. Berre verdiar for same slags periode blir samanlikna.",
    en: "Linear: a target is expected to be reached by equal steps each year from the baseline. Only values for the same kind of period are compared.",
};

const NATIONAL: Trilingual = Trilingual {
    nb: "Utgangspunkt og måltall som kilder oppgir, gjelder hele landet og er ikke brukt for denne regionen.",
    nn: "Utgangspunkt og måltal som kjelder oppgir, gjeld heile landet og er ikkje brukte for denne regionen.",
    en: "The baseline and the target that sources state are those of the nation and are not used for this region.",
};

#[derive(Deserialize)]
struct Row {
    id: String,
    title: String,
    unit: Unit,
    decimals: i64,
    direction: Direction,
    plan: Option<String>,
    baseline_period: Option<String>,
    baseline_value: Option<Number>,
    target_period: Option<String>,
    target_value: Option<Number>,
    source: String,
}

async fn progress(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let table = db.table("indicators").ok_or_else(|| Error::internal("no table of indicators"))?;
    let path = format!("/v1/indicators/{id}/progress");
    VIEW.answer(&req, &db, &settings, path, move |conn, reading| found(conn, reading, table, &id)).await
}

fn found(conn: &mut Db, reading: &Reading, table: &Table, id: &str) -> Result<IndicatorProgress, Error> {
    let columns = format!(
        "t.id, {}, t.unit, t.decimals, t.direction, t.plan, t.baseline_period, t.baseline_value, t.target_period, t.target_value, t.source",
        spoken("title", reading.language)
    );
    let row: Row = reading.one(conn, table, &columns, id)?;
    let region = reading.asked.one("region").unwrap_or("NO").to_owned();
    let parsed = Region::parse(&region).map_err(Error::internal)?;
    let Some(name) = place::name(conn, reading.mark.revision, &parsed)? else {
        let mistake = Mistake::query("region", "unknown", format!("{region} is not in the register of places"));
        return Err(Error::because(Kind::InvalidParameter, mistake));
    };
    let plan_start = match &row.plan {
        Some(plan) => {
            let sql = reading.select("t.period_start", "plans").sql(" AND t.id = ").bind(plan.as_str());
            sql.row::<(String,)>(conn)?.and_then(|(day,)| day.parse().ok())
        }
        None => None,
    };
    let national = parsed.level == Level::Nation;
    let definition = Definition {
        direction: row.direction,
        decimals: row.decimals,
        baseline: row.baseline_period.as_deref().zip(row.baseline_value).filter(|_| national),
        target: row.target_period.as_deref().zip(row.target_value).filter(|_| national),
        source: &row.source,
        plan_start,
    };
    let mut meta = reading.meta.clone();
    if !national && (row.baseline_value.is_some() || row.target_value.is_some()) {
        meta.warnings.push(NATIONAL.to(reading.language).to_owned());
    }
    let series = series::load(conn, reading.mark.revision, &[id], &region)?.remove(id).unwrap_or_default();
    let on = reading.asked.one("on");
    let course = Course::of(&definition, series, on.and_then(|day| day.parse().ok()), reading.language);
    Ok(IndicatorProgress {
        id: row.id,
        title: row.title,
        unit: row.unit,
        decimals: row.decimals,
        direction: row.direction,
        plan: row.plan,
        region_name: if national { NATION.to(reading.language).to_owned() } else { name },
        region,
        on: on.map(str::to_owned),
        course,
        method: Method { code: "linear", text: LINEAR.to(reading.language) },
        meta,
    })
}
