//! Values, amounts and sums carried to a map, over HTTP and on both databases: the real register and the real population.
use crate::client::{Client, names, scoped};
use crate::support::{Base, databases, sqlite};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

async fn population(client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/v1/observations?indicator=population&{query}");
    let path = if path.contains("&limit=") { path } else { path + "&limit=10000" };
    client.rows(&path).await
}

/// The sum over the municipalities and units of each year.
fn sums(rows: &[Value]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for row in rows.iter().filter(|row| row["level"] == "municipality" || row["level"] == "unit") {
        *sums.entry(row["period"].as_str().unwrap().to_owned()).or_default() += row["value"].as_f64().unwrap_or(0.0);
    }
    sums
}

fn nation(rows: &[Value]) -> BTreeMap<String, f64> {
    let of = |row: &&Value| row["region"] == "NO";
    let year = |row: &Value| (row["period"].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap());
    rows.iter().filter(of).map(year).collect()
}

async fn each(name: &str) -> Vec<(Base, Client)> {
    let mut all = vec![];
    for base in databases(name) {
        let client = Client::new(&base.db).await;
        all.push((base, client));
    }
    all
}

#[actix_web::test]
async fn the_nation_is_the_same_in_every_year_on_the_map_of_2024_and_on_the_comparable_one() {
    for (base, client) in each("carried_nation").await {
        let comparable = population(&client, "boundaries=comparable").await;
        let units: BTreeSet<&str> =
            comparable.iter().filter(|r| r["region"] != "NO").map(|r| r["region"].as_str().unwrap()).collect();
        assert_eq!(units.len(), 352, "{}", base.label);
        let (sums_, nation_) = (sums(&comparable), nation(&comparable));
        assert_eq!(nation_.keys().collect::<Vec<_>>(), sums_.keys().collect::<Vec<_>>());
        assert_eq!((nation_.len(), nation_["2007"], nation_["2024"]), (20, 4_681_134.0, 5_550_203.0));
        for (year, nation) in &nation_ {
            assert_eq!(sums_[year], *nation, "{} {year}", base.label);
        }
        assert!(comparable.iter().all(|row| row["conversion_quality"] == "exact" && row["boundaries"] == "comparable"));
        // With published shares every person has a place on the map of 2024, too.
        let on_2024 = population(&client, "boundaries=2024&estimate=shares").await;
        let lost: Vec<&Value> = on_2024.iter().filter(|row| row["value"].is_null()).collect();
        assert!(lost.iter().all(|row| row["conversion_reason"] == "split_unpublished"), "{lost:?}");
        let without: BTreeSet<String> = lost.iter().map(|row| row["period"].as_str().unwrap().to_owned()).collect();
        let whole = nation(&on_2024).into_iter().filter(|(year, _)| !without.contains(year));
        let mut checked = 0;
        for (year, nation) in whole {
            assert!((sums(&on_2024)[&year] - nation).abs() < 1e-3, "{} {year}", base.label);
            checked += 1;
        }
        assert!(checked >= 7, "{without:?}");
    }
}

/// What a warning says is in no row, by year.
fn told(warnings: &Value) -> f64 {
    let sum = |warning: &Value| -> f64 {
        let text = warning.as_str().unwrap();
        let after = text.split(", together ").nth(1).unwrap();
        after.split(',').next().unwrap().parse().unwrap()
    };
    warnings.as_array().unwrap().iter().map(sum).sum()
}

#[actix_web::test]
async fn what_is_in_no_row_is_told_and_makes_up_the_rest_of_the_nation() {
    for (base, client) in each("carried_told").await {
        for (map, year) in
            [("2024", 2008), ("2024", 2019), ("2024", 2023), ("2020", 2019), ("2016", 2024), ("2010", 2026)]
        {
            let path =
                format!("/v1/observations?indicator=population&limit=10000&boundaries={map}&period={year}&lang=en");
            let answer = client.json(&path).await;
            let rows = answer["data"].as_array().unwrap();
            let (sum, nation) = (sums(rows)[&year.to_string()], nation(rows)[&year.to_string()]);
            assert_eq!(sum + told(&answer["meta"]["warnings"]), nation, "{} {year} on {map}", base.label);
        }
    }
}

