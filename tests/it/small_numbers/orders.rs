//! Figures of a county through the reforms of 2020 and 2024, written in any order, attacked after each write.
use super::attack::{Attack, Places, Told, glance, harvest};
use super::{bulk, figure, indicator};
use crate::client::Client;
use crate::support::databases;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub const DAYS: [&str; 3] = ["2019-01-01", "2020-01-01", "2024-01-01"];

/// How many cases are drawn for each database.
const CASES: usize = 3;

/// A drawn case: what lived in each municipality of the county in 2019, and in which order it is written.
#[derive(Debug, Clone)]
struct Drawn {
    /// For each municipality of 2019 its count; the others have none.
    counts: Vec<u16>,
    /// For each place that was divided, the share of the first of its parts, in sixteenths.
    shares: Vec<u16>,
    /// Which of the maps and which of the wholes are published.
    maps: [bool; 3],
    wholes: [bool; 3],
    /// Sorts the figures; those with the same key are written together.
    order: Vec<u8>,
    zero_hidden: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let count = prop_oneof![2 => Just(0u16), 3 => 1..5u16, 4 => 5..30u16, 1 => 30..400u16];
    let counts = prop::collection::vec(count, 36);
    let order =
        prop_oneof![Just(vec![0u8; 8]), prop::collection::vec(0..4u8, 97), prop::collection::vec(any::<u8>(), 97)];
    (counts, prop::collection::vec(0..17u16, 4), any::<[bool; 3]>(), any::<[bool; 3]>(), order, any::<bool>()).prop_map(
        |(counts, shares, maps, wholes, order, zero_hidden)| Drawn { counts, shares, maps, wholes, order, zero_hidden },
    )
}

/// What lived in each municipality on each of the days.
fn lived(places: &Places, drawn: &Drawn) -> Vec<BTreeMap<String, u64>> {
    let mut now: BTreeMap<String, u64> = places
        .on(DAYS[0])
        .into_iter()
        .filter(|code| code.starts_with("15"))
        .zip(drawn.counts.iter().map(|n| u64::from(*n)))
        .collect();
    let mut all = vec![now.clone()];
    let mut shares = drawn.shares.iter().cycle();
    for pair in DAYS.windows(2) {
        let mut next: BTreeMap<String, u64> = BTreeMap::new();
        for (code, count) in now {
            let to: Vec<&str> =
                places.between(pair[0], pair[1]).filter(|(_, old, _)| *old == code).map(|(_, _, new)| new).collect();
            match to.as_slice() {
                [] => *next.entry(code).or_default() += count,
                [only] => *next.entry((*only).to_owned()).or_default() += count,
                several => {
                    let first = count * u64::from(*shares.next().unwrap()) / 16;
                    *next.entry(several[0].to_owned()).or_default() += first;
                    *next.entry(several[1].to_owned()).or_default() += count - first;
                }
            }
        }
        // What went to another county is no part of this test.
        now = next.into_iter().filter(|(code, _)| code.starts_with("15")).collect();
        all.push(now.clone());
    }
    all
}

/// The figures of a case, in lots that are written together.
fn lots(indicator: &str, places: &Places, drawn: &Drawn) -> Vec<Vec<Value>> {
    let mut figures = vec![];
    for ((n, lived), published) in lived(places, drawn).into_iter().enumerate().zip(["2020", "2021", "2024"]) {
        let mut add = |region: &str, value: u64| {
            let mut row = figure(indicator, region, "2019", value as f64);
            row["published"] = json!(published);
            if n > 0 {
                row["mapped_on"] = json!(DAYS[n]);
            }
            figures.push(row);
        };
        if drawn.maps[n] {
            lived.iter().for_each(|(code, count)| add(&format!("K-{code}"), *count));
        }
        if drawn.wholes[n] {
            add("F-15", lived.values().sum());
        }
    }
    let mut lots: BTreeMap<u8, Vec<Value>> = BTreeMap::new();
    for (row, key) in figures.into_iter().zip(drawn.order.iter().cycle()) {
        // One at a time would take a minute; in up to a dozen lots every order is met as well.
        lots.entry(key % 12).or_default().push(row);
    }
    lots.into_values().collect()
}

/// What can be told must leave each suppressed figure as wide as the threshold, and none of them may be told outright.
fn withstands(places: &Places, told: &Told, drawn: &Drawn) -> Result<(), TestCaseError> {
    for name in &told.suppressed {
        prop_assert_eq!(told.values.get(name), None, "{:?} was told", name);
    }
    let attack = Attack {
        places,
        own_day: DAYS[0],
        days: &DAYS,
        least: if drawn.zero_hidden { 0.0 } else { 1.0 },
        absent_are_nothing: false,
    };
    let view = told.current.iter().map(|((region, day, ..), value)| ((region.clone(), day.clone()), *value)).collect();
    if let Some((width, name)) = attack.narrowest(&view) {
        prop_assert!(width >= 5.0 - 1e-6, "{} is told to {}", name, width);
    }
    Ok(())
}

