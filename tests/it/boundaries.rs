//! The conversion between maps on the real register, the real change graph and the real population.
use crate::shipped::{Population, register};
use chrono::NaiveDate;
use opptrapping::domain::boundaries::{
    Converted, Map, Method, Quality, Reason, Register, Reported, Row, Rule, Spot, convert,
};
use opptrapping::domain::vocabulary::Aggregation;
use opptrapping::domain::{Language, Period};
use std::collections::{BTreeMap, BTreeSet};

const SUM: Rule = Rule { aggregation: Aggregation::Sum, estimate: false };

fn first(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap()
}

fn year(year: i32) -> Period {
    Period::parse(&year.to_string()).unwrap()
}

fn of_year<'a>(population: &'a [Reported<'a>], wanted: i32) -> Vec<Reported<'a>> {
    population.iter().filter(|one| one.period == year(wanted)).copied().collect()
}

/// The rows of municipalities and units, by region key.
fn rows<'a>(map: &Map, done: &'a Converted) -> BTreeMap<String, &'a Row> {
    let named = |row: &'a Row| match row.spot {
        Spot::Area(area) => Some((map.areas()[area].key.clone(), row)),
        Spot::Same => None,
    };
    done.rows.iter().filter_map(named).collect()
}

/// The sum of the municipalities with what of them could not be converted, and the nation beside it.
fn sums(reported: &[Reported], done: &Converted) -> (f64, f64) {
    let of =
        |spot: fn(&Spot) -> bool| done.rows.iter().filter(move |r| spot(&r.spot)).filter_map(|r| r.value).sum::<f64>();
    let left: f64 = done.left.iter().map(|left| left.value).sum();
    assert!(done.left.iter().all(|left| reported[left.observation].region != "NO"));
    (of(|spot| *spot != Spot::Same) + left, of(|spot| *spot == Spot::Same))
}

fn told(register: &Register, row: &Row) -> (Option<f64>, Quality, Option<Method>, Option<Reason>, String) {
    let sentence = row.explanation.as_ref().map(|e| e.sentence(register, Language::En)).unwrap_or_default();
    (row.value, row.quality, row.method, row.explanation.as_ref().map(|e| e.reason), sentence)
}

#[test]
fn the_nation_is_the_sum_of_every_map_in_every_year() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    for day in [first(2007), first(2016), first(2019), first(2020), first(2024), first(2026)] {
        let map = Map::on(&register, day);
        for year in 2007..=2026 {
            let values = of_year(&reported, year);
            for estimate in [false, true] {
                let done = convert(&register, &map, &values, Rule { estimate, ..SUM });
                let (sum, nation) = sums(&values, &done);
                assert!(nation > 4e6 && (sum - nation).abs() < 1e-3, "{year} on {day}: {sum} of {nation}");
            }
        }
    }
}

#[test]
fn there_are_352_comparable_units_and_each_is_exact_in_every_year() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    for (from, to) in [(2016, 2020), (2015, 2026), (2007, 2026)] {
        let map = Map::comparable(&register, first(from), first(to));
        assert_eq!(map.areas().len(), 352, "{from}–{to}");
        for year in from..=to {
            let values = of_year(&reported, year);
            let done = convert(&register, &map, &values, SUM);
            let (sum, nation) = sums(&values, &done);
            assert_eq!((sum, done.left.len(), done.rows.len()), (nation, 0, 353), "{year} of {from}–{to}");
            assert!(done.rows.iter().all(|r| r.quality == Quality::Exact && r.value.is_some()), "{year}");
        }
    }
    let keys: BTreeSet<String> = Map::comparable(&register, first(2007), first(2026))
        .areas()
        .iter()
        .map(|area| area.key.clone())
        .filter(|key| key.starts_with("U-"))
        .collect();
    assert_eq!(keys, ["U-1508.1580", "U-1806.1875", "U-3905.3907", "U-5055.5056.5059"].map(str::to_owned).into());
}

