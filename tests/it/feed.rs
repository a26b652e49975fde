//! The feed of changes: complete, in order, in every form, and honest about where it ends.
use crate::client::{Client, names, request, write};
use crate::support::{Base, databases, empty};
use opptrapping::db::{Author, Statement};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

pub fn source(title: &str) -> Value {
    json!({ "title": title, "publisher": "P", "kind": "report" })
}

fn own(url: &str) -> &str {
    url.strip_prefix("http://127.0.0.1:8080").unwrap()
}

/// Follows the feed from a point to its end.
async fn follow(client: &Client, after: &str, query: &str) -> (Vec<Value>, String) {
    let (mut all, mut path) = (vec![], format!("/v1/changes?after={after}{query}"));
    loop {
        let page = client.json(&path).await;
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => path = own(next).to_owned(),
            None => return (all, page["meta"]["last"].as_str().unwrap().to_owned()),
        }
    }
}

#[actix_web::test]
async fn replaying_the_feed_gives_the_dataset() {
    for base in databases("feed_replay") {
        let client = Client::new(&base.db).await;
        let (changes, last) = follow(&client, "0", "&limit=1500").await;
        assert_eq!(last, base.db.head().revision.to_string(), "{}", base.label);
        let places: Vec<(i64, i64)> =
            changes.iter().map(|c| (c["revision"].as_i64().unwrap(), c["position"].as_i64().unwrap())).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{}: not in order", base.label);
        let logged = base.db.read(|conn| Ok(Statement::new("SELECT COUNT(*) FROM changes").row::<(i64,)>(conn)?));
        assert_eq!(changes.len() as i64, logged.unwrap().unwrap().0, "{}", base.label);
        let mut copy: HashMap<(String, String), Value> = HashMap::new();
        for change in changes {
            let key = (change["resource"].as_str().unwrap().to_owned(), change["id"].as_str().unwrap().to_owned());
            let held = copy.remove(&key).unwrap_or(Value::Null);
            assert_eq!(held, change["before"], "{}: {key:?}", base.label);
            if !change["after"].is_null() {
                copy.insert(key, change["after"].clone());
            }
        }
        for collection in crate::client::collections() {
            let name = collection.name();
            let mut rows = vec![];
            let all = if name == "observations" { "&published=all" } else { "" };
            let mut path = format!("/v1/{name}?limit=5000&sort=id{all}");
            loop {
                let page = client.json(&path).await;
                rows.extend(page["data"].as_array().unwrap().iter().cloned());
                let Some(next) = page["next"].as_str() else { break };
                path = own(next).to_owned();
            }
            let held: BTreeMap<&String, &Value> =
                copy.iter().filter(|((of, _), _)| of == name).map(|((_, id), row)| (id, row)).collect();
            assert_eq!(
                held.into_values().collect::<Vec<_>>(),
                rows.iter().collect::<Vec<_>>(),
                "{} {name}",
                base.label
            );
        }
    }
}

/// Five revisions of two sources: created, changed, deleted, created again, and one of another collection's.
async fn written(base: &Base) -> Client {
    let client = Client::new(&base.db).await;
    let tag = client.put("/v1/sources/a", &source("one")).await.done(201).tag().to_owned();
    let request = write("PUT", "/v1/sources/a?reason=a%20%3Cslip%3E").insert_header(("if-match", tag));
    let tag = client.send(request.set_json(source("two"))).await.done(200).tag().to_owned();
    client.put("/v1/sources/b", &source("other")).await.done(201);
    client.delete("/v1/sources/a", &tag).await.done(204);
    client.put("/v1/sources/a", &source("again")).await.done(201);
    client
}

#[actix_web::test]
async fn a_change_has_what_was_and_what_became() {
    for base in empty("feed_changes") {
        let client = written(&base).await;
        let page = client.json("/v1/changes").await;
        let told: Vec<_> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| {
                let title = |row: &Value| row["title"].as_str().unwrap_or("-").to_owned();
                (
                    c["operation"].as_str().unwrap().to_owned(),
                    c["id"].as_str().unwrap().to_owned(),
                    title(&c["before"]),
                    title(&c["after"]),
                )
            })
            .collect();
        let wanted = [
            ("create", "a", "-", "one"),
            ("update", "a", "one", "two"),
            ("create", "b", "-", "other"),
            ("delete", "a", "two", "-"),
            ("create", "a", "-", "again"),
        ];
        assert_eq!(told, wanted.map(|(o, i, b, a)| (o.into(), i.into(), b.into(), a.into())), "{}", base.label);
        assert_eq!(page["data"][1]["reason"], "a <slip>");
        assert_eq!(page["data"][0]["reason"], Value::Null);
        assert_eq!(
            (&page["meta"]["last"], &page["meta"]["head"], &page["next"]),
            (&json!("5"), &json!(5), &Value::Null)
        );
        let text = page.to_string();
        assert!(!text.contains("tester") && !text.contains("issuer"), "who wrote is nobody's business: {text}");

        let ids = |page: &Value| -> Vec<i64> {
            page["data"].as_array().unwrap().iter().map(|c| c["revision"].as_i64().unwrap()).collect()
        };
        for (query, revisions) in [
            ("id=a", vec![1, 2, 4, 5]),
            ("operation=delete", vec![4]),
            ("operation=create,update&id=a", vec![1, 2, 5]),
            ("type=goals", vec![]),
            ("type=sources&after=3", vec![4, 5]),
            ("region=NO", vec![]),
            ("as_of=2", vec![1, 2]),
        ] {
            let page = client.json(&format!("/v1/changes?{query}")).await;
            assert_eq!(ids(&page), revisions, "{} {query}", base.label);
            let end = if query == "as_of=2" { "2" } else { "5" };
            assert_eq!(page["meta"]["last"], end, "{query}");
        }
    }
}

