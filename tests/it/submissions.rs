//! What the public sends to consultations: how it is taken, moderated and read.
use crate::client::{Answer, Client, names, request, scoped};
use crate::support::databases;
use actix_web::test::TestRequest;
use chrono::{Days, NaiveDate, Utc};
use opptrapping::domain::{consultation, date};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};

pub const SCOPE: &str = "submissions:moderate";

/// Today in Norway.
fn today() -> NaiveDate {
    date::norwegian(Utc::now())
}

/// Makes a consultation that is open from so many days ago to so many days ahead.
pub async fn consult(client: &Client, id: &str, ago: u64, ahead: u64) {
    let (opens, closes) = (today() - Days::new(ago), today() + Days::new(ahead));
    put(client, id, Some(&opens.to_string()), Some(&closes.to_string())).await;
}

async fn put(client: &Client, id: &str, opens: Option<&str>, closes: Option<&str>) {
    let row = json!({
        "plan": "rus-2016-2020", "kind": "consultation", "title_nb": "Høring", "opens": opens, "closes": closes,
        "source": "hod-innspill-2014",
    });
    client.put(&format!("/v1/consultations/{id}"), &row).await.done(201);
}

fn posting(id: &str, body: &str) -> TestRequest {
    static CALLERS: AtomicU32 = AtomicU32::new(0);
    // Each from an address of its own, so that only tests of the limit meet it.
    let caller = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + CALLERS.fetch_add(1, Ordering::Relaxed)));
    request("POST", &format!("/v1/consultations/{id}/submissions"))
        .insert_header(("content-type", "application/json"))
        .insert_header(("idempotency-key", new_key()))
        .peer_addr((caller, 4_000).into())
        .set_payload(body.to_owned())
}

/// A key that no other request has: what is kept for retries is looked through by the tests of privacy too.
pub fn new_key() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test-key-{:08}-{:08}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub async fn submit(client: &Client, id: &str, body: &Value) -> Answer {
    client.send(posting(id, &body.to_string())).await
}

/// Sends one that must be taken; gives its id.
pub async fn sent(client: &Client, id: &str, body: &Value) -> String {
    submit(client, id, body).await.done(202).json()["id"].as_str().unwrap().to_owned()
}

pub async fn decide(client: &Client, id: &str, version: i64, decision: &Value) -> Answer {
    let request = scoped("PATCH", &format!("/v1/submissions/{id}"), SCOPE)
        .insert_header(("content-type", "application/merge-patch+json"))
        .insert_header(("idempotency-key", new_key()))
        .insert_header(("if-match", format!("\"{version}\"")));
    client.send(request.set_payload(decision.to_string())).await
}

pub async fn erase(client: &Client, id: &str, version: i64) -> Answer {
    let request = scoped("DELETE", &format!("/v1/submissions/{id}"), SCOPE);
    let request = request.insert_header(("idempotency-key", new_key()));
    client.send(request.insert_header(("if-match", format!("\"{version}\"")))).await
}

pub async fn moderated(client: &Client, query: &str) -> Value {
    client.send(scoped("GET", &format!("/v1/moderation/submissions{query}"), SCOPE)).await.done(200).json()
}

