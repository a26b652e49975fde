//! The reference data: what it must hold, whatever it is kept in.
use crate::client::Client;
use crate::support::{Base, databases};
use opptrapping::db::{CURRENT, Statement, verify};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

async fn loaded(name: &str) -> Vec<(Base, Client)> {
    let mut all = vec![];
    for base in databases(name) {
        let client = Client::new(&base.db).await;
        all.push((base, client));
    }
    all
}

fn text<'v>(row: &'v Value, field: &str) -> &'v str {
    row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row}"))
}

/// How many municipalities there were, and on which day.
const REGISTER: [(&str, usize); 7] = [
    ("2007-01-01", 431),
    ("2016-01-01", 428),
    ("2017-01-01", 426),
    ("2018-01-01", 422),
    ("2019-01-01", 422),
    ("2020-01-01", 356),
    ("2024-01-01", 357),
];

#[actix_web::test]
async fn the_register_has_its_size_on_seven_days() {
    for (base, client) in loaded("data_register").await {
        for (day, count) in REGISTER {
            let list = client.json(&format!("/v1/municipalities?valid_on={day}")).await;
            assert_eq!(list["total"], count, "{} {day}", base.label);
            let codes: BTreeSet<&str> = list["data"].as_array().unwrap().iter().map(|r| text(r, "region")).collect();
            assert_eq!(codes.len(), count, "{} {day}: a code stands twice", base.label);
        }
    }
}

#[actix_web::test]
async fn replaying_the_changes_gives_the_register_of_each_day() {
    for (base, client) in loaded("data_replay").await {
        let on = |day: &str| format!("/v1/municipalities?valid_on={day}&fields=region");
        let mut register: BTreeSet<String> =
            client.rows(&on("2007-01-01")).await.iter().map(|r| text(r, "region").to_owned()).collect();
        let mut days: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for change in client.rows("/v1/municipality-changes?sort=change_date").await {
            days.entry(text(&change, "change_date").to_owned()).or_default().push(change);
        }
        for (day, changes) in &days {
            for change in changes {
                assert!(register.contains(text(change, "old_region")), "{} {change}", base.label);
            }
            for change in changes {
                register.remove(text(change, "old_region"));
            }
            for change in changes {
                register.insert(text(change, "new_region").to_owned());
            }
            let listed: BTreeSet<String> =
                client.rows(&on(day)).await.iter().map(|r| text(r, "region").to_owned()).collect();
            assert_eq!(register, listed, "{} {day}", base.label);
        }
        for (day, count) in REGISTER.iter().filter(|(day, _)| days.contains_key(*day)) {
            assert_eq!(client.rows(&on(day)).await.len(), *count);
        }
        assert!(days.len() >= 10, "only {} days of change", days.len());
    }
}

#[actix_web::test]
async fn the_parts_of_the_population_sum_to_the_whole_in_every_year() {
    for (base, client) in loaded("data_sums").await {
        for year in 2007..=2026 {
            let rows = client.rows(&format!("/v1/observations?indicator=population&period={year}")).await;
            let sum = |levels: &[&str]| -> f64 {
                rows.iter().filter(|r| levels.contains(&text(r, "level"))).filter_map(|r| r["value"].as_f64()).sum()
            };
            assert!(sum(&["nation"]) > 4_000_000.0, "{} {year}", base.label);
            assert_eq!(sum(&["municipality", "unit"]), sum(&["nation"]), "{} {year}", base.label);
        }
    }
}

#[actix_web::test]
async fn the_population_of_2020_is_whole_at_the_level_of_municipalities() {
    for (base, client) in loaded("data_2020").await {
        let list = client.json("/v1/observations?indicator=population&period=2020&level=municipality").await;
        let sum: i64 = list["data"].as_array().unwrap().iter().map(|r| r["value"].as_i64().unwrap()).sum();
        assert_eq!((list["total"].as_i64(), sum), (Some(356), 5_367_580), "{}", base.label);
    }
}

#[actix_web::test]
async fn counties_have_their_number_on_four_days() {
    for (base, client) in loaded("data_counties").await {
        for (day, count) in [("2018-01-01", 18), ("2016-01-01", 19), ("2020-01-01", 11), ("2024-01-01", 15)] {
            let list = client.json(&format!("/v1/counties?valid_on={day}")).await;
            assert_eq!(list["total"], count, "{} {day}", base.label);
            let there: BTreeSet<String> =
                list["data"].as_array().unwrap().iter().map(|r| text(r, "region").to_owned()).collect();
            for place in client.rows(&format!("/v1/municipalities?valid_on={day}")).await {
                assert!(there.contains(text(&place, "county")), "{day}: {place}");
            }
        }
    }
}

#[test]
fn references_versions_and_changes_are_whole() {
    for base in databases("data_whole") {
        let wrong = base.db.read(|conn| verify::whole(conn, base.db.tables())).unwrap();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", base.label);
    }
}

