//! Budget lines: one line of money each, with its kind, how firm it is, and who says so.
use crate::domain::vocabulary::{Flow, Stage};
use crate::http::endpoint::Endpoint;
use crate::http::prelude::*;
use crate::http::summary::{self, Summarised, Summary};

/// `GET /v1/budgets/summary`
pub const SUMMARY: Endpoint = summary::endpoint::<Budget>("/v1/budgets/summary");

/// One line of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// Names the line.
    #[schema(example = "rus-2016-2020-frame")]
    pub id: String,
    /// The plan it belongs to.
    #[schema(example = "rus-2016-2020")]
    pub plan: Option<String>,
    /// The measure it is for.
    #[schema(example = json!(null))]
    pub measure: Option<String>,
    /// The grant scheme it is for.
    #[schema(example = json!(null))]
    pub scheme: Option<String>,
    /// The region it concerns; null for the whole country.
    #[schema(example = json!(null))]
    pub region: Option<String>,
    /// The official number of the region.
    #[serde(default)]
    #[schema(read_only, example = json!(null))]
    pub region_code: Option<String>,
    /// The name of the region in the period.
    #[serde(default)]
    #[schema(read_only, example = json!(null))]
    pub region_name: Option<String>,
    /// What kind of place the region is.
    #[serde(default)]
    #[schema(inline, read_only, example = json!(null))]
    pub level: Option<Level>,
    /// What the line is, in the language asked for.
    #[serde(default)]
    #[schema(read_only)]
    pub title: String,
    /// What the line is, in bokmål.
    pub title_nb: String,
    /// What the line is, in nynorsk; our translation.
    pub title_nn: Option<String>,
    /// What the line is, in English; our translation.
    pub title_en: Option<String>,
    /// The period the money is for.
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
    /// The amount in whole kroner; null where the source gives none.
    #[schema(example = 2400000000i64, minimum = 0)]
    pub amount_nok: Option<i64>,
    /// What kind of money it is. Lines of different flows are never added.
    #[schema(inline, example = "frame")]
    pub flow: Flow,
    /// How firm the amount was when the source gave it.
    #[schema(inline, example = "planned")]
    pub stage: Stage,
    /// Whether it is part of the plan's frame; null where the sources do not say.
    #[schema(example = true)]
    pub inside_frame: Option<bool>,
    /// Whether the source itself calls the amount approximate.
    #[schema(example = false)]
    pub approximate: bool,
    /// Who says so.
    #[schema(example = "Helse- og omsorgsdepartementet")]
    pub stated_by: Option<String>,
    /// The source the row was read from.
    #[schema(example = "prop-15-s-2015-2016")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Budget {
    const LOCATED: bool = true;

    table!(Budget, "budgets", |t| t
        .refers(&[("plan", "plans"), ("measure", "measures"), ("scheme", "schemes"), ("source", "sources")])
        .filled(&["level"])
        .collated(&["title_nb"])
        .searched(&["title_nb", "title_nn", "title_en", "stated_by", "region_name"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::period(wrong, &self.period, &mut self.period_start, &mut self.period_end);
        check::not_negative(wrong, "amount_nok", self.amount_nok);
        if self.plan.is_none() && self.scheme.is_none() {
            wrong.push(Mistake::field("plan", "required", "a budget line belongs to a plan or to a scheme"));
        }
    }

    fn locate(&mut self, places: &Places, wrong: &mut Vec<Mistake>) {
        check::within_plan(wrong, places, self.plan.as_deref(), &self.period_start, &self.period_end);
        let found = check::located(wrong, places, self.region.as_deref(), &self.period, None);
        self.region = found.as_ref().map(|f| f.region.clone()).or(self.region.take());
        self.region_code = found.as_ref().map(|f| f.region_code.clone());
        self.region_name = found.as_ref().map(|f| f.region_name.clone());
        self.level = found.map(|f| f.level);
    }
}

impl Resource for Budget {
    collection!(
        Budget,
        "budget",
        "budgets:write",
        "Every line of money the sources give: what kind it is (`flow`), how firm (`stage`), inside or outside the frame, and who says so. Different flows are different kinds of money and are never added together.",
        |c| c
            .filter(Filter::any("plan", "Lines of these plans."))
            .filter(Filter::any("measure", "Lines for these measures."))
            .filter(Filter::any("scheme", "Lines for these schemes."))
            .filter(Filter::region("Lines that concern these regions."))
            .filter(Filter::words("level", Level::WORDS, "Lines that concern regions of these levels."))
            .filter(Filter::words("flow", Flow::WORDS, "Lines of these kinds of money."))
            .filter(Filter::words("stage", Stage::WORDS, "Lines this firm."))
            .filter(Filter::flag("inside_frame", "Lines inside (`true`) or outside (`false`) the frame."))
            .filter(Filter::any("stated_by", "Lines stated by these."))
            .filter(Filter::any("source", "Lines read from these sources."))
            .filter(Filter::period())
            .filter(Filter::integers("amount_nok", "The amount, in whole kroner."))
            .sorts(&["id", "period_start", "amount_nok", "title_nb"], "id")
            // Lines differ in too much for their fields to be dimensions: the cube would be empty but for its diagonal.
            .cube(Cube::new(&["id"], "amount_nok").carrying(&[
                "plan",
                "measure",
                "scheme",
                "region",
                "region_code",
                "region_name",
                "level",
                "title",
                "flow",
                "stage",
                "inside_frame",
                "stated_by",
            ]))
    );
}

impl Summarised for Budget {
    const SUMMARY: Summary = Summary {
        groups: &["county", "municipality", "region", "scheme", "plan", "measure", "period", "flow", "stage"],
        apart: &["flow", "stage"],
        mixed: &["level"],
        about: "Budget lines in groups: sum, number, mean and median of each. Lines of different flows are different kinds of money, and a sum over several stages is none that anyone proposed or granted: `flow` and `stage` are part of every group, also where `group_by` does not have them. A group that adds places of several levels or periods that overlap may count the same money twice, and `meta.warnings` says so. Lines without an amount are counted, and add nothing.",
    };
}
