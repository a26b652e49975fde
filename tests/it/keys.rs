//! `Idempotency-Key`: a write that is sent again is answered as it was, and done once.
use crate::client::{Answer, Client, bearer_of, scoped, write};
use crate::rows::source;
use crate::submissions::{SCOPE, consult, moderated, new_key, sent};
use crate::support::{Base, databases, empty};
use actix_web::test::TestRequest;
use actix_web::web::Data;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::future::{join, join_all};
use opptrapping::db::{Statement, idempotency};
use opptrapping::error::{Error, Kind};
use opptrapping::http::idempotency::Claim;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn keyed(request: TestRequest, key: &str) -> TestRequest {
    request.insert_header(("idempotency-key", key))
}

fn put(path: &str, body: &Value) -> TestRequest {
    write("PUT", path).set_json(body)
}

fn counted(base: &Base, sql: &'static str) -> i64 {
    base.db.read(|conn| Ok(Statement::new(sql).row::<(i64,)>(conn)?)).unwrap().unwrap().0
}

fn kept(base: &Base) -> i64 {
    counted(base, "SELECT COUNT(*) FROM idempotency_keys")
}

/// What a retry must be told as the first was.
fn told(answer: &Answer) -> (u16, String, [Option<String>; 4]) {
    let headers = ["location", "etag", "content-type", "content-language"];
    (answer.status, answer.text(), headers.map(|name| answer.header(name).map(str::to_owned)))
}

#[track_caller]
fn replayed(first: &Answer, again: &Answer, what: &str) {
    assert_eq!(first.header("idempotency-replayed"), None, "{what}");
    assert_eq!(told(first), told(again), "{what}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{what}");
    assert_eq!(again.header("cache-control"), Some("no-store"), "{what}");
}

/// Sends a request twice with a key; gives the answer, which the second must repeat.
async fn twice(base: &Base, client: &Client, what: &str, request: impl Fn() -> TestRequest) -> Answer {
    let key = new_key();
    let first = client.send(keyed(request(), &key)).await;
    let revision = base.db.head().revision;
    let again = client.send(keyed(request(), &key)).await;
    replayed(&first, &again, &format!("{} {what}", base.label));
    assert_eq!(base.db.head().revision, revision, "{} {what}: it was done again", base.label);
    first
}

#[actix_web::test]
async fn every_kind_of_write_is_done_once_and_told_the_same() {
    for base in databases("keys_kinds") {
        let client = Client::new(&base.db).await;
        let path = "/v1/sources/a";
        let created = twice(&base, &client, "create", || put(path, &source("a", "A"))).await.done(201);
        assert!(created.header("location").is_some());
        let tag = created.tag().to_owned();
        let matched = |method: &str, tag: &str| write(method, path).insert_header(("if-match", tag.to_owned()));
        let body = source("a", "B");
        let replaced = twice(&base, &client, "replace", || matched("PUT", &tag).set_json(&body)).await.done(200);
        let tag = replaced.tag().to_owned();
        let same = twice(&base, &client, "the same again", || matched("PUT", &tag).set_json(&body)).await.done(200);
        assert_eq!(same.tag(), tag, "nothing changed, and the key is kept all the same");
        let patch = || {
            let typed = matched("PATCH", &tag).insert_header(("content-type", "application/merge-patch+json"));
            typed.set_payload(json!({ "note": "N" }).to_string())
        };
        let tag = twice(&base, &client, "patch", patch).await.done(200).tag().to_owned();
        twice(&base, &client, "delete", || matched("DELETE", &tag)).await.done(204);
        let table = json!([source("x", "X"), source("y", "Y")]);
        let bulk = twice(&base, &client, "table", || put("/v1/sources", &table)).await.done(200);
        assert_eq!(bulk.json()["inserted"], 2);

        consult(&client, "open", 1, 1).await;
        let submit = || {
            let typed = TestRequest::post().uri("/v1/consultations/open/submissions");
            typed.insert_header(("content-type", "application/json")).set_payload("{\"text\":\"Hei\"}")
        };
        let receipt = twice(&base, &client, "submit", submit).await.done(202).json();
        assert_eq!(moderated(&client, "").await["total"], 1, "{}", base.label);
        let item = format!("/v1/submissions/{}", receipt["id"].as_str().unwrap());
        let publish = || {
            let typed = scoped("PATCH", &item, SCOPE).insert_header(("content-type", "application/merge-patch+json"));
            typed.insert_header(("if-match", "\"1\"")).set_payload("{\"state\":\"published\"}")
        };
        assert_eq!(twice(&base, &client, "publish", publish).await.done(200).json()["text"], "Hei");
        let erase = || scoped("DELETE", &item, SCOPE).insert_header(("if-match", "\"2\""));
        twice(&base, &client, "erase", erase).await.done(204);
        assert_eq!(client.send(keyed(publish(), &new_key())).await.status, 410);
    }
}