#[actix_web::test]
async fn fields_choose_by_what_was_or_became() {
    for base in databases("feed_fields") {
        let client = Client::new(&base.db).await;
        let head = base.db.head().revision;
        let grant = |region: &str| json!({ "plan": "rus-2016-2020", "region": region, "period": "2019", "amount_nok": 1, "stage": "paid", "approximate": false, "source": "prop-15-s-2015-2016" });
        let tag = client.put("/v1/grants/moved", &grant("K-0301")).await.done(201).tag().to_owned();
        client.replace("/v1/grants/moved", &tag, &grant("K-1504")).await.done(200);
        for (query, wanted) in [
            ("region=K-0301", vec![1, 2]),
            ("region=0301", vec![1, 2]),
            ("region=K-1504", vec![2]),
            ("county=F-15", vec![2]),
            ("plan=rus-2016-2020", vec![1, 2]),
            ("plan=rus-2016-2020&region=K-0301", vec![1, 2]),
            ("plan=rus-2007-2012", vec![]),
            ("indicator=overdose-deaths", vec![]),
        ] {
            let page = client.json(&format!("/v1/changes?after={head}&{query}")).await;
            let found: Vec<i64> =
                page["data"].as_array().unwrap().iter().map(|c| c["revision"].as_i64().unwrap() - head).collect();
            assert_eq!(found, wanted, "{} {query}", base.label);
            assert_eq!(page["meta"]["last"], (head + 2).to_string(), "{} {query}", base.label);
        }
        let (oslo, _) = follow(&client, "0", "&region=K-0301&type=observations&limit=7").await;
        let rows = client.rows("/v1/observations?region=K-0301&published=all&limit=10000").await;
        assert_eq!(oslo.len(), rows.len(), "{}", base.label);
        assert!(!oslo.is_empty() && oslo.iter().all(|c| c["after"]["region"] == "K-0301"));
    }
}

#[actix_web::test]
async fn a_point_not_written_is_refused_and_one_within_a_revision_goes_on() {
    for base in databases("feed_points") {
        let client = Client::new(&base.db).await;
        let head = base.db.head().revision;
        for path in [format!("/v1/changes?after={}", head + 1), format!("/v1/changes?after={}.1&wait=5", head + 1)] {
            client.get(&path).await.refused(409, "cursor-from-future");
            let stream = request("GET", &path.replace("&wait=5", "")).insert_header(("accept", "text/event-stream"));
            client.send(stream).await.refused(409, "cursor-from-future");
        }
        let resumed = request("GET", "/v1/changes").insert_header(("accept", "text/event-stream"));
        let answer = client.send(resumed.insert_header(("last-event-id", "999999"))).await;
        answer.refused(409, "cursor-from-future");
        let resumed = request("GET", "/v1/changes").insert_header(("accept", "text/event-stream"));
        let problem =
            client.send(resumed.insert_header(("last-event-id", "4.x"))).await.refused(400, "malformed-request");
        assert!(names(&problem, "Last-Event-ID", "invalid"));
        for bad in [
            "after=x",
            "after=1.",
            "after=-1",
            "wait=0",
            "wait=61",
            "limit=0",
            "type=goalz",
            "format=csv",
            "as_of=1&wait=1",
            "as_of=1&after=2",
        ] {
            client.get(&format!("/v1/changes?{bad}")).await.refused(400, "invalid-parameter");
        }
        let first = client.json("/v1/changes?limit=3").await;
        let last = first["meta"]["last"].as_str().unwrap();
        assert_eq!(last, "1.3", "the first revision is larger than a page");
        let second = client.json(&format!("/v1/changes?after={last}&limit=2")).await;
        assert_eq!((&second["data"][0]["revision"], &second["data"][0]["position"]), (&json!(1), &json!(4)));
        let rest = client.json("/v1/changes?after=1&limit=1").await;
        assert_eq!(rest["data"][0]["revision"], 2);
    }
}

