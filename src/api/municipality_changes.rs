//! The change graph: what became of which municipality, and when.
use crate::domain::vocabulary::ChangeKind;
use crate::http::prelude::*;

/// One edge of the change graph: a municipality, or a part of it, became another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MunicipalityChange {
    /// Names the change: its day, the old code, the new code.
    #[serde(default)]
    #[schema(read_only, example = "2024-01-01.1507.1508")]
    pub id: String,
    /// The day from which the change holds.
    #[schema(example = "2024-01-01")]
    pub change_date: String,
    /// What happened.
    #[schema(inline, example = "split")]
    pub kind: ChangeKind,
    /// The region key before.
    #[schema(example = "K-1507")]
    pub old_region: String,
    /// The name before.
    #[schema(example = "Ålesund")]
    pub old_name: String,
    /// The region key after.
    #[schema(example = "K-1508")]
    pub new_region: String,
    /// The name after.
    #[schema(example = "Ålesund")]
    pub new_name: String,
    /// How many municipalities the old one went to.
    #[schema(example = 2, minimum = 1)]
    pub n_targets: i64,
    /// How many municipalities the new one came from.
    #[schema(example = 1, minimum = 1)]
    pub n_sources: i64,
    /// Whether the name changed.
    #[schema(example = false)]
    pub name_changed: bool,
    /// Whether only Statistics Norway's label changed (a county in brackets came or went), and not the name.
    #[schema(example = false)]
    pub label_suffix_only: bool,
    /// Whether the county changed.
    #[schema(example = false)]
    pub county_changed: bool,
    /// The share of the old municipality's population that went this way, between 0 and 1; null where it is the
    /// whole, and where nobody published it.
    #[schema(value_type = Option<f64>, example = 0.862125)]
    pub population_share: Option<Number>,
    /// The persons behind the share, on the day of the change.
    #[schema(example = 58509, minimum = 0)]
    pub population_at_change: Option<i64>,
    /// The source the row was read from.
    #[schema(example = "ssb-klass-131")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for MunicipalityChange {
    table!(MunicipalityChange, "municipality-changes", |t| t.refers(&[("source", "sources")]).searched(&[
        "old_region",
        "old_name",
        "new_region",
        "new_name"
    ]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::date(wrong, "change_date", &self.change_date);
        check::text(wrong, "old_name", &self.old_name);
        check::text(wrong, "new_name", &self.new_name);
        check::at_least_one(wrong, "n_targets", self.n_targets);
        check::at_least_one(wrong, "n_sources", self.n_sources);
        check::not_negative(wrong, "population_at_change", self.population_at_change);
        if self.population_share.is_some_and(|s| !(0.0..=1.0).contains(&s.0)) {
            wrong.push(Mistake::field("population_share", "invalid", "must be between 0 and 1"));
        }
        let old = check::region(wrong, "old_region", &self.old_region, Level::Municipality);
        let new = check::region(wrong, "new_region", &self.new_region, Level::Municipality);
        if let (Some(old), Some(new)) = (old, new) {
            self.id = format!("{}.{}.{}", self.change_date, old.code, new.code);
            (self.old_region, self.new_region) = (old.key(), new.key());
        }
    }
}

impl Resource for MunicipalityChange {
    collection!(
        MunicipalityChange,
        "municipality_change",
        "municipalities:write",
        "The change graph of the municipalities since 2007: merges, splits, renumberings, renamings and boundary changes. Replaying it gives the register of every day.",
        |c| c
            .filter(Filter::words("kind", ChangeKind::WORDS, "Changes of these kinds."))
            .filter(Filter::dates("change_date", "The day of the change."))
            .filter(Filter::region_in("old_region", "Changes from these municipalities."))
            .filter(Filter::region_in("new_region", "Changes to these municipalities."))
            .filter(Filter::flag("county_changed", "Whether the county changed."))
            .filter(Filter::flag("label_suffix_only", "Whether only Statistics Norway's label changed."))
            .sorts(&["id", "change_date", "old_region", "new_region"], "id")
    );
}
