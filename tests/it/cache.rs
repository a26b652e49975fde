//! Kept answers: the same as computed ones in every byte and header, good until a revision touches what they show, and
//! never of anything that depends on who asks.
use crate::client::{Answer, Client, keys, request, scoped};
use crate::operations::operations;
use crate::support::{Base, databases, forget, sqlite};
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use opptrapping::Shared;
use opptrapping::http::{Settings, token};
use serde_json::{Value, json};

struct Served {
    base: Base,
    shared: Shared,
    client: Client,
}

impl Served {
    async fn of(base: Base, cache_bytes: u64) -> Self {
        let settings = Settings { cache_bytes, ..Settings::default() };
        let shared = Shared::new(base.db.clone(), settings, token::local(&keys().1).unwrap());
        let client = Client::serving(&shared).await;
        Self { base, shared, client }
    }

    /// What was computed and what was there while `work` ran.
    async fn counted<T>(&self, work: impl Future<Output = T>) -> (T, u64, u64) {
        let before = self.shared.cache().counts();
        let done = work.await;
        let after = self.shared.cache().counts();
        (done, after.misses - before.misses, after.hits - before.hits)
    }
}

const ROOM: u64 = 64 * 1024 * 1024;

/// Everything of an answer but the name of the request.
fn whole(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.body.to_vec())
}

