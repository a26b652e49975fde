//! Small graphs for each rule, and properties over random ones.
use super::*;
use crate::domain::Period;
use crate::domain::vocabulary::{Aggregation, ChangeKind, ObservationStatus};
use chrono::NaiveDate;
use std::collections::BTreeMap;

mod random;

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn new_year(year: &str) -> NaiveDate {
    day(&format!("{year}-01-01"))
}

/// Places as `0001 2000 2010` (`-` for one that is still there), changes as `2010 split 0001 0002 0.5`.
pub fn graph(places: &[&str], changes: &[&str]) -> Register {
    let place = |text: &&str| {
        let words: Vec<&str> = text.split(' ').collect();
        Place {
            code: words[0].into(),
            name: format!("Place {}", words[0]),
            valid_from: new_year(words[1]),
            valid_to: (words[2] != "-").then(|| new_year(words[2])),
        }
    };
    let change = |text: &&str| {
        let words: Vec<&str> = text.split(' ').collect();
        Change {
            date: new_year(words[0]),
            kind: serde_json::from_value::<ChangeKind>(words[1].into()).unwrap(),
            old_code: words[2].into(),
            new_code: words[3].into(),
            share: words.get(4).map(|share| share.parse().unwrap()),
        }
    };
    Register::new(places.iter().map(place).collect(), &changes.iter().map(change).collect::<Vec<_>>())
}

/// In 2020 0001 is merged into 0002, 0003 gets the code 0009, and 0004 is divided between 0005 and 0006.
pub fn small() -> Register {
    graph(
        &[
            "0001 2000 2020",
            "0002 2000 2020",
            "0002 2020 -",
            "0003 2000 2020",
            "0009 2020 -",
            "0004 2000 2020",
            "0005 2020 -",
            "0006 2020 -",
        ],
        &[
            "2020 merge 0001 0002",
            "2020 merge 0002 0002",
            "2020 renumber 0003 0009",
            "2020 split 0004 0005 0.7",
            "2020 split 0004 0006 0.3",
        ],
    )
}

/// Where the place of a code goes on the map of a day.
pub fn flows_of(register: &Register, map: &str, code: &str, on: &str) -> Vec<(String, Share)> {
    let map = Map::on(register, day(map));
    let place = register.on(code, day(on)).unwrap();
    map.flows(place).iter().map(|flow| (map.areas()[flow.area].key.clone(), flow.share)).collect()
}

