//! Digests: computed from what is published, kept by every write, the same on every database.
use crate::client::{Client, collections};
use crate::support::{Base, databases, directly};
use diesel::connection::SimpleConnection;
use opptrapping::db::digest;
use opptrapping::domain::digest::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What `/v1/about` says, by collection.
pub async fn told(client: &Client) -> BTreeMap<String, String> {
    let about = client.json("/v1/about").await;
    let holdings = about["collections"].as_array().unwrap().iter();
    let pair = |holding: &Value| {
        (holding["collection"].as_str().unwrap().to_owned(), holding["digest"].as_str().unwrap().to_owned())
    };
    holdings.map(pair).collect()
}

/// The same as anybody can compute it from the rows that are published.
async fn computed(client: &Client) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for collection in collections() {
        let vintages = if collection.vintage.is_some() { "&published=all" } else { "" };
        // Another order than the one in which they are kept.
        let path = format!("/v1/{}?format=ndjson&lang=nb&sort=-id{vintages}", collection.name());
        let mut digest = Digest::default();
        client.get(&path).await.done(200).text().lines().for_each(|line| digest.add(line.as_bytes()));
        all.insert(collection.name().to_owned(), digest.to_string());
    }
    all
}

fn recomputed(base: &Base) -> BTreeMap<String, String> {
    let tables = base.db.tables().iter();
    tables
        .map(|table| {
            let digest = base.db.read(|conn| digest::recompute(conn, table)).unwrap();
            (table.collection.to_owned(), digest.to_string())
        })
        .collect()
}

#[actix_web::test]
async fn a_digest_is_that_of_the_published_lines_whatever_was_written() {
    let mut ends = vec![];
    for base in databases("digests") {
        let client = Client::new(&base.db).await;
        let first = told(&client).await;
        assert_eq!(first, computed(&client).await, "{}", base.label);
        assert_eq!(first, recomputed(&base), "{}", base.label);

        let path = "/v1/sources/digested";
        let row = |title: &str| json!({ "title": title, "publisher": "P", "kind": "report", "note": "æ \"ø\" \n å" });
        client.put(path, &row("one")).await.done(201);
        let created = told(&client).await;
        assert_ne!(created["sources"], first["sources"]);
        assert_eq!(created["goals"], first["goals"]);
        client.replace(path, &client.tag(path).await, &row("two")).await.done(200);
        let replaced = told(&client).await;
        assert_eq!(replaced, computed(&client).await, "{}", base.label);
        client.replace(path, &client.tag(path).await, &row("one")).await.done(200);
        assert_eq!(told(&client).await, created, "{}: the same rows again", base.label);
        client.delete(path, &client.tag(path).await).await.done(204);
        assert_eq!(told(&client).await, first, "{}: the rows there were", base.label);

        client.put(path, &row("three")).await.done(201);
        let value = json!({
            "indicator": "overdose-deaths", "region": "NO", "period": "2021", "published": "2030-01", "value": 0.1,
            "status": "ok", "confidence": "primary", "source": "digested",
        });
        client.put("/v1/observations/overdose-deaths.NO.2021.2030-01", &value).await.done(201);
        let last = told(&client).await;
        assert_eq!(last, computed(&client).await, "{}", base.label);
        assert_eq!(last, recomputed(&base), "{}", base.label);
        ends.push(last);
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:#?}");
}

#[actix_web::test]
async fn a_database_from_before_there_were_digests_gets_them_when_it_is_opened() {
    for base in databases("digests_fill") {
        let before = told(&Client::new(&base.db).await).await;
        directly(&base, |conn| conn.batch_execute("UPDATE collections SET digest = NULL").unwrap());
        let again = opptrapping::open(&base.url).unwrap();
        assert_eq!(told(&Client::new(&again).await).await, before, "{}", base.label);
    }
}
