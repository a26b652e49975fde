//! What is hidden in small cases that can be checked by hand.
use super::*;
use crate::domain::boundaries::{Change, Place, Register};
use crate::domain::date;
use crate::domain::vocabulary::ChangeKind;

fn day(text: &str) -> NaiveDate {
    date::whole(text).unwrap()
}

/// Four municipalities in county 01 and two in 02; on 1 January 2020 0101 and 0102 become 0109.
fn register() -> Register {
    let place = |code: &str, from: &str, to: Option<&str>| Place {
        code: code.into(),
        name: code.into(),
        valid_from: day(from),
        valid_to: to.map(day),
    };
    let mut places: Vec<Place> =
        ["0103", "0104", "0201", "0202"].iter().map(|code| place(code, "2000-01-01", None)).collect();
    places.extend(["0101", "0102"].map(|code| place(code, "2000-01-01", Some("2020-01-01"))));
    places.push(place("0109", "2020-01-01", None));
    let merge = |old: &str| Change {
        date: day("2020-01-01"),
        kind: ChangeKind::Merge,
        old_code: old.into(),
        new_code: "0109".into(),
        share: None,
    };
    Register::new(places, &[merge("0101"), merge("0102")])
}

const POLICY: Policy = Policy { threshold: 5.0, zero_hidden: false, adds: true };

fn figure(region: &'static str, value: f64) -> Figure<'static> {
    Figure {
        indicator: 0,
        region,
        period: Period::parse("2019").unwrap(),
        mapped_on: None,
        published: "2020",
        value: Some(value),
        suppressed: false,
        hidden: false,
        seen: false,
    }
}

fn hidden(figures: &[Figure], policy: Policy) -> Vec<&'static str> {
    let register = register();
    let health_regions = vec![None; register.places().len()];
    let geography = Geography { register: &register, health_regions: &health_regions };
    let verdict = judge(&geography, figures, &Family::alone(policy)).unwrap();
    let word = |w: &Option<Withheld>| w.map_or("-", Withheld::word);
    verdict.withheld.iter().map(word).collect()
}

