//! Those who wait for changes: told of the first, whoever writes it, and let go when the service ends.
use crate::client::{Client, request};
use crate::feed::source;
use crate::support::empty;
use opptrapping::Shared;
use opptrapping::db::Statement;
use opptrapping::http::{Settings, token::Issuers};
use serde_json::json;
use std::time::{Duration, Instant};

#[actix_web::test]
async fn a_long_poll_ends_with_the_first_change_that_is_asked_for() {
    for base in empty("feed_wait") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a", &source("a")).await.done(201);
        let begun = Instant::now();
        let nothing = client.json("/v1/changes?after=1&wait=1").await;
        assert_eq!((&nothing["data"], &nothing["meta"]["last"]), (&json!([]), &json!("1")));
        assert!(begun.elapsed() >= Duration::from_secs(1));

        let begun = Instant::now();
        let waiting = client.json("/v1/changes?after=1&wait=30&id=c");
        let writing = async {
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
            client.put("/v1/sources/b", &source("b")).await.done(201);
            client.put("/v1/sources/c", &source("c")).await.done(201);
        };
        let (page, ()) = futures_util::future::join(waiting, writing).await;
        assert_eq!((&page["data"][0]["id"], &page["meta"]["last"]), (&json!("c"), &json!("3")), "{}", base.label);
        assert!(page["meta"]["query"].as_str().is_some_and(|query| !query.contains("wait")));
        assert!(begun.elapsed() < Duration::from_secs(5), "{}", base.label);
    }
}

#[actix_web::test]
async fn only_so_many_wait_and_a_service_that_ends_lets_them_go() {
    for base in empty("feed_places") {
        let settings = Settings { most_waiting: 1, ..Settings::default() };
        let shared = Shared::new(base.db.clone(), settings, Issuers::default());
        let (client, feed) = (Client::serving(&shared).await, shared.feed());
        let begun = Instant::now();
        let others = async {
            while feed.waiting.count() == 0 {
                actix_web::rt::time::sleep(Duration::from_millis(5)).await;
            }
            let refused = client.get("/v1/changes?wait=30").await;
            refused.refused(503, "overloaded");
            assert!(refused.header("retry-after").is_some());
            let stream = request("GET", "/v1/changes").insert_header(("accept", "text/event-stream"));
            client.send(stream).await.refused(503, "overloaded");
            client.get("/v1/changes").await.done(200);
            feed.waiting.close();
        };
        let (page, ()) = futures_util::future::join(client.json("/v1/changes?wait=30"), others).await;
        assert_eq!((&page["data"], feed.waiting.count()), (&json!([]), 0));
        let stream = request("GET", "/v1/changes").insert_header(("accept", "text/event-stream"));
        assert_eq!(client.send(stream).await.done(200).text(), "retry: 2000\n\n");
        client.json("/v1/changes?wait=30").await;
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[actix_web::test]
async fn another_process_is_heard_within_a_second() {
    for base in empty("feed_processes") {
        let other = opptrapping::open(&base.url).unwrap();
        other.watch();
        let client = Client::new(&other).await;
        // The listener of the other has to be there first.
        actix_web::rt::time::sleep(Duration::from_millis(400)).await;
        for round in 0..5 {
            let after = other.head().revision;
            let path = format!("/v1/changes?after={after}&wait=10");
            let waiting = client.json(&path);
            let mut begun = Instant::now();
            let writing = async {
                actix_web::rt::time::sleep(Duration::from_millis(60)).await;
                begun = Instant::now();
                let writer = Client::new(&base.db).await;
                writer.put(&format!("/v1/sources/s{round}"), &source("s")).await.done(201);
            };
            let (page, ()) = futures_util::future::join(waiting, writing).await;
            assert_eq!(page["data"][0]["id"], format!("s{round}"), "{}", base.label);
            assert!(begun.elapsed() < Duration::from_secs(1), "{}: {:?}", base.label, begun.elapsed());
        }
    }
}

#[actix_web::test]
async fn a_dead_listener_is_replaced_and_a_deaf_one_made_up_for() {
    let Some(base) = empty("feed_deaf").into_iter().find(|base| base.label == "postgres") else { return };
    let other = opptrapping::open(&base.url).unwrap();
    other.watch();
    actix_web::rt::time::sleep(Duration::from_millis(400)).await;
    let run = |sql: &'static str| base.db.read(move |conn| Ok(Statement::new(sql).run(conn)?)).unwrap();
    let seen = async |revision: i64| {
        let begun = Instant::now();
        while other.head().revision < revision {
            assert!(begun.elapsed() < Duration::from_secs(2), "revision {revision} is not seen");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        begun.elapsed()
    };
    // As if a write had been told of by a listener that does not hear: only the tables have it.
    run(
        "INSERT INTO revisions (revision, time, issuer, subject, row_count) VALUES (1, '2026-01-01T00:00:00.000Z', 'x', 'x', 0)",
    );
    run("INSERT INTO collections (collection, revision, updated_at) VALUES ('sources', 1, '2026-01-01T00:00:00.000Z')");
    run("UPDATE dataset SET revision = 1");
    seen(1).await;
    let killed = run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    );
    assert!(killed <= 1);
    run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    Client::new(&base.db).await.put("/v1/sources/a", &source("a")).await.done(201);
    seen(2).await;
}
