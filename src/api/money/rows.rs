//! The lines of a plan's money and what they are put together to.
use crate::domain::ledger::{Block, Branch, Group, Money};
use crate::domain::vocabulary::{Flow, Stage, Verdict};
use crate::domain::{Language, Level, Period};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A budget line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoneyLine {
    /// The budget line.
    #[schema(example = "rus-2016-2020-m01-2016-2020")]
    pub id: String,
    /// The measure it is for.
    #[schema(example = "rus-2016-2020-m01")]
    pub measure: Option<String>,
    /// The region it concerns; null for the whole country.
    #[schema(example = "NO")]
    pub region: Option<String>,
    /// The name of the region.
    #[schema(example = "Norge")]
    pub region_name: Option<String>,
    /// What the line is, in the language asked for.
    pub title: String,
    /// The period the money is for.
    #[schema(example = "2016-2020")]
    pub period: String,
    /// The amount in whole kroner; null where the source gives none.
    #[schema(example = 500000000)]
    pub amount_nok: Option<i64>,
    /// What kind of money it is.
    #[schema(inline, example = "allocation")]
    pub flow: Flow,
    /// How firm the amount was when the source gave it.
    #[schema(inline, example = "planned")]
    pub stage: Stage,
    /// Whether it is part of the plan's frame; null where no source says.
    #[schema(example = true)]
    pub inside_frame: Option<bool>,
    /// Whether the source calls the amount approximate.
    #[schema(example = false)]
    pub approximate: bool,
    /// Who says so.
    #[schema(example = "Helse- og omsorgsdepartementet")]
    pub stated_by: Option<String>,
    /// The source it was read from.
    #[schema(example = "prop-15-s-2015-2016")]
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

impl Money for MoneyLine {
    fn amount_nok(&self) -> Option<i64> {
        self.amount_nok
    }
    fn flow(&self) -> Flow {
        self.flow
    }
    fn stage(&self) -> Stage {
        self.stage
    }
    fn period(&self) -> Period {
        // Every stored period has been read once, by the check of its row.
        Period::parse(&self.period).unwrap_or(Period::ALWAYS)
    }
    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
    fn measure(&self) -> Option<&str> {
        self.measure.as_deref()
    }
    fn inside_frame(&self) -> Option<bool> {
        self.inside_frame
    }
}

/// A budget line with the lines that are part of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NestedLine {
    #[serde(flatten)]
    pub line: MoneyLine,
    /// Lines for a shorter period or a smaller place within it: parts of it, never added beside it.
    #[schema(no_recursion)]
    pub parts: Vec<NestedLine>,
    /// The amount less its parts; null without parts, or where an amount is not known.
    #[schema(example = json!(null))]
    pub remainder_nok: Option<i64>,
}

impl From<Branch<MoneyLine>> for NestedLine {
    fn from(branch: Branch<MoneyLine>) -> Self {
        let parts = branch.parts.into_iter().map(Self::from).collect();
        Self { line: branch.line, parts, remainder_nok: branch.remainder_nok }
    }
}

pub fn nested(block: Block<MoneyLine>) -> Vec<NestedLine> {
    block.lines.into_iter().map(NestedLine::from).collect()
}

/// Lines of one period, flow and stage.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MoneyGroup {
    /// The period the money is for.
    #[schema(example = "2016")]
    pub period: String,
    /// What kind of money it is.
    #[schema(inline, example = "free_income_growth")]
    pub flow: Flow,
    /// The same in words.
    pub flow_label: &'static str,
    /// How firm the amounts were.
    #[schema(inline, example = "proposed")]
    pub stage: Stage,
    /// The same in words.
    pub stage_label: &'static str,
    /// The sum of the lines, their parts left out; null where an amount is not known.
    #[schema(example = 400000000)]
    pub sum_nok: Option<i64>,
    /// The lines.
    pub lines: Vec<NestedLine>,
}

impl MoneyGroup {
    pub fn all(groups: Vec<Group<MoneyLine>>, language: Language) -> Vec<Self> {
        let of = |group: Group<MoneyLine>| Self {
            period: group.block.lines.first().map(|branch| branch.line.period.clone()).unwrap_or_default(),
            flow: group.flow,
            flow_label: group.flow.label(language),
            stage: group.stage,
            stage_label: group.stage.label(language),
            sum_nok: group.block.sum_nok,
            lines: nested(group.block),
        };
        groups.into_iter().map(of).collect()
    }
}