#[actix_web::test]
async fn one_is_received_published_rejected_and_erased() {
    for base in databases("submissions_life") {
        let client = Client::new(&base.db).await;
        let revision = {
            consult(&client, "open", 1, 1).await;
            base.db.head().revision
        };
        let body = json!({
            "text": "Linje én\nLinje to", "language": "nn", "name": "Ola", "organisation": "Lag", "consent_to_name": true,
            "email": "ola@example.org",
        });
        let receipt = submit(&client, "open", &body).await.done(202);
        assert_eq!(receipt.header("cache-control"), Some("no-store"));
        assert_eq!(receipt.header("ratelimit"), Some("\"submissions\";r=9;t=360"));
        assert_eq!(receipt.header("ratelimit-policy"), Some("\"submissions\";q=10;w=3600"));
        let receipt_body = receipt.json();
        assert_eq!((&receipt_body["state"], &receipt_body["consultation"]), (&json!("received"), &json!("open")));
        let id = receipt_body["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/submissions/{id}");
        assert!(receipt.header("location").unwrap().ends_with(&path));
        assert_eq!((id.len(), id.bytes().all(|b| b.is_ascii_hexdigit())), (32, true));

        let unknown = client.get(&format!("/v1/submissions/{}", "0".repeat(32))).await;
        let waiting = client.get(&path).await;
        assert_eq!(waiting.refused(404, "not-found")["detail"], unknown.refused(404, "not-found")["detail"]);
        let list = "/v1/consultations/open/submissions";
        assert_eq!(client.json(list).await, json!({ "data": [], "total": 0, "next_cursor": null, "next": null }));

        let cases = moderated(&client, "?consultation=open").await;
        let case = &cases["data"][0];
        assert_eq!((&cases["total"], &case["version"], &case["has_email"]), (&json!(1), &json!(1), &json!(true)));
        assert_eq!((&case["text"], &case["name"]), (&body["text"], &body["name"]));

        decide(&client, &id, 7, &json!({ "state": "published" })).await.refused(412, "precondition-failed");
        let decided = decide(&client, &id, 1, &json!({ "state": "published" })).await.done(200);
        assert_eq!((decided.tag(), &decided.json()["decided_by"]), ("\"2\"", &json!("tester")));
        // The same again changes nothing.
        assert_eq!(decide(&client, &id, 2, &json!({ "state": "published" })).await.done(200).tag(), "\"2\"");
        let published = client.get(&path).await.done(200);
        assert_eq!(published.header("cache-control"), Some("no-store"));
        assert_eq!(published.all("link"), Vec::<&str>::new(), "it is not under the licence of the data");
        let row = published.json();
        for field in ["text", "language", "name", "organisation"] {
            assert_eq!(row[field], body[field], "{field}");
        }
        assert_eq!(client.json(list).await["data"], json!([row]));

        decide(&client, &id, 2, &json!({ "state": "rejected", "rejection_reason": "Omtaler andre" })).await.done(200);
        client.get(&path).await.refused(404, "not-found");
        let rejected = moderated(&client, "?state=rejected,received").await;
        assert_eq!(rejected["data"][0]["rejection_reason"], "Omtaler andre");

        let unsaid = client.send(scoped("DELETE", &path, SCOPE)).await;
        unsaid.refused(428, "precondition-required");
        erase(&client, &id, 2).await.refused(412, "precondition-failed");
        assert_eq!(erase(&client, &id, 3).await.done(204).header("cache-control"), Some("no-store"));
        client.get(&path).await.refused(410, "erased");
        erase(&client, &id, 3).await.refused(410, "erased");
        decide(&client, &id, 3, &json!({ "state": "published" })).await.refused(410, "erased");
        assert_eq!(moderated(&client, "?state=received,published,rejected&consultation=open").await["total"], 0);
        assert_eq!(base.db.head().revision, revision, "{}: it is no part of the revisions", base.label);
    }
}

#[actix_web::test]
async fn who_may_not_moderate_learns_nothing_of_what_waits() {
    for base in databases("submissions_stranger") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let id = sent(&client, "open", &json!({ "text": "Hei" })).await;
        for method in ["PATCH", "DELETE", "GET"] {
            let told = async |id: &str| {
                let asked = scoped(method, &format!("/v1/submissions/{id}"), "grants:write consultations:write");
                let asked = asked.insert_header(("content-type", "application/merge-patch+json"));
                let answer = client.send(asked.insert_header(("if-match", "\"1\"")).set_payload("{}")).await;
                (answer.status, answer.text().replace(id, "ID"))
            };
            let (there, nowhere) = (told(&id).await, told(&"0".repeat(32)).await);
            assert_eq!(there, nowhere, "{} {method}", base.label);
            assert_eq!(there.0, if method == "GET" { 404 } else { 403 }, "{} {method}", base.label);
        }
        assert_eq!(moderated(&client, "").await["total"], 1, "{}", base.label);
    }
}