#[actix_web::test]
async fn the_year_before_a_reform_is_exact_but_for_the_parts_of_divisions() {
    for (base, client) in each("carried_2019").await {
        let rows = population(&client, "boundaries=2020&period=2019&explain=1&lang=en").await;
        let places: Vec<&Value> = rows.iter().filter(|row| row["region"] != "NO").collect();
        let refused: Vec<&&Value> = places.iter().filter(|row| row["conversion_quality"] != "exact").collect();
        assert_eq!(places.len(), 356, "{}", base.label);
        let divided: BTreeSet<&str> = refused.iter().map(|row| row["region"].as_str().unwrap()).collect();
        // Snillfjord and Tysfjord were divided, and with them the places that got a part have no value.
        let known = ["K-1806", "K-1875", "K-5055", "K-5056", "K-5059"];
        assert_eq!(divided, known.into(), "{}", base.label);
        for row in refused {
            assert_eq!((&row["value"], &row["status"]), (&Value::Null, &json!("not_comparable")));
            assert_eq!(row["conversion_reason"], "split_unpublished");
            assert!(row["explanation"].as_str().unwrap().contains("was divided"), "{row}");
        }
        let alesund = places.iter().find(|row| row["region"] == "K-1507").unwrap();
        let of_2019 = population(&client, "period=2019&region=K-1504,K-1523,K-1529,K-1534,K-1546").await;
        let sum: f64 = of_2019.iter().map(|row| row["value"].as_f64().unwrap()).sum();
        assert_eq!((of_2019.len(), alesund["value"].as_f64()), (5, Some(sum)));
        assert_eq!(alesund["source_regions"], "K-1504 K-1523 K-1529 K-1534 K-1546");
        assert_eq!(alesund["conversion_method"], "merged");
        assert!(alesund["explanation"].as_str().unwrap().ends_with(&format!("= {sum}")), "{alesund}");
    }
}

#[actix_web::test]
async fn shares_divide_only_when_they_are_asked_for() {
    for (base, client) in each("carried_shares").await {
        let query = "period=2023&region=K-1508,K-1580&boundaries=2024";
        let strict = population(&client, query).await;
        assert_eq!(strict.len(), 2);
        for row in &strict {
            assert_eq!((&row["value"], &row["conversion_reason"]), (&Value::Null, &json!("split_by_share")));
        }
        let estimated = population(&client, &format!("{query}&estimate=shares&explain=1")).await;
        for (row, share) in estimated.iter().zip([0.862125, 0.137875]) {
            assert_eq!(row["value"].as_f64().unwrap(), 67_520.0 * share, "{}", base.label);
            assert_eq!((&row["status"], &row["conversion_quality"]), (&json!("estimated"), &json!("estimated")));
            assert!(row["explanation"].as_str().unwrap().starts_with(&format!("K-1507 67520 × {share} = ")), "{row}");
        }
    }
}

#[actix_web::test]
async fn backward_a_place_that_stayed_one_is_exact_and_others_are_not_comparable() {
    for (base, client) in each("carried_back").await {
        let rows = population(&client, "boundaries=2016&period=2024").await;
        let of = |region: &str| rows.iter().find(|row| row["region"] == region).unwrap();
        let now = population(&client, "period=2024&region=K-0301,K-5001,K-1508,K-1580").await;
        let value = |region: &str| &now.iter().find(|row| row["region"] == region).unwrap()["value"];
        assert_eq!((&of("K-0301")["value"], &of("K-0301")["conversion_quality"]), (value("K-0301"), &json!("exact")));
        // Ålesund of 2016 is a part of what Ålesund and Haram are made of.
        assert_eq!(
            (&of("K-1504")["value"], &of("K-1504")["conversion_reason"]),
            (&Value::Null, &json!("part_of_whole"))
        );
        let reunited = population(&client, "boundaries=2023&period=2024&region=1507&explain=1").await;
        let sum = value("K-1508").as_f64().unwrap() + value("K-1580").as_f64().unwrap();
        assert_eq!(reunited[0]["value"].as_f64(), Some(sum), "{}", base.label);
        assert_eq!(reunited[0]["conversion_method"], "reunited");
        let exact = rows.iter().filter(|row| row["conversion_quality"] == "exact" && row["region"] != "NO").count();
        assert_eq!((rows.len(), exact), (429, 309), "{}", base.label);
    }
}