#[actix_web::test]
async fn what_is_past_is_kept_and_what_is_new_asked_for() {
    for base in databases("feed_caching") {
        let client = Client::new(&base.db).await;
        let control = async |path: &str| client.get(path).await.done(200).header("cache-control").unwrap().to_owned();
        let head = base.db.head().revision;
        assert!(control("/v1/changes?after=0&limit=5").await.contains("immutable"));
        assert!(control("/v1/changes?as_of=1").await.contains("immutable"));
        assert_eq!(control(&format!("/v1/changes?after={head}")).await, "public, no-cache");
        let open = format!("/v1/changes?after={head}");
        let tag = client.tag(&open).await;
        let again = || request("GET", &open).insert_header(("if-none-match", tag.clone()));
        client.send(again()).await.done(304);
        client.put("/v1/sources/new", &source("new")).await.done(201);
        client.send(again()).await.done(200);
        let page = client.json(&open).await;
        let cited = own(page["meta"]["cite_as"].as_str().unwrap()).to_owned();
        let recorded = client.get(&cited).await.done(200);
        assert_eq!(recorded.json()["data"], page["data"]);
        client.put("/v1/sources/newer", &source("newer")).await.done(201);
        assert_eq!(client.get(&cited).await.body, recorded.body, "{}", base.label);
    }
}

#[actix_web::test]
async fn atom_is_well_formed_and_its_ids_stay() {
    for base in empty("feed_atom") {
        let client = written(&base).await;
        let newest = client.get("/v1/changes?format=atom").await.done(200);
        assert_eq!(newest.header("content-type"), Some("application/atom+xml; charset=utf-8"));
        let text = newest.text();
        let ids: Vec<&str> = text.split("<id>").skip(2).map(|rest| rest.split("</id>").next().unwrap()).collect();
        let wanted: Vec<String> = (1..=5).rev().map(|r| format!("http://127.0.0.1:8080/v1/changes#{r}.1")).collect();
        assert_eq!(ids, wanted, "the newest first");
        assert!(text.contains("a &lt;slip&gt;. Felt: title") && text.contains("/v1/sources/a/history"), "{text}");
        let two = client
            .send(request("GET", "/v1/changes?after=0&limit=2").insert_header(("accept", "application/atom+xml")))
            .await;
        let text = two.done(200).text();
        assert!(text.contains("<link rel=\"next\" type=\"application/atom+xml\" href=\"http://127.0.0.1:8080/v1/changes?limit=2&amp;after=2\"/>"), "{text}");
        assert!(text.find("#1.1").unwrap() < text.find("#2.1").unwrap());
        client
            .send(request("GET", "/v1/changes").insert_header(("accept", "text/html")))
            .await
            .refused(406, "not-acceptable");
    }
}

#[actix_web::test]
async fn a_rare_filter_does_not_read_the_whole_log_at_once() {
    for base in empty("feed_rare") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a", &source("a")).await.done(201);
        // A log with more changes than are looked through for one page, all but the last of one thing that has a version
        // for each.
        base.db.write(&Author::local("test"), None, |_| Ok(())).unwrap();
        let run = |sql: String| base.db.read(move |conn| Ok(Statement::new(sql.clone()).run(conn)?));
        let log = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 120001) ";
        let insert = format!(
            "INSERT INTO changes (revision, position, collection, id, operation) {log} SELECT 1, i, 'sources', 'a', 'update' FROM n"
        );
        let insert = if base.label == "sqlite" {
            insert
        } else {
            "INSERT INTO changes (revision, position, collection, id, operation) SELECT 1, i, 'sources', 'a', 'update' FROM generate_series(2, 120001) i".into()
        };
        if base.label == "sqlite" {
            use diesel::connection::SimpleConnection;
            use diesel::prelude::*;
            let file = base.url.trim_start_matches("sqlite://");
            SqliteConnection::establish(file).unwrap().batch_execute(&insert).unwrap();
        } else {
            run(insert).unwrap();
        }
        client.put("/v1/sources/rare", &source("rare")).await.done(201);
        let first = client.json("/v1/changes?id=rare").await;
        assert_eq!((&first["data"], &first["meta"]["last"]), (&json!([]), &json!("1.100000")), "{}", base.label);
        let (found, last) = follow(&client, "0", "&id=rare").await;
        assert_eq!((found.len(), last.as_str()), (1, "2"), "{}", base.label);
        let newest = client.get("/v1/changes?format=atom&id=rare").await.done(200).text();
        assert_eq!(newest.matches("<entry>").count(), 1);
    }
}