#[actix_web::test]
async fn a_refusal_is_an_answer_too_once_the_work_had_begun() {
    for base in empty("keys_refusals") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a", &source("a", "A")).await.done(201);
        let unmatched = || put("/v1/sources/a", &source("a", "B"));
        let refused = twice(&base, &client, "428", unmatched).await;
        refused.refused(428, "precondition-required");
        assert_eq!(refused.json()["instance"], "/v1/sources/a");
        let missing = || scoped("DELETE", "/v1/sources/none", "admin").insert_header(("if-match", "\"1\""));
        twice(&base, &client, "404", missing).await.refused(404, "not-found");
        let dangling = || put("/v1/goals/g", &json!({ "plan": "none", "number": 1, "title_nb": "M", "source": "a" }));
        let problem = twice(&base, &client, "422", dangling).await.refused(422, "invalid-content");
        assert_eq!(problem["errors"][0]["code"], "reference");
        assert_eq!((kept(&base), base.db.head().revision), (3, 1), "{}", base.label);

        // What was refused before is not: the next with the key is the first.
        let key = new_key();
        for (scope, body, status) in
            [("goals:write", "{}", 403), ("admin", "{", 400), ("admin", "{\"no\":1}", 422), ("admin", "[]", 422)]
        {
            let request = scoped("PUT", "/v1/sources/b", scope).insert_header(("content-type", "application/json"));
            let answer = client.send(keyed(request.set_payload(body), &key)).await;
            assert_eq!((answer.status, answer.header("idempotency-replayed")), (status, None), "{body}");
        }
        let first = client.send(keyed(put("/v1/sources/b", &source("b", "B")), &key)).await;
        assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{}", base.label);
    }
}

#[actix_web::test]
async fn a_key_is_for_one_request() {
    for base in empty("keys_reused") {
        let client = Client::new(&base.db).await;
        let key = "0123456789abcdef";
        let body = source("a", "A");
        client.send(keyed(put("/v1/sources/a", &body), key)).await.done(201);
        let matched = |request: TestRequest| request.insert_header(("if-match", "\"1\""));
        let others = [
            ("body", put("/v1/sources/a", &source("a", "other"))),
            ("path", put("/v1/sources/b", &body)),
            ("query", put("/v1/sources/a?lang=en", &body)),
            ("table", put("/v1/sources", &json!([body]))),
            ("condition", matched(put("/v1/sources/a", &body))),
            ("reason", put("/v1/sources/a", &body).insert_header(("reason", "R"))),
            ("method", matched(write("DELETE", "/v1/sources/a"))),
        ];
        for (what, request) in others {
            let answer = client.send(keyed(request, key)).await;
            assert_eq!((answer.status, answer.problem().as_str()), (422, "idempotency-key-reused"), "{what}");
            assert_eq!(answer.header("retry-after"), None);
        }
        let again = client.send(keyed(put("/v1/sources/a", &body), "\"0123456789abcdef\"")).await.done(201);
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "in quotation marks it is the same key");
        assert_eq!((base.db.head().revision, kept(&base)), (1, 1));

        // Somebody else's key is another one, though it reads the same.
        let other =
            put("/v1/sources/a", &source("a", "B")).insert_header(("authorization", bearer_of("other", "admin")));
        let other = client.send(keyed(matched(other), key)).await.done(200);
        assert_eq!(other.header("idempotency-replayed"), None);
        for bad in ["short", &"x".repeat(256), "\"0123456789abcdef", "øøøøøøøøøøøøøøøøøø"] {
            let answer = client.send(keyed(put("/v1/sources/c", &body), bad)).await;
            assert!(crate::client::names(&answer.refused(400, "malformed-request"), "Idempotency-Key", "invalid"));
        }
    }
}

#[actix_web::test]
async fn of_fifty_at_once_one_is_done() {
    for base in databases("keys_fifty") {
        let client = Client::new(&base.db).await;
        for round in 0..3 {
            let before = base.db.head().revision;
            let id = format!("fifty-{round}");
            let (path, body, key) = (format!("/v1/sources/{id}"), source(&id, "T"), new_key());
            let answers = join_all((0..50).map(|_| client.send(keyed(put(&path, &body), &key)))).await;
            let fresh = answers.iter().filter(|a| a.status == 201 && a.header("idempotency-replayed").is_none());
            assert_eq!(fresh.count(), 1, "{}", base.label);
            for answer in &answers {
                match answer.status {
                    201 => assert_eq!(answer.tag(), answers[0].tag(), "{}", base.label),
                    _ => {
                        answer.refused(409, "idempotency-in-progress");
                        assert_eq!(answer.header("retry-after"), Some("1"));
                    }
                }
            }
            assert_eq!(base.db.head().revision, before + 1, "{}", base.label);
        }
    }
}

