//! What a row must be: values, references, texts, every mistake at once.
use crate::client::{Client, names, request, write};
use crate::rows::{grant, source};
use crate::support::{databases, empty};
use serde_json::json;

#[actix_web::test]
async fn a_reference_to_nothing_is_refused() {
    for base in databases("writes_dangling") {
        let client = Client::new(&base.db).await;
        let mut row = grant("g-1");
        (row["plan"], row["source"]) = (json!("no-such-plan"), json!("no-such-source"));
        let problem = client.put("/v1/grants/g-1", &row).await.refused(422, "invalid-content");
        for name in ["plan", "source"] {
            assert!(names(&problem, name, "reference"), "{}: {problem}", base.label);
        }
        client.get("/v1/grants/g-1").await.refused(404, "not-found");
    }
}

/// Places are not read anew for each write: what the register says now must still hold for the next.
#[actix_web::test]
async fn what_the_register_says_holds_for_the_next_write() {
    for base in databases("writes_register") {
        let client = Client::new(&base.db).await;
        let grant_in = |id: &str| {
            let mut row = grant(id);
            (row["region"], row["period"]) = (json!("K-0301"), json!("2019"));
            row
        };
        let named = async |id: &str| {
            client.put(&format!("/v1/grants/{id}"), &grant_in(id)).await.done(201).json()["region_name"].clone()
        };
        assert_eq!(named("g-1").await, "Oslo");
        let path = "/v1/municipalities/K-0301.1948-01-01";
        for name in ["Christiania", "Oslo"] {
            let tag = client.tag(path).await;
            client.patch(path, &tag, &json!({ "region_name": name })).await.done(200);
            assert_eq!(named(&format!("g-{name}").to_lowercase()).await, name, "{}", base.label);
        }
    }
}

#[actix_web::test]
async fn a_code_must_be_valid_in_the_period() {
    for base in databases("writes_period") {
        let client = Client::new(&base.db).await;
        let mut row = grant("g-1");
        // Ålesund was 1504 until 2020, and 1507 until 2024.
        (row["region"], row["period"]) = (json!("K-1504"), json!("2021"));
        let problem = client.put("/v1/grants/g-1", &row).await.refused(422, "invalid-content");
        assert!(names(&problem, "region", "not_valid") && problem.to_string().contains("K-1507"), "{problem}");
        row["period"] = json!("2019");
        assert_eq!(client.put("/v1/grants/g-1", &row).await.done(201).json()["region_name"], "Ålesund");
        row["id"] = json!("g-2");
        for unknown in ["K-9999", "F-99"] {
            row["region"] = json!(unknown);
            let problem = client.put("/v1/grants/g-2", &row).await.refused(422, "invalid-content");
            assert!(names(&problem, "region", "reference"), "{}: {problem}", base.label);
        }
        for wrong in ["301", "٠٣٠١", " 0301", "K-301", "no"] {
            row["region"] = json!(wrong);
            client.put("/v1/grants/g-2", &row).await.refused(422, "invalid-content");
        }
        (row["id"], row["region"], row["period"]) = (json!("g-3"), json!("0301"), json!("2019"));
        let bare = client.put("/v1/grants/g-3", &row).await.done(201).json();
        assert_eq!((bare["region"].as_str(), bare["region_code"].as_str()), (Some("K-0301"), Some("0301")));
    }
}

#[actix_web::test]
async fn a_budget_line_is_for_the_time_of_its_plan() {
    for base in databases("writes_budget") {
        let client = Client::new(&base.db).await;
        let mut line = json!({
            "plan": "rus-2016-2020", "title_nb": "Utenfor", "period": "2021", "amount_nok": 1, "flow": "earmarked",
            "stage": "proposed", "approximate": false, "source": "prop-15-s-2015-2016",
        });
        for outside in ["2021", "2015", "2007-2012"] {
            line["period"] = json!(outside);
            let problem = client.put("/v1/budgets/outside", &line).await.refused(422, "invalid-content");
            assert!(names(&problem, "period", "domain_rule"), "{}: {problem}", base.label);
        }
        for none in ["-1", "0", "9999", "20166"] {
            line["period"] = json!(none);
            let problem = client.put("/v1/budgets/outside", &line).await.refused(422, "invalid-content");
            assert!(names(&problem, "period", "invalid"), "{}: {problem}", base.label);
        }
        line["period"] = json!("2019");
        client.put("/v1/budgets/inside", &line).await.done(201);
    }
}

#[actix_web::test]
async fn what_the_service_fills_must_agree_where_it_is_sent() {
    for base in databases("writes_filled") {
        let client = Client::new(&base.db).await;
        let mut row = grant("g-1");
        row["region_name"] = json!("Bergen");
        let problem = client.put("/v1/grants/g-1", &row).await.refused(422, "invalid-content");
        assert!(names(&problem, "region_name", "read_only"), "{problem}");
        row["region_name"] = json!("Oslo");
        client.put("/v1/grants/g-1", &row).await.done(201);
        row["id"] = json!("g-9");
        let problem = client.put("/v1/grants/g-2", &row).await.refused(422, "invalid-content");
        assert!(names(&problem, "id", "invalid"), "{}: {problem}", base.label);
    }
}

