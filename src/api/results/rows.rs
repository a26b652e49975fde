//! What stands under a plan and its goals, as the results show it.
use crate::domain::course::Course;
use crate::domain::vocabulary::{About, Direction, Flow, MeasureCategory, MeasureStatus, Stage, Unit, Verdict};
use crate::domain::{Language, Number};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A goal of another plan that a goal continues, or is continued by.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GoalLink {
    /// The goal.
    #[schema(example = "rus-2007-2012-g3")]
    pub id: String,
    /// Its plan.
    #[schema(example = "rus-2007-2012")]
    pub plan: String,
    /// Its number in that plan.
    #[schema(example = 3)]
    pub number: i64,
    /// Its title in the language asked for.
    #[schema(example = "Mer tilgjengelige tjenester")]
    pub title: String,
    /// The goal it continues in its turn.
    pub succeeds: Option<String>,
}

/// A goal, as the plan has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GoalHead {
    /// The goal.
    #[schema(example = "rus-2016-2020-g3")]
    pub id: String,
    /// Its number in the plan, or among the sub-goals of its parent.
    #[schema(example = 3)]
    pub number: i64,
    /// The goal it is part of.
    pub parent: Option<String>,
    /// Its title in the language asked for.
    pub title: String,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// A goal with everything that stands under it alone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoalResults {
    #[serde(flatten)]
    pub goal: GoalHead,
    /// The goal of the plan before that it continues.
    pub succeeds: Option<GoalLink>,
    /// Goals of later plans that continue it.
    pub succeeded_by: Vec<GoalLink>,
    /// How the publications word it, quoted and attributed.
    pub wordings: Vec<WordingResults>,
    /// Its sub-goals.
    #[schema(no_recursion)]
    pub goals: Vec<GoalResults>,
    /// Measures under this goal and no other.
    pub measures: Vec<MeasureResults>,
    /// Indicators that follow up this goal and no other.
    pub indicators: Vec<IndicatorResults>,
    /// What was concluded of this goal.
    pub assessments: Vec<AssessmentResults>,
}

/// A published wording of a goal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WordingResults {
    #[serde(skip_serializing)]
    pub goal: String,
    /// The language of the wording.
    #[schema(example = "nb")]
    pub language: String,
    /// The wording, quoted.
    pub text: String,
    /// Who worded it so.
    pub attributed_to: String,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// A measure, as the plan has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MeasureHead {
    /// The measure.
    #[schema(example = "rus-2016-2020-m02")]
    pub id: String,
    /// Ids of the goals it serves, with a space between.
    pub goals: Option<String>,
    /// Its number in the plan.
    #[schema(example = 2)]
    pub number: i64,
    /// How the plan presents it.
    #[schema(inline, example = "highlighted")]
    pub category: MeasureCategory,
    /// Its title in the language asked for.
    pub title: String,
    /// Who is to carry it out; null where no source says.
    pub responsible: Option<String>,
    /// The number it is to reach, in `target_unit`.
    #[schema(value_type = Option<f64>, example = 500)]
    pub target_value: Option<Number>,
    /// What the target is counted in.
    #[schema(example = "places")]
    pub target_unit: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// A measure with its money and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeasureResults {
    #[serde(flatten)]
    pub measure: MeasureHead,
    /// Its budget lines, by stage from planned to reported, then by period. They are not added: see `/money`.
    pub budgets: Vec<BudgetResults>,
    /// What was reported of it, year by year.
    pub status_reports: Vec<StatusResults>,
}

/// A budget line of a measure.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BudgetResults {
    #[serde(skip_serializing)]
    pub measure: String,
    /// The budget line.
    #[schema(example = "rus-2016-2020-m02-2016-2020")]
    pub id: String,
    /// The period the money is for.
    #[schema(example = "2016-2020")]
    pub period: String,
    /// The amount in whole kroner; null where the source gives none.
    #[schema(example = 75500000)]
    pub amount_nok: Option<i64>,
    /// What kind of money it is.
    #[schema(inline, example = "allocation")]
    pub flow: Flow,
    /// How firm it was.
    #[schema(inline, example = "planned")]
    pub stage: Stage,
    /// Whether it is part of the plan's frame; null where no source says.
    #[schema(example = true)]
    pub inside_frame: Option<bool>,
    /// Whether the source calls the amount approximate.
    #[schema(example = false)]
    pub approximate: bool,
    /// Who says so.
    pub stated_by: Option<String>,
    /// The source it was read from.
    pub source: String,
}