#[test]
fn the_map_of_2020_holds_2019_but_for_those_that_took_in_parts_of_a_divided_place() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    let values = of_year(&reported, 2019);
    let map = Map::on(&register, first(2020));
    let done = convert(&register, &map, &values, SUM);
    let rows = rows(&map, &done);
    assert_eq!(rows.len(), 356);
    let lacking: Vec<&str> =
        rows.iter().filter(|(_, r)| r.quality != Quality::Exact).map(|(key, _)| key.as_str()).collect();
    assert_eq!(lacking, ["K-1806", "K-1875", "K-5055", "K-5056", "K-5059"]);
    for key in lacking {
        let (value, _, method, reason, sentence) = told(&register, rows[key]);
        assert_eq!((value, method, reason), (None, None, Some(Reason::SplitUnpublished)), "{key}");
        let divided = if key < "K-5000" { "K-1850 Tysfjord - Divtasvuodna" } else { "K-5012 Snillfjord" };
        assert!(sentence.starts_with(&format!("{divided} was divided")), "{sentence}");
    }
    let sum_of =
        |codes: &[&str]| -> f64 { values.iter().filter(|v| codes.contains(&v.region)).filter_map(|v| v.value).sum() };
    // Checked by hand against the decisions on the reform.
    for (now, before, method) in [
        ("K-0301", &["K-0301"][..], Method::Unchanged),
        ("K-3001", &["K-0101"], Method::Renumbered),
        ("K-1103", &["K-1103", "K-1141", "K-1142"], Method::Merged),
        ("K-5001", &["K-5001", "K-5030"], Method::Merged),
        ("K-1507", &["K-1504", "K-1523", "K-1529", "K-1534", "K-1546"], Method::Merged),
        ("K-3803", &["K-0704", "K-0716"], Method::Merged),
        ("K-4601", &["K-1201"], Method::Renumbered),
    ] {
        let row = rows[now];
        assert_eq!((row.value, row.method), (Some(sum_of(before)), Some(method)), "{now}");
        let sources: Vec<&str> = row.sources.iter().map(|s| values[s.observation.unwrap()].region).collect();
        assert_eq!(sources, before, "{now}");
    }
}

#[test]
fn alesund_and_haram_are_estimated_only_when_asked_for() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    let map = Map::on(&register, first(2024));
    let values = of_year(&reported, 2023);
    let before = values.iter().find(|v| v.region == "K-1507").and_then(|v| v.value).unwrap();
    let plain = convert(&register, &map, &values, SUM);
    let asked = convert(&register, &map, &values, Rule { estimate: true, ..SUM });
    let (plain, asked) = (rows(&map, &plain), rows(&map, &asked));
    for (key, share) in [("K-1508", 0.862125), ("K-1580", 0.137875)] {
        let (value, quality, _, reason, sentence) = told(&register, plain[key]);
        assert_eq!((value, quality, reason), (None, Quality::NotComparable, Some(Reason::SplitByShare)), "{key}");
        assert!(sentence.contains("K-1507 Ålesund") && sentence.contains("estimate=shares"), "{sentence}");
        let (value, quality, method, ..) = told(&register, asked[key]);
        assert_eq!((quality, method), (Quality::Estimated, Some(Method::SplitShare)), "{key}");
        assert!((value.unwrap() - before * share).abs() < 1e-6, "{key}: {value:?}");
        assert_eq!(asked[key].sources[0].share, Some(share));
    }
    let estimated = asked.values().filter(|row| row.quality == Quality::Estimated).count();
    assert_eq!((estimated, asked.len()), (2, 357));
}

#[test]
fn several_reforms_at_once_are_one_step() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    let map = Map::on(&register, first(2024));
    let values = of_year(&reported, 2016);
    let done = convert(&register, &map, &values, SUM);
    let rows = rows(&map, &done);
    let value = |key: &str| values.iter().find(|v| v.region == key).and_then(|v| v.value);
    let sum = |keys: &[&str]| keys.iter().map(|key| value(key)).sum::<Option<f64>>();
    for (now, before) in [
        // Renumbered in 2018, merged in 2020, renamed in 2023.
        ("K-5001", &["K-1601", "K-1662"][..]),
        // Renumbered in 2020 and again in 2024.
        ("K-3101", &["K-0101"]),
        // Merged in 2018 and again in 2020, renumbered in 2024.
        ("K-3903", &["K-0702", "K-0713", "K-0714"]),
    ] {
        assert!(value(before[0]).is_some(), "{now}");
        assert_eq!((rows[now].value, rows[now].quality), (sum(before), Quality::Exact), "{now}");
    }
    // Stokke, of which nobody knows the parts, was published with Sandefjord and Andebu.
    for now in ["K-3905", "K-3907"] {
        assert_eq!(rows[now].explanation.as_ref().unwrap().reason, Reason::SplitUnpublished, "{now}");
    }
    let left: Vec<&str> = done.left.iter().map(|l| values[l.observation].region).collect();
    assert!(left.contains(&"U-0706.0719.0720") && left.contains(&"K-0704"), "{left:?}");
}

