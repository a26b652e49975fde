//! The results of a plan: from what it promised to what the evaluation found, in one answer.
mod read;
mod rows;

use crate::db::cited::Cited;
use crate::db::{Database, cited};
use crate::domain::vocabulary::Verdict;
use crate::error::Error;
use crate::http::Settings;
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::list::Meta;
use crate::http::view::View;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use rows::{AssessmentResults, EvaluationResults, GoalResults, IndicatorResults, MeasureResults, StatusResults};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const RESULTS: Endpoint = Endpoint {
    path: "/v1/plans/{id}/results",
    methods: READ,
    routes: || vec![web::get().to(results)],
    document: |document| {
        document.answer::<PlanResults>();
        document.reading(&ReadOperation {
            path: "/v1/plans/{id}/results",
            id: "get_plan_results",
            tag: "plans",
            summary: "What a plan promised, what happened, and what was concluded",
            about: "The goals in order with their wordings; under each its measures, its indicators with baseline, values and progress, and what was concluded of it, quoted. What belongs to several goals or to none stands under the plan. Each figure has its source, and the sources stand at the end.",
            parameters: &VIEW.parameters(),
            schema: "PlanResults",
        });
    },
};

static VIEW: View = View {
    reads: &[
        "plans",
        "goals",
        "wordings",
        "measures",
        "budgets",
        "status-reports",
        "indicators",
        "observations",
        "evaluations",
        "assessments",
        "sources",
    ],
    parameters: Vec::new,
};

/// A plan, as it was set out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlanHead {
    /// The plan.
    #[schema(example = "rus-2016-2020")]
    pub id: String,
    /// Its title in the language asked for.
    pub title: String,
    /// The document that sets it out.
    #[schema(example = "Prop. 15 S (2015–2016)")]
    pub document: Option<String>,
    /// The ministry responsible.
    pub owner: Option<String>,
    /// The years it is for.
    #[schema(example = "2016-2020")]
    pub period: String,
    /// First day of the period.
    #[schema(example = "2016-01-01")]
    pub period_start: String,
    /// Last day of the period.
    #[schema(example = "2020-12-31")]
    pub period_end: String,
    /// What it is to cost over its whole period; null where it names no sum.
    #[schema(example = 2400000000i64)]
    pub frame_nok: Option<i64>,
    /// How many measures the plan says it has.
    #[schema(example = json!(null))]
    pub measures_stated: Option<i64>,
    /// The overall aim in the plan's own words, in bokmål.
    pub overall_goal_nb: Option<String>,
    /// The plan it follows.
    #[schema(example = "rus-2007-2012")]
    pub succeeds: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// A word of a scale and what it means.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Word {
    /// The word, as it stands in answers.
    #[schema(example = "met")]
    pub code: &'static str,
    /// What it means, in the language asked for.
    pub label: &'static str,
}

/// What a plan promised, what happened and what was concluded.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanResults {
    #[serde(flatten)]
    pub plan: PlanHead,
    /// The plans that follow it.
    pub succeeded_by: Vec<String>,
    /// How many measures are itemised here. Where `measures_stated` is more, the others were not found.
    #[schema(example = 13)]
    pub measures_itemised: usize,
    /// Its goals, in order.
    pub goals: Vec<GoalResults>,
    /// Measures under several goals, or under none that a source names.
    pub measures: Vec<MeasureResults>,
    /// Indicators of several goals, or of none.
    pub indicators: Vec<IndicatorResults>,
    /// What was reported of the plan as a whole.
    pub status_reports: Vec<StatusResults>,
    /// The reports of the evaluation.
    pub evaluations: Vec<EvaluationResults>,
    /// What was concluded of the plan as a whole. Conclusions that contradict one another stand side by side.
    pub assessments: Vec<AssessmentResults>,
    /// The scale the verdicts are on.
    pub verdicts: Vec<Word>,
    /// The sources named above.
    pub sources: Vec<Cited>,
    /// What stands beside the answer: revision, licence, citation.
    pub meta: Meta,
}

async fn results(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let table = db.table("plans").ok_or_else(|| Error::internal("no table of plans"))?;
    VIEW.answer(&req, &db, &settings, format!("/v1/plans/{id}/results"), move |conn, reading| {
        let mut results = read::plan(conn, reading, table, &id)?;
        results.sources = cited::load(conn, reading.mark.revision, &results)?;
        Ok(results)
    })
    .await
}

fn verdicts(language: crate::domain::Language) -> Vec<Word> {
    Verdict::labels(language).into_iter().map(|(code, label)| Word { code, label }).collect()
}
