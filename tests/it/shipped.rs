//! The register, the change graph and the population as they are shipped in `data/`, for pure conversions.
use chrono::NaiveDate;
use opptrapping::domain::Period;
use opptrapping::domain::boundaries::{Change, Place, Register, Reported};
use opptrapping::domain::vocabulary::ObservationStatus;
use std::collections::HashMap;
use std::path::Path;

/// The rows of a file in `data/`, by the names of their columns.
fn rows(file: &str) -> Vec<HashMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file);
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

pub fn register() -> Register {
    let place = |row: HashMap<String, String>| Place {
        code: row["region"].trim_start_matches("K-").to_owned(),
        name: row["region_name"].clone(),
        valid_from: day(&row["valid_from"]),
        valid_to: some(&row["valid_to"]).map(day),
    };
    let change = |row: HashMap<String, String>| Change {
        date: day(&row["change_date"]),
        kind: serde_json::from_value(row["kind"].as_str().into()).unwrap(),
        old_code: row["old_region"].trim_start_matches("K-").to_owned(),
        new_code: row["new_region"].trim_start_matches("K-").to_owned(),
        share: some(&row["population_share"]).map(|share| share.parse().unwrap()),
    };
    let changes: Vec<Change> = rows("municipality-changes.csv").into_iter().map(change).collect();
    Register::new(rows("municipalities.csv").into_iter().map(place).collect(), &changes)
}

/// A region and its population on the first day of a year.
pub struct Population(Vec<(String, String, f64)>);

impl Population {
    pub fn read() -> Self {
        let row = |row: HashMap<String, String>| {
            assert_eq!((row["status"].as_str(), row["mapped_on"].as_str()), ("ok", ""));
            (row["region"].clone(), row["period"].clone(), row["value"].parse().unwrap())
        };
        Self(rows("population.csv").into_iter().map(row).collect())
    }

    /// Each with itself as its weight.
    pub fn reported(&self) -> Vec<Reported<'_>> {
        self.0
            .iter()
            .map(|(region, period, value)| Reported {
                region,
                period: Period::parse(period).unwrap(),
                mapped_on: None,
                value: Some(*value),
                status: ObservationStatus::Ok,
                weight: Some(*value),
            })
            .collect()
    }
}