#[actix_web::test]
async fn every_mistake_is_told_at_once_with_where_it_is() {
    for base in databases("writes_mistakes") {
        let client = Client::new(&base.db).await;
        let body = json!({
            "plann": "x", "amount_nok": "much", "stage": "payed", "approximate": null, "period": 2017, "sour/ce": 1,
        });
        let problem = client.put("/v1/grants/g-1", &body).await.refused(422, "invalid-content");
        for (name, code) in [
            ("plann", "unknown"),
            ("amount_nok", "invalid"),
            ("stage", "invalid"),
            ("approximate", "invalid"),
            ("period", "invalid"),
            ("source", "required"),
        ] {
            assert!(names(&problem, name, code), "{}: {name} {code} in {problem}", base.label);
        }
        let of = |name: &str| problem["errors"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap().clone();
        assert_eq!((&of("plann")["did_you_mean"], &of("plann")["pointer"]), (&json!("plan"), &json!("/plann")));
        assert_eq!(of("stage")["did_you_mean"], "paid");
        assert_eq!(of("sour/ce")["pointer"], "/sour~1ce");

        let rules = json!({
            "id": "g-1", "region": "K-9x", "period": "2016-13", "amount_nok": -1, "stage": "paid", "approximate": false,
            "source": "prop-15-s-2015-2016", "recipient_orgnr": "123456789",
        });
        let problem = client.put("/v1/grants/g-1", &rules).await.refused(422, "invalid-content");
        for name in ["region", "period", "amount_nok", "recipient_orgnr"] {
            assert!(names(&problem, name, "invalid"), "{}: {name} in {problem}", base.label);
        }
        assert_eq!(client.get("/v1/grants/g-1").await.status, 404);
    }
}

const AMOUNTS: [(&str, u16); 12] = [
    ("1.0", 201),
    ("1e3", 201),
    ("-0", 201),
    ("0", 201),
    ("9223372036854775807", 201),
    ("1.5", 422),
    ("9223372036854775808", 422),
    ("-1", 422),
    ("true", 422),
    ("\"1\"", 422),
    ("1e400", 400),
    ("NaN", 400),
];

#[actix_web::test]
async fn amounts_are_whole_and_exact() {
    for base in databases("writes_amounts") {
        let client = Client::new(&base.db).await;
        for (number, (written, status)) in AMOUNTS.iter().enumerate() {
            let path = format!("/v1/grants/n-{number}");
            let mut row = grant(&format!("n-{number}"));
            row["amount_nok"] = json!("AMOUNT");
            let body = row.to_string().replace("\"AMOUNT\"", written);
            let answer = client
                .send(write("PUT", &path).insert_header(("content-type", "application/json")).set_payload(body))
                .await;
            assert_eq!(answer.status, *status, "{} {written}: {}", base.label, answer.text());
        }
        assert_eq!(client.json("/v1/grants/n-0").await["amount_nok"], 1);
        assert_eq!(client.json("/v1/grants/n-1").await["amount_nok"], 1_000);
        assert_eq!(client.json("/v1/grants/n-4").await["amount_nok"], i64::MAX);
    }
}

const HOSTILE_TEXTS: [&str; 9] = [
    "'; DROP TABLE sources; --",
    "\" OR 1=1 --",
    "$1 ? :a @b",
    "\\'; SELECT 1",
    "100 % _ \\",
    "=HYPERLINK(\"x\")",
    "line\nline\r\nline\ttab",
    "æøå ÆØÅ Kárášjohka 日本 🇳🇴",
    "<script>alert(1)</script>",
];

#[actix_web::test]
async fn texts_are_stored_as_they_are() {
    for base in empty("writes_texts") {
        let client = Client::new(&base.db).await;
        for (number, text) in HOSTILE_TEXTS.iter().enumerate() {
            let path = format!("/v1/sources/t-{number}");
            let mut row = source(&format!("t-{number}"), text);
            for field in ["publisher", "language", "license", "note"] {
                row[field] = json!(text);
            }
            row["language"] = json!("nb");
            client.put(&path, &row).await.done(201);
            let read = client.json(&path).await;
            for field in ["title", "publisher", "license", "note"] {
                assert_eq!(read[field], *text, "{} {field}", base.label);
            }
        }
        assert_eq!(client.json("/v1/sources").await["total"], HOSTILE_TEXTS.len());
        let csv = client.get("/v1/sources?format=csv").await.body;
        let titles: Vec<String> =
            csv::Reader::from_reader(&csv[..]).records().map(|r| r.unwrap()[1].to_owned()).collect();
        assert_eq!(titles, HOSTILE_TEXTS);
    }
}

#[actix_web::test]
async fn ids_are_readable_and_safe_in_a_url() {
    for base in empty("writes_ids") {
        let client = Client::new(&base.db).await;
        for id in ["%C3%A6", "a%20b", "a%27b", "-a", "a_b", "%2e%2e", "a%2Fb", &"x".repeat(121)] {
            let body = json!({ "title": "T", "publisher": "P", "kind": "report" });
            let answer = client.put(&format!("/v1/sources/{id}"), &body).await;
            assert!(matches!(answer.status, 404 | 422), "{} {id}: {}", base.label, answer.text());
        }
        assert_eq!(client.json("/v1/sources").await["total"], 0);
        client
            .send(request("PUT", "/v1/sources/a").set_json(source("a", "A")))
            .await
            .refused(401, "authentication-required");
    }
}
