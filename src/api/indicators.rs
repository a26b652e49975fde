//! Indicators: what is measured, in what, and which way it should go.
use crate::domain::id;
use crate::domain::suppression::{FLOOR, default_threshold};
use crate::domain::vocabulary::{Aggregation, Direction, Unit};
use crate::http::prelude::*;

/// The largest threshold: more is a slip.
const MOST: i64 = 1_000;

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
    /// Below this a count is not published: its observations from 1 on are `suppressed`, and so are those that would give
    /// them away. 0 where every count is published; null where persons are not counted. An indicator whose unit counts
    /// persons (`persons`, `deaths`, `patients`) and that names none gets 5. At least 3.
    #[schema(example = 0, minimum = 0, maximum = 1000)]
    pub threshold: Option<i64>,
    /// Whether 0 is not published either; null where there is no threshold.
    #[schema(example = json!(null))]
    pub zero_hidden: Option<bool>,
    /// The indicator this one is a rate or a share of. Where that has a threshold, this is published only where that is.
    #[schema(example = json!(null))]
    pub rate_of: Option<String>,
    /// Ids of the indicators this one counts a part of, with a space between. What may give away small numbers of one may
    /// give away those of the others: they are judged together.
    #[schema(example = json!(null))]
    pub part_of: Option<String>,
    /// What each of them is divided by, in the same order: a word such as `sex`, `age` or `cause`. Parts of the same whole
    /// by the same word have nothing in common; they need not be all of it.
    #[schema(example = json!(null))]
    pub part_by: Option<String>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Indicator {
    table!(Indicator, "indicators", |t| t
        .refers(&[
            ("weight", "indicators"),
            ("rate_of", "indicators"),
            ("part_of", "indicators"),
            ("plan", "plans"),
            ("goals", "goals"),
            ("source", "sources")
        ])
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
        self.check_small_numbers(wrong);
        self.check_parts(wrong);
        for (field, period) in [("baseline_period", &self.baseline_period), ("target_period", &self.target_period)] {
            if let Some(period) = period {
                check::period_in(wrong, field, period);
            }
        }
    }
}

impl Indicator {
    /// Fills the threshold that is not named, and checks what is said of small numbers.
    fn check_small_numbers(&mut self, wrong: &mut Vec<Mistake>) {
        let mut refuse = |field: &str, message: &str| wrong.push(Mistake::field(field, "invalid", message));
        if self.rate_of.is_some() && self.threshold.is_some_and(|threshold| threshold != 0) {
            refuse("threshold", "a rate has none: it is published where its count is");
        }
        if self.rate_of.as_ref() == Some(&self.id) {
            refuse("rate_of", "is the indicator itself");
        }
        if self.threshold.is_some_and(|threshold| threshold != 0 && !(FLOOR..=MOST).contains(&threshold)) {
            refuse("threshold", "must be between 3 and 1000, or 0 where every count is published");
        }
        if self.rate_of.is_none() {
            self.threshold = self.threshold.or(default_threshold(self.unit));
        }
        let hides = self.threshold.is_some_and(|threshold| threshold > 0);
        if !hides && self.zero_hidden == Some(true) {
            refuse("zero_hidden", "needs a threshold");
        }
        self.zero_hidden = hides.then(|| self.zero_hidden.unwrap_or(false));
    }

    /// Each whole has a word for what it is divided by, and stands once by it.
    fn check_parts(&self, wrong: &mut Vec<Mistake>) {
        check::both_or_neither(wrong, "part_of", self.part_of.is_some(), "part_by", self.part_by.is_some());
        let (Some(wholes), Some(words)) = (&self.part_of, &self.part_by) else { return };
        let mut refuse = |field: &str, message: &str| wrong.push(Mistake::field(field, "invalid", message));
        let spaced = |list: &str| list == id::listed(list).collect::<Vec<_>>().join(" ") && !list.is_empty();
        if !spaced(wholes) || wholes.split(' ').any(|whole| whole == self.id) {
            refuse("part_of", "must be ids of other indicators with one space between");
        }
        if !spaced(words) || !words.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b' ') {
            refuse("part_by", "must be words of a–z and `-`, with one space between");
        }
        let mut pairs: Vec<_> = id::listed(wholes).zip(id::listed(words)).collect();
        if id::listed(wholes).count() != id::listed(words).count() {
            refuse("part_by", "must have a word for each id in part_of");
        }
        pairs.sort_unstable();
        if pairs.windows(2).any(|pair| pair[0] == pair[1]) {
            refuse("part_of", "has the same whole twice by the same word");
        }
        if self.rate_of.is_some() {
            refuse("part_of", "a rate counts no part: its count does");
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
            .filter(Filter::listed("part_of", "part_of", "Indicators that count a part of these."))
            .filter(Filter::words("unit", Unit::WORDS, "Indicators counted in these."))
            .filter(Filter::words("direction", Direction::WORDS, "Indicators that should move this way."))
            .filter(Filter::words("aggregation", Aggregation::WORDS, "Indicators that add up this way."))
            .sorts(&["id", "title_nb"], "id")
    );
}
