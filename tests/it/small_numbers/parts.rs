//! A whole divided by sex and by cause, and both at once, in a county and its municipalities: attacked as one table.
use super::attack::{Told, glance, harvest, width};
use super::{bulk, figure, indicator, put};
use crate::client::{Client, names};
use crate::support::databases;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PERIOD: &str = "2023";
const CODES: [&str; 6] = ["1505", "1506", "1511", "1514", "1515", "1516"];

/// The innermost cells: sex and cause.
const INNER: [(&str, &str); 4] = [("women", "a"), ("women", "b"), ("men", "a"), ("men", "b")];

/// The indicators of the table: sex and cause, each empty where all are counted.
fn table() -> Vec<(&'static str, &'static str)> {
    ["", "women", "men"].into_iter().flat_map(|sex| ["", "a", "b"].map(|cause| (sex, cause))).collect()
}

fn name(sex: &str, cause: &str) -> String {
    ["x", sex, cause].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// What an indicator is a part of, and by what.
fn part_of(sex: &str, cause: &str) -> Value {
    let mut pairs = vec![];
    if !sex.is_empty() {
        pairs.push((name("", cause), "sex"));
    }
    if !cause.is_empty() {
        pairs.push((name(sex, ""), "cause"));
    }
    if pairs.is_empty() {
        return json!({});
    }
    let (of, by): (Vec<String>, Vec<&str>) = pairs.into_iter().unzip();
    json!({ "part_of": of.join(" "), "part_by": by.join(" ") })
}

async fn define(client: &Client) {
    for (sex, cause) in table() {
        indicator(client, &name(sex, cause), part_of(sex, cause)).await;
    }
}

/// What is counted in each innermost cell of each municipality.
type Counts = BTreeMap<(usize, &'static str), u16>;

fn counts() -> impl Strategy<Value = Counts> {
    let count = prop_oneof![2 => Just(0u16), 2 => 1..5u16, 5 => 5..40u16];
    prop::collection::vec(count, INNER.len() * CODES.len()).prop_map(|counts| {
        let cells = (0..INNER.len()).flat_map(|inner| CODES.map(|code| (inner, code)));
        cells.zip(counts).collect()
    })
}

/// The innermost cells that a figure is the sum of.
fn cells(sex: &str, cause: &str, region: &str) -> Vec<(usize, &'static str)> {
    let of = |(n, inner): (usize, &(&str, &str))| {
        ((sex.is_empty() || inner.0 == sex) && (cause.is_empty() || inner.1 == cause)).then_some(n)
    };
    let inner: Vec<usize> = INNER.iter().enumerate().filter_map(of).collect();
    let codes = CODES.into_iter().filter(|code| region == "F-15" || region.ends_with(code));
    codes.flat_map(|code| inner.iter().map(move |n| (*n, code))).collect()
}

fn regions() -> Vec<String> {
    CODES.iter().map(|code| format!("K-{code}")).chain(["F-15".to_owned()]).collect()
}

fn rows(sex: &str, cause: &str, counts: &Counts) -> Vec<Value> {
    let sum = |region: &str| cells(sex, cause, region).iter().map(|cell| f64::from(counts[cell])).sum();
    regions().iter().map(|region| figure(&name(sex, cause), region, PERIOD, sum(region))).collect()
}

/// The narrowest interval to which a suppressed figure of the whole table can be told, and which it is. There are no other
/// municipalities, women and men are all, and so are the two causes.
fn narrowest(told: &BTreeMap<(&str, &str), Told>) -> Option<(f64, String)> {
    let mut at: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for cell in (0..INNER.len()).flat_map(|inner| CODES.map(|code| (inner, code))) {
        at.insert(cell, at.len());
    }
    let mut lower = vec![0.0; at.len()];
    let (mut equations, mut targets) = (vec![], vec![]);
    for ((sex, cause), told) in told {
        for ((region, ..), value) in &told.current {
            let of: Vec<usize> = cells(sex, cause, region).iter().map(|cell| at[cell]).collect();
            let mut terms: Vec<(usize, f64)> = of.iter().map(|n| (*n, 1.0)).collect();
            match value {
                Some(value) => equations.push((terms, *value)),
                None => {
                    // What is suppressed is at least one: zeros are published.
                    terms.push((lower.len(), -1.0));
                    lower.push(1.0);
                    equations.push((terms, 0.0));
                    targets.push((format!("{} in {region}", name(sex, cause)), of));
                }
            }
        }
    }
    let widths = targets.into_iter().map(|(name, of)| (width(&lower, &equations, &of).unwrap(), name));
    widths.min_by(|a, b| a.0.total_cmp(&b.0))
}

fn withstands(told: &BTreeMap<(&str, &str), Told>, what: &str) {
    for (indicator, told) in told {
        for name in &told.suppressed {
            assert_eq!(told.values.get(name), None, "{what}: {indicator:?} {name:?} was told");
        }
    }
    if let Some((width, name)) = narrowest(told) {
        assert!(width >= 5.0 - 1e-6, "{what}: {name} is told to {width}");
    }
}

#[actix_web::test]
async fn the_margins_of_a_table_give_nothing_away() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let cases: Vec<(Counts, Vec<(&str, &str)>)> =
        (0..3).map(|_| (counts(), Just(table()).prop_shuffle()).new_tree(&mut runner).unwrap().current()).collect();
    for (n, (counts, order)) in cases.iter().enumerate() {
        for base in databases(&format!("small_margins_{n}")) {
            let client = Client::new(&base.db).await;
            define(&client).await;
            let since = base.db.head().revision;
            let what = format!("{}: {counts:?} {order:?}", base.label);
            let mut told: BTreeMap<(&str, &str), Told> = BTreeMap::new();
            for lot in order.chunks(2) {
                let lot: Vec<Value> = lot.iter().flat_map(|(sex, cause)| rows(sex, cause, counts)).collect();
                bulk(&base, &lot).unwrap();
                for (sex, cause) in table() {
                    told.insert((sex, cause), glance(&client, &name(sex, cause)).await);
                }
                withstands(&told, &what);
            }
            for (sex, cause) in table() {
                told.insert((sex, cause), harvest(&client, &name(sex, cause), since).await);
            }
            withstands(&told, &what);
            assert!(told.values().any(|told| !told.suppressed.is_empty()), "{what}: nothing was hidden");
            assert!(told.values().any(|told| !told.values.is_empty()), "{what}: all was hidden");
        }
    }
}

/// What is published of an indicator, by region.
async fn shown(client: &Client, of: &str) -> Vec<Value> {
    client
        .rows(&format!("/v1/observations?indicator={of}&sort=id"))
        .await
        .iter()
        .map(|row| row["value"].clone())
        .collect()
}

#[actix_web::test]
async fn what_becomes_a_part_is_judged_again_and_so_is_what_is_none_any_more() {
    for base in databases("small_divided") {
        let client = Client::new(&base.db).await;
        for of in ["x", "x-women", "x-men"] {
            indicator(&client, of, json!({})).await;
        }
        let values = [("x", 30.0), ("x-women", 3.0), ("x-men", 27.0)];
        let rows: Vec<Value> = values.iter().map(|(of, value)| figure(of, "K-1505", PERIOD, *value)).collect();
        bulk(&base, &rows).unwrap();
        let all = |[x, women, men]: [Value; 3]| [vec![x], vec![women], vec![men]];
        let now = async || [shown(&client, "x").await, shown(&client, "x-women").await, shown(&client, "x-men").await];
        assert_eq!(now().await, all([json!(30), json!(null), json!(27)]), "{}", base.label);
        indicator(&client, "x-women", json!({ "part_of": "x", "part_by": "sex" })).await;
        // What of the whole is not women is not men, for all that is known.
        assert_eq!(now().await, all([json!(30), json!(null), json!(27)]), "{}", base.label);
        indicator(&client, "x-men", json!({ "part_of": "x", "part_by": "sex" })).await;
        assert!(now().await.iter().filter(|shown| shown[0].is_null()).count() == 2, "{}", base.label);
        // A whole that comes later gives nothing away either, and all come back when there is nothing small.
        let mut women = figure("x-women", "K-1505", PERIOD, 8.0);
        put(&client, &women).await.done(200);
        let mut whole = figure("x", "K-1505", PERIOD, 35.0);
        put(&client, &whole).await.done(200);
        assert_eq!(now().await, all([json!(35), json!(8), json!(27)]), "{}", base.label);
        (women["value"], whole["value"]) = (json!(4), json!(31));
        bulk(&base, &[women, whole]).unwrap();
        assert_eq!(now().await.iter().filter(|shown| shown[0].is_null()).count(), 2, "{}", base.label);
        // A part of nothing more: the whole and the other part have nothing to hide.
        indicator(&client, "x-women", json!({})).await;
        assert_eq!(now().await, all([json!(31), json!(null), json!(27)]), "{}", base.label);
    }
}

#[actix_web::test]
async fn a_part_says_what_of_and_by_what() {
    for base in databases("small_part_rules") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        indicator(&client, "y", json!({ "part_of": "x population", "part_by": "sex cause" })).await;
        let tag = client.tag("/v1/indicators/y").await;
        for (members, field, code) in [
            (json!({ "part_by": null }), "part_by", "required"),
            (json!({ "part_of": null }), "part_of", "required"),
            (json!({ "part_of": "x" }), "part_by", "invalid"),
            (json!({ "part_of": "x x", "part_by": "sex sex" }), "part_of", "invalid"),
            (json!({ "part_of": "x  population" }), "part_of", "invalid"),
            (json!({ "part_of": "y population" }), "part_of", "invalid"),
            (json!({ "part_of": "x nowhere" }), "part_of", "reference"),
            (json!({ "part_by": "Sex cause" }), "part_by", "invalid"),
            (json!({ "part_by": "", "part_of": "" }), "part_of", "invalid"),
            (json!({ "rate_of": "x", "threshold": null }), "part_of", "invalid"),
        ] {
            let problem = client.patch("/v1/indicators/y", &tag, &members).await.refused(422, "invalid-content");
            assert!(names(&problem, field, code), "{}: {members}: {problem}", base.label);
        }
        let parts = client.rows("/v1/indicators?part_of=x").await;
        assert_eq!(parts.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ["y"]);
        // A whole that has parts stays.
        let problem =
            client.delete("/v1/indicators/x", &client.tag("/v1/indicators/x").await).await.refused(409, "referenced");
        assert!(problem.to_string().contains("part_of"), "{problem}");
        let shipped: BTreeSet<String> = client
            .rows("/v1/indicators?part_of=overdose-deaths")
            .await
            .iter()
            .map(|row| row["part_by"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(shipped, ["manner".to_owned()].into());
    }
}

/// Women and men in every municipality, the whole in counties and the nation alone: what the municipalities' wholes are is
/// told by nobody, and must not be told by the others.
#[actix_web::test]
async fn a_nation_by_sex_gives_nothing_away() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let count = prop_oneof![2 => Just(0u16), 1 => 1..5u16, 20 => 5..40u16];
    let counts = prop::collection::vec(count, 2 * 356).new_tree(&mut runner).unwrap().current();
    for base in databases("small_nation_by_sex") {
        let client = Client::new(&base.db).await;
        let places = client.rows("/v1/municipalities?valid_on=2023-01-01&limit=1000").await;
        let codes: Vec<&str> = places.iter().map(|row| row["region_code"].as_str().unwrap()).collect();
        let own =
            |sex: usize, code: &str| f64::from(counts[sex * 356 + codes.iter().position(|c| *c == code).unwrap()]);
        let within = |county: &str| codes.iter().filter(|code| code.starts_with(county)).copied().collect::<Vec<_>>();
        let counties: BTreeSet<&str> = codes.iter().map(|code| &code[..2]).collect();
        let mut rows = vec![];
        indicator(&client, "x", json!({})).await;
        for (sex, of) in ["x-women", "x-men"].into_iter().enumerate() {
            indicator(&client, of, json!({ "part_of": "x", "part_by": "sex" })).await;
            rows.extend(codes.iter().map(|code| figure(of, &format!("K-{code}"), PERIOD, own(sex, code))));
        }
        for county in &counties {
            let sum: f64 = within(county).iter().map(|code| own(0, code) + own(1, code)).sum();
            rows.push(figure("x", &format!("F-{county}"), PERIOD, sum));
        }
        rows.push(figure("x", "NO", PERIOD, counts.iter().map(|count| f64::from(*count)).sum()));
        let begun = std::time::Instant::now();
        bulk(&base, &rows).unwrap();
        println!("{}: judged in {:.1} s", base.label, begun.elapsed().as_secs_f64());
        let (women, men, whole) =
            (glance(&client, "x-women").await, glance(&client, "x-men").await, glance(&client, "x").await);
        let value = |told: &Told, region: &str| {
            told.current.iter().find(|((of, ..), _)| of == region).and_then(|(_, value)| *value)
        };
        let mut hidden = 0;
        for county in &counties {
            let whole = value(&whole, &format!("F-{county}"));
            let parts: Vec<(String, Option<f64>)> = within(county)
                .iter()
                .flat_map(|code| {
                    let region = format!("K-{code}");
                    [("women", value(&women, &region)), ("men", value(&men, &region))]
                        .map(|(sex, value)| (format!("{sex} in {region}"), value))
                })
                .collect();
            let unknown: Vec<usize> = (0..parts.len()).filter(|n| parts[*n].1.is_none()).collect();
            hidden += unknown.len();
            if let Some(whole) = whole {
                let known: f64 = parts.iter().filter_map(|(_, value)| *value).sum();
                for n in &unknown {
                    let terms = unknown.iter().map(|n| (*n, 1.0)).collect();
                    let width = width(&vec![1.0; parts.len()], &[(terms, whole - known)], &[*n]).unwrap();
                    assert!(width >= 5.0 - 1e-6, "{}: {} is told to {width}", base.label, parts[*n].0);
                }
            }
        }
        let small = counts.iter().filter(|n| (1..5).contains(*n)).count();
        assert!(hidden >= small && hidden < small * 3 + 20, "{}: {hidden} hidden for {small}", base.label);
    }
}