#[actix_web::test]
async fn only_what_is_open_takes_any() {
    for base in databases("submissions_dates") {
        let client = Client::new(&base.db).await;
        let body = json!({ "text": "x" });
        let day = |n: i64| (today() + chrono::TimeDelta::days(n)).to_string();
        let (year, next) = (today().format("%Y").to_string(), day(400));
        let cases = [
            ("first-day", Some(day(0)), Some(day(1)), 202),
            ("last-day", Some(day(-1)), Some(day(0)), 202),
            ("tomorrow", Some(day(1)), Some(day(2)), 409),
            ("yesterday", Some(day(-2)), Some(day(-1)), 409),
            ("no-end", Some(day(-2)), None, 409),
            ("no-beginning", None, Some(day(2)), 409),
            ("some-day-of-this-year", Some(year), Some(next), 409),
        ];
        for (id, opens, closes, status) in cases {
            put(&client, id, opens.as_deref(), closes.as_deref()).await;
            let answer = submit(&client, id, &body).await;
            assert_eq!(answer.status, status, "{id}: {}", answer.text());
            if status == 409 {
                let detail = answer.refused(409, "consultation-closed")["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains(&day(0)), "{detail}");
                assert!(opens.is_none_or(|opens| detail.contains(&opens)), "{detail}");
            }
        }
        submit(&client, "rus-2016-2020-c01", &body).await.refused(409, "consultation-closed");
        submit(&client, "nothing", &body).await.refused(404, "not-found");
        client.get("/v1/consultations/nothing/submissions").await.refused(404, "not-found");
        let tag = client.tag("/v1/consultations/last-day").await;
        client.delete("/v1/consultations/last-day", &tag).await.done(204);
        submit(&client, "last-day", &body).await.refused(410, "gone");
        client.get("/v1/consultations/last-day/submissions").await.refused(410, "gone");
    }
}

#[actix_web::test]
async fn the_filter_finds_what_the_rule_says() {
    for base in databases("submissions_open_on") {
        let client = Client::new(&base.db).await;
        let dates = ["2025", "2025-12", "2025-12-31", "2026", "2026-02", "2026-02-28"];
        for (n, (opens, closes)) in dates.iter().flat_map(|o| dates.iter().map(move |c| (o, c))).enumerate() {
            if date::partial(closes).unwrap().1 >= date::partial(opens).unwrap().0 {
                put(&client, &format!("c{n}"), Some(opens), Some(closes)).await;
            }
        }
        let rows = client.rows("/v1/consultations").await;
        assert!(rows.len() > 15);
        for day in ["2024-12-31", "2025-01-01", "2025-11-30", "2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01"] {
            let open = |row: &&Value| consultation::is_open(row["opens"].as_str(), row["closes"].as_str(), day);
            let wanted: Vec<&Value> = rows.iter().filter(open).map(|row| &row["id"]).collect();
            let found = client.rows(&format!("/v1/consultations?open_on={day}")).await;
            assert_eq!(found.iter().map(|row| &row["id"]).collect::<Vec<_>>(), wanted, "{} {day}", base.label);
        }
    }
}

#[actix_web::test]
async fn what_is_not_a_submission_is_refused_with_every_mistake() {
    for base in databases("submissions_hostile") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let long = "ø".repeat(10_001);
        let cases = [
            (json!({}), &[("text", "required")][..]),
            (json!({ "text": " \n " }), &[("text", "required")]),
            (json!({ "text": "" , "email": 1 }), &[("text", "invalid"), ("email", "invalid")]),
            (json!({ "text": long }), &[("text", "invalid")]),
            (json!({ "text": "a\u{0}b" }), &[("text", "invalid")]),
            (json!({ "text": "a\u{1b}[2J", "name": "a\nb" }), &[("text", "invalid"), ("name", "invalid")]),
            (json!({ "text": "x", "name": "n".repeat(201) }), &[("name", "invalid")]),
            (
                json!({ "text": "x", "email": "nobody", "language": "norsk" }),
                &[("email", "invalid"), ("language", "invalid")],
            ),
            (json!({ "text": "x", "email": "a b@c.no" }), &[("email", "invalid")]),
            (json!({ "text": "x", "consent_to_name": "yes" }), &[("consent_to_name", "invalid")]),
            (json!({ "text": "x", "state": "published", "id": "a" }), &[("state", "unknown"), ("id", "unknown")]),
        ];
        for (body, mistakes) in cases {
            let problem = submit(&client, "open", &body).await.refused(422, "invalid-content");
            assert!(mistakes.iter().all(|(name, code)| names(&problem, name, code)), "{problem}");
        }
        client.send(posting("open", "{\"text\": dontechome")).await.refused(400, "malformed-json");
        client.send(posting("open", "[]")).await.refused(422, "invalid-content");
        let huge = format!("{{\"text\":\"{}\"}}", "x".repeat(66_000));
        client.send(posting("open", &huge)).await.refused(413, "payload-too-large");
        let form = request("POST", "/v1/consultations/open/submissions").insert_header(("content-type", "text/plain"));
        client.send(form.set_payload("{\"text\":\"x\"}")).await.refused(415, "unsupported-media-type");
        let again = posting("open", "{\"text\":\"x\"}").insert_header(("idempotency-key", "a"));
        client.send(again).await.refused(400, "malformed-request");
        assert_eq!(moderated(&client, "").await["total"], 0, "{}: something was stored", base.label);
        // The longest that is allowed, and it comes back as it was.
        let longest = json!({ "text": "ø".repeat(10_000) });
        sent(&client, "open", &longest).await;
        assert_eq!(moderated(&client, "").await["data"][0]["text"], longest["text"]);

        let id = moderated(&client, "").await["data"][0]["id"].as_str().unwrap().to_owned();
        for (decision, name) in [
            (json!({}), "state"),
            (json!({ "state": "received" }), "state"),
            (json!({ "state": "erased" }), "state"),
            (json!({ "state": "rejected" }), "rejection_reason"),
            (json!({ "state": "rejected", "rejection_reason": "" }), "rejection_reason"),
            (json!({ "state": "published", "rejection_reason": "x" }), "rejection_reason"),
            (json!({ "state": "published", "text": "words in the mouth" }), "text"),
        ] {
            let problem = decide(&client, &id, 1, &decision).await.refused(422, "invalid-content");
            assert_eq!(problem["errors"][0]["name"], name, "{decision}");
        }
        decide(&client, &"0".repeat(32), 1, &json!({ "state": "published" })).await.refused(404, "not-found");
    }
}