fn with(path: &str, headers: &[(&'static str, &str)]) -> TestRequest {
    headers.iter().fold(request("GET", path), |request, (name, value)| request.insert_header((*name, *value)))
}

#[actix_web::test]
async fn a_kept_answer_is_the_computed_one() {
    for base in databases("cache_same") {
        let plain = Client::serving(&Shared::new(
            base.db.clone(),
            Settings { cache_bytes: 0, ..Settings::default() },
            token::local(&keys().1).unwrap(),
        ))
        .await;
        let served = Served::of(base, ROOM).await;
        let mut kept = 0;
        for operation in operations().iter().filter(|o| o.reads() && o.scope().is_none()) {
            let path = operation.example_url("");
            for headers in [
                vec![],
                vec![("origin", "https://a.example")],
                vec![("accept-encoding", "gzip, br"), ("accept-language", "nn")],
                vec![("accept-encoding", "zstd"), ("accept", "text/csv, */*;q=0.1")],
            ] {
                let expected = whole(&plain.send(with(&path, &headers)).await);
                for turn in 0..2 {
                    let (answer, _, hits) = served.counted(served.client.send(with(&path, &headers))).await;
                    assert_eq!(whole(&answer), expected, "{} {path} {headers:?}, turn {turn}", served.base.label);
                    assert!(answer.header("x-request-id").is_some());
                    kept += hits;
                }
            }
        }
        assert!(kept > 100, "{} {kept}", served.base.label);
    }
}

#[actix_web::test]
async fn a_client_that_has_it_is_told_so_without_a_query() {
    let served = Served::of(sqlite("cache_known"), ROOM).await;
    let path = "/v1/goals?plan=rus-2016-2020";
    let plain = Client::new(&served.base.db).await;
    for encoding in ["identity", "br"] {
        let first = served.client.send(with(path, &[("accept-encoding", encoding)])).await;
        for given in [first.tag().to_owned(), format!("\"x\", W/{}", first.tag()), "*".into()] {
            let headers = [("accept-encoding", encoding), ("if-none-match", given.as_str())];
            let (answer, computed, hits) = served.counted(served.client.send(with(path, &headers))).await;
            assert_eq!((answer.status, computed, hits, answer.body.len()), (304, 0, 1, 0), "{given}");
            let expected = plain.send(with(path, &headers)).await;
            let needed = |answer: &Answer| {
                ["etag", "cache-control", "vary", "last-modified"].map(|name| answer.header(name).map(str::to_owned))
            };
            assert_eq!(needed(&answer), needed(&expected), "{given}");
        }
        let other =
            served.client.send(with(path, &[("if-none-match", "\"1-x\""), ("accept-encoding", encoding)])).await;
        assert_eq!((other.status, &other.body), (200, &first.body));
    }
}

fn goal(note: &str) -> Value {
    json!({ "note": note })
}

#[actix_web::test]
async fn a_write_makes_stale_what_it_touches_and_nothing_else() {
    for base in databases("cache_stale") {
        let served = Served::of(base, ROOM).await;
        let (client, id) = (&served.client, "rus-2016-2020-g1");
        let touched = ["/v1/goals", "/v1/goals/rus-2016-2020-g1", "/v1/plans/rus-2016-2020/results"];
        let others = ["/v1/plans", "/v1/municipalities?limit=3", "/v1/grants/summary?group_by=plan"];
        for turn in 0..3 {
            for path in touched.iter().chain(&others) {
                client.get(path).await.done(200);
            }
            let tag = client.tag(&format!("/v1/goals/{id}")).await;
            let note = format!("turn {turn}");
            client.patch(&format!("/v1/goals/{id}"), &tag, &goal(&note)).await.done(200);
            for path in others {
                let (_, computed, hits) = served.counted(client.get(path)).await;
                assert_eq!((computed, hits), (0, 1), "{} {path}", served.base.label);
            }
            for path in touched {
                let (answer, computed, _) = served.counted(client.get(path)).await;
                assert_eq!((answer.status, computed), (200, 1), "{} {path}", served.base.label);
                if path.contains("goals") {
                    assert!(answer.text().contains(&note), "{} {path}", served.base.label);
                }
            }
        }
    }
}

#[actix_web::test]
async fn nothing_that_depends_on_who_asks_or_on_the_day_is_kept() {
    let served = Served::of(sqlite("cache_who"), ROOM).await;
    let client = &served.client;
    client.get("/v1/goals").await.done(200);
    let (answer, computed, hits) = served.counted(client.send(scoped("GET", "/v1/goals", "goals:write"))).await;
    assert_eq!((answer.header("cache-control"), computed, hits), (Some("no-store"), 0, 0));
    let bad = request("GET", "/v1/goals").insert_header(("authorization", "Bearer x"));
    client.send(bad).await.refused(401, "invalid-token");
    assert_ne!(client.get("/v1/goals").await.header("cache-control"), Some("no-store"));
    for path in ["/v1/municipalities/0301", "/v1/about", "/v1/changes?after=0", "/v1/goals?as_of=2100-01-01T00:00:00Z"]
    {
        client.get(path).await.done(200);
        let (_, _, hits) = served.counted(client.get(path)).await;
        assert_eq!(hits, 0, "{path}");
    }
}

#[actix_web::test]
async fn refusals_are_not_kept() {
    let served = Served::of(sqlite("cache_refused"), ROOM).await;
    let client = &served.client;
    client.get("/v1/sources/new").await.refused(404, "not-found");
    client.put("/v1/sources/new", &crate::rows::source("new", "A source")).await.done(201);
    client.get("/v1/sources/new").await.done(200);
    client.get("/v1/goals?limit=0").await.refused(400, "invalid-parameter");
    assert_eq!(served.counted(client.get("/v1/goals?limit=0")).await.2, 0);
}

#[actix_web::test]
async fn however_many_ask_at_once_it_is_computed_once() {
    for base in databases("cache_once") {
        let served = Served::of(base, ROOM).await;
        let path = "/v1/municipalities?limit=1000&format=csv";
        let all = join_all((0..1_000).map(|_| served.client.get(path)));
        let (answers, computed, hits) = served.counted(all).await;
        assert_eq!((computed, hits), (1, 999), "{}", served.base.label);
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    }
}

#[actix_web::test]
async fn what_is_kept_has_a_bound() {
    let cap = 2 * 1024 * 1024;
    let served = Served::of(sqlite("cache_bound"), cap).await;
    for n in 1..400 {
        served.client.get(&format!("/v1/municipalities?limit={n}")).await.done(200);
        let counts = served.shared.cache().counts();
        assert!(counts.bytes <= cap, "{counts:?}");
    }
    assert!(served.shared.cache().counts().answers > 0);
    // One that is a large part of the room is not kept at all.
    let large = "/v1/observations?limit=3000";
    served.client.get(large).await.done(200);
    assert_eq!(served.counted(served.client.get(large)).await.2, 0);
}

#[actix_web::test]
async fn a_part_and_a_length_are_of_the_bytes_as_they_are() {
    let served = Served::of(sqlite("cache_parts"), ROOM).await;
    let path = "/v1/goals?format=csv";
    let packed = served.client.send(with(path, &[("accept-encoding", "br")])).await;
    assert_eq!(packed.header("content-encoding"), Some("br"));
    let plain = served.client.get(path).await;
    let head = served.client.send(request("HEAD", path).insert_header(("accept-encoding", "br"))).await;
    assert_eq!(head.size, actix_web::body::BodySize::Sized(plain.body.len() as u64));
    let part = served.client.send(with(path, &[("range", "bytes=0-9"), ("accept-encoding", "br")])).await;
    assert_eq!((part.status, &part.body[..]), (206, &plain.body[..10]));
}

#[actix_web::test]
async fn when_the_database_is_away_what_was_good_is_given_with_its_age() {
    for base in databases("cache_away").into_iter().filter(|base| base.label == "postgres") {
        let served = Served::of(base, ROOM).await;
        let client = &served.client;
        let before = client.get("/v1/goals").await.done(200);
        let id = "rus-2016-2020-g1";
        let tag = client.tag(&format!("/v1/goals/{id}")).await;
        client.patch(&format!("/v1/goals/{id}"), &tag, &goal("later")).await.done(200);
        forget(&served.base);
        let stale = client.send(with("/v1/goals", &[("origin", "https://a.example")])).await.done(200);
        assert_eq!((&stale.body, stale.tag()), (&before.body, before.tag()));
        assert!(stale.header("age").is_some_and(|age| age.parse::<u64>().is_ok()));
        assert_eq!(stale.header("access-control-allow-origin"), Some("*"));
        let refused = client.get("/v1/goals?limit=1").await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert!(refused.header("retry-after").is_some());
    }
}