/// The frame set against what is itemised within it, by lines of one flow and one stage.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InsideFrame {
    /// What kind of money the lines are.
    #[schema(inline, example = "allocation")]
    pub flow: Flow,
    /// The same in words.
    pub flow_label: &'static str,
    /// How firm the amounts were.
    #[schema(inline, example = "planned")]
    pub stage: Stage,
    /// The same in words.
    pub stage_label: &'static str,
    /// The lines by measure.
    pub measures: Vec<MeasureShare>,
    /// The sum over the measures; null where an amount is not known.
    #[schema(example = 868500000)]
    pub itemised_nok: Option<i64>,
    /// What is left of the frame. With what is itemised it makes the frame, to the krone.
    pub remainder: Remainder,
}

/// What nobody itemised.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Remainder {
    /// What the line is, in the language asked for.
    pub title: &'static str,
    /// The frame less what is itemised; negative where more is itemised than the frame holds, null where one of them is
    /// not known.
    #[schema(example = 1531500000)]
    pub amount_nok: Option<i64>,
}

/// What is for one measure, within the frame.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeasureShare {
    /// The measure; null for lines under none.
    #[schema(example = "rus-2016-2020-m01")]
    pub measure: Option<String>,
    /// Its number in the plan.
    #[schema(example = 1)]
    pub number: Option<i64>,
    /// Its title in the language asked for.
    pub title: Option<String>,
    /// The sum of the lines, their parts left out; null where an amount is not known.
    #[schema(example = 500000000)]
    pub sum_nok: Option<i64>,
    /// The lines.
    pub lines: Vec<NestedLine>,
}

/// The money of one measure, by year and flow.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeasureMoney {
    /// The measure.
    #[schema(example = "rus-2016-2020-m06")]
    pub measure: String,
    /// Its number in the plan.
    #[schema(example = 6)]
    pub number: Option<i64>,
    /// Its title in the language asked for.
    pub title: Option<String>,
    /// Its lines, by period, flow and stage.
    pub groups: Vec<MoneyGroup>,
}

/// The grants of a plan under one scheme.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SchemeGrants {
    /// The scheme; null where no source names one.
    #[schema(example = json!(null))]
    pub scheme: Option<String>,
    /// Its title in the language asked for.
    pub title: Option<String>,
    /// Sums over regions. They are not added: a county's total may cover its municipalities.
    pub regions: Vec<GrantSum>,
}

/// Grants to a region, for one period, at one stage, from one source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GrantSum {
    /// The period the grants are for.
    #[schema(example = "2016-2020")]
    pub period: String,
    /// How far the money had come.
    #[schema(inline, example = "paid")]
    pub stage: Stage,
    /// The same in words.
    pub stage_label: &'static str,
    /// The region; the county of the day for municipalities. Null for recipients without one.
    #[schema(example = "F-15")]
    pub region: Option<String>,
    /// Its name.
    #[schema(example = "Møre og Romsdal")]
    pub region_name: Option<String>,
    /// What kind of place the grants are stated for.
    #[schema(inline, example = "county")]
    pub level: Option<Level>,
    /// How many grants are added.
    #[schema(example = 1)]
    pub count: i64,
    /// Their sum in whole kroner.
    #[schema(example = 121000000)]
    pub sum_nok: i64,
    /// Whether a source calls one of the amounts approximate.
    #[schema(example = false)]
    pub approximate: bool,
    /// The source they were read from.
    #[schema(example = "statsforvalteren-mr-2021-06-23")]
    pub source: String,
}

/// A figure that is contested, with what each says of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Contested {
    /// The figure in question, as the plan has it.
    #[schema(example = "frame_nok")]
    pub figure: &'static str,
    /// Its amount in whole kroner.
    #[schema(example = 2400000000i64)]
    pub amount_nok: Option<i64>,
    /// Who says what, the earliest first.
    pub positions: Vec<Position>,
}

/// What somebody says of a contested figure.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PositionHead {
    /// The assessment.
    #[schema(example = "actis-2019-frame")]
    pub assessment: String,
    /// Who says so.
    #[schema(example = "Actis")]
    pub assessor: String,
    /// The conclusion, as a code.
    #[schema(inline, example = "disputed")]
    pub verdict: Verdict,
    /// Their own words; null where only a report of them was found.
    pub quotation: Option<String>,
    /// The language of the quotation.
    pub quotation_language: Option<String>,
    /// When it was said, as precisely as known.
    #[schema(example = "2019-10")]
    pub published: Option<String>,
    /// The source it was read from.
    #[schema(example = "actis-budget-2020")]
    pub source: String,
    /// What a reader should know of it.
    pub note: Option<String>,
}

/// What somebody says of a contested figure, with the verdict in words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Position {
    #[serde(flatten)]
    pub position: PositionHead,
    /// The verdict in words, in the language asked for.
    pub verdict_label: &'static str,
}