#[actix_web::test]
async fn one_address_may_send_so_many_and_mistakes_do_not_count() {
    for base in databases("submissions_rate") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let from = |address: &str, body: &str| {
            let peer: IpAddr = address.parse().unwrap();
            posting("open", body).peer_addr((peer, 1).into()).insert_header(("x-forwarded-for", "203.0.113.9"))
        };
        for n in 0..10 {
            client.send(from("192.0.2.1", "{}")).await.refused(422, "invalid-content");
            let left = client.send(from("192.0.2.1", "{\"text\":\"x\"}")).await.done(202);
            assert!(left.header("ratelimit").unwrap().contains(&format!("r={}", 9 - n)));
        }
        let refused = client.send(from("192.0.2.1", "{\"text\":\"x\"}")).await;
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((300..=360).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit"), Some(format!("\"submissions\";r=0;t={wait}").as_str()));
        refused.refused(429, "rate-limited");
        client.send(from("192.0.2.2", "{\"text\":\"x\"}")).await.done(202);
        assert_eq!(moderated(&client, "").await["total"], 11, "{}", base.label);
    }
}

#[actix_web::test]
async fn pages_follow_one_another_and_miss_nothing_that_comes() {
    for base in databases("submissions_pages") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let mut ids = vec![];
        for n in 0..5 {
            ids.push(sent(&client, "open", &json!({ "text": n.to_string() })).await);
        }
        for id in &ids[1..] {
            decide(&client, id, 1, &json!({ "state": "published" })).await.done(200);
        }
        let first = client.json("/v1/consultations/open/submissions?limit=2").await;
        assert_eq!((&first["total"], first["data"].as_array().unwrap().len()), (&json!(4), 2));
        // The oldest is published in the middle of the walk.
        decide(&client, &ids[0], 1, &json!({ "state": "published" })).await.done(200);
        let mut seen: Vec<Value> = first["data"].as_array().unwrap().clone();
        let mut next = first["next"].clone();
        while let Some(url) = next.as_str() {
            let page = client.json(url.trim_start_matches("http://127.0.0.1:8080")).await;
            seen.extend(page["data"].as_array().unwrap().clone());
            next = page["next"].clone();
        }
        let mut found: Vec<&str> = seen.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(found.len(), 5, "{}", base.label);
        found.sort_unstable();
        ids.sort_unstable();
        assert_eq!(found, ids);
        let cursor = first["next_cursor"].as_str().unwrap();
        let other = format!("/v1/consultations/rus-2016-2020-c01/submissions?cursor={cursor}");
        client.get(&other).await.refused(400, "invalid-cursor");
        client.get("/v1/consultations/open/submissions?limit=101").await.refused(400, "invalid-parameter");
    }
}

#[actix_web::test]
async fn without_moderators_nothing_is_collected() {
    let base = crate::support::sqlite("submissions_readonly");
    let client = Client::with(&base.db, opptrapping::http::token::Issuers::default()).await;
    submit(&client, "rus-2016-2020-c01", &json!({ "text": "x" })).await.refused(503, "auth-unavailable");
}
