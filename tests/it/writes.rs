//! Writing one thing: preconditions, deletions, reasons.
use crate::client::{Client, names, write};
use crate::rows::{grant, source};
use crate::support::{databases, empty};
use opptrapping::db::Statement;
use serde_json::{Value, json};

#[actix_web::test]
async fn a_thing_is_created_replaced_and_left_alone() {
    for base in databases("writes_put") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let start = base.db.head().revision;

        let created = client.put(path, &grant("g-1")).await.done(201);
        assert_eq!(created.header("location"), Some("http://127.0.0.1:8080/v1/grants/g-1"));
        assert_eq!(base.db.head().revision, start + 1);
        let read = client.get(path).await.done(200);
        assert_eq!((created.tag(), created.json()), (read.tag(), read.json()));
        assert_eq!((read.json()["region_name"].as_str(), read.json()["county"].as_str()), (Some("Oslo"), Some("F-03")));

        let same = client.replace(path, read.tag(), &grant("g-1")).await.done(200);
        assert_eq!((same.tag(), base.db.head().revision), (read.tag(), start + 1), "{}", base.label);

        let mut more = grant("g-1");
        more["amount_nok"] = json!(2_000_000);
        let replaced = client.replace(path, read.tag(), &more).await.done(200);
        assert_ne!(replaced.tag(), read.tag());
        assert_eq!(replaced.json()["amount_nok"], 2_000_000);
        assert_eq!((replaced.header("location"), base.db.head().revision), (None, start + 2));
        assert_eq!(client.tag(path).await, replaced.tag());
    }
}

#[actix_web::test]
async fn what_exists_is_changed_only_by_who_knows_its_version() {
    for base in databases("writes_match") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let first = client.put(path, &grant("g-1")).await.done(201).tag().to_owned();
        let mut changed = grant("g-1");
        changed["amount_nok"] = json!(5);

        let unsaid = client.put(path, &changed).await;
        unsaid.refused(428, "precondition-required");
        assert_eq!(unsaid.tag(), first, "428 names the current version");
        client.send(write("DELETE", path)).await.refused(428, "precondition-required");

        let second = client.replace(path, &first, &changed).await.done(200).tag().to_owned();
        for answer in [
            client.replace(path, &first, &grant("g-1")).await,
            client.patch(path, &first, &json!({ "note": "x" })).await,
            client.delete(path, &first).await,
        ] {
            answer.refused(412, "precondition-failed");
            assert_eq!(answer.tag(), second, "412 names the current version");
            assert_eq!(answer.header("retry-after"), None);
        }
        for any in ["*", "x", "\"", "W/\"1\""] {
            client.replace(path, any, &grant("g-1")).await.refused(400, "malformed-request");
        }
        client.replace(path, "\"x\"", &grant("g-1")).await.refused(412, "precondition-failed");
        client.replace(path, &format!("\"0\", {second}"), &grant("g-1")).await.done(200);
        client.replace("/v1/grants/g-2", &second, &grant("g-2")).await.refused(412, "precondition-failed");
    }
}

#[actix_web::test]
async fn create_only_creates_once() {
    for base in databases("writes_create") {
        let client = Client::new(&base.db).await;
        let create = async || {
            let request = write("PUT", "/v1/grants/g-1").insert_header(("if-none-match", "*"));
            client.send(request.set_json(grant("g-1"))).await
        };
        let created = create().await.done(201);
        let again = create().await;
        again.refused(412, "precondition-failed");
        assert_eq!(again.tag(), created.tag(), "{}", base.label);
        let other = write("PUT", "/v1/grants/g-1").insert_header(("if-none-match", "\"1\"")).set_json(grant("g-1"));
        client.send(other).await.refused(400, "malformed-request");
    }
}