fn figures(all: &[(&'static str, f64)]) -> Vec<Figure<'static>> {
    all.iter().map(|(region, value)| figure(region, *value)).collect()
}

const P: &str = "primary";
const C: &str = "complementary";

#[test]
fn small_counts_are_hidden_and_zero_is_not() {
    let all = figures(&[("K-0101", 0.0), ("K-0102", 4.0), ("K-0103", 5.0), ("K-0104", 1.0)]);
    assert_eq!(hidden(&all, POLICY), ["-", P, "-", P]);
    assert_eq!(hidden(&all, Policy { zero_hidden: true, ..POLICY }), [P, P, "-", P]);
    assert_eq!(hidden(&all, Policy { threshold: 3.0, ..POLICY }), ["-", "-", "-", P]);
}

#[test]
fn what_a_total_would_give_away_takes_the_smallest_with_it() {
    let all = [("F-01", 60.0), ("K-0101", 20.0), ("K-0102", 3.0), ("K-0103", 12.0), ("K-0104", 25.0)];
    assert_eq!(hidden(&figures(&all), POLICY), ["-", "-", P, C, "-"]);
    // The figures of counties and nation stand without those of municipalities too.
    let all = [("NO", 60.0), ("F-01", 57.0), ("F-02", 3.0)];
    assert_eq!(hidden(&figures(&all), POLICY), ["-", C, P]);
    // Without a total nothing can be subtracted.
    assert_eq!(hidden(&figures(&all[1..]), POLICY), ["-", P]);
}

#[test]
fn two_small_ones_whose_sum_leaves_little_room_need_a_third() {
    let all = [("F-01", 40.0), ("K-0101", 20.0), ("K-0102", 1.0), ("K-0103", 18.0), ("K-0104", 1.0)];
    assert_eq!(hidden(&figures(&all), POLICY), ["-", "-", P, C, P]);
    // 4 and 4: each is between 1 and 7.
    let all = [("F-01", 46.0), ("K-0101", 20.0), ("K-0102", 4.0), ("K-0103", 18.0), ("K-0104", 4.0)];
    assert_eq!(hidden(&figures(&all), POLICY), ["-", "-", P, "-", P]);
}

#[test]
fn where_no_part_is_left_the_whole_goes() {
    let all = [
        ("F-01", 3.0),
        ("K-0101", 0.0),
        ("K-0102", 3.0),
        ("K-0103", 0.0),
        ("K-0104", 0.0),
        ("F-02", 90.0),
        ("NO", 93.0),
    ];
    assert_eq!(hidden(&figures(&all), POLICY), [P, "-", P, "-", "-", C, "-"]);
}

#[test]
fn a_figure_that_is_there_no_more_is_taken_to_be_nothing_where_the_others_add_up() {
    let all = [("F-01", 23.0), ("K-0101", 20.0), ("K-0102", 3.0)];
    assert_eq!(hidden(&figures(&all), POLICY), ["-", C, P]);
    // 17 more are elsewhere in the county: nobody knows where.
    let all = [("F-01", 40.0), ("K-0101", 20.0), ("K-0102", 3.0)];
    assert_eq!(hidden(&figures(&all), POLICY), ["-", "-", P]);
}

#[test]
fn a_merger_gives_away_its_parts() {
    let later = |region, value| Figure { mapped_on: Some(day("2020-01-01")), ..figure(region, value) };
    let all = [figure("K-0101", 30.0), figure("K-0102", 2.0), later("K-0109", 32.0)];
    assert_eq!(hidden(&all, POLICY), [C, P, "-"]);
    // Each map by itself is safe.
    assert_eq!(hidden(&all[..2], POLICY), ["-", P]);
}

#[test]
fn all_vintages_are_one() {
    let newer = |region, value| Figure { published: "2021", ..figure(region, value) };
    let all = [figure("K-0101", 8.0), newer("K-0101", 3.0), figure("K-0102", 9.0), newer("F-01", 12.0)];
    // The county came with the second vintage, beside the first of the other.
    assert_eq!(hidden(&all, POLICY), [P, P, C, "-"]);
}

#[test]
fn months_give_away_a_month() {
    let of = |period: &str, value| Figure { period: Period::parse(period).unwrap(), ..figure("K-0101", value) };
    let all = [of("2019", 40.0), of("2019-T1", 3.0), of("2019-T2", 10.0), of("2019-T3", 27.0)];
    assert_eq!(hidden(&all, POLICY), ["-", P, C, "-"]);
    // Patients of the tertials are not those of the year.
    let all = [of("2019", 35.0), of("2019-T1", 3.0), of("2019-T2", 10.0), of("2019-T3", 27.0)];
    assert_eq!(hidden(&all, POLICY), ["-", P, "-", "-"]);
}

#[test]
fn what_the_source_hides_is_protected_like_our_own() {
    let source = |region| Figure { value: None, suppressed: true, ..figure(region, 0.0) };
    let mut all = figures(&[("F-01", 60.0), ("K-0101", 20.0), ("K-0103", 12.0), ("K-0104", 25.0)]);
    all.push(source("K-0102"));
    assert_eq!(hidden(&all, POLICY), ["-", "-", C, "-", "-"]);
}

#[test]
fn who_has_a_copy_knows_what_was_published() {
    let mut all = figures(&[("F-01", 60.0), ("K-0101", 20.0), ("K-0102", 3.0), ("K-0103", 12.0), ("K-0104", 25.0)]);
    all.iter_mut().for_each(|figure| figure.seen = figure.region != "K-0102" && figure.region != "F-01");
    assert_eq!(hidden(&all, POLICY), [C, "-", P, "-", "-"]);
    // All of it was: then what is hidden is what would have been.
    all.iter_mut().for_each(|figure| figure.seen = true);
    assert_eq!(hidden(&all, POLICY), ["-", "-", P, C, "-"]);
}

#[test]
fn what_is_hidden_stays_hidden_beside_something_small_and_comes_back_without() {
    let mut all = figures(&[("F-01", 60.0), ("K-0101", 20.0), ("K-0102", 3.0), ("K-0103", 12.0), ("K-0104", 25.0)]);
    all[4].hidden = true;
    assert_eq!(hidden(&all, POLICY), ["-", "-", P, "-", C]);
    (all[2].value, all[2].hidden) = (Some(7.0), true);
    all[0].value = Some(64.0);
    assert_eq!(hidden(&all, POLICY), ["-"; 5]);
}

/// A whole with parts, all with the same policy unless `whole` says otherwise.
fn divided(figures: &[Figure], whole: Policy, parts: usize) -> Result<Vec<&'static str>, Exposed> {
    let register = register();
    let health_regions = vec![None; register.places().len()];
    let geography = Geography { register: &register, health_regions: &health_regions };
    let policies = [vec![whole], vec![POLICY; parts]].concat();
    let divisions = vec![Division { whole: 0, parts: (1..=parts).collect() }];
    let verdict = judge(&geography, figures, &Family { policies, divisions })?;
    Ok(verdict.withheld.iter().map(|w| w.map_or("-", Withheld::word)).collect())
}

fn each(all: &[(usize, &'static str, f64)]) -> Vec<Figure<'static>> {
    all.iter().map(|(indicator, region, value)| Figure { indicator: *indicator, ..figure(region, *value) }).collect()
}

#[test]
fn a_whole_and_one_part_give_away_the_other() {
    let all = each(&[(0, "K-0101", 30.0), (1, "K-0101", 27.0), (2, "K-0101", 3.0)]);
    assert_eq!(divided(&all, POLICY, 2).unwrap(), ["-", C, P]);
    // Neither does by itself.
    assert_eq!(divided(&all[1..], POLICY, 2).unwrap(), ["-", P]);
    // 17 are in neither part.
    let all = each(&[(0, "K-0101", 47.0), (1, "K-0101", 27.0), (2, "K-0101", 3.0)]);
    assert_eq!(divided(&all, POLICY, 2).unwrap(), ["-", "-", P]);
}

#[test]
fn a_part_that_is_nearly_all_tells_of_what_is_not_published() {
    // Nobody publishes the men, and at most 3 of these are.
    let all = each(&[(0, "K-0101", 3.0), (1, "K-0101", 0.0)]);
    assert_eq!(divided(&all, POLICY, 1).unwrap(), [P, "-"]);
    let all = each(&[(0, "K-0101", 8.0), (1, "K-0101", 4.0)]);
    assert_eq!(divided(&all, POLICY, 1).unwrap(), ["-", P]);
    let all = each(&[(0, "K-0101", 5.0), (1, "K-0101", 4.0)]);
    assert_eq!(divided(&all, POLICY, 1).unwrap(), [C, P]);
}

#[test]
fn margins_of_places_and_of_parts_are_one_table() {
    // Women and men in two municipalities that make up a county.
    let all = each(&[
        (0, "F-02", 100.0),
        (0, "K-0201", 40.0),
        (0, "K-0202", 60.0),
        (1, "F-02", 50.0),
        (1, "K-0201", 3.0),
        (1, "K-0202", 47.0),
        (2, "F-02", 50.0),
        (2, "K-0201", 37.0),
        (2, "K-0202", 13.0),
    ]);
    assert_eq!(divided(&all, POLICY, 2).unwrap(), ["-", "-", "-", "-", P, C, "-", C, C]);
}

#[test]
fn parts_of_municipalities_are_held_against_the_whole_of_their_county() {
    // The whole of the county is known by its municipalities, the men only as a county.
    let all =
        each(&[(0, "K-0201", 40.0), (0, "K-0202", 60.0), (1, "K-0201", 3.0), (1, "K-0202", 47.0), (2, "F-02", 50.0)]);
    let found = divided(&all, POLICY, 2).unwrap();
    assert_eq!((found[2], found.iter().filter(|word| **word == C).count()), (P, 1), "{found:?}");
}

#[test]
fn what_is_published_whatever_it_counts_is_never_hidden() {
    let open = Policy { threshold: 0.0, ..POLICY };
    let all = each(&[(0, "K-0101", 30.0), (1, "K-0101", 27.0), (2, "K-0101", 3.0)]);
    assert_eq!(divided(&all, open, 2).unwrap(), ["-", C, P]);
    // There is nothing else to hide, and 3 would be all there is.
    let all = each(&[(0, "K-0101", 3.0), (1, "K-0101", 3.0)]);
    let exposed = Exposed { indicator: 1, period: Period::parse("2019").unwrap() };
    assert_eq!(divided(&all, open, 1), Err(exposed));
}