#[actix_web::test]
async fn no_order_of_writing_gives_a_small_number_away() {
    for base in databases("small_orders") {
        let client = Client::new(&base.db).await;
        let places = Places::load(&client, &DAYS).await;
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let mut hidden = 0;
        let cases: Vec<Drawn> = (0..CASES).map(|_| drawn().new_tree(&mut runner).unwrap().current()).collect();
        for (n, drawn) in cases.iter().enumerate() {
            let id = format!("small-{n}");
            indicator(&client, &id, json!({ "zero_hidden": drawn.zero_hidden })).await;
            let since = base.db.head().revision;
            for lot in lots(&id, &places, drawn) {
                bulk(&base, &lot).unwrap();
                let told = glance(&client, &id).await;
                hidden += told.suppressed.len();
                withstands(&places, &told, drawn).unwrap_or_else(|e| panic!("{}: {e}\n{drawn:?}", base.label));
            }
            let told = harvest(&client, &id, since).await;
            withstands(&places, &told, drawn).unwrap_or_else(|e| panic!("{}: {e}\n{drawn:?}", base.label));
        }
        assert!(hidden > 20, "little was hidden");
    }
}

/// Counts for every municipality, county and health region and the nation in 2023, and their rates.
#[actix_web::test]
async fn a_whole_nation_with_its_rates_gives_nothing_away() {
    const DAY: &str = "2023-01-01";
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    // Few, so that one stands alone in many a county.
    let count = prop_oneof![2 => Just(0u16), 1 => 1..5u16, 20 => 5..40u16];
    let counts = prop::collection::vec(count, 356).new_tree(&mut runner).unwrap().current();
    let mut first = None;
    for base in databases("small_nation") {
        let client = Client::new(&base.db).await;
        let places = Places::load(&client, &[DAY]).await;
        let persons: BTreeMap<String, f64> = client
            .rows("/v1/observations?indicator=population&period=2023&limit=1000")
            .await
            .iter()
            .map(|row| (row["region"].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap()))
            .collect();
        let own: BTreeMap<String, f64> = places.on(DAY).into_iter().zip(counts.iter().map(|n| f64::from(*n))).collect();
        let counties: BTreeSet<String> = own.keys().map(|code| format!("F-{}", &code[..2])).collect();
        let regions = own.keys().map(|code| format!("K-{code}")).chain(counties);
        let regions: Vec<String> = regions.chain(["H-SO", "H-V", "H-MN", "H-N", "NO"].map(str::to_owned)).collect();
        indicator(&client, "x", json!({})).await;
        let rate = json!({ "unit": "per_100000", "decimals": 3, "aggregation": "none", "rate_of": "x" });
        indicator(&client, "x-rate", rate).await;
        let mut rows = vec![];
        let mut of: BTreeMap<String, f64> = BTreeMap::new();
        for region in &regions {
            let codes = places.of(region, DAY);
            let sum: f64 = codes.iter().map(|code| own[code]).sum();
            let living: f64 = codes.iter().map(|code| persons[&format!("K-{code}")]).sum();
            rows.push(figure("x", region, "2023", sum));
            rows.push(figure("x-rate", region, "2023", sum * 1e5 / living));
            of.insert(region.clone(), living);
        }
        bulk(&base, &rows).unwrap();
        let (told, rates) = (glance(&client, "x").await, glance(&client, "x-rate").await);
        let mut view = BTreeMap::new();
        for ((region, ..), value) in &told.current {
            let rate = rates.current.iter().find(|((other, ..), _)| other == region).and_then(|(_, rate)| *rate);
            let counted = rate.map(|rate| (rate * of[region] / 1e5).round());
            view.insert((region.clone(), None), value.or(counted));
        }
        // The verdict is the same on every database.
        assert_eq!(*first.get_or_insert_with(|| told.current.clone()), told.current, "{}", base.label);
        let small = counts.iter().filter(|n| (1..5).contains(*n)).count();
        let hidden = view.values().filter(|value| value.is_none()).count();
        assert!(hidden >= small && hidden < small * 3 + 20, "{}: {hidden} hidden for {small}", base.label);
        let attack = Attack { places: &places, own_day: DAY, days: &[DAY], least: 1.0, absent_are_nothing: true };
        let (width, name) = attack.narrowest(&view).unwrap();
        assert!(width >= 5.0 - 1e-6, "{}: {name} is told to {width}", base.label);
    }
}
