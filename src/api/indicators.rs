//! Indicators: what is measured, in what, and which way it should go.
use crate::domain::vocabulary::{Aggregation, Direction, Unit};
use crate::http::prelude::*;

/// The definition of an indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Indicator {
    /// Names the indicator.
    #[schema(example = "overdose-deaths")]
    pub id: String,
    /// The title in the language asked for.
    #[serde(default)]
    #[schema(read_only)]
    pub title: String,
    /// The title in bokmål.
    pub title_nb: String,
    /// The title in nynorsk.
    pub title_nn: Option<String>,
    /// The title in English.
    pub title_en: Option<String>,
    /// What is counted and how, in the language asked for.
    #[serde(default)]
    #[schema(read_only)]
    pub description: Option<String>,
    /// What is counted and how, in bokmål.
    pub description_nb: Option<String>,
    /// What is counted and how, in nynorsk.
    pub description_nn: Option<String>,
    /// What is counted and how, in English.
    pub description_en: Option<String>,
    /// What a value is counted in.
    #[schema(inline, example = "deaths")]
    pub unit: Unit,
    /// How many decimals the publisher gives.
    #[schema(example = 0, minimum = 0, maximum = 6)]
    pub decimals: i64,
    /// Which way it should move.
    #[schema(inline, example = "down")]
    pub direction: Direction,
    /// How values of several places become the value of one.
    #[schema(inline, example = "sum")]
    pub aggregation: Aggregation,
    /// The indicator a mean is weighted by.
    #[schema(example = json!(null))]
    pub weight: Option<String>,
    /// The plan it follows up.
    #[schema(example = "rus-2016-2020")]
    pub plan: Option<String>,
    /// Ids of the goals it follows up, with a space between.
    #[schema(example = json!(null))]
    pub goals: Option<String>,
    /// The period progress is counted from, where a source names one.
    #[schema(example = json!(null))]
    pub baseline_period: Option<String>,
    /// The value then.
    #[schema(value_type = Option<f64>, example = json!(null))]
    pub baseline_value: Option<Number>,
    /// The period the target is set for, where a source sets one.
    #[schema(example = json!(null))]
    pub target_period: Option<String>,
    /// The target.
    #[schema(value_type = Option<f64>, example = json!(null))]
    pub target_value: Option<Number>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Indicator {
    table!(Indicator, "indicators", |t| t
        .refers(&[("weight", "indicators"), ("plan", "plans"), ("goals", "goals"), ("source", "sources")])
        .collated(&["title_nb"])
        .searched(&["title_nb", "title_nn", "title_en", "description_nb", "description_nn", "description_en"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        self.description = self.description_nb.clone();
        if !(0..=6).contains(&self.decimals) {
            wrong.push(Mistake::field("decimals", "invalid", "must be between 0 and 6"));
        }
        if (self.aggregation == Aggregation::Mean) != self.weight.is_some() {
            wrong.push(Mistake::field(
                "weight",
                "invalid",
                "a mean has the indicator it is weighted by, and nothing else has one",
            ));
        }
        for (field, period) in [("baseline_period", &self.baseline_period), ("target_period", &self.target_period)] {
            if let Some(period) = period {
                check::period_in(wrong, field, period);
            }
        }
    }
}

impl Resource for Indicator {
    collection!(
        Indicator,
        "indicator",
        "indicators:write",
        "The indicators: unit, decimals, direction, and how they add up over places. Values are in `/v1/observations`.",
        |c| c
            .filter(Filter::any("plan", "Indicators that follow up these plans."))
            .filter(Filter::listed("goal", "goals", "Indicators that follow up these goals."))
            .filter(Filter::words("unit", Unit::WORDS, "Indicators counted in these."))
            .filter(Filter::words("direction", Direction::WORDS, "Indicators that should move this way."))
            .filter(Filter::words("aggregation", Aggregation::WORDS, "Indicators that add up this way."))
            .sorts(&["id", "title_nb"], "id")
    );
}
