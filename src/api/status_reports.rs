//! What a responsible body reported of a plan or a measure for a year.
use crate::domain::vocabulary::MeasureStatus;
use crate::http::prelude::*;

/// A report on how far a measure, or a whole plan, had come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusReport {
    /// Names the report: what it is about and its year.
    #[schema(example = "rus-2007-2012-status-2008")]
    pub id: String,
    /// The plan reported on.
    #[schema(example = "rus-2007-2012")]
    pub plan: String,
    /// The measure reported on; null where the report is on the plan as a whole.
    #[schema(example = json!(null))]
    pub measure: Option<String>,
    /// The year reported on.
    #[schema(example = 2008, minimum = 1800, maximum = 2200)]
    pub year: i64,
    /// How far it had come; null where the report gives no single status.
    #[schema(inline, example = json!(null))]
    pub status: Option<MeasureStatus>,
    /// The body that reports.
    #[schema(example = "Helsedirektoratet")]
    pub reported_by: String,
    /// What the report says in short, in the language asked for.
    #[serde(default)]
    #[schema(read_only)]
    pub summary: Option<String>,
    /// The summary in bokmål.
    pub summary_nb: Option<String>,
    /// The summary in nynorsk.
    pub summary_nn: Option<String>,
    /// The summary in English.
    pub summary_en: Option<String>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for StatusReport {
    table!(StatusReport, "status-reports", |t| t
        .refers(&[("plan", "plans"), ("measure", "measures"), ("source", "sources")])
        .searched(&["summary_nb", "summary_nn", "summary_en", "reported_by"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "reported_by", &self.reported_by);
        check::year(wrong, "year", self.year);
        self.summary = self.summary_nb.clone();
    }
}

impl Resource for StatusReport {
    collection!(
        StatusReport,
        "status_report",
        "measures:write",
        "What the responsible bodies reported of the measures, year by year.",
        |c| c
            .filter(Filter::any("plan", "Reports on these plans."))
            .filter(Filter::any("measure", "Reports on these measures."))
            .filter(Filter::years("year", "Reports on these years."))
            .filter(Filter::words("status", MeasureStatus::WORDS, "Reports with these statuses."))
            .sorts(&["id", "year", "plan"], "id")
    );
}