#[actix_web::test]
async fn a_patch_changes_what_it_names() {
    for base in databases("writes_patch") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let tag = client.put(path, &grant("g-1")).await.done(201).tag().to_owned();
        let before = client.json(path).await;
        let patched = client.patch(path, &tag, &json!({ "note": "two words", "scheme": null })).await.done(200);
        let mut wanted = before.clone();
        (wanted["note"], wanted["scheme"]) = (json!("two words"), Value::Null);
        assert_eq!(patched.json(), wanted, "{}", base.label);

        let head = base.db.head().revision;
        for nothing in [json!({}), json!({ "note": "two words" })] {
            let same = client.patch(path, patched.tag(), &nothing).await.done(200);
            assert_eq!((same.tag(), base.db.head().revision), (patched.tag(), head));
        }
        let null =
            client.patch(path, patched.tag(), &json!({ "amount_nok": null })).await.refused(422, "invalid-content");
        assert!(names(&null, "amount_nok", "invalid"), "{null}");
        client.patch("/v1/grants/nothing", &tag, &json!({})).await.refused(404, "not-found");
        client
            .send(
                write("PATCH", path)
                    .insert_header(("content-type", "application/merge-patch+json"))
                    .set_payload("{\"note\":\"y\"}"),
            )
            .await
            .refused(428, "precondition-required");
    }
}

#[actix_web::test]
async fn what_is_deleted_is_gone_and_not_forgotten() {
    for base in databases("writes_delete") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let tag = client.put(path, &grant("g-1")).await.done(201).tag().to_owned();
        let alive = base.db.head().revision;
        let was = client.json(path).await;
        let deleted = client.delete(path, &tag).await.done(204);
        assert!(deleted.body.is_empty());
        client.get(path).await.refused(410, "gone");
        client.delete(path, &tag).await.refused(410, "gone");
        assert!(client.rows("/v1/grants?limit=100").await.iter().all(|g| g["id"] != "g-1"));
        assert_eq!(client.json(&format!("{path}?as_of={alive}")).await, was, "{}", base.label);
        client.get(&format!("{path}?as_of={}", alive + 1)).await.refused(404, "not-found");
        let history = client.json(&format!("{path}/history")).await;
        assert_eq!((&history["total"], &history["data"][0]["ended"]), (&json!(1), &json!(alive + 1)));

        client.put(path, &grant("g-1")).await.done(201);
        assert_eq!(client.json(&format!("{path}/history")).await["total"], 2);
    }
}

#[actix_web::test]
async fn what_others_refer_to_stays() {
    for base in databases("writes_referenced") {
        let client = Client::new(&base.db).await;
        let path = "/v1/plans/rus-2007-2012";
        let problem = client.delete(path, &client.tag(path).await).await.refused(409, "referenced");
        let told = problem["errors"].as_array().unwrap();
        assert!(told.iter().any(|m| m["message"].as_str().unwrap().contains("/v1/plans/rus-2016-2020")), "{problem}");
        assert!(told.iter().any(|m| m["message"].as_str().unwrap().contains("/v1/goals/")), "{problem}");
        client.get(path).await.done(200);
    }
}

#[actix_web::test]
async fn a_region_with_figures_stays() {
    for base in databases("writes_region") {
        let client = Client::new(&base.db).await;
        for path in ["/v1/health-regions/H-MN", "/v1/municipalities/K-0301.1948-01-01", "/v1/counties/F-15"] {
            let answer = client.delete(path, &client.tag(path).await).await;
            assert_eq!(answer.status, 409, "{} {path}: {}", base.label, answer.text());
            answer.refused(409, "referenced");
        }
    }
}

#[actix_web::test]
async fn the_reason_is_kept_with_the_revision() {
    for base in empty("writes_reason") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a?reason=f%C3%B8rst", &source("a", "A")).await.done(201);
        let tag = client.tag("/v1/sources/a").await;
        let request = write("PUT", "/v1/sources/a").insert_header(("if-match", tag));
        let titled = request.insert_header(("reason", "then this")).set_json(source("a", "B"));
        client.send(titled).await.done(200);
        let history = client.json("/v1/sources/a/history").await;
        let reasons: Vec<&Value> = history["data"].as_array().unwrap().iter().map(|v| &v["reason"]).collect();
        assert_eq!(reasons, ["først", "then this"], "{}", base.label);
        assert_eq!(history["data"][1]["changed"], json!(["title"]));
        let author = base
            .db
            .read(|conn| {
                Ok(Statement::new("SELECT issuer, subject, token_id FROM revisions WHERE revision = 1").row::<(
                    String,
                    String,
                    Option<String>,
                )>(
                    conn
                )?)
            })
            .unwrap()
            .unwrap();
        assert_eq!((author.0.as_str(), author.1.as_str(), author.2.is_some()), ("opptrapping", "tester", true));
    }
}