#[test]
fn units_published_together_are_whole_where_all_of_them_went() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    let map = Map::on(&register, first(2020));
    let done = convert(&register, &map, &of_year(&reported, 2012), SUM);
    let rows = rows(&map, &done);
    assert_eq!(rows["K-5402"].value, Some(24_095.0));
    assert_eq!(rows["K-5402"].method, Some(Method::Merged));
    // On the map of its own year it has no place of its own, and is listed.
    let own = Map::on(&register, first(2012));
    let values = of_year(&reported, 2012);
    let done = convert(&register, &own, &values, SUM);
    let apart = rows_of(&own, &done, &["K-1901", "K-1915"]);
    assert!(apart.iter().all(|r| r.explanation.as_ref().unwrap().reason == Reason::ReportedTogether));
    assert!(done.left.iter().any(|l| values[l.observation].region == "U-1901.1915" && l.value == 24_095.0));
}

fn rows_of<'a>(map: &Map, done: &'a Converted, keys: &[&str]) -> Vec<&'a Row> {
    let all = rows(map, done);
    keys.iter().map(|key| all[*key]).collect()
}

#[test]
fn backward_a_place_that_stayed_one_is_exact_and_no_other_has_a_value() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    let values = of_year(&reported, 2024);
    let map = Map::on(&register, first(2016));
    let done = convert(&register, &map, &values, SUM);
    let rows = rows(&map, &done);
    assert_eq!(rows.len(), 428);
    let one = |key: &str| values.iter().find(|v| v.region == key).and_then(|v| v.value);
    for (then, now) in [("K-0101", "K-3101"), ("K-0301", "K-0301"), ("K-1567", "K-5061"), ("K-2021", "K-5610")] {
        assert_eq!((rows[then].value, rows[then].quality), (one(now), Quality::Exact), "{then}");
    }
    // Molde took in Nesset and Midsund.
    let (value, _, _, _, sentence) = told(&register, rows["K-1502"]);
    assert_eq!((value, sentence.contains("K-1506 Molde as a whole")), (None, true), "{sentence}");
    for row in rows.values() {
        match row.quality {
            Quality::Exact => assert_eq!((row.sources.len(), row.value.is_some()), (1, true)),
            other => {
                assert_eq!((other, row.value), (Quality::NotComparable, None));
                assert_eq!(row.explanation.as_ref().unwrap().reason, Reason::PartOfWhole);
            }
        }
    }
    let exact = rows.values().filter(|row| row.quality == Quality::Exact).count();
    assert!((300..428).contains(&exact), "{exact}");
    // Ålesund and Haram make the Ålesund of 2023 again.
    let map = Map::on(&register, first(2023));
    let done = convert(&register, &map, &values, SUM);
    let again = rows_of(&map, &done, &["K-1507"])[0];
    assert_eq!((again.value, again.method), (Some(58_509.0 + 9_357.0), Some(Method::Reunited)));
}

#[test]
fn a_mean_is_weighted_by_the_population_of_its_own_places() {
    let (register, population) = (register(), Population::read());
    let reported = population.reported();
    let map = Map::on(&register, first(2020));
    let rule = Rule { aggregation: Aggregation::Mean, estimate: false };
    // A rate of 1 in one place and of 3 in the others.
    let values: Vec<Reported> = of_year(&reported, 2019)
        .into_iter()
        .map(|one| Reported { value: Some(if one.region == "K-1103" { 1.0 } else { 3.0 }), ..one })
        .collect();
    let done = convert(&register, &map, &values, rule);
    let stavanger = rows_of(&map, &done, &["K-1103"])[0];
    let weight = |key: &str| values.iter().find(|v| v.region == key).and_then(|v| v.weight).unwrap();
    let (large, others) = (weight("K-1103"), weight("K-1141") + weight("K-1142"));
    let expected = (large + 3.0 * others) / (large + others);
    assert!((stavanger.value.unwrap() - expected).abs() < 1e-6 && stavanger.value.unwrap() < 1.5);
}

#[test]
fn counties_stand_where_their_municipalities_stayed_and_nowhere_else() {
    let register = register();
    let county = |key: &'static str, of: i32, on: i32| -> bool {
        let value = Reported {
            region: key,
            period: year(of),
            mapped_on: None,
            value: Some(1.0),
            status: opptrapping::domain::vocabulary::ObservationStatus::Ok,
            weight: None,
        };
        let done = convert(&register, &Map::on(&register, first(on)), &[value], SUM);
        assert_eq!(done.rows.len() + done.left.len(), 1);
        done.rows.len() == 1
    };
    // Rogaland and Oslo kept their area through every reform; Rindal left Møre og Romsdal in 2019.
    assert!(county("F-11", 2010, 2024) && county("F-03", 2007, 2026) && county("F-11", 2024, 2010));
    assert!(county("F-15", 2016, 2018) && !county("F-15", 2018, 2019) && county("F-15", 2020, 2024));
    assert!(!county("F-02", 2019, 2020) && !county("F-30", 2023, 2024) && !county("F-46", 2019, 2019));
    // A rename within is no change of area.
    assert!(county("F-50", 2022, 2023));
}
