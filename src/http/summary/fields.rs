//! The fields that summaries have and their rows do not.
use crate::db::table::{Column, Table};
use crate::domain::boundaries::Quality;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// What a summary gives of a group, beside fields of the rows in it. It is read for its description alone.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema is what is used: names, types and descriptions of the fields")]
struct Fields {
    /// The county, by the code of its day; null for rows that are in none.
    #[schema(example = "F-15")]
    county: Option<String>,
    /// The municipality, by the code of its day. Rows of other levels are in no group.
    #[schema(example = "K-1502")]
    municipality: Option<String>,
    /// The name of the place: in the latest period that the group has, or, of a county, in the register.
    #[schema(example = "Møre og Romsdal")]
    region_name: Option<String>,
    /// The sum of the amounts, in whole kroner; null where no row has one.
    #[schema(example = 121000000)]
    sum_nok: Option<i64>,
    /// How many rows there are.
    #[schema(example = 1, minimum = 1)]
    count: i64,
    /// How many of them have no amount. Nothing stands for them in the sum, the mean and the median.
    #[schema(example = 0, minimum = 0)]
    count_without_amount: i64,
    /// The mean of the amounts, in kroner.
    #[schema(example = 121000000)]
    mean_nok: Option<f64>,
    /// The median of the amounts, in kroner: halfway between the two in the middle where they are even in number.
    #[schema(example = 121000000)]
    median_nok: Option<f64>,
    /// The map that places are of: a day, or `comparable`.
    #[schema(example = "2024-01-01")]
    boundaries: String,
    /// How good the conversion is, by the least good of the rows: `exact`, `estimated` by published shares of the
    /// population, or `not_comparable` for rows on no place of the map, which are a group under null. Null for rows without
    /// a region.
    #[schema(inline, example = "exact")]
    conversion_quality: Option<Quality>,
    /// How the rows came to be on the map, each way once, with spaces between.
    #[schema(example = "unchanged")]
    conversion_method: Option<String>,
    /// The regions that rows were reported for, with spaces between.
    #[schema(example = "F-15")]
    source_regions: Option<String>,
    /// The arithmetic of the sum, by the regions that rows were reported for.
    #[schema(example = "F-15 121000000")]
    explanation: Option<String>,
    /// The population of the place on 1 January of the year, in the newest vintage; of a county without a figure of its own
    /// the sum over its municipalities. Null where it is not known, and for periods that are no single year.
    #[schema(example = 265544)]
    population: Option<f64>,
    /// The sum divided by the population, in kroner.
    #[schema(example = 455.6)]
    sum_nok_per_capita: Option<f64>,
    /// The sum for each 1,000 inhabitants, in kroner.
    #[schema(example = 455600)]
    sum_nok_per_1000: Option<f64>,
    /// The sum for each 10,000 inhabitants, in kroner.
    #[schema(example = 4556000)]
    sum_nok_per_10000: Option<f64>,
    /// The sum for each 100,000 inhabitants, in kroner.
    #[schema(example = 45560000)]
    sum_nok_per_100000: Option<f64>,
}

/// Those that say how rows came to be on a map.
pub const CONVERSION: [&str; 5] =
    ["boundaries", "conversion_quality", "conversion_method", "source_regions", "explanation"];

/// Them as columns.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::of::<Fields>("summary"));
    &TABLE
}

/// Those that are computed, and not grouped by.
pub fn computed() -> impl Iterator<Item = &'static Column> {
    table().columns.iter().filter(|column| !matches!(column.name.as_str(), "county" | "municipality"))
}