#[actix_web::test]
async fn the_plan_has_its_frame_and_five_goals_in_order() {
    for (base, client) in loaded("data_plan").await {
        assert_eq!(client.json("/v1/plans/rus-2016-2020").await["frame_nok"], 2_400_000_000_i64, "{}", base.label);
        let goals = client.rows("/v1/goals?plan=rus-2016-2020").await;
        let numbers: Vec<i64> = goals.iter().map(|g| g["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5], "{}", base.label);
        for goal in &goals {
            let wordings = client.rows(&format!("/v1/wordings?goal={}", text(goal, "id"))).await;
            assert!(!wordings.is_empty(), "{goal} has no published wording");
        }
        assert_eq!(client.json("/v1/plans/rus-2007-2012").await["measures_stated"], 147);
    }
}

#[actix_web::test]
async fn the_five_named_measures_have_their_money_and_the_places_their_target() {
    for (base, client) in loaded("data_measures").await {
        let measures = client.rows("/v1/measures?plan=rus-2016-2020&category=highlighted").await;
        assert_eq!(measures.len(), 5, "{}", base.label);
        let ids: Vec<&str> = measures.iter().map(|m| text(m, "id")).collect();
        let lines = client.rows(&format!("/v1/budgets?measure={}&flow=allocation", ids.join(","))).await;
        let sum: i64 = lines.iter().map(|l| l["amount_nok"].as_i64().unwrap()).sum();
        assert_eq!(sum, 868_500_000, "{}", base.label);
        let targets: Vec<f64> = measures.iter().filter_map(|m| m["target_value"].as_f64()).collect();
        assert_eq!(targets, [500.0]);
    }
}

#[actix_web::test]
async fn both_vintages_of_2020_stand_and_each_can_be_asked_for() {
    for (base, client) in loaded("data_vintages").await {
        let values = async |published: &str| -> Vec<i64> {
            let url =
                format!("/v1/observations?indicator=overdose-deaths&region=NO&period=2020{published}&sort=published");
            client.rows(&url).await.iter().map(|r| r["value"].as_i64().unwrap()).collect()
        };
        assert_eq!(values("&published=all").await, [324, 331], "{}", base.label);
        assert_eq!(values("").await, [331]);
        assert_eq!(values("&published=latest").await, [331]);
        assert_eq!(values("&published=first").await, [324]);
        assert_eq!(values("&published=2021").await, [324]);
        assert_eq!(values("&published=2021-06").await, [324]);
        assert_eq!(values("&published=2022-06-30").await, [331]);
        assert_eq!(values("&published=2020").await, [] as [i64; 0]);
    }
}

#[actix_web::test]
async fn every_row_has_a_source_that_is_there() {
    for (base, client) in loaded("data_sources").await {
        let sources: BTreeSet<String> =
            client.rows("/v1/sources").await.iter().map(|s| text(s, "id").to_owned()).collect();
        for table in base.db.tables().iter().filter(|t| t.collection != "sources") {
            let mut path = format!("/v1/{}?limit=10000", table.collection);
            if table.collection == "observations" {
                path.push_str("&published=all");
            }
            for row in client.rows(&path).await {
                assert!(sources.contains(text(&row, "source")), "{} {row}", base.label);
            }
        }
    }
}

#[actix_web::test]
async fn the_collections_have_their_sizes() {
    for (base, client) in loaded("data_sizes").await {
        let total = async |path: &str| client.json(path).await["total"].as_i64().unwrap();
        assert_eq!(total("/v1/municipalities").await, 906, "{}", base.label);
        assert_eq!(total("/v1/municipality-changes").await, 554);
        assert_eq!(total("/v1/observations?indicator=population&level=municipality&limit=1").await, 8_003);
        assert_eq!(total("/v1/plans").await, 2);
        assert_eq!(total("/v1/health-regions").await, 4);
        let figures = total("/v1/observations?published=all&limit=1").await
            - total("/v1/observations?indicator=population&published=all&limit=1").await;
        assert_eq!(figures, 138, "{}", base.label);
        let county = client.json("/v1/grants/rus-2016-2020-grants-f15-2016-2020").await;
        assert_eq!(county["amount_nok"], 121_000_000);
        let growth = client.rows("/v1/budgets?flow=free_income_growth&region=F-15").await;
        assert!(growth.iter().any(|line| line["amount_nok"] == 48_000_000), "{growth:?}");
    }
}

#[actix_web::test]
async fn names_in_sami_and_kven_are_kept() {
    for (base, client) in loaded("data_names").await {
        let places = client.rows("/v1/municipalities").await;
        for field in ["name_se", "name_smj", "name_sma", "name_fkv"] {
            assert!(places.iter().any(|p| p[field].is_string()), "{}: no {field}", base.label);
        }
        let karasjok = client.json("/v1/municipalities/K-5610").await;
        assert_eq!(karasjok["name_se"], "Kárášjohka");
    }
}

#[test]
fn every_revision_has_a_reason_and_counts_its_changes() {
    for base in databases("data_reasons") {
        let rows = base
            .db
            .read(|conn| {
                let sql = "SELECT r.revision, r.reason, r.row_count, (SELECT COUNT(*) FROM changes c WHERE c.revision = r.revision) FROM revisions r ORDER BY r.revision";
                Ok(Statement::new(sql).rows::<(i64, Option<String>, i64, i64)>(conn)?)
            })
            .unwrap();
        assert!(rows.len() >= 18, "{}", base.label);
        for (position, (revision, reason, counted, changes)) in (1..).zip(rows) {
            assert_eq!(revision, position, "{}: a revision is missing", base.label);
            assert!(reason.is_some_and(|r| r.len() > 10), "{}: revision {revision} has no reason", base.label);
            assert!(counted > 0 && counted == changes, "{}: revision {revision}", base.label);
        }
        let ended = base
            .db
            .read(|conn| {
                Ok(Statement::new("SELECT COUNT(*) FROM goals WHERE ended <> ").bind(CURRENT).row::<(i64,)>(conn)?)
            })
            .unwrap();
        assert_eq!(ended, Some((0,)), "{}: loading overwrote something", base.label);
    }
}

#[test]
fn loading_twice_changes_nothing() {
    for base in databases("data_twice") {
        let before = base.db.head().revision;
        assert_eq!(opptrapping::import::reference::load(&base.db).unwrap(), 0);
        assert_eq!(base.db.head().revision, before, "{}", base.label);
    }
}
