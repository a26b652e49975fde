//! Municipalities, each as it was between two dates: codes are reused, so a place is a code and a day.
use crate::http::prelude::*;

/// A municipality as it was between two dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Municipality {
    /// Names this version: the region key and the day it began.
    #[serde(default)]
    #[schema(read_only, example = "K-0301.1948-01-01")]
    pub id: String,
    /// The region key, shared by all versions with the same code.
    #[schema(example = "K-0301")]
    pub region: String,
    /// The four-digit municipality number.
    #[serde(default)]
    #[schema(read_only, example = "0301")]
    pub region_code: String,
    /// The official name, as Statistics Norway labels it.
    #[schema(example = "Oslo")]
    pub region_name: String,
    /// Always `municipality`.
    #[serde(default = "municipality")]
    #[schema(inline, read_only, example = "municipality")]
    pub level: Level,
    /// The Norwegian part of a name in several languages.
    #[schema(example = json!(null))]
    pub name_no: Option<String>,
    /// The Northern Sámi name, where official.
    #[schema(example = json!(null))]
    pub name_se: Option<String>,
    /// The Lule Sámi name, where official.
    #[schema(example = json!(null))]
    pub name_smj: Option<String>,
    /// The Southern Sámi name, where official.
    #[schema(example = json!(null))]
    pub name_sma: Option<String>,
    /// The Kven name, where official.
    #[schema(example = json!(null))]
    pub name_fkv: Option<String>,
    /// The county it lay in.
    #[schema(example = "F-03")]
    pub county: String,
    /// The regional health authority it belonged to.
    #[schema(example = "H-SO")]
    pub health_region: Option<String>,
    /// The first day it was so. 1838-01-01 means since municipalities began.
    #[schema(example = "1948-01-01")]
    pub valid_from: String,
    /// The first day it was no longer so; null while it is.
    #[schema(example = json!(null))]
    pub valid_to: Option<String>,
    /// The source the row was read from.
    #[schema(example = "ssb-klass-131")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

fn municipality() -> Level {
    Level::Municipality
}

impl Record for Municipality {
    table!(Municipality, "municipalities", |t| t
        .refers(&[("county", "counties"), ("health_region", "health-regions"), ("source", "sources")])
        .collated(&["region_name"])
        .searched(&["region_code", "region_name", "name_no", "name_se", "name_smj", "name_sma", "name_fkv"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "region_name", &self.region_name);
        check::date(wrong, "valid_from", &self.valid_from);
        if let Some(day) = &self.valid_to {
            check::date(wrong, "valid_to", day);
            check::after(wrong, "valid_to", day, "valid_from", &self.valid_from);
        }
        self.level = Level::Municipality;
        if let Some(region) = check::region(wrong, "region", &self.region, Level::Municipality) {
            self.region = region.key();
            if region.county().as_deref() != Some(self.county.as_str()) {
                let message = "the county of a municipality is the first two digits of its code";
                wrong.push(Mistake::field("county", "invalid", message));
            }
            self.region_code = region.code;
        }
        self.id = format!("{}.{}", self.region, self.valid_from);
    }
}

impl Resource for Municipality {
    collection!(
        Municipality,
        "municipality",
        "municipalities:write",
        "Every version of every municipality since 2007. `valid_on` gives the register of a day. A code alone (`K-0301`, `0301`) answers with the version valid on that day, today if none is named.",
        |c| c
            .filter(Filter::region("Versions with these codes."))
            .filter(Filter::county("Municipalities in these counties."))
            .filter(Filter::any("health_region", "Municipalities in these health regions."))
            .filter(Filter::valid_on())
            .filter(Filter::dates("valid_from", "The day the version began."))
            .filter(Filter::any("source", "Versions read from these sources."))
            .sorts(&["id", "region", "region_name", "valid_from"], "id")
            .by_code()
            .reformed()
    );
}
