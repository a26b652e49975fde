//! Observations: one value each, of an indicator, for a region and a period, as a source gave it at a time.
mod coverage;
mod grounds;

use crate::domain::vocabulary::{Confidence, ObservationStatus};
use crate::http::carried::Carried;
use crate::http::prelude::*;

pub use coverage::COVERAGE;

/// One value of an indicator, for a region and a period, in one vintage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Observation {
    /// Names the value: indicator, region, period and vintage.
    #[serde(default)]
    #[schema(read_only, example = "overdose-deaths.NO.2020.2022-06")]
    pub id: String,
    /// The indicator.
    #[schema(example = "overdose-deaths")]
    pub indicator: String,
    /// The region.
    #[schema(example = "NO")]
    pub region: String,
    /// The official number of the region.
    #[serde(default)]
    #[schema(read_only, example = "NO")]
    pub region_code: String,
    /// The name of the region in the period.
    #[serde(default)]
    #[schema(read_only, example = "Norge")]
    pub region_name: String,
    /// What kind of place the region is.
    #[serde(default = "nation")]
    #[schema(inline, read_only, example = "nation")]
    pub level: Level,
    /// The county the region is in, by the code of its day.
    #[serde(default)]
    #[schema(read_only, example = json!(null))]
    pub county: Option<String>,
    /// The period the value is for.
    #[schema(example = "2020")]
    pub period: String,
    /// First day of the period.
    #[serde(default)]
    #[schema(read_only, example = "2020-01-01")]
    pub period_start: String,
    /// Last day of the period.
    #[serde(default)]
    #[schema(read_only, example = "2020-12-31")]
    pub period_end: String,
    /// The vintage: when the source gave this value, as precisely as it says.
    #[schema(example = "2022-06")]
    pub published: String,
    /// The day whose map the region is from, where the source used another map than that of the period.
    #[schema(example = json!(null))]
    pub mapped_on: Option<String>,
    /// The value, in the indicator's unit; null where the status says there is none.
    #[schema(value_type = Option<f64>, example = 331)]
    pub value: Option<Number>,
    /// Whether there is a value, and what to think of it.
    #[schema(inline, example = "ok")]
    pub status: ObservationStatus,
    /// Whether the source says that the series breaks here, so that this value and those before it were not made the
    /// same way; null where it says nothing of it.
    #[schema(example = json!(null))]
    pub series_break: Option<bool>,
    /// How near its origin the value was read.
    #[schema(inline, example = "secondary")]
    pub confidence: Confidence,
    /// Who made the figure.
    #[schema(example = "FHI")]
    pub publisher: Option<String>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

fn nation() -> Level {
    Level::Nation
}

impl Record for Observation {
    const LOCATED: bool = true;

    table!(Observation, "observations", |t| t
        .refers(&[("indicator", "indicators"), ("source", "sources")])
        .collated(&["region_name"])
        .searched(&["region_code", "region_name", "publisher"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::period(wrong, &self.period, &mut self.period_start, &mut self.period_end);
        check::partial_date(wrong, "published", Some(&self.published));
        if let Some(day) = &self.mapped_on {
            check::date(wrong, "mapped_on", day);
        }
        if self.status.has_value() != self.value.is_some() {
            let message = format!(
                "a value stands with the statuses ok, provisional and estimated, and with no other; this is {}",
                self.status.word()
            );
            wrong.push(Mistake::field("value", "invalid", message));
        }
        match Region::parse(&self.region) {
            Ok(region) => self.region = region.key(),
            Err(why) => wrong.push(Mistake::field("region", "invalid", why)),
        }
        self.id = format!("{}.{}.{}.{}", self.indicator, self.region, self.period, self.published);
    }

    fn locate(&mut self, places: &Places, wrong: &mut Vec<Mistake>) {
        let mapped_on = self.mapped_on.as_deref();
        if let Some(found) = check::located(wrong, places, Some(&self.region), &self.period, mapped_on) {
            self.region_code = found.region_code;
            self.region_name = found.region_name;
            self.level = found.level;
            self.county = found.county;
        }
    }
}

impl Resource for Observation {
    collection!(
        Observation,
        "observation",
        "observations:write",
        "The cube: indicator × region × period. A figure that was revised has several vintages (`published`); `published=latest` is what is shown unless another is asked for, `published=all` shows every one.",
        |c| c
            .filter(Filter::leading("indicator", "Values of these indicators."))
            .filter(Filter::region("Values for these regions."))
            .filter(Filter::county("Values for these counties and for municipalities in them."))
            .filter(Filter::words("level", Level::WORDS, "Values for regions of these levels."))
            .filter(Filter::period())
            .filter(Filter::published())
            .filter(Filter::words("status", ObservationStatus::WORDS, "Values with these statuses."))
            .filter(Filter::words("confidence", Confidence::WORDS, "Values read this near their origin."))
            .filter(Filter::any("source", "Values read from these sources."))
            .sorts(&["id", "indicator", "region", "region_name", "period_start", "published"], "id")
            .cube(Cube {
                status: Some("status".into()),
                metric: Some("indicator".into()),
                ..Cube::new(&["indicator", "region"], "value").carrying(&[
                    "region_code",
                    "region_name",
                    "level",
                    "county"
                ])
            })
            .carried(Carried::Values)
            .vintage("published")
    );
}