/// Keeps every writer of a database waiting until it is dropped, as another process would.
pub enum Hold {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Hold {
    pub fn on(base: &Base) -> Self {
        match base.url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("BEGIN IMMEDIATE").unwrap();
                Self::Sqlite(conn)
            }
            None => {
                let mut conn = PgConnection::establish(&base.url).unwrap();
                conn.batch_execute("BEGIN; UPDATE dataset SET revision = revision").unwrap();
                Self::Postgres(conn)
            }
        }
    }
}

#[actix_web::test]
async fn what_failed_is_done_by_the_retry_and_who_comes_meanwhile_is_told() {
    for base in empty("keys_busy") {
        let client = Client::new(&base.db).await;
        let (key, body) = (new_key(), source("a", "A"));
        let hold = Hold::on(&base);
        let send = || client.send(keyed(put("/v1/sources/a", &body), &key));
        // Alone, and with others: on SQLite one waits for the connection that writes before it waits for who holds the file,
        // on PostgreSQL one waits for who holds the row and the next for that one.
        for others in 0..3 {
            let beside = (0..others).map(|_| client.send(put("/v1/sources/b", &source("b", "B"))));
            let ((first, second), beside) = join(join(send(), send()), join_all(beside)).await;
            for other in beside {
                other.refused(503, "contention");
            }
            let (late, early) = if first.status == 503 { (first, second) } else { (second, first) };
            late.refused(503, "contention");
            early.refused(409, "idempotency-in-progress");
            assert_eq!(early.header("retry-after"), Some("1"), "{}", base.label);
        }
        match hold {
            Hold::Sqlite(conn) => drop(conn),
            Hold::Postgres(conn) => drop(conn),
        }
        assert_eq!(kept(&base), 0, "{}: a failure of ours was kept", base.label);
        let done = send().await.done(201);
        assert_eq!(done.header("idempotency-replayed"), None);
        replayed(&done, &send().await, base.label);
    }
}

#[actix_web::test]
async fn a_write_whose_connection_breaks_is_done_all_the_same_where_it_has_a_key() {
    for base in empty("keys_broken").into_iter().filter(|base| !base.url.starts_with("sqlite")) {
        let client = Client::new(&base.db).await;
        let mut admin = PgConnection::establish(&base.url).unwrap();
        // Once it waits for who holds the database, its connection is cut, and then nobody holds it.
        let mut cut = async |write: TestRequest| {
            let hold = Hold::on(&base);
            let cut = async {
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
                while diesel::sql_query(end).execute(&mut admin).unwrap() == 0 {
                    actix_web::rt::time::sleep(Duration::from_millis(10)).await;
                }
                drop(hold);
            };
            join(client.send(write), cut).await.0
        };
        let body = source("a", "A");
        cut(put("/v1/sources/a", &body)).await.refused(503, "database-unavailable");
        let key = new_key();
        let done = cut(keyed(put("/v1/sources/a", &body), &key)).await.done(201);
        replayed(&done, &client.send(keyed(put("/v1/sources/a", &body), &key)).await, base.label);
    }
}

fn age(base: &Base, by: TimeDelta) -> DateTime<Utc> {
    let at = Utc::now() - by;
    let text = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    base.db
        .beside(|conn| Ok(Statement::new("UPDATE idempotency_keys SET created_at = ").bind(text.as_str()).run(conn)?))
        .unwrap();
    at
}

#[actix_web::test]
async fn after_a_day_a_key_is_new_and_what_was_kept_is_removed_in_steps() {
    for base in empty("keys_day") {
        let client = Client::new(&base.db).await;
        let (key, body) = (new_key(), source("a", "A"));
        let send = || client.send(keyed(put("/v1/sources/a", &body), &key));
        send().await.done(201);
        age(&base, TimeDelta::hours(24) - TimeDelta::seconds(60));
        assert_eq!(send().await.header("idempotency-replayed"), Some("true"), "{}", base.label);
        age(&base, TimeDelta::hours(24) + TimeDelta::seconds(1));
        send().await.refused(428, "precondition-required");
        let again = send().await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (428, Some("true")), "{}", base.label);

        let many = |n: usize| client.send(keyed(put("/v1/sources/a", &body), &format!("old-key-{n:016}")));
        for n in 0..25 {
            many(n).await.refused(428, "precondition-required");
        }
        let at = age(&base, TimeDelta::hours(1));
        client.send(keyed(put("/v1/sources/b", &source("b", "B")), &new_key())).await.done(201);
        let purge = |at| base.db.beside(|conn| idempotency::purge(conn, at, 10)).unwrap();
        let soon = at + TimeDelta::hours(24) - TimeDelta::milliseconds(1);
        assert_eq!((purge(soon), kept(&base)), (0, 27), "{}: too early", base.label);
        let due = at + TimeDelta::hours(24);
        assert_eq!([purge(due), purge(due), purge(due), purge(due)], [10, 10, 6, 0], "{}", base.label);
        assert_eq!(kept(&base), 1, "{}: the newer one stays", base.label);
    }
}

