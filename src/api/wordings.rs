//! The differing published wordings of a goal: the sources word it differently, and all of them stand.
use crate::http::prelude::*;

/// One published wording of a goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Wording {
    /// Names the wording: its goal and its number.
    #[schema(example = "rus-2016-2020-g1-w1")]
    pub id: String,
    /// The goal that is worded.
    #[schema(example = "rus-2016-2020-g1")]
    pub goal: String,
    /// Its number among the wordings of the goal.
    #[schema(example = 1, minimum = 1)]
    pub number: i64,
    /// The language of the wording.
    #[schema(example = "nb")]
    pub language: String,
    /// The wording, quoted.
    pub text: String,
    /// Who worded it so.
    #[schema(example = "Helse- og omsorgsdepartementet")]
    pub attributed_to: String,
    /// The source it was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Wording {
    table!(Wording, "wordings", |t| t
        .refers(&[("goal", "goals"), ("source", "sources")])
        .searched(&["text", "attributed_to"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "text", &self.text);
        check::text(wrong, "attributed_to", &self.attributed_to);
        check::at_least_one(wrong, "number", self.number);
        check::language(wrong, "language", &self.language);
    }
}

impl Resource for Wording {
    collection!(
        Wording,
        "wording",
        "goals:write",
        "Published wordings of the goals, each quoted and attributed. The sources word the same goal differently; none is chosen over another here.",
        |c| c
            .filter(Filter::any("goal", "Wordings of these goals."))
            .filter(Filter::any("language", "Wordings in these languages."))
            .filter(Filter::any("source", "Wordings read from these sources."))
            .sorts(&["id", "goal", "number"], "id")
    );
}
