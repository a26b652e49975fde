//! The goals of the plans, and the sub-goals under them.
use crate::http::prelude::*;

/// One of a plan's main goals, or a sub-goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Goal {
    /// Names the goal: its plan and its number.
    #[schema(example = "rus-2016-2020-g3")]
    pub id: String,
    /// The plan the goal belongs to.
    #[schema(example = "rus-2016-2020")]
    pub plan: String,
    /// Its number in the plan, or under its parent.
    #[schema(example = 3, minimum = 1)]
    pub number: i64,
    /// The goal this is a part of; null for a main goal.
    #[schema(example = json!(null))]
    pub parent: Option<String>,
    /// The goal of the plan before that this one continues, where the wording shows it.
    #[schema(example = "rus-2007-2012-g3")]
    pub succeeds: Option<String>,
    /// The goal in the language asked for.
    #[serde(default)]
    #[schema(read_only, example = "Alle skal møte et tilgjengelig, variert og helhetlig tjenesteapparat.")]
    pub title: String,
    /// The goal as published, in bokmål. Other published wordings are in `/v1/wordings`.
    #[schema(example = "Alle skal møte et tilgjengelig, variert og helhetlig tjenesteapparat.")]
    pub title_nb: String,
    /// The goal in nynorsk; our translation.
    pub title_nn: Option<String>,
    /// The goal in English; our translation.
    pub title_en: Option<String>,
    /// The source the row was read from.
    #[schema(example = "prop-15-s-2015-2016")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Goal {
    table!(Goal, "goals", |t| t
        .refers(&[("plan", "plans"), ("parent", "goals"), ("succeeds", "goals"), ("source", "sources")])
        .collated(&["title_nb"])
        .searched(&["title_nb", "title_nn", "title_en"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::at_least_one(wrong, "number", self.number);
        check::not_itself(wrong, "parent", &self.id, self.parent.as_deref());
        check::not_itself(wrong, "succeeds", &self.id, self.succeeds.as_deref());
    }
}

impl Resource for Goal {
    collection!(
        Goal,
        "goal",
        "goals:write",
        "The goals of the plans. A sub-goal names its `parent`; `succeeds` follows a goal back to the plan before.",
        |c| c
            .filter(Filter::any("plan", "Goals of these plans."))
            .filter(Filter::any("parent", "Sub-goals of these goals."))
            .filter(Filter::any("succeeds", "Goals that continue these."))
            .filter(Filter::any("source", "Goals read from these sources."))
            .sorts(&["id", "plan", "number", "title_nb"], "id")
    );
}
