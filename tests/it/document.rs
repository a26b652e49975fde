//! The OpenAPI document: committed, complete, and true.
use crate::client::{Client, collections};
use crate::operations::{Operation, document, operations, resolve};
use crate::support::{root, sqlite};
use opptrapping::http::asked::encode;
use opptrapping::http::openapi30::downgrade;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;

/// Compares a committed file with what it should be; `UPDATE=1` writes it anew.
fn committed(name: &str, wanted: &str) {
    let path = root().join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(wanted.lines()).position(|(a, b)| a != b).map_or(0, |n| n + 1);
    assert!(
        found == wanted,
        "{name} is not what the program gives (first difference in line {line}); run the tests with UPDATE=1 and review the diff"
    );
}

#[test]
fn the_committed_document_is_the_generated_one() {
    committed("openapi/openapi.json", &format!("{}\n", serde_json::to_string_pretty(&document()).unwrap()));
}

#[actix_web::test]
async fn the_committed_examples_are_rows_of_the_reference_data() {
    let base = sqlite("examples");
    let client = Client::new(&base.db).await;
    let mut examples = Map::new();
    for collection in collections() {
        let row = client.json(&format!("/v1/{}/{}", collection.name(), collection.example)).await;
        examples.insert(collection.name().to_owned(), row);
    }
    let path = format!("/v1/submissions/{}", opptrapping::api::submissions::EXAMPLE);
    examples.insert("submissions".into(), client.json(&path).await);
    for operation in operations().iter().filter(|o| o.path.ends_with("/summary")) {
        let rows = client.rows(&operation.example_url("")).await;
        let name = operation.path.trim_start_matches("/v1/").to_owned();
        examples.insert(name, rows.into_iter().find(|row| !row["county"].is_null()).unwrap());
    }
    committed("openapi/examples.json", &format!("{}\n", serde_json::to_string_pretty(&examples).unwrap()));
}

