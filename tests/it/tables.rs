//! `PUT /v1/{collection}`: tables sent over HTTP.
use crate::bulk::table;
use crate::client::{Answer, Client, collections, keys, names, request, scoped, write};
use crate::rows::source;
use crate::service::{Service, database, succeeds};
use crate::support::{Base, Folder, databases, empty, sqlite};
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use opptrapping::Shared;
use opptrapping::db::Statement;
use opptrapping::http::{Settings, token};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";
const JSON: &str = "application/json";

fn sending(path: &str, media: &str, body: impl Into<Bytes>) -> TestRequest {
    write("PUT", path).insert_header(("content-type", media)).set_payload(body)
}

async fn send(client: &Client, path: &str, media: &str, body: impl Into<Bytes>) -> Answer {
    client.send(sending(path, media, body)).await
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(vec![], Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// How many rows every table has, and where the dataset stands: a write that was refused leaves all of it.
fn footprint(base: &Base) -> Vec<i64> {
    let tables = base.db.tables().iter().map(|table| table.name.as_str());
    let counted = tables.chain(["changes", "revisions", "idempotency_keys"]);
    // Numbered: PostgreSQL counts several at once, and gives them in no order.
    let counts = counted.enumerate().map(|(n, name)| format!("SELECT CAST({n} AS BIGINT), COUNT(*) FROM {name}"));
    let sql = counts.collect::<Vec<_>>().join(" UNION ALL ");
    let sql = format!("{sql} UNION ALL SELECT CAST(99 AS BIGINT), revision FROM dataset ORDER BY 1");
    let all: Vec<(i64, i64)> = base.db.read(|conn| Ok(Statement::new(sql.clone()).rows(conn)?)).unwrap();
    all.into_iter().map(|(_, n)| n).collect()
}

#[track_caller]
fn did(answer: &Answer, tally: [usize; 3], revision: Option<i64>) {
    let [inserted, updated, unchanged] = tally;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let wanted =
        json!({ "inserted": inserted, "updated": updated, "unchanged": unchanged, "revision": revision, "errors": [] });
    assert_eq!(answer.json(), wanted);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn what_was_read_can_be_sent_back_and_nothing_changes() {
    for base in databases("tables_back") {
        let client = Client::new(&base.db).await;
        let before = footprint(&base);
        for collection in collections() {
            let path = format!("/v1/{}", collection.name());
            let all = if collection.vintage.is_some() { "&published=all" } else { "" };
            for lang in ["nb", "nn", "en"] {
                let rows = client.rows(&format!("{path}?limit=10000&lang={lang}{all}")).await;
                let count = rows.len();
                assert!(count > 0);
                did(&send(&client, &path, JSON, Value::from(rows).to_string()).await, [0, 0, count], None);
                for (format, media) in [("csv", CSV), ("ndjson", NDJSON)] {
                    let text = client.get(&format!("{path}?format={format}&lang={lang}{all}")).await.done(200).body;
                    let zipped = sending(&path, media, packed(&text)).insert_header(("content-encoding", "gzip"));
                    did(&client.send(zipped).await, [0, 0, count], None);
                }
            }
        }
        assert_eq!(footprint(&base), before, "{}", base.label);
    }
}

#[actix_web::test]
async fn a_table_is_one_revision_in_whichever_form_it_comes() {
    for base in empty("tables_forms") {
        let client = Client::new(&base.db).await;
        let (path, rows) = ("/v1/sources", [source("a", "Ås"), source("b", "B")]);
        let reasoned = sending("/v1/sources", JSON, json!(rows).to_string()).insert_header(("reason", "først"));
        did(&client.send(reasoned).await, [2, 0, 0], Some(1));
        assert_eq!(client.rows("/v1/sources/a/history").await[0]["reason"], "først");
        let lines = format!("{}\n\n{}", rows[0], source("b", "annet"));
        did(&send(&client, "/v1/sources?reason=andre", NDJSON, lines).await, [0, 1, 1], Some(2));
        assert_eq!(client.rows("/v1/sources/b/history").await[1]["reason"], "andre");
        let csv = "\u{feff}kind,id,title,publisher\nreport,b,annet,Helsedirektoratet\nreport,c,\"C, \"\"c\"\"\",P\n";
        did(&send(&client, path, "text/csv; charset=utf-8", csv).await, [1, 0, 1], Some(3));
        assert_eq!(client.json("/v1/sources/c").await["title"], "C, \"c\"");
        for nothing in [("[]", JSON), ("", NDJSON), ("id,title\n", CSV)] {
            did(&send(&client, path, nothing.1, nothing.0).await, [0, 0, 0], None);
        }
        let changes = client.json("/v1/changes").await["data"].as_array().unwrap().len();
        assert_eq!((changes, base.db.head().revision), (4, 3), "{}", base.label);
    }
}

#[actix_web::test]
async fn a_dry_run_says_the_same_and_leaves_no_trace() {
    for base in databases("tables_dry") {
        let client = Client::new(&base.db).await;
        let before = footprint(&base);
        let rows = json!([source("a", "A"), source("b", "B")]).to_string();
        let dry = || {
            sending("/v1/sources?dry_run=true", JSON, rows.clone())
                .insert_header(("idempotency-key", "0123456789abcdef"))
        };
        for _ in 0..2 {
            let answer = client.send(dry()).await;
            did(&answer, [2, 0, 0], None);
            assert_eq!(answer.header("idempotency-replayed"), None);
        }
        let unfit = sending("/v1/sources?dry_run=true", JSON, rows.clone()).insert_header(("idempotency-key", "short"));
        client.send(unfit).await.refused(400, "malformed-request");
        let wrong = json!([source("a", "A"), source("a", "A")]).to_string();
        let (rehearsed, real) = (
            send(&client, "/v1/sources?dry_run=true", JSON, wrong.clone()).await,
            send(&client, "/v1/sources", JSON, wrong).await,
        );
        assert_eq!((rehearsed.status, rehearsed.text()), (real.status, real.text()));
        assert_eq!(footprint(&base), before, "{}", base.label);
        assert_eq!(base.db.head().revision, *before.last().unwrap());
        did(&send(&client, "/v1/sources?dry_run=false", JSON, rows).await, [2, 0, 0], Some(before.last().unwrap() + 1));
    }
}

#[actix_web::test]
async fn every_mistake_is_told_with_row_and_column_and_nothing_is_written() {
    for base in databases("tables_mistakes") {
        let client = Client::new(&base.db).await;
        let before = footprint(&base);
        let good = json!({ "id": "g1", "plan": "rus-2016-2020", "number": 9, "title_nb": "M", "source": "prop-15-s-2015-2016" });
        let with = |name: &str, value: Value| {
            let mut row = good.clone();
            row[name] = value;
            row
        };
        let rows = [
            good.clone(),
            with("nubmer", json!(1)),
            json!([]),
            with("id", json!("g4")),
            with("id", json!("g4")),
            json!({ "id": "g6" }),
        ];
        let lines = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        for (media, body) in [(JSON, json!(rows).to_string()), (NDJSON, lines)] {
            let problem = send(&client, "/v1/goals", media, body).await.refused(422, "invalid-content");
            let told: Vec<(u64, &str, &str)> = problem["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| (m["row"].as_u64().unwrap(), m["column"].as_str().unwrap_or(""), m["code"].as_str().unwrap()))
                .collect();
            let mut wanted = vec![(2, "nubmer", "unknown"), (3, "", "invalid"), (5, "id", "duplicate")];
            wanted.extend(["plan", "number", "title_nb", "source"].map(|column| (6, column, "required")));
            assert_eq!(told, wanted, "{} {media}: {problem}", base.label);
            assert_eq!(problem["errors"][0]["did_you_mean"], "number");
            assert_eq!(problem.get("unlisted"), None);
        }
        let dangling = send(&client, "/v1/goals", JSON, json!([good, with("plan", json!("none"))]).to_string()).await;
        assert_eq!(dangling.refused(422, "invalid-content")["errors"][0]["code"], "duplicate", "the id stands twice");
        let mut other = with("plan", json!("none"));
        other["id"] = json!("g2");
        let problem =
            send(&client, "/v1/goals", JSON, json!([good, other]).to_string()).await.refused(422, "invalid-content");
        let mistake = &problem["errors"][0];
        assert_eq!(
            (&mistake["row"], &mistake["column"], &mistake["code"]),
            (&json!(2), &json!("plan"), &json!("reference"))
        );
        let header = send(&client, "/v1/goals", CSV, "id,plan,nubmer,id\n").await.refused(422, "invalid-content");
        assert_eq!((&header["errors"][0]["row"], &header["errors"][0]["did_you_mean"]), (&json!(0), &json!("number")));
        assert!(names(&header, "id", "repeated"));
        let many: String = (0..250).map(|n| format!("{{\"id\":\"m{n}\"}}\n")).collect();
        let problem = send(&client, "/v1/goals", NDJSON, many).await.refused(422, "invalid-content");
        assert_eq!(
            (problem["errors"].as_array().unwrap().len(), &problem["unlisted"]),
            (100, &json!(900)),
            "{}",
            base.label
        );
        let broken = format!("[{good},\n{{\"id\": \"g2\", dontechome}}, {good}]");
        let problem = send(&client, "/v1/goals", JSON, broken).await.refused(400, "malformed-json");
        assert!(problem["detail"].as_str().unwrap().contains("line 2, column 14"), "{problem}");
        assert!(!problem.to_string().contains("dontechome"));
        for (body, status) in [(good.to_string(), 422), ("1".into(), 422), ("".into(), 400), (format!("[{good}"), 400)]
        {
            assert_eq!(send(&client, "/v1/goals", JSON, body).await.status, status);
        }
        assert_eq!(footprint(&base), before, "{}", base.label);
    }
}

#[actix_web::test]
async fn one_bad_row_of_a_hundred_thousand_is_named_and_nothing_written() {
    for base in databases("tables_large") {
        let client = Client::new(&base.db).await;
        let before = footprint(&base);
        let bad = table(&base, 100_000).replacen(",77776,ok,", ",many,ok,", 1);
        let answer = client
            .send(sending("/v1/observations", CSV, packed(bad.as_bytes())).insert_header(("content-encoding", "gzip")))
            .await;
        let problem = answer.refused(422, "invalid-content");
        let told = problem["errors"].as_array().unwrap();
        assert_eq!(
            (told.len(), &told[0]["row"], &told[0]["column"]),
            (1, &json!(77_777), &json!("value")),
            "{problem}"
        );
        assert_eq!(footprint(&base), before, "{}", base.label);
    }
}

#[actix_web::test]
async fn what_is_no_table_is_refused_before_it_is_written_down() {
    let base = sqlite("tables_refused");
    let settings = Settings { bulk_bytes: 20_000, ..Settings::default() };
    let client = Client::serving(&Shared::new(base.db.clone(), settings, token::local(&keys().1).unwrap())).await;
    let before = footprint(&base);
    assert_eq!(client.json("/v1/about").await["limits"]["bulk_bytes"], 20_000);
    for media in ["text/plain", "application/xml", "application/merge-patch+json", ""] {
        let answer = send(&client, "/v1/sources", media, "[]").await;
        answer.refused(415, "unsupported-media-type");
        assert_eq!(answer.header("accept-post"), Some("application/json, application/x-ndjson, text/csv"));
    }
    let encoded = |encoding: &'static str, body: Vec<u8>| {
        sending("/v1/sources", JSON, body).insert_header(("content-encoding", encoding))
    };
    for encoding in ["br", "zstd", "gzip, gzip", "x"] {
        client.send(encoded(encoding, b"[]".to_vec())).await.refused(415, "unsupported-media-type");
    }
    let bomb = packed(&vec![b' '; 50_000_000]);
    for most in [bomb.len(), 300] {
        // Also where the packed bytes themselves would be few enough.
        client.send(encoded("gzip", bomb[..most.min(19_000)].to_vec())).await.refused(413, "payload-too-large");
    }
    client.send(encoded("gzip", b"[]".to_vec())).await.refused(400, "malformed-request");
    let whole = packed(json!([source("a", &"å".repeat(900))]).to_string().as_bytes());
    client.send(encoded("gzip", whole[..whole.len() - 9].to_vec())).await.refused(400, "malformed-request");
    send(&client, "/v1/sources", JSON, vec![b' '; 20_001]).await.refused(413, "payload-too-large");
    client
        .send(sending("/v1/sources", JSON, "[]").insert_header(("content-length", "20001")))
        .await
        .refused(413, "payload-too-large");
    for (name, value) in [("if-match", "\"1\""), ("if-none-match", "*")] {
        let problem = client
            .send(sending("/v1/sources", JSON, "[]").insert_header((name, value)))
            .await
            .refused(400, "malformed-request");
        assert_eq!(problem["errors"][0]["in"], "header");
    }
    let problem = send(&client, "/v1/sources?dryrun=true", JSON, "[]").await.refused(400, "unknown-parameter");
    assert_eq!(problem["errors"][0]["did_you_mean"], "dry_run");
    send(&client, "/v1/sources?dry_run=yes", JSON, "[]").await.refused(400, "invalid-parameter");
    for path in ["/v1/consultations/rus-2016-2020-c01/submissions", "/v1/changes", "/v1/about"] {
        let answer = client.send(write("PUT", path)).await;
        answer.refused(405, "method-not-allowed");
        assert!(!answer.header("allow").unwrap().contains("PUT"), "{path}");
    }
    assert_eq!(footprint(&base), before);
    // At the limit it is taken.
    let row = json!([source("a", "A")]).to_string();
    let padded = format!("{row}{}", " ".repeat(20_000 - row.len()));
    did(&client.send(encoded("gzip", packed(padded.as_bytes()))).await, [1, 0, 0], Some(before.last().unwrap() + 1));
}

#[actix_web::test]
async fn a_token_for_something_else_writes_no_table() {
    for base in empty("tables_scope") {
        let client = Client::new(&base.db).await;
        for collection in collections() {
            let path = format!("/v1/{}", collection.name());
            client.send(request("PUT", &path).set_payload("[")).await.refused(401, "authentication-required");
            let other = if collection.scope == "goals:write" { "plans:write" } else { "goals:write" };
            client.send(scoped("PUT", &path, other).set_payload("[")).await.refused(403, "insufficient-scope");
            let empty = scoped("PUT", &path, collection.scope).insert_header(("content-type", JSON)).set_payload("[]");
            did(&client.send(empty).await, [0, 0, 0], None);
        }
    }
}

#[test]
fn over_a_socket_it_is_refused_before_the_body_and_without_end_at_the_limit() {
    let folder = Folder::new("tables_socket");
    let keys = folder.0.join("keys");
    succeeds(&["keygen", keys.to_str().unwrap()]);
    let token =
        |scope: &str| succeeds(&["token", "--scope", scope, "--keys", keys.to_str().unwrap()]).trim().to_owned();
    let public = keys.join("public.pem");
    let more = ["--empty", "--public-key", public.to_str().unwrap(), "--bulk-bytes", "1000000"];
    let service = Service::start(&database(&folder), &more);
    let head = |scope: &str, more: &str| {
        format!(
            "PUT /v1/sources HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n{more}\r\n",
            token(scope)
        )
    };
    // Nothing of the body is sent: who waits for it waits in vain.
    let begun = Instant::now();
    for (scope, length, status) in
        [("goals:write", 500_000u64, "403"), ("admin", 1_000_001, "413"), ("admin", 999_999_999_999, "413")]
    {
        let answer = service.raw(head(scope, &format!("Content-Length: {length}\r\n")).as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "it waited for the body");

    let mut stream = service.connect();
    stream.write_all(head("admin", "Transfer-Encoding: chunked\r\n").as_bytes()).unwrap();
    let mut answers = stream.try_clone().unwrap();
    let answered = std::thread::spawn(move || {
        let mut answer = [0; 12];
        answers.read_exact(&mut answer).map(|()| answer)
    });
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 65_536], b"\r\n".to_vec()].concat();
    let begun = Instant::now();
    while !answered.is_finished() && stream.write_all(&chunk).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20), "no answer, though it is far beyond the limit");
    }
    assert_eq!(&answered.join().unwrap().unwrap(), b"HTTP/1.1 413");
    drop(stream);
    let (head, _) = service.ask("GET", "/v1/sources", "", "");
    assert!(head.starts_with("HTTP/1.1 200"), "it serves on: {head}");
}
