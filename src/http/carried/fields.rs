//! The fields that rows have beside their own when they were carried to a map, or divided by a population.
use crate::db::table::{Column, Table};
use crate::domain::boundaries::{Method, Quality, Reason};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// They are read for their descriptions alone.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema is what is used: names, types and descriptions of the fields")]
struct Fields {
    /// The map the row is on: a day, or `comparable`, the finest map on which every value of the periods asked for is exact.
    #[schema(example = "2024-01-01")]
    boundaries: String,
    /// How good the conversion is: `exact` is what the source would have said on this map, `estimated` is by published
    /// shares of the population, and `not_comparable` has no value that means the same. Null for rows without a region.
    #[schema(inline, example = "exact")]
    conversion_quality: Option<Quality>,
    /// How the row came to be on the map; null where it is not comparable.
    #[schema(inline, example = "merged")]
    conversion_method: Option<Method>,
    /// Why there is no value on the map, where the conversion is the cause.
    #[schema(inline, example = json!(null))]
    conversion_reason: Option<Reason>,
    /// The regions it was made from, by the codes they had on the map their values were reported on, with spaces between.
    #[schema(example = "K-1504 K-1523")]
    source_regions: Option<String>,
    /// The arithmetic, or why there is no value, in the language of the answer.
    #[schema(example = "K-1504 47998 + K-1523 2250 = 50248")]
    explanation: Option<String>,
    /// The population of the same region on the same map on 1 January of the year, in the newest vintage; of a county
    /// without a figure of its own the sum over its municipalities. Null where it is not known, and for periods that are no
    /// single year.
    #[schema(example = 265544)]
    population: Option<f64>,
    /// The value divided by the population; null where either is not known, and for values that are no counts.
    #[schema(example = 0.0001)]
    value_per_capita: Option<f64>,
    /// The value for each 1,000 inhabitants.
    #[schema(example = 0.1)]
    value_per_1000: Option<f64>,
    /// The value for each 10,000 inhabitants.
    #[schema(example = 1)]
    value_per_10000: Option<f64>,
    /// The value for each 100,000 inhabitants.
    #[schema(example = 10)]
    value_per_100000: Option<f64>,
    /// The amount divided by the population, in kroner.
    #[schema(example = 455.6)]
    amount_nok_per_capita: Option<f64>,
    /// The amount for each 1,000 inhabitants, in kroner.
    #[schema(example = 455600)]
    amount_nok_per_1000: Option<f64>,
    /// The amount for each 10,000 inhabitants, in kroner.
    #[schema(example = 4556000)]
    amount_nok_per_10000: Option<f64>,
    /// The amount for each 100,000 inhabitants, in kroner.
    #[schema(example = 45560000)]
    amount_nok_per_100000: Option<f64>,
}

/// Those that say how a row came to be on a map.
pub const CONVERSION: [&str; 5] =
    ["boundaries", "conversion_quality", "conversion_method", "conversion_reason", "source_regions"];

/// All of them as columns.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::of::<Fields>("carried"));
    &TABLE
}

/// Those that rows with a value in this field can have.
pub fn of(value: &str) -> impl Iterator<Item = &'static Column> {
    let divided = format!("{value}_per_");
    table().columns.iter().filter(move |c| c.name.starts_with(&divided) || !c.name.contains("_per_"))
}
