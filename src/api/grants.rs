//! Grants: money to a municipality, a county or an organisation.
use crate::domain::vocabulary::Stage;
use crate::http::carried::Carried;
use crate::http::endpoint::Endpoint;
use crate::http::prelude::*;
use crate::http::summary::{self, Summarised, Summary};

/// `GET /v1/grants/summary`
pub const SUMMARY: Endpoint = summary::endpoint::<Grant>("/v1/grants/summary");

/// Money granted to a municipality, a county or an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    /// Names the grant, as the owning system does.
    #[schema(example = "rus-2016-2020-grants-f15-2016-2020")]
    pub id: String,
    /// The plan it is counted under.
    #[schema(example = "rus-2016-2020")]
    pub plan: Option<String>,
    /// The scheme it was granted under; null where the source names none.
    #[schema(example = json!(null))]
    pub scheme: Option<String>,
    /// The measure it is for.
    #[schema(example = json!(null))]
    pub measure: Option<String>,
    /// The region that received it, or whose municipalities did.
    #[schema(example = "F-15")]
    pub region: Option<String>,
    /// The official number of the region.
    #[serde(default)]
    #[schema(read_only, example = "15")]
    pub region_code: Option<String>,
    /// The name of the region in the period.
    #[serde(default)]
    #[schema(read_only, example = "Møre og Romsdal")]
    pub region_name: Option<String>,
    /// What kind of place the region is.
    #[serde(default)]
    #[schema(inline, read_only, example = "county")]
    pub level: Option<Level>,
    /// The county the region is in, by the code of its day.
    #[serde(default)]
    #[schema(read_only, example = "F-15")]
    pub county: Option<String>,
    /// The name of a recipient that is not the region itself.
    #[schema(example = json!(null))]
    pub recipient_name: Option<String>,
    /// The recipient's organisation number, nine digits.
    #[schema(example = json!(null))]
    pub recipient_orgnr: Option<String>,
    /// The period the grant is for.
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
    /// The amount in whole kroner.
    #[schema(example = 121000000, minimum = 0)]
    pub amount_nok: i64,
    /// How far the money had come: allocated, paid, …
    #[schema(inline, example = "paid")]
    pub stage: Stage,
    /// Whether the source itself calls the amount approximate.
    #[schema(example = false)]
    pub approximate: bool,
    /// The source the row was read from.
    #[schema(example = "statsforvalteren-mr-2021-06-23")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Grant {
    const LOCATED: bool = true;

    table!(Grant, "grants", |t| t
        .refers(&[("plan", "plans"), ("scheme", "schemes"), ("measure", "measures"), ("source", "sources")])
        .filled(&["level"])
        .collated(&["region_name"])
        .searched(&["id", "recipient_name", "region_name", "recipient_orgnr"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::period(wrong, &self.period, &mut self.period_start, &mut self.period_end);
        check::not_negative(wrong, "amount_nok", Some(self.amount_nok));
        check::organisation_number(wrong, "recipient_orgnr", self.recipient_orgnr.as_deref());
        if self.region.is_none() && self.recipient_name.is_none() {
            wrong.push(Mistake::field("region", "required", "a grant goes to a region or to a named recipient"));
        }
    }

    fn locate(&mut self, places: &Places, wrong: &mut Vec<Mistake>) {
        let found = check::located(wrong, places, self.region.as_deref(), &self.period, None);
        self.region = found.as_ref().map(|f| f.region.clone()).or(self.region.take());
        self.region_code = found.as_ref().map(|f| f.region_code.clone());
        self.region_name = found.as_ref().map(|f| f.region_name.clone());
        self.county = found.as_ref().and_then(|f| f.county.clone());
        self.level = found.map(|f| f.level);
    }
}

impl Resource for Grant {
    collection!(
        Grant,
        "grant",
        "grants:write",
        "Grants: who received what, under which scheme, for which period.",
        |c| c
            .filter(Filter::any("plan", "Grants counted under these plans."))
            .filter(Filter::any("scheme", "Grants under these schemes."))
            .filter(Filter::any("measure", "Grants for these measures."))
            .filter(Filter::region("Grants to these regions."))
            .filter(Filter::county("Grants to these counties and to municipalities in them."))
            .filter(Filter::words("level", Level::WORDS, "Grants to regions of these levels."))
            .filter(Filter::any("recipient_orgnr", "Grants to these organisation numbers."))
            .filter(Filter::words("stage", Stage::WORDS, "Grants that had come this far."))
            .filter(Filter::any("source", "Grants read from these sources."))
            .filter(Filter::period())
            .filter(Filter::integers("amount_nok", "The amount, in whole kroner."))
            .sorts(&["id", "region", "region_name", "period_start", "amount_nok"], "id")
            .carried(Carried::Amounts)
            .cube(
                Cube::new(&["plan", "scheme", "measure", "region", "recipient_name", "stage"], "amount_nok")
                    .carrying(&["region_code", "region_name", "level", "county", "recipient_orgnr"])
            )
    );
}

impl Summarised for Grant {
    const SUMMARY: Summary = Summary {
        groups: &["county", "municipality", "region", "scheme", "plan", "measure", "period", "stage"],
        apart: &[],
        mixed: &["stage", "level"],
        about: "Grants in groups: sum, number, mean and median of each. A group that adds grants of several stages, places of several levels or periods that overlap may count the same money twice, and `meta.warnings` says so. Grants that are in no county, scheme, … are a group of their own, under null; grouped by municipality, only grants to municipalities are counted.",
    };
}