/// What was reported for a year.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatusResults {
    #[serde(skip_serializing)]
    pub measure: Option<String>,
    /// The report.
    #[schema(example = "rus-2007-2012-status-2008")]
    pub id: String,
    /// The year reported on.
    #[schema(example = 2008)]
    pub year: i64,
    /// How far it had come; null where the report gives no single status.
    #[schema(inline, example = json!(null))]
    pub status: Option<MeasureStatus>,
    /// The body that reports.
    pub reported_by: String,
    /// What the report says in short, in the language asked for.
    pub summary: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// The definition of an indicator.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IndicatorHead {
    /// The indicator.
    #[schema(example = "waiting-time-mean-tsb")]
    pub id: String,
    /// Ids of the goals it follows up, with a space between.
    pub goals: Option<String>,
    /// Its title in the language asked for.
    pub title: String,
    /// What is counted and how, in the language asked for.
    pub description: Option<String>,
    /// What a value is counted in.
    #[schema(inline, example = "days")]
    pub unit: Unit,
    /// How many decimals the publisher gives.
    #[schema(example = 0)]
    pub decimals: i64,
    /// Which way it should move.
    #[schema(inline, example = "down")]
    pub direction: Direction,
    /// The source of the definition.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// An indicator with its course over the nation: judged at the end of the plan, and followed to its newest value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IndicatorResults {
    #[serde(flatten)]
    pub indicator: IndicatorHead,
    #[serde(flatten)]
    pub course: Course,
    /// What was concluded of this indicator.
    pub assessments: Vec<AssessmentResults>,
}

/// An assessment as it was read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AssessmentHead {
    /// The assessment.
    #[schema(example = "fafo-2021-17-goals")]
    pub id: String,
    #[serde(skip_serializing)]
    pub goal: Option<String>,
    #[serde(skip_serializing)]
    pub indicator: Option<String>,
    /// Who concludes so.
    #[schema(example = "Fafo")]
    pub assessor: String,
    /// What part of the plan it speaks of.
    #[schema(inline, example = "goals")]
    pub about: About,
    /// The conclusion, as a code of `verdicts`.
    #[schema(inline, example = "mostly_right_direction")]
    pub verdict: Verdict,
    /// The conclusion in the assessor's own words; null where only a report of them was found.
    pub quotation: Option<String>,
    /// The language of the quotation.
    #[schema(example = "nb")]
    pub quotation_language: Option<String>,
    /// The report it stands in, among `evaluations`.
    #[schema(example = "fafo-2021-17")]
    pub evaluation: Option<String>,
    /// The page it stands on; null where it was not found.
    pub page: Option<String>,
    /// When it was published, as precisely as known.
    #[schema(example = "2021-06-23")]
    pub published: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// A conclusion, quoted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssessmentResults {
    #[serde(flatten)]
    pub assessment: AssessmentHead,
    /// The verdict in words.
    pub verdict_label: &'static str,
}

impl AssessmentResults {
    pub fn of(assessment: AssessmentHead, language: Language) -> Self {
        Self { verdict_label: assessment.verdict.label(language), assessment }
    }
}

/// A report of the evaluation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EvaluationResults {
    /// The report.
    #[schema(example = "fafo-2021-17")]
    pub id: String,
    /// Its title in the language asked for.
    pub title: String,
    /// The series and number it was published as.
    #[schema(example = "Fafo-rapport 2021:17")]
    pub series: Option<String>,
    /// Who evaluated.
    #[schema(example = "Fafo")]
    pub evaluator: String,
    /// With whom, with `; ` between.
    pub partners: Option<String>,
    /// For whom.
    pub commissioner: Option<String>,
    /// When it was published, as precisely as known.
    #[schema(example = "2021-06-23")]
    pub published: Option<String>,
    /// How many indicators the report follows.
    #[schema(example = 84)]
    pub indicator_count: Option<i64>,
    /// Where it is, or was, to be read.
    pub url: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}