#[actix_web::test]
async fn what_was_taken_is_told_though_it_would_not_be_taken_now() {
    for base in databases("keys_closed") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let key = new_key();
        let submit = || {
            let typed =
                TestRequest::post().uri("/v1/consultations/open/submissions").peer_addr(([10, 9, 9, 9], 1).into());
            keyed(typed.insert_header(("content-type", "application/json")).set_payload("{\"text\":\"Hei\"}"), &key)
        };
        let first = client.send(submit()).await.done(202);
        let tag = client.tag("/v1/consultations/open").await;
        client
            .patch("/v1/consultations/open", &tag, &json!({ "closes": "2020-01-01", "opens": "2019-01-01" }))
            .await
            .done(200);
        // More often than one address may send: retries are no submissions.
        for _ in 0..30 {
            let again = client.send(submit()).await;
            replayed(&first, &again, base.label);
        }
        assert_eq!(moderated(&client, "").await["total"], 1, "{}", base.label);
    }
}

#[actix_web::test]
async fn nothing_of_a_submission_is_kept_with_a_key() {
    for base in databases("keys_privacy") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let words = ["Hemmelig", "Navnesen", "Foreningen", "kari@example.org", "Begrunnelse"];
        let body = json!({ "text": words[0], "name": words[1], "organisation": words[2], "email": words[3] });
        let id = sent(&client, "open", &body).await;
        let path = format!("/v1/submissions/{id}");
        let reject = || {
            let typed = scoped("PATCH", &path, SCOPE).insert_header(("content-type", "application/merge-patch+json"));
            let decision = json!({ "state": "rejected", "rejection_reason": words[4] });
            keyed(typed.insert_header(("if-match", "\"1\"")), "the-key-of-the-decision")
                .set_payload(decision.to_string())
        };
        client.send(reject()).await.done(200);
        let again = client.send(reject()).await.done(200);
        assert_eq!(
            (again.json()["text"].as_str(), again.header("idempotency-replayed")),
            (Some(words[0]), Some("true"))
        );
        let sql = "SELECT name || request || headers || body FROM idempotency_keys";
        let all: Vec<(String,)> = base.db.read(|conn| Ok(Statement::new(sql).rows(conn)?)).unwrap();
        assert_eq!(all.len(), 2);
        let all = all.into_iter().map(|(text,)| text).collect::<String>();
        assert!(words.iter().all(|word| !all.contains(word)), "{}: {all}", base.label);
        assert!(
            !all.contains("the-key-of-the-decision"),
            "{}: the key itself is no matter of the database",
            base.label
        );
        crate::submissions::erase(&client, &id, 2).await.done(204);
        client.send(reject()).await.refused(410, "erased");
    }
}

/// A connection that broke does not say whether what was written over it is there; by a key that is found out.
#[actix_web::test]
async fn a_write_is_tried_once_more_where_its_connection_broke_and_it_has_a_key() {
    for base in empty("keys_tries") {
        let db = Data::new(base.db.clone());
        for (key, kind, tries) in
            [(true, Kind::Contention, 1), (true, Kind::DatabaseUnavailable, 2), (false, Kind::DatabaseUnavailable, 1)]
        {
            let request = if key { keyed(TestRequest::put(), &new_key()) } else { TestRequest::put() };
            let (request, tried) = (request.to_http_request(), Arc::<AtomicUsize>::default());
            let (claim, counted) = (Claim::of(&request, &db, None).await.unwrap(), tried.clone());
            let done = claim.on(&request, b"").run(db.clone(), move |_, _| {
                counted.fetch_add(1, Ordering::Relaxed);
                Err(Error::unavailable(kind, "told by the test"))
            });
            assert_eq!(done.await.unwrap_err().kind, kind, "{} {key}", base.label);
            assert_eq!(tried.load(Ordering::Relaxed), tries, "{} {key} {kind:?}", base.label);
        }
    }
}
