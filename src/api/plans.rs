//! Escalation plans: period, frame, document.
use crate::http::prelude::*;

/// A government escalation plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// Names the plan: its field and its years.
    #[schema(example = "rus-2016-2020")]
    pub id: String,
    /// The title in the language asked for.
    #[serde(default)]
    #[schema(read_only, example = "Opptrappingsplanen for rusfeltet (2016–2020)")]
    pub title: String,
    /// The title as published, in bokmål.
    #[schema(example = "Opptrappingsplanen for rusfeltet (2016–2020)")]
    pub title_nb: String,
    /// The title in nynorsk; our translation where the source has none.
    pub title_nn: Option<String>,
    /// The title in English; our translation where the source has none.
    #[schema(example = "Escalation plan for the substance abuse field (2016–2020)")]
    pub title_en: Option<String>,
    /// The document that sets the plan out.
    #[schema(example = "Prop. 15 S (2015–2016)")]
    pub document: Option<String>,
    /// The ministry responsible.
    #[schema(example = "Helse- og omsorgsdepartementet")]
    pub owner: Option<String>,
    /// The years the plan is for, prolongations included.
    #[schema(example = "2016-2020")]
    pub period: String,
    /// First day of the period.
    #[serde(default)]
    #[schema(read_only, example = "2016-01-01")]
    pub period_start: String,
    /// Last day of the period.
    #[serde(default)]
    #[schema(read_only, example = "2020-12-31")]
    pub period_end: String,
    /// What the plan is to cost over its whole period, in kroner; null where it names no sum.
    #[schema(example = 2400000000i64, minimum = 0)]
    pub frame_nok: Option<i64>,
    /// How many measures the plan says it has, whether or not they are itemised here.
    #[schema(example = json!(null), minimum = 0)]
    pub measures_stated: Option<i64>,
    /// The overall aim in the plan's own words, in bokmål.
    pub overall_goal_nb: Option<String>,
    /// The plan this one follows.
    #[schema(example = "rus-2007-2012")]
    pub succeeds: Option<String>,
    /// The source the row was read from.
    #[schema(example = "prop-15-s-2015-2016")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Plan {
    table!(Plan, "plans", |t| t
        .refers(&[("succeeds", "plans"), ("source", "sources")])
        .collated(&["title_nb"])
        .searched(&["title_nb", "title_nn", "title_en", "document"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::period(wrong, &self.period, &mut self.period_start, &mut self.period_end);
        check::not_negative(wrong, "frame_nok", self.frame_nok);
        check::not_negative(wrong, "measures_stated", self.measures_stated);
    }
}

impl Resource for Plan {
    collection!(
        Plan,
        "plan",
        "plans:write",
        "The government's escalation plans, each with its period, its frame and the document that sets it out.",
        |c| c
            .filter(Filter::any("owner", "Plans of these ministries."))
            .filter(Filter::any("succeeds", "Plans that follow these."))
            .filter(Filter::period())
            .filter(Filter::integers("frame_nok", "The frame, in whole kroner."))
            .sorts(&["id", "period_start", "title_nb", "frame_nok"], "period_start")
    );
}
