//! Cubes: JSON-stat and the wide layout.
use super::{csv_rows, plain};
use crate::client::{Client, names};
use crate::rows;
use crate::support::databases;
use serde_json::Value;
use std::collections::HashMap;

/// The rules of JSON-stat 2.0 for a dataset (json-stat.org/full, and its JSON schema).
fn valid(dataset: &Value) -> (Vec<String>, Vec<usize>) {
    assert_eq!((&dataset["version"], &dataset["class"]), (&"2.0".into(), &"dataset".into()));
    assert!(dataset["label"].is_string() && dataset["source"].is_string());
    assert!(chrono::DateTime::parse_from_rfc3339(dataset["updated"].as_str().unwrap()).is_ok());
    let id: Vec<String> = dataset["id"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().into()).collect();
    let size: Vec<usize> = dataset["size"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    assert_eq!(id.len(), size.len());
    let dimensions = dataset["dimension"].as_object().unwrap();
    assert!(dimensions.keys().all(|name| id.contains(name)) && dimensions.len() == id.len());
    for (name, size) in id.iter().zip(&size) {
        let dimension = &dimensions[name];
        assert!(dimension["label"].is_string(), "{name}");
        let index: Vec<&str> =
            dimension["category"]["index"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let distinct: std::collections::BTreeSet<_> = index.iter().collect();
        assert_eq!((index.len(), distinct.len()), (*size, *size), "{name}");
        let labels = dimension["category"]["label"].as_object().unwrap();
        assert!(labels.len() == *size && index.iter().all(|code| labels[*code].is_string()), "{name}");
    }
    let mut roles = vec![];
    for (role, names) in dataset["role"].as_object().unwrap() {
        assert!(["time", "geo", "metric"].contains(&role.as_str()), "{role}");
        roles.extend(names.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()));
    }
    assert!(roles.iter().all(|name| id.contains(name)), "{roles:?}");
    let metric = dataset["role"]["metric"][0].as_str().unwrap();
    let category = &dimensions[metric]["category"];
    for code in category["index"].as_array().unwrap() {
        let unit = &category["unit"][code.as_str().unwrap()];
        assert!(unit["label"].is_string() && unit["decimals"].is_u64(), "{code}: {unit}");
    }
    let values = dataset["value"].as_array().unwrap();
    assert_eq!(values.len(), size.iter().product::<usize>());
    assert!(values.iter().all(|v| v.is_null() || v.is_number()));
    for (at, status) in dataset["status"].as_object().into_iter().flatten() {
        assert!(at.parse::<usize>().unwrap() < values.len() && status.is_string());
    }
    for (relation, links) in dataset["link"].as_object().unwrap() {
        assert!(links.as_array().unwrap().iter().all(|l| l["href"].is_string()), "{relation}");
    }
    assert_eq!(dataset["extension"]["license"], "NLOD-2.0");
    (id, size)
}

#[actix_web::test]
async fn every_row_is_in_its_cell_and_no_other_cell_is_filled() {
    for base in databases("cubes_cells") {
        let client = Client::new(&base.db).await;
        for path in [
            "/v1/observations?x",
            "/v1/observations?indicator=overdose-deaths&published=all",
            "/v1/observations?indicator=overdose-deaths,population&level=county&lang=nn",
            "/v1/grants?x",
            "/v1/budgets?x",
            "/v1/budgets?plan=rus-2016-2020&lang=en",
        ] {
            let path = path.replace("?x", "?");
            let dataset = client.json(&format!("{path}&format=json-stat2").replace("?&", "?")).await;
            let (id, size) = valid(&dataset);
            let csv = client.get(&format!("{path}&format=csv").replace("?&", "?")).await.done(200);
            let rows = csv_rows(&csv.body);
            let position = |dimension: &str, code: &str| {
                let code = if code.is_empty() { "none" } else { code };
                let index = dataset["dimension"][dimension]["category"]["index"].as_array().unwrap();
                index.iter().position(|c| c == code).unwrap_or_else(|| panic!("{path}: no {code} in {dimension}"))
            };
            let mut filled = HashMap::new();
            for row in &rows {
                let row: HashMap<&str, &str> = row.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                let value = row.get("value").or(row.get("amount_nok")).unwrap();
                let place = id.iter().zip(&size).fold(0, |at, (name, size)| {
                    at * size + if name == "contents" { 0 } else { position(name, row[name.as_str()]) }
                });
                assert_eq!(plain(&dataset["value"][place]), **value, "{} {path} {row:?}", base.label);
                assert!(filled.insert(place, ()).is_none());
                let status = row.get("status").copied().filter(|s| *s != "ok");
                assert_eq!(dataset["status"][place.to_string()].as_str(), status, "{path} {row:?}");
            }
            let values = dataset["value"].as_array().unwrap().iter().enumerate();
            assert!(values.filter(|(_, v)| !v.is_null()).all(|(at, _)| filled.contains_key(&at)), "{path}");
            assert!(!rows.is_empty());
        }
    }
}

#[actix_web::test]
async fn dimensions_are_labelled_in_the_language_asked_for() {
    for base in databases("cubes_labels") {
        let client = Client::new(&base.db).await;
        let path = "/v1/observations?indicator=overdose-deaths&format=json-stat2";
        let nb = client.json(path).await;
        let en = client.json(&format!("{path}&lang=en")).await;
        let said = |dataset: &Value| {
            let dimensions = &dataset["dimension"];
            ["indicator", "period"].map(|d| dimensions[d]["label"].as_str().unwrap().to_owned()).to_vec()
        };
        assert_eq!(
            (said(&nb), said(&en)),
            (vec!["Indikator".into(), "Periode".into()], vec!["Indicator".into(), "Period".into()])
        );
        assert_eq!(en["dimension"]["region"]["category"]["label"]["NO"], "Norway");
        assert_eq!(nb["dimension"]["indicator"]["category"]["unit"]["overdose-deaths"]["label"], "dødsfall");
        let periods = nb["dimension"]["period"]["category"]["index"].as_array().unwrap();
        assert!(periods.is_sorted_by_key(|p| p.as_str().unwrap().to_owned()), "{periods:?}");
        assert_eq!(nb["role"]["geo"][0], "region");
    }
}

#[actix_web::test]
async fn wide_has_the_values_of_long_in_columns() {
    for base in databases("cubes_wide") {
        let client = Client::new(&base.db).await;
        for (path, value) in [
            ("/v1/observations?indicator=population,overdose-deaths", "value"),
            ("/v1/observations?indicator=overdose-deaths&published=all", "value"),
            ("/v1/grants?approximate=x", "amount_nok"),
            ("/v1/budgets?plan=rus-2016-2020", "amount_nok"),
        ] {
            let path = path.replace("?approximate=x", "?stage=paid,allocated");
            let long = csv_rows(&client.get(&format!("{path}&format=csv")).await.done(200).body);
            let wide = csv_rows(&client.get(&format!("{path}&format=csv&layout=wide")).await.done(200).body);
            assert!(wide.len() <= long.len(), "{path}");
            const IDENTITY: [&str; 9] =
                ["id", "indicator", "region", "published", "plan", "scheme", "measure", "recipient_name", "stage"];
            let by: Vec<&str> = wide[0].iter().map(|(n, _)| n.as_str()).filter(|n| IDENTITY.contains(n)).collect();
            let get = |row: &[(String, String)], name: &str| {
                row.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
            };
            let index: HashMap<Vec<String>, &Vec<(String, String)>> =
                wide.iter().map(|row| (by.iter().map(|n| get(row, n)).collect(), row)).collect();
            assert_eq!(index.len(), wide.len(), "{path}: rows that look alike");
            for row in &long {
                let line = index[&by.iter().map(|n| get(row, n)).collect::<Vec<_>>()];
                assert_eq!(get(line, &get(row, "period")), get(row, value), "{} {path}: {row:?}", base.label);
            }
            let filled = |row: &Vec<(String, String)>| {
                row.iter().filter(|(n, v)| n.starts_with(|c: char| c.is_ascii_digit()) && !v.is_empty()).count()
            };
            let values = long.iter().filter(|row| !get(row, value).is_empty()).count();
            assert_eq!(wide.iter().map(filled).sum::<usize>(), values, "{path}");
        }
        // Municipalities that share a name stay apart where the code is left out.
        let count = async |labels: &str| {
            let path = format!("/v1/observations?indicator=population&format=csv&layout=wide&labels={labels}");
            client.get(&path).await.done(200).text().lines().count()
        };
        assert_eq!(count("name").await, count("code").await);
    }
}

#[actix_web::test]
async fn values_that_would_share_a_cell_are_refused_and_never_added() {
    for base in databases("cubes_shared") {
        let client = Client::new(&base.db).await;
        for id in ["one-grant", "other-grant"] {
            client.put(&format!("/v1/grants/{id}"), &rows::grant(id)).await.done(201);
        }
        for (rest, parameter) in [("format=csv&layout=wide", "layout"), ("format=json-stat2", "format")] {
            let problem = client.get(&format!("/v1/grants?{rest}")).await.refused(400, "invalid-parameter");
            assert!(names(&problem, parameter, "ambiguous"), "{problem}");
            let message = problem["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains("one-grant") && message.contains("other-grant"), "{message}");
            client.get(&format!("/v1/grants?{rest}&level=county")).await.done(200);
        }
    }
}