#[actix_web::test]
async fn a_rate_has_its_value_and_its_denominator_of_the_same_map_beside_it() {
    for (base, client) in each("carried_per").await {
        let rows = client.rows("/v1/observations?indicator=overdose-deaths&region=NO&period=2020&per=100000").await;
        let (value, people) = (rows[0]["value"].as_f64().unwrap(), rows[0]["population"].as_f64().unwrap());
        assert_eq!(people, 5_367_580.0, "{}", base.label);
        assert_eq!(rows[0]["value_per_100000"].as_f64(), Some(value * 100_000.0 / people));
        // A mean is no count.
        let path = "/v1/observations?indicator=waiting-time-mean-tsb&per=1000&lang=en";
        let answer = client.json(path).await;
        assert!(answer["data"].as_array().unwrap().iter().all(|row| row["value_per_1000"].is_null()));
        assert!(answer["meta"]["warnings"][0].as_str().unwrap().contains("`waiting-time-mean-tsb`"), "{answer}");
        // Its own population for each inhabitant is one, on any map.
        for map in ["original", "2024", "comparable", "2016"] {
            for row in population(&client, &format!("boundaries={map}&period=2019&per=capita")).await {
                let one = if row["value"].is_null() { Value::Null } else { json!(1) };
                assert_eq!(row["value_per_capita"], one, "{} {map}: {row}", base.label);
            }
        }
    }
}

#[actix_web::test]
async fn filters_for_places_are_for_places_of_the_map() {
    let base = sqlite("carried_filters");
    let client = Client::new(&base.db).await;
    let count = |rows: Vec<Value>| rows.len();
    assert_eq!(count(population(&client, "boundaries=2024&period=2016&county=F-15").await), 27);
    assert_eq!(count(population(&client, "boundaries=2024&period=2016&region=K-0301,K-1504").await), 1);
    assert_eq!(count(population(&client, "boundaries=2024&period=2016&level=nation").await), 1);
    assert_eq!(count(population(&client, "boundaries=2024&period=2016&q=karasjohka").await), 1);
    let named = population(&client, "boundaries=2024&period=2016&sort=-region_name&limit=1&level=municipality").await;
    assert_eq!(named[0]["region_name"], "Åsnes");
    let picked = population(&client, "boundaries=2024&period=2016&region=0301&fields=value,boundaries,region").await;
    assert_eq!(picked[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["value", "boundaries", "region"]);
    let labelled = population(&client, "boundaries=2024&period=2016&region=0301&labels=name&lang=en").await;
    assert_eq!(labelled[0]["indicator_name"], "Population");
    assert_eq!((&labelled[0]["region"], &labelled[0]["region_name"]), (&Value::Null, &json!("Oslo")));
}

#[actix_web::test]
async fn a_walk_through_the_pages_is_the_whole() {
    let base = sqlite("carried_pages");
    let client = Client::new(&base.db).await;
    let query = "/v1/observations?indicator=population&boundaries=2024&period=2016,2019";
    let whole = client.rows(&format!("{query}&limit=10000")).await;
    let (mut walked, mut next) = (vec![], format!("{query}&limit=100"));
    loop {
        let page = client.json(&next).await;
        assert_eq!(page["total"], whole.len());
        walked.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(address) => next = address.split_once("/v1").map(|(_, rest)| format!("/v1{rest}")).unwrap(),
            None => break,
        }
    }
    assert_eq!(walked, whole);
    let ids: BTreeSet<&str> = whole.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), whole.len());
}

