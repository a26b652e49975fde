//! Assessments: what somebody named concluded of a plan, a goal or an indicator, in their words.
use crate::domain::vocabulary::{About, Verdict};
use crate::http::prelude::*;

/// A verdict, quoted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Assessment {
    /// Names the assessment.
    #[schema(example = "fafo-2021-17-frame")]
    pub id: String,
    /// The plan assessed.
    #[schema(example = "rus-2016-2020")]
    pub plan: String,
    /// The goal assessed, where it is one.
    #[schema(example = json!(null))]
    pub goal: Option<String>,
    /// The indicator assessed, where it is one.
    #[schema(example = json!(null))]
    pub indicator: Option<String>,
    /// The report it stands in; null for assessments made elsewhere.
    #[schema(example = "fafo-2021-17")]
    pub evaluation: Option<String>,
    /// What part of the plan it speaks of.
    #[schema(inline, example = "frame")]
    pub about: About,
    /// The conclusion, as a code.
    #[schema(inline, example = "met")]
    pub verdict: Verdict,
    /// Who concludes so.
    #[schema(example = "Fafo")]
    pub assessor: String,
    /// The conclusion in the assessor's own words; null where only a report of them was found.
    pub quotation: Option<String>,
    /// The language of the quotation.
    #[schema(example = "nb")]
    pub quotation_language: Option<String>,
    /// The page it stands on.
    #[schema(example = json!(null))]
    pub page: Option<String>,
    /// When it was published, as precisely as known.
    #[schema(example = "2021-06-23")]
    pub published: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Assessment {
    table!(Assessment, "assessments", |t| t
        .refers(&[
            ("plan", "plans"),
            ("goal", "goals"),
            ("indicator", "indicators"),
            ("evaluation", "evaluations"),
            ("source", "sources"),
        ])
        .searched(&["quotation", "assessor"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "assessor", &self.assessor);
        check::both_or_neither(
            wrong,
            "quotation",
            self.quotation.is_some(),
            "quotation_language",
            self.quotation_language.is_some(),
        );
        if let Some(language) = &self.quotation_language {
            check::language(wrong, "quotation_language", language);
        }
        check::partial_date(wrong, "published", self.published.as_deref());
    }
}

impl Resource for Assessment {
    collection!(
        Assessment,
        "assessment",
        "evaluations:write",
        "Verdicts on the plans, each quoted, with who concluded so and where. Assessments that contradict one another stand side by side.",
        |c| c
            .filter(Filter::any("plan", "Assessments of these plans."))
            .filter(Filter::any("goal", "Assessments of these goals."))
            .filter(Filter::any("indicator", "Assessments of these indicators."))
            .filter(Filter::any("evaluation", "Assessments in these reports."))
            .filter(Filter::words("about", About::WORDS, "Assessments of these parts of a plan."))
            .filter(Filter::words("verdict", Verdict::WORDS, "Assessments that conclude so."))
            .filter(Filter::any("assessor", "Assessments by these."))
            .filter(Filter::dates("published", "Publication."))
            .sorts(&["id", "published", "assessor"], "id")
    );
}
