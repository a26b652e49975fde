//! Evaluations: the reports of named evaluators.
use crate::http::prelude::*;

/// A report by a named evaluator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evaluation {
    /// Names the report.
    #[schema(example = "fafo-2021-17")]
    pub id: String,
    /// The plan evaluated.
    #[schema(example = "rus-2016-2020")]
    pub plan: String,
    /// The title in the language asked for.
    #[serde(default)]
    #[schema(read_only)]
    pub title: String,
    /// The title as published, in bokmål.
    #[schema(example = "Et tjenesteområde i utvikling. Resultatrapport")]
    pub title_nb: String,
    /// The title in nynorsk; our translation.
    pub title_nn: Option<String>,
    /// The title in English; our translation.
    pub title_en: Option<String>,
    /// The series and number it was published as.
    #[schema(example = "Fafo-rapport 2021:17")]
    pub series: Option<String>,
    /// Who evaluated.
    #[schema(example = "Fafo")]
    pub evaluator: String,
    /// With whom, with `; ` between.
    #[schema(example = "Samfunnsøkonomisk analyse; Ipsos")]
    pub partners: Option<String>,
    /// For whom.
    #[schema(example = "Helsedirektoratet")]
    pub commissioner: Option<String>,
    /// The authors named on the report, with `; ` between.
    pub authors: Option<String>,
    /// ISBN of the printed report.
    pub isbn_print: Option<String>,
    /// ISBN of the report online.
    pub isbn_online: Option<String>,
    /// When it was published, as precisely as known.
    #[schema(example = "2021-06-23")]
    pub published: Option<String>,
    /// When a corrected version was published.
    pub corrected: Option<String>,
    /// The years the evaluation as a whole ran.
    pub period: Option<String>,
    /// How many indicators the report follows.
    #[schema(example = 84, minimum = 0)]
    pub indicator_count: Option<i64>,
    /// Where it is, or was, to be read.
    pub url: Option<String>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Evaluation {
    table!(Evaluation, "evaluations", |t| t
        .refers(&[("plan", "plans"), ("source", "sources")])
        .collated(&["title_nb"])
        .searched(&["title_nb", "title_nn", "title_en", "series", "evaluator", "authors"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::text(wrong, "evaluator", &self.evaluator);
        check::partial_date(wrong, "published", self.published.as_deref());
        check::partial_date(wrong, "corrected", self.corrected.as_deref());
        check::web_address(wrong, "url", self.url.as_deref());
        check::not_negative(wrong, "indicator_count", self.indicator_count);
        if let Some(period) = &self.period {
            check::period_in(wrong, "period", period);
        }
    }
}

impl Resource for Evaluation {
    collection!(
        Evaluation,
        "evaluation",
        "evaluations:write",
        "The reports of independent evaluators. What each concluded is in `/v1/assessments`.",
        |c| c
            .filter(Filter::any("plan", "Reports on these plans."))
            .filter(Filter::any("evaluator", "Reports by these evaluators."))
            .filter(Filter::dates("published", "Publication."))
            .sorts(&["id", "published", "title_nb"], "id")
    );
}