#[actix_web::test]
async fn what_does_not_go_together_is_refused_by_name() {
    let base = sqlite("carried_refused");
    let client = Client::new(&base.db).await;
    for (query, name) in [
        ("observations?estimate=shares", "estimate"),
        ("observations?explain=1", "explain"),
        ("observations?boundaries=2024&published=all", "published"),
        ("observations?fields=conversion_quality", "fields"),
        ("observations?boundaries=2024&fields=explanation", "fields"),
        ("observations?boundaries=2024&fields=value_per_capita", "fields"),
        ("observations?boundaries=2006", "boundaries"),
        ("observations?boundaries=today", "boundaries"),
        ("grants/summary?group_by=period&boundaries=2024", "boundaries"),
        ("coverage", "indicator"),
        ("coverage?indicator=population&explain=1", "explain"),
    ] {
        let answer = client.get(&format!("/v1/{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json()["errors"][0]["name"], name, "{query}: {}", answer.text());
    }
}

/// Grants that cross the reforms of 2020 and 2024.
async fn grants(client: &Client) {
    for (id, region, period, amount) in [
        ("a", json!("K-1504"), "2019", 1_000_001),
        ("b", json!("K-1534"), "2019", 500_000),
        ("c", json!("K-1507"), "2021", 333_333),
        ("d", json!("K-1850"), "2019", 70_000),
        ("e", json!("K-0301"), "2021", 9_000_000),
        ("f", json!(null), "2021", 5),
    ] {
        let row = json!({
            "plan": null, "scheme": "kommunalt-rusarbeid", "measure": null, "region": region, "recipient_name": "Somebody",
            "recipient_orgnr": null, "period": period, "amount_nok": amount, "stage": "paid", "approximate": false,
            "source": "prop-15-s-2015-2016", "note": null,
        });
        let put = scoped("PUT", &format!("/v1/grants/test-{id}"), "grants:write").set_json(row);
        assert_eq!(client.send(put).await.status, 201);
    }
}

#[actix_web::test]
async fn amounts_lie_where_their_place_went_and_none_is_lost() {
    for (base, client) in each("carried_amounts").await {
        grants(&client).await;
        let list =
            |query: &str| format!("/v1/grants?recipient_orgnr=&q=Somebody&{query}").replace("recipient_orgnr=&", "");
        let total = 10_903_339;
        let sum = |rows: &[Value]| -> i64 { rows.iter().map(|row| row["amount_nok"].as_i64().unwrap()).sum() };
        for map in ["original", "2020", "2024", "comparable", "2016"] {
            for estimate in ["", "&estimate=shares"].into_iter().filter(|e| e.is_empty() || map != "original") {
                let rows = client.rows(&list(&format!("boundaries={map}{estimate}"))).await;
                assert_eq!(sum(&rows), total, "{} {map}{estimate}", base.label);
            }
        }
        let on_2020 = client.rows(&list("boundaries=2020&region=1507")).await;
        assert_eq!(sum(&on_2020), 1_833_334);
        let merged = on_2020.iter().find(|row| row["id"] == "test-a").unwrap();
        assert_eq!((&merged["conversion_method"], &merged["source_regions"]), (&json!("merged"), &json!("K-1504")));
        let nowhere = client.rows(&list("boundaries=2024")).await;
        let of = |id: &str| nowhere.iter().find(|row| row["id"] == format!("test-{id}")).unwrap();
        assert_eq!((&of("a")["region"], &of("a")["conversion_reason"]), (&Value::Null, &json!("split_by_share")));
        assert_eq!(of("d")["conversion_reason"], "split_unpublished");
        assert_eq!((&of("f")["conversion_quality"], &of("e")["region"]), (&Value::Null, &json!("K-0301")));
        let divided = client.rows(&list("boundaries=2024&estimate=shares&region=1508,1580&explain=1")).await;
        assert_eq!(sum(&divided), 1_833_334, "{}", base.label);
        let parts: Vec<&Value> =
            divided.iter().filter(|row| row["id"].as_str().unwrap().starts_with("test-a.")).collect();
        assert_eq!((parts.len(), &parts[0]["id"]), (2, &json!("test-a.K-1508")));
        assert_eq!(parts[0]["amount_nok"], 862_126);
    }
}

#[actix_web::test]
async fn a_summary_on_a_map_is_the_sum_of_the_rows_on_it() {
    for (base, client) in each("carried_summary").await {
        grants(&client).await;
        for query in ["boundaries=2024", "boundaries=2024&estimate=shares", "boundaries=comparable", "boundaries=2020"]
        {
            let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
            for row in client.rows(&format!("/v1/grants?{query}")).await {
                let key = [&row["region"], &row["period"]].map(|v| v.as_str().unwrap_or("").to_owned());
                *sums.entry(key.into()).or_default() += row["amount_nok"].as_i64().unwrap();
            }
            let groups = client.rows(&format!("/v1/grants/summary?group_by=region,period&{query}")).await;
            let found: BTreeMap<(String, String), i64> = groups
                .iter()
                .map(|row| {
                    let key = [&row["region"], &row["period"]].map(|v| v.as_str().unwrap_or("").to_owned());
                    (key.into(), row["sum_nok"].as_i64().unwrap())
                })
                .collect();
            assert_eq!(found, sums, "{} {query}", base.label);
        }
        let query = "group_by=municipality,period&boundaries=2020&period=2019&explain=1&per=capita&region=1507";
        let groups = client.rows(&format!("/v1/grants/summary?{query}")).await;
        assert_eq!(groups.len(), 1, "{groups:?}");
        assert_eq!(groups[0]["explanation"], "K-1504 1000001 + K-1534 500000 = 1500001");
        assert_eq!(
            (&groups[0]["conversion_quality"], &groups[0]["conversion_method"]),
            (&json!("exact"), &json!("merged"))
        );
        let people = population(&client, "boundaries=2020&period=2019&region=1507").await[0]["value"].clone();
        assert_eq!(groups[0]["population"], people, "{}", base.label);
    }
}

#[actix_web::test]
async fn every_cell_has_a_reason() {
    for (base, client) in each("carried_coverage").await {
        let cells = client.rows("/v1/coverage?indicator=population&limit=10000").await;
        assert!(cells.len() > 5_000, "{}", cells.len());
        for cell in &cells {
            assert_eq!(cell["explanation"].is_null(), cell["coverage"] == "reported", "{cell}");
        }
        let of = |region: &str, period: &str| {
            let path = format!("/v1/coverage?indicator=population,overdose-deaths&region={region}&period={period}");
            let client = &client;
            async move { client.rows(&path).await }
        };
        let told =
            |cells: &[Value]| cells.iter().map(|c| c["coverage"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(told(&of("K-1507", "2023").await), ["not_reported", "reported"], "{}", base.label);
        assert_eq!(told(&of("K-1507", "2024").await), ["code_not_valid", "code_not_valid"]);
        assert_eq!(told(&of("K-0706", "2008").await), ["not_reported", "not_reported"]);
        let together = &of("K-0706", "2008").await[1];
        assert_eq!((&together["reason"], &together["indicator"]), (&json!("reported_together"), &json!("population")));
        let path = "/v1/coverage?indicator=population&boundaries=2024&period=2023&coverage=not_comparable&lang=en";
        let refused = client.rows(path).await;
        let regions: Vec<&str> = refused.iter().map(|cell| cell["region"].as_str().unwrap()).collect();
        assert_eq!(regions, ["K-1508", "K-1580"], "{}", base.label);
        assert!(refused[0]["explanation"].as_str().unwrap().contains("K-1507 Ålesund was divided"));
    }
}

#[actix_web::test]
async fn a_suppressed_part_suppresses_the_whole_and_its_cell_says_so() {
    for (base, client) in each("carried_suppressed").await {
        let row = |region: &str, value: Value, status: &str| {
            json!({
                "indicator": "brukerplan-persons-with-substance-problems", "region": region, "period": "2019", "published": "2020",
                "mapped_on": null, "value": value, "status": status, "series_break": null, "confidence": "primary",
                "publisher": null, "source": "prop-15-s-2015-2016", "note": null,
            })
        };
        for (region, value, status) in [
            ("K-1504", json!(100), "ok"),
            ("K-1523", json!(null), "suppressed"),
            ("K-1529", json!(40), "ok"),
            ("K-1534", json!(50), "ok"),
            ("K-1546", json!(60), "ok"),
        ] {
            let id = format!("brukerplan-persons-with-substance-problems.{region}.2019.2020");
            let put = scoped("PUT", &format!("/v1/observations/{id}"), "observations:write")
                .set_json(row(region, value, status));
            let answer = client.send(put).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
        let query = "indicator=brukerplan-persons-with-substance-problems&period=2019&boundaries=2020";
        let rows = client.rows(&format!("/v1/observations?{query}&per=1000")).await;
        let alesund = rows.iter().find(|row| row["region"] == "K-1507").unwrap();
        assert_eq!((&alesund["value"], &alesund["status"]), (&Value::Null, &json!("suppressed")), "{}", base.label);
        assert_eq!(alesund["value_per_1000"], Value::Null);
        let cell = client.rows(&format!("/v1/coverage?{query}&region=1507")).await;
        assert_eq!((&cell[0]["coverage"], &cell[0]["reason"]), (&json!("suppressed"), &json!("suppressed_part")));
        let problem =
            client.get("/v1/coverage?indicator=population&coverage=hidden").await.refused(400, "invalid-parameter");
        assert!(names(&problem, "coverage", "invalid"));
    }
}