#[test]
fn every_operation_is_complete() {
    let mut wrong = vec![];
    for operation in operations() {
        let mut lacks = |what: &str| wrong.push(format!("{} {}: {what}", operation.method, operation.path));
        let spec = &operation.spec;
        for text in ["summary", "description", "operationId"] {
            if spec[text].as_str().is_none_or(|t| t.trim().is_empty()) {
                lacks(text);
            }
        }
        if spec["tags"].as_array().is_none_or(Vec::is_empty) {
            lacks("tags");
        }
        let responses = spec["responses"].as_object().unwrap();
        if !responses.keys().any(|status| status.starts_with('2')) {
            lacks("a success response");
        }
        for status in ["400", "429", "500", "503"] {
            if !responses.contains_key(status) {
                lacks(&format!("the response {status}"));
            }
        }
        if !spec["security"].is_array() {
            lacks("security");
        }
        // What is open to all and writes must say how large it may be.
        let mut needed: Vec<&str> = match (operation.scope(), operation.reads()) {
            (None, true) => vec![],
            (None, false) => vec!["413"],
            (Some(_), _) => vec!["401", "403"],
        };
        needed.extend(match operation.method.as_str() {
            "GET" => &["304"][..],
            "POST" => &["409", "415", "422"],
            // A table has no version.
            "PUT" if !operation.path.contains('{') => &["408", "409", "413", "415", "422"],
            "PUT" => &["409", "412", "415", "422", "428"],
            "PATCH" => &["412", "415", "422", "428"],
            _ => &["412", "428"],
        });
        for status in needed.iter().filter(|status| !responses.contains_key(**status)) {
            lacks(&format!("the response {status}"));
        }
        let keyed = operation.parameters.iter().any(|p| p["name"] == "Idempotency-Key");
        if keyed == operation.reads() {
            lacks("the parameter Idempotency-Key, or it is one too many");
        }
        for parameter in &operation.parameters {
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                lacks(&format!("a description of {}", parameter["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_problem_response_is_problem_json() {
    let document = document();
    for operation in operations() {
        for (status, response) in operation.spec["responses"].as_object().unwrap() {
            if status.starts_with(['4', '5']) {
                let content = resolve(&document, response)["content"].as_object().unwrap();
                let types: Vec<&String> = content.keys().collect();
                assert_eq!(types, ["application/problem+json"], "{} {status}", operation.id());
            }
        }
    }
}

#[test]
fn operation_ids_are_unique_and_none_is_lost() {
    let now: Vec<String> = operations().iter().map(|o| o.id().to_owned()).collect();
    let distinct: BTreeSet<&String> = now.iter().collect();
    assert_eq!(distinct.len(), now.len(), "an operation id stands twice");
    let path = root().join("tests/it/operation_ids.txt");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let lost: Vec<&str> = before.lines().filter(|id| !now.iter().any(|n| n == id)).collect();
    assert!(lost.is_empty(), "clients call these operations, and they are gone: {lost:?}");
    let all: BTreeSet<&str> = before.lines().chain(now.iter().map(String::as_str)).collect();
    committed("tests/it/operation_ids.txt", &format!("{}\n", all.into_iter().collect::<Vec<_>>().join("\n")));
}

#[test]
fn every_schema_property_is_described() {
    let document = document();
    let mut bare = vec![];
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, said) in schema["properties"].as_object().into_iter().flatten() {
            if said["description"].as_str().is_none_or(str::is_empty) {
                bare.push(format!("{name}.{property}"));
            }
        }
    }
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn every_reference_points_to_something() {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|v| walk(document, v)),
            Value::Object(object) => {
                if object.contains_key("$ref") {
                    resolve(document, value);
                }
                object.values().for_each(|v| walk(document, v));
            }
            _ => {}
        }
    }
    for document in [document(), downgrade(document())] {
        walk(&document, &document);
    }
}

#[test]
fn the_older_document_has_nothing_of_the_newer_version() {
    fn walk(value: &Value, at: &str, wrong: &mut Vec<String>) {
        match value {
            Value::Array(all) => all.iter().for_each(|v| walk(v, at, wrong)),
            Value::Object(object) => {
                let inside_properties = at.ends_with("/properties");
                if !inside_properties {
                    if object.get("type").is_some_and(Value::is_array) {
                        wrong.push(format!("{at}: a list of types"));
                    }
                    if object.get("type") == Some(&"null".into()) {
                        wrong.push(format!("{at}: the type null"));
                    }
                    let newer = ["const", "exclusiveMinimum", "$schema", "prefixItems"];
                    wrong.extend(newer.iter().filter(|k| object.contains_key(**k)).map(|k| format!("{at}: {k}")));
                    if object.get("examples").is_some_and(Value::is_array) {
                        wrong.push(format!("{at}: a list of examples"));
                    }
                }
                for (name, v) in object.iter().filter(|(n, _)| !["example", "examples"].contains(&n.as_str())) {
                    walk(v, &format!("{at}/{name}"), wrong);
                }
            }
            _ => {}
        }
    }
    let old = downgrade(document());
    assert_eq!(old["openapi"], "3.0.3");
    assert_eq!(old["paths"].as_object().unwrap().len(), document()["paths"].as_object().unwrap().len());
    let mut wrong = vec![];
    walk(&old, "", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[actix_web::test]
async fn every_example_answers() {
    let base = sqlite("example_ids");
    let client = Client::new(&base.db).await;
    for operation in operations().iter().filter(|o| o.reads()) {
        let path = operation.example_url("");
        assert_eq!(operation.get(&client, &path).await.status, 200, "{path}");
    }
}

/// Values that the document allows for a parameter.
fn samples(parameter: &Value) -> Vec<String> {
    let schema = &parameter["schema"];
    let each = if schema["items"].is_object() { &schema["items"] } else { schema };
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut all: Vec<String> = each["enum"].as_array().into_iter().flatten().map(text).collect();
    match &parameter["example"] {
        Value::Null => {}
        Value::Array(several) => all.push(several.iter().map(text).collect::<Vec<_>>().join(",")),
        one => all.push(text(one)),
    }
    if !all.is_empty() {
        return all;
    }
    match (parameter["name"].as_str().unwrap(), each["type"].as_str(), each["format"].as_str()) {
        ("as_of", ..) => vec!["1".into(), "2100-01-01T00:00:00Z".into()],
        (_, Some("integer"), _) => vec![each["minimum"].to_string(), each["maximum"].to_string()],
        (_, _, Some("date")) => vec!["2020-01-01".into()],
        (name, ..) if name.ends_with("_from") || name.ends_with("_to") || name.starts_with("period") => {
            vec!["2016".into()]
        }
        (name, ..) if name.ends_with("region") => vec!["K-0301".into(), "0301".into()],
        ("county", ..) => vec!["F-15".into()],
        ("published", ..) => vec!["2021".into()],
        ("boundaries", ..) => ["original", "comparable", "2024", "2024-01", "2016-01-01"].map(String::from).into(),
        _ => vec!["a-b".into()],
    }
}

/// What a value of a parameter needs beside it: a field that is there only when asked for, what asks for it.
fn beside(operation: &Operation, name: &str, value: &str) -> String {
    const CONVERSION: [&str; 6] =
        ["boundaries", "conversion_quality", "conversion_method", "conversion_reason", "source_regions", "explanation"];
    if matches!(name, "estimate" | "explain") {
        return "&boundaries=2024".into();
    }
    if !matches!(name, "fields" | "sort") {
        return String::new();
    }
    let field = value.trim_start_matches('-');
    let groups = operation.query_parameters().find(|p| p["name"] == "group_by");
    let groups: Vec<String> = groups.map(samples).unwrap_or_default();
    let divided = operation.query_parameters().any(|p| p["name"] == "per");
    let per = field.split_once("_per_").map(|(_, per)| per).or((field == "population").then_some("capita"));
    match per.filter(|_| divided) {
        Some(per) => format!("&per={per}"),
        _ if CONVERSION.contains(&field) && divided => {
            let explained = if field == "explanation" { "&explain=1" } else { "" };
            format!("&boundaries=2024{explained}")
        }
        _ if groups.iter().any(|group| group == field) => format!("&group_by={field}"),
        _ => String::new(),
    }
}

#[actix_web::test]
async fn every_documented_parameter_is_taken_and_no_other() {
    let base = sqlite("parameters");
    let client = Client::new(&base.db).await;
    let every: BTreeSet<String> = operations()
        .iter()
        .flat_map(|o| o.query_parameters().map(|p| p["name"].as_str().unwrap().to_owned()))
        .collect();
    assert!(every.len() > 30, "{every:?}");
    for operation in operations().iter().filter(|o| o.reads()) {
        let path = operation.example_path();
        let mut documented = vec![];
        for parameter in operation.query_parameters() {
            let name = parameter["name"].as_str().unwrap();
            documented.push(name.to_owned());
            if name == "cursor" {
                let first = operation.get(&client, &operation.example_url("limit=1")).await.json();
                if let Some(cursor) = first["next_cursor"].as_str() {
                    let next = operation.get(&client, &operation.example_url(&format!("cursor={cursor}"))).await;
                    assert_eq!(next.status, 200, "{path} cursor");
                }
                continue;
            }
            for value in samples(parameter) {
                // A dialect is of CSV, and a layout of tables.
                let of = if matches!(name, "dialect" | "layout") { "format=csv&" } else { "" };
                let beside = beside(operation, name, &value);
                let value_of = encode(&value).replace("%2C", ",");
                let url = operation.example_url(&format!("{of}{name}={value_of}{beside}"));
                let answer = operation.get(&client, &url).await;
                // A thing need not have been there at revision 1, nor on every day.
                let item_then = operation.path.contains('{') && matches!(name, "as_of" | "valid_on");
                // A cube of everything may be too sparse to be sent; the refusal says what to filter by.
                let sparse = value == "json-stat2" && answer.text().contains("too_large");
                let fine = answer.status == 200 || sparse || item_then && answer.status == 404;
                assert!(fine, "{url}: {}", answer.text());
            }
        }
        for other in every.iter().filter(|name| !documented.contains(name)) {
            let url = operation.example_url(&format!("{other}=1"));
            let problem = operation.get(&client, &url).await.refused(400, "unknown-parameter");
            assert_eq!(problem["errors"][0]["name"], other.as_str(), "{url}");
        }
    }
}
