//! Two instances of one database: what was written at the one is read at the other as soon as that is asked for, and in
//! the same bytes.
use crate::client::{Answer, Client, request};
use crate::support::databases;
use serde_json::json;

async fn at_least(client: &Client, path: &str, version: &str) -> Answer {
    client.send(request("GET", path).insert_header(("min-version", version.to_owned()))).await
}

#[actix_web::test]
async fn what_one_instance_wrote_another_shows_at_once_to_who_asks_for_it() {
    for base in databases("fresh_reads") {
        // Nothing tells the other of what happens: it must ask.
        let (one, other) = (Client::new(&base.db).await, opptrapping::open(&base.url).unwrap());
        let other = Client::new(&other).await;
        for n in 0..20 {
            let body = json!({ "id": "s-1", "title": format!("T{n}"), "publisher": "P", "kind": "report" });
            let written = match n {
                0 => one.put("/v1/sources/s-1", &body).await.done(201),
                _ => one.replace("/v1/sources/s-1", &one.tag("/v1/sources/s-1").await, &body).await.done(200),
            };
            for path in ["/v1/sources/s-1", "/v1/sources?kind=report", "/v1/about"] {
                let read = at_least(&other, path, written.tag()).await.done(200);
                assert_eq!(read.body, one.get(path).await.body, "{} {path}", base.label);
                assert_eq!(read.header("etag"), one.get(path).await.header("etag"), "{} {path}", base.label);
            }
            assert_eq!(at_least(&other, "/v1/sources/s-1", "1").await.done(200).tag(), written.tag());
        }
    }
}

#[actix_web::test]
async fn a_revision_that_nobody_wrote_is_not_waited_for_long() {
    for base in databases("fresh_never") {
        let client = Client::new(&base.db).await;
        let begun = std::time::Instant::now();
        let refused = client
            .send(
                request("GET", "/v1/goals")
                    .insert_header(("min-version", "999999"))
                    .insert_header(("origin", "https://example.org")),
            )
            .await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.json()["type"], "/problems/revision-not-here");
        for (name, value) in [("retry-after", "1"), ("access-control-allow-origin", "*"), ("cache-control", "no-store")]
        {
            assert_eq!(refused.header(name), Some(value), "{name}");
        }
        assert!(begun.elapsed().as_secs_f64() < 3.0, "{:?}", begun.elapsed());
        for bad in ["", "x", "W/\"1\"", "-1"] {
            let refused = at_least(&client, "/v1/goals", bad).await;
            assert_eq!(refused.status, 400, "{bad}");
            assert_eq!(refused.json()["errors"][0]["name"], "Min-Version");
        }
    }
}
