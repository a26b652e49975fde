//! Measures: what is to be done, under which goals, and by whom.
use crate::domain::vocabulary::MeasureCategory;
use crate::http::prelude::*;

/// What a plan says is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measure {
    /// Names the measure: its plan and its number.
    #[schema(example = "rus-2016-2020-m02")]
    pub id: String,
    /// The plan the measure belongs to.
    #[schema(example = "rus-2016-2020")]
    pub plan: String,
    /// Ids of the goals it serves, with a space between; null where the sources place it under none.
    #[schema(example = json!(null))]
    pub goals: Option<String>,
    /// Its number in the plan as kept here.
    #[schema(example = 2, minimum = 1)]
    pub number: i64,
    /// How the plan presents it: named with an amount, proposed in the budget of a year, or announced without one.
    #[schema(inline, example = "highlighted")]
    pub category: MeasureCategory,
    /// The measure in the language asked for.
    #[serde(default)]
    #[schema(read_only, example = "Øke antall tiltaksplasser for de med nedsatt arbeidsevne med 500 plasser")]
    pub title: String,
    /// The measure as published, in bokmål.
    #[schema(example = "Øke antall tiltaksplasser for de med nedsatt arbeidsevne med 500 plasser")]
    pub title_nb: String,
    /// The measure in nynorsk; our translation.
    pub title_nn: Option<String>,
    /// The measure in English; our translation.
    pub title_en: Option<String>,
    /// Who is to carry it out.
    pub responsible: Option<String>,
    /// The number it is to reach, in `target_unit`.
    #[schema(value_type = Option<f64>, example = 500)]
    pub target_value: Option<Number>,
    /// What the target is counted in.
    #[schema(example = "places")]
    pub target_unit: Option<String>,
    /// The source the row was read from.
    #[schema(example = "prop-15-s-2015-2016")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Measure {
    table!(Measure, "measures", |t| t
        .refers(&[("plan", "plans"), ("goals", "goals"), ("source", "sources")])
        .collated(&["title_nb"])
        .searched(&["title_nb", "title_nn", "title_en", "responsible"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::at_least_one(wrong, "number", self.number);
        check::both_or_neither(
            wrong,
            "target_value",
            self.target_value.is_some(),
            "target_unit",
            self.target_unit.is_some(),
        );
    }
}

impl Resource for Measure {
    collection!(
        Measure,
        "measure",
        "measures:write",
        "The measures of the plans. Their money is in `/v1/budgets`, what became of them in `/v1/status-reports`.",
        |c| c
            .filter(Filter::any("plan", "Measures of these plans."))
            .filter(Filter::listed("goal", "goals", "Measures under these goals."))
            .filter(Filter::words("category", MeasureCategory::WORDS, "Measures presented in these ways."))
            .filter(Filter::any("source", "Measures read from these sources."))
            .sorts(&["id", "plan", "number", "title_nb"], "id")
    );
}
