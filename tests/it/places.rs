//! The register of places as its users ask it: what corresponds to what, and what became of a code.
use crate::client::{Client, names, request, write};
use crate::support::{Base, databases};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

async fn loaded(name: &str) -> Vec<(Base, Client)> {
    let mut all = vec![];
    for base in databases(name) {
        let client = Client::new(&base.db).await;
        all.push((base, client));
    }
    all
}

const PATH: &str = "/v1/municipalities/correspondence";

/// The rows of a correspondence, by the regions of each.
async fn pairs(client: &Client, from: &str, to: &str) -> BTreeMap<(String, String), Value> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let rows = client.rows(&format!("{PATH}?from={from}&to={to}&lang=en")).await;
    rows.into_iter().map(|row| ((text(&row, "from_region"), text(&row, "to_region")), row)).collect()
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[actix_web::test]
async fn every_municipality_of_both_days_is_in_the_correspondence() {
    for (base, client) in loaded("places_whole").await {
        for (from, to, before, after) in [
            ("2016-01-01", "2024", 428, 357),
            ("2024", "2016", 357, 428),
            ("2019-01", "2020", 422, 356),
            ("2020", "2020", 356, 356),
            ("2007-01-01", "2026-06-30", 431, 357),
        ] {
            let pairs = pairs(&client, from, to).await;
            let (old, new): (BTreeSet<_>, BTreeSet<_>) = pairs.keys().cloned().unzip();
            assert_eq!((old.len(), new.len()), (before, after), "{} {from} {to}", base.label);
            for ((old, new), row) in &pairs {
                let count = |of: &dyn Fn(&(String, String)) -> bool| pairs.keys().filter(|key| of(key)).count();
                assert_eq!(row["n_from"], count(&|key| key.1 == *new), "{row}");
                assert_eq!(row["n_to"], count(&|key| key.0 == *old), "{row}");
                assert_eq!(row["explanation"].is_null(), row["quality"] == "exact", "{row}");
                assert_eq!(row["share"].is_null(), row["quality"] == "not_comparable", "{row}");
            }
        }
    }
}

#[actix_web::test]
async fn a_correspondence_says_what_happened_and_how_much_went_where() {
    for (base, client) in loaded("places_pairs").await {
        let forward = pairs(&client, "2023", "2024").await;
        let haram = &forward[&pair("K-1507", "K-1580")];
        assert_eq!(
            (&haram["quality"], &haram["method"]),
            (&json!("estimated"), &json!("split_share")),
            "{}",
            base.label
        );
        assert_eq!((haram["share"].as_f64(), &haram["n_from"], &haram["n_to"]), (Some(0.137875), &json!(1), &json!(2)));
        assert_eq!(haram["from_id"], "K-1507.2020-01-01");
        assert!(haram["explanation"].as_str().unwrap().contains("estimate=shares"));
        assert_eq!(forward[&pair("K-0301", "K-0301")]["method"], "unchanged");
        assert_eq!(forward[&pair("K-3001", "K-3101")]["method"], "renumbered");

        let reform = pairs(&client, "2019", "2020").await;
        assert_eq!(reform[&pair("K-5030", "K-5001")]["method"], "merged");
        // The code is the same, the place is not.
        let trondheim = &reform[&pair("K-5001", "K-5001")];
        assert_eq!((&trondheim["method"], &trondheim["n_from"]), (&json!("merged"), &json!(2)));
        assert_ne!(trondheim["from_id"], trondheim["to_id"]);
        let divided = &reform[&pair("K-5012", "K-5059")];
        assert_eq!((&divided["quality"], &divided["share"]), (&json!("not_comparable"), &Value::Null));
        assert!(divided["explanation"].as_str().unwrap().starts_with("K-5012 Snillfjord was divided"));

        let backward = pairs(&client, "2024", "2023").await;
        assert_eq!(backward[&pair("K-1580", "K-1507")]["method"], "reunited");
        let backward = pairs(&client, "2020", "2019").await;
        let part = &backward[&pair("K-1507", "K-1534")];
        assert_eq!((&part["quality"], &part["method"]), (&json!("not_comparable"), &Value::Null));
        assert!(part["explanation"].as_str().unwrap().contains("K-1507 Ålesund as a whole"));
    }
}

#[actix_web::test]
async fn a_correspondence_is_a_list_like_others() {
    for (base, client) in loaded("places_list").await {
        let url = format!("{PATH}?from=2016&to=2024");
        let list = client.json(&url).await;
        assert_eq!(list["total"], list["data"].as_array().unwrap().len(), "{}", base.label);
        assert_eq!((&list["next"], &list["next_cursor"]), (&Value::Null, &Value::Null));
        assert_eq!(list["meta"]["warnings"], json!([]));
        let cited = list["meta"]["cite_as"].as_str().unwrap().trim_start_matches("http://127.0.0.1:8080").to_owned();
        let again = client.get(&cited).await.done(200);
        assert_eq!(again.json()["data"], list["data"]);
        assert!(again.header("cache-control").unwrap().contains("immutable"));
        // In other forms, the same rows.
        let csv = client.get(&format!("{url}&format=csv&fields=to_region,from_region,share")).await.done(200).text();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "to_region,from_region,share");
        assert_eq!(lines.len() - 1, list["data"].as_array().unwrap().len());
        assert_eq!(client.get(&format!("{url}&format=ndjson")).await.done(200).text().lines().count(), lines.len() - 1);
        // An entity tag is of the register, and of the question.
        let tag = client.tag(&url).await;
        let known = |url: &str| request("GET", url).insert_header(("if-none-match", tag.clone()));
        assert_eq!(client.send(known(&url)).await.status, 304);
        assert_eq!(client.send(known(&format!("{PATH}?from=2016&to=2020"))).await.status, 200);
        let path = "/v1/municipality-changes/2024-01-01.1507.1580";
        let (mut change, version) = (client.json(path).await, client.tag(path).await);
        change["population_share"] = json!(null);
        client.replace(path, &version, &change).await.done(200);
        assert_eq!(client.send(known(&url)).await.status, 200);
        let now = pairs(&client, "2023", "2024").await;
        assert_eq!(now[&pair("K-1507", "K-1508")]["quality"], "not_comparable");
        assert_eq!(client.json(&cited).await["data"], list["data"], "what was cited has changed");
    }
}

#[actix_web::test]
async fn days_that_are_none_or_before_the_register_are_refused_by_name() {
    for (base, client) in loaded("places_days").await {
        for (query, at_fault, code) in [
            ("", &["from", "to"][..], "required"),
            ("from=2016", &["to"], "required"),
            ("from=2006&to=2006-12-31", &["from", "to"], "invalid"),
            ("from=2016-02-30&to=x", &["from", "to"], "invalid"),
        ] {
            let problem = client.get(&format!("{PATH}?{query}")).await.refused(400, "invalid-parameter");
            for name in at_fault {
                assert!(names(&problem, name, code), "{} {query}: {problem}", base.label);
            }
        }
        client.send(write("PUT", PATH)).await.refused(405, "method-not-allowed");
    }
}
