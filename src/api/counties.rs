//! Counties through the reforms of 2018, 2020 and 2024.
use crate::http::prelude::*;

/// A county.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct County {
    /// The region key. No county code has been used twice since 2007, so it names one county.
    #[serde(default)]
    #[schema(read_only, example = "F-15")]
    pub id: String,
    /// The region key.
    #[schema(example = "F-15")]
    pub region: String,
    /// The two-digit county number.
    #[serde(default)]
    #[schema(read_only, example = "15")]
    pub region_code: String,
    /// The name.
    #[schema(example = "Møre og Romsdal")]
    pub region_name: String,
    /// Always `county`.
    #[serde(default = "county")]
    #[schema(inline, read_only, example = "county")]
    pub level: Level,
    /// The official name, in all its languages.
    #[schema(example = "Møre og Romsdal")]
    pub official_name: String,
    /// The regional health authority it belonged to.
    #[schema(example = "H-MN")]
    pub health_region: Option<String>,
    /// The first day it was so; null for counties that are older than the register kept here, which begins in 2007.
    #[schema(example = json!(null))]
    pub valid_from: Option<String>,
    /// The first day it was no longer so; null while it is.
    #[schema(example = json!(null))]
    pub valid_to: Option<String>,
    /// The source the row was read from.
    #[schema(example = "ssb-klass-104")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

fn county() -> Level {
    Level::County
}

impl Record for County {
    table!(County, "counties", |t| t
        .refers(&[("health_region", "health-regions"), ("source", "sources")])
        .collated(&["region_name"])
        .searched(&["region_code", "region_name", "official_name"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "region_name", &self.region_name);
        check::text(wrong, "official_name", &self.official_name);
        for (field, day) in [("valid_from", &self.valid_from), ("valid_to", &self.valid_to)] {
            if let Some(day) = day {
                check::date(wrong, field, day);
            }
        }
        if let (Some(from), Some(to)) = (&self.valid_from, &self.valid_to) {
            check::after(wrong, "valid_to", to, "valid_from", from);
        }
        self.level = Level::County;
        if let Some(region) = check::region(wrong, "region", &self.region, Level::County) {
            self.region = region.key();
            self.region_code = region.code;
        }
        self.id = self.region.clone();
    }
}

impl Resource for County {
    collection!(
        County,
        "county",
        "municipalities:write",
        "The counties, and when each was one. `valid_on` gives those of a day.",
        |c| c
            .filter(Filter::region("These counties."))
            .filter(Filter::any("health_region", "Counties in these health regions."))
            .filter(Filter::valid_on())
            .sorts(&["id", "region_name"], "id")
            .by_code()
    );
}