pub fn reported(code: &'static str, value: f64) -> Reported<'static> {
    Reported {
        region: code,
        period: period("2019"),
        mapped_on: None,
        value: Some(value),
        status: ObservationStatus::Ok,
        weight: None,
    }
}

pub fn weighted(code: &'static str, value: f64, weight: f64) -> Reported<'static> {
    Reported { weight: Some(weight), ..reported(code, value) }
}

pub const SUM: Rule = Rule { aggregation: Aggregation::Sum, estimate: false };

/// A row as it is compared here: its region, value, status, and method or reason.
fn told(map: &Map, values: &[Reported], done: &Converted) -> Vec<(String, Option<f64>, &'static str, &'static str)> {
    done.rows
        .iter()
        .map(|row| {
            let region = match row.spot {
                Spot::Area(area) => map.areas()[area].key.clone(),
                Spot::Same => values[row.sources[0].observation.unwrap()].region.to_owned(),
            };
            let why = row.explanation.as_ref().map(|e| e.reason.word());
            let how = why.or(row.method.map(Method::word)).unwrap();
            (region, row.value, row.status.word(), how)
        })
        .collect()
}

fn on_2020(values: &[Reported], rule: Rule) -> Vec<(String, Option<f64>, &'static str, &'static str)> {
    let register = small();
    let map = Map::on(&register, day("2020-01-01"));
    told(&map, values, &convert(&register, &map, values, rule))
}

fn row(
    region: &str,
    value: impl Into<Option<f64>>,
    status: &'static str,
    how: &'static str,
) -> (String, Option<f64>, &'static str, &'static str) {
    (region.into(), value.into(), status, how)
}

#[test]
fn forward_merges_add_renumbering_carries_and_divisions_need_leave() {
    let values = [reported("0001", 1.0), reported("0002", 2.0), reported("0003", 3.0), reported("0004", 10.0)];
    assert_eq!(
        on_2020(&values, SUM),
        [
            row("K-0002", 3.0, "ok", "merged"),
            row("K-0005", None, "not_comparable", "split_by_share"),
            row("K-0006", None, "not_comparable", "split_by_share"),
            row("K-0009", 3.0, "ok", "renumbered"),
        ]
    );
    let estimated = on_2020(&values, Rule { estimate: true, ..SUM });
    assert_eq!(
        estimated[1..3],
        [row("K-0005", 7.0, "estimated", "split_share"), row("K-0006", 3.0, "estimated", "split_share"),]
    );
}

#[test]
fn a_sum_with_a_part_missing_or_hidden_is_not_made_smaller() {
    assert_eq!(on_2020(&[reported("0001", 1.0)], SUM), [row("K-0002", None, "missing", "missing_part")]);
    let hidden = Reported { value: None, status: ObservationStatus::Suppressed, ..reported("0001", 0.0) };
    for others in [vec![hidden, reported("0002", 2.0)], vec![hidden]] {
        assert_eq!(on_2020(&others, SUM), [row("K-0002", None, "suppressed", "suppressed_part")]);
    }
}

#[test]
fn means_are_weighted_and_what_cannot_be_aggregated_stays_with_places_that_stayed_one() {
    let mean = Rule { aggregation: Aggregation::Mean, estimate: false };
    let values = [weighted("0001", 10.0, 100.0), weighted("0002", 20.0, 300.0), reported("0003", 7.0)];
    let done = on_2020(&values, mean);
    assert_eq!(done, [row("K-0002", 17.5, "ok", "merged"), row("K-0009", 7.0, "ok", "renumbered")]);
    let unweighted = [reported("0001", 10.0), weighted("0002", 20.0, 300.0)];
    assert_eq!(on_2020(&unweighted, mean), [row("K-0002", None, "not_comparable", "missing_weight")]);
    let none = Rule { aggregation: Aggregation::None, estimate: true };
    let done =
        on_2020(&[reported("0001", 1.0), reported("0002", 1.0), reported("0003", 1.0), reported("0004", 1.0)], none);
    assert_eq!(
        done,
        [
            row("K-0002", None, "not_comparable", "not_aggregable"),
            row("K-0005", None, "not_comparable", "not_aggregable"),
            row("K-0006", None, "not_comparable", "not_aggregable"),
            row("K-0009", 1.0, "ok", "renumbered"),
        ]
    );
}

#[test]
fn backward_a_place_that_was_one_is_exact_and_a_part_of_a_merger_is_not_known() {
    let register = small();
    let map = Map::on(&register, day("2019-01-01"));
    let of_2021 = |code, value| Reported { period: period("2021"), ..reported(code, value) };
    let values = [of_2021("0002", 3.0), of_2021("0005", 7.0), of_2021("0006", 3.0), of_2021("0009", 3.0)];
    let done = convert(&register, &map, &values, SUM);
    assert_eq!(
        told(&map, &values, &done),
        [
            row("K-0001", None, "not_comparable", "part_of_whole"),
            row("K-0002", None, "not_comparable", "part_of_whole"),
            row("K-0003", 3.0, "ok", "renumbered"),
            row("K-0004", 10.0, "ok", "reunited"),
        ]
    );
    let left: Vec<_> = done.left.iter().map(|left| (left.observation, left.value)).collect();
    assert_eq!(left, [(0, 3.0)]);
}

#[test]
fn values_published_for_several_places_together_stay_together() {
    let together = Reported { region: "U-0001.0002", ..reported("", 5.0) };
    assert_eq!(on_2020(&[together], SUM), [row("K-0002", 5.0, "ok", "merged")]);
    // The value of the whole needs neither a sum nor a mean.
    let none = Rule { aggregation: Aggregation::None, estimate: false };
    assert_eq!(on_2020(&[together], none), [row("K-0002", 5.0, "ok", "merged")]);
    let across = Reported { region: "U-0002.0003", ..reported("", 5.0) };
    let refused = |region: &str| row(region, None, "not_comparable", "reported_together");
    assert_eq!(on_2020(&[across, reported("0001", 1.0)], SUM), [refused("K-0002"), refused("K-0009")]);
    let twice = row("K-0002", None, "not_comparable", "reported_twice");
    assert_eq!(on_2020(&[together, reported("0001", 1.0)], SUM), [twice]);
}

#[test]
fn values_of_one_period_from_maps_that_overlap_are_not_added() {
    let later = Reported { mapped_on: Some(day("2020-06-01")), ..reported("0002", 3.0) };
    assert_eq!(on_2020(&[later], SUM), [row("K-0002", 3.0, "ok", "unchanged")]);
    let both = on_2020(&[later, reported("0001", 1.0)], SUM);
    assert_eq!(both, [row("K-0002", None, "not_comparable", "mixed_maps")]);
    // Two days of one map are one map.
    let same = Reported { mapped_on: Some(day("2018-06-01")), ..reported("0002", 2.0) };
    assert_eq!(on_2020(&[same, reported("0001", 1.0)], SUM), [row("K-0002", 3.0, "ok", "merged")]);
}

#[test]
fn a_county_stands_where_it_kept_its_area_and_is_listed_elsewhere() {
    let register = graph(
        &["1101 2000 2020", "1102 2000 2020", "1103 2020 -", "1201 2000 2020", "1301 2020 -", "1401 2000 -"],
        &["2020 merge 1101 1103", "2020 merge 1102 1103", "2020 renumber 1201 1301"],
    );
    let map = Map::on(&register, day("2020-01-01"));
    let values = ["NO", "F-11", "F-12", "F-13", "F-14", "H-V"].map(|region| Reported { region, ..reported("", 9.0) });
    let done = convert(&register, &map, &values, SUM);
    let kept = told(&map, &values, &done);
    assert_eq!(kept, ["F-11", "F-14", "NO"].map(|region| row(region, 9.0, "ok", "unchanged")));
    let left: Vec<&str> = done.left.iter().map(|left| values[left.observation].region).collect();
    assert_eq!(left, ["F-12", "F-13", "H-V"]);
    assert!(done.left.iter().all(|left| left.reason == Reason::LevelNotConverted));
}

#[test]
fn what_the_register_does_not_tell_is_listed_and_never_left_out() {
    let register = graph(&["0001 2000 2010", "0002 2010 -", "0003 2000 2010"], &["2010 renumber 0001 0002"]);
    let map = Map::on(&register, day("2011-01-01"));
    let values =
        ["0001", "0003", "0008", "no region"].map(|code| Reported { period: period("2009"), ..reported(code, 1.0) });
    let done = convert(&register, &map, &values, SUM);
    assert_eq!(told(&map, &values, &done), [row("K-0002", 1.0, "ok", "renumbered")]);
    let left: Vec<_> = done.left.iter().map(|left| (left.observation, left.reason)).collect();
    assert_eq!(left, [(1, Reason::Unrecorded), (2, Reason::NotInRegister), (3, Reason::NotInRegister)]);
}

#[test]
fn a_boundary_that_was_adjusted_is_no_break_and_is_said() {
    let register = graph(&["0001 2000 2010", "0001 2010 -"], &["2010 boundary 0001 0001"]);
    let map = Map::on(&register, day("2011-01-01"));
    let values = [Reported { period: period("2009"), ..reported("0001", 1.0) }];
    let done = convert(&register, &map, &values, SUM);
    assert_eq!(told(&map, &values, &done), [row("K-0001", 1.0, "ok", "boundary_adjusted")]);
    assert_eq!(done.rows[0].quality, Quality::Exact);
}

#[test]
fn a_correspondence_says_what_went_where_and_how_much_of_it() {
    let register = small();
    let between = |from: &str, to: &str| correspondence(&register, &Map::on(&register, day(to)), day(from)).0;
    let told = |links: Vec<Link>| -> Vec<String> {
        let places = register.places();
        let told = |l: &Link| {
            let (from, to) = (&places[l.from].code, &places[l.to].code);
            format!("{from} {to} {} {:?} {}:{}", l.quality.word(), l.share, l.n_from, l.n_to)
        };
        links.iter().map(told).collect()
    };
    assert_eq!(
        told(between("2019-01-01", "2020-01-01")),
        [
            "0001 0002 exact Some(1.0) 2:1",
            "0002 0002 exact Some(1.0) 2:1",
            "0003 0009 exact Some(1.0) 1:1",
            "0004 0005 estimated Some(0.7) 1:2",
            "0004 0006 estimated Some(0.3) 1:2",
        ]
    );
    assert_eq!(
        told(between("2020-01-01", "2019-01-01")),
        [
            "0002 0001 not_comparable None 1:2",
            "0002 0002 not_comparable None 1:2",
            "0005 0004 exact Some(1.0) 2:1",
            "0006 0004 exact Some(1.0) 2:1",
            "0009 0003 exact Some(1.0) 1:1",
        ]
    );
}
