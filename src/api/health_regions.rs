//! The regional health authorities.
use crate::http::prelude::*;

/// A regional health authority (*regionalt helseforetak*).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HealthRegion {
    /// The region key.
    #[serde(default)]
    #[schema(read_only, example = "H-MN")]
    pub id: String,
    /// The region key.
    #[schema(example = "H-MN")]
    pub region: String,
    /// The key without its prefix.
    #[serde(default)]
    #[schema(read_only, example = "MN")]
    pub region_code: String,
    /// The name.
    #[schema(example = "Helse Midt-Norge RHF")]
    pub region_name: String,
    /// Always `health_region`.
    #[serde(default = "health_region")]
    #[schema(inline, read_only, example = "health_region")]
    pub level: Level,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

fn health_region() -> Level {
    Level::HealthRegion
}

impl Record for HealthRegion {
    table!(HealthRegion, "health-regions", |t| t
        .refers(&[("source", "sources")])
        .collated(&["region_name"])
        .searched(&["region_code", "region_name"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "region_name", &self.region_name);
        self.level = Level::HealthRegion;
        if let Some(region) = check::region(wrong, "region", &self.region, Level::HealthRegion) {
            self.region = region.key();
            self.region_code = region.code;
        }
        self.id = self.region.clone();
    }
}

impl Resource for HealthRegion {
    collection!(HealthRegion, "health_region", "municipalities:write", "The four regional health authorities.", |c| c
        .filter(Filter::region("These health regions."))
        .sorts(&["id", "region_name"], "id"));
}
