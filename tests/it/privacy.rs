//! An attack on submissions: what is not published, and how senders are reached, must be read nowhere; what is erased must
//! be in no file of the database.
use crate::client::{Client, request};
use crate::operations::operations;
use crate::service::{Service, database, succeeds};
use crate::submissions::{consult, decide, erase, moderated, sent, submit};
use crate::support::{Base, Folder, databases};
use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opptrapping::api;
use opptrapping::domain::Language;
use opptrapping::error::Kind;
use opptrapping::http::{Settings, listing};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A word that stands nowhere else.
fn secret(name: &str) -> String {
    let digest = Sha256::digest(format!("{name}-{}", std::process::id()));
    digest[..12].iter().fold(String::from("zq"), |mut word, byte| {
        let _ = write!(word, "{byte:02x}");
        word
    })
}

/// A submission with a secret in every field that has room for one.
fn secretive(name: &str, consent: bool) -> Value {
    json!({
        "text": secret(&format!("{name}-text")), "name": secret(&format!("{name}-name")),
        "organisation": secret(&format!("{name}-organisation")), "consent_to_name": consent,
        "email": format!("{}@example.org", secret(&format!("{name}-email"))),
    })
}

/// A secret as it could get out: as it is, encoded, or as a fingerprint that a guess can be checked against.
fn disguises(secret: &str) -> Vec<String> {
    let digest = Sha256::digest(secret);
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    // Within a longer text Base64 falls in one of three ways; its edges depend on what stands beside it.
    let shifted = (0..3).map(|shift| {
        let encoded = STANDARD_NO_PAD.encode(format!("{}{secret}", &"   "[..shift]));
        encoded[4..encoded.len() - 4].to_owned()
    });
    let mut all: Vec<String> = shifted.collect();
    all.extend([
        secret.to_owned(),
        hex(secret.as_bytes()),
        hex(&digest)[..12].to_owned(),
        URL_SAFE_NO_PAD.encode(&digest[..9]),
        STANDARD_NO_PAD.encode(&digest[..9]),
        opptrapping::http::page::short_hash(&[secret.as_bytes()]),
        secret.chars().rev().collect(),
    ]);
    all
}

/// Every public address, of the document and beside it, in every form, now and as it was.
fn addresses(base: &Base, consultation: &str, submissions: &[String]) -> Vec<String> {
    let mut all: Vec<String> =
        ["/", "/openapi.json", "/openapi-3.0.json", "/robots.txt", "/.well-known/api-catalog", "/docs/"]
            .map(str::to_owned)
            .into();
    let newest = base.db.head().revision;
    all.extend(Kind::ALL.iter().map(|kind| format!("/problems/{}", kind.slug())));
    for operation in operations().into_iter().filter(|o| o.reads() && o.scope().is_none()) {
        let mut paths = vec![operation.example_path()];
        if operation.path.contains("{id}") {
            let ids = submissions.iter().map(String::as_str).chain([consultation]);
            paths.extend(ids.map(|id| operation.path.replace("{id}", id)));
        }
        for path in paths {
            all.push(path.clone());
            for parameter in operation.query_parameters() {
                let name = parameter["name"].as_str().unwrap();
                match name {
                    "as_of" => all.extend([1, newest - 1, newest].map(|at| format!("{path}?as_of={at}"))),
                    "format" | "lang" => {
                        let words = parameter["schema"]["enum"].as_array().unwrap();
                        all.extend(words.iter().map(|word| format!("{path}?{name}={}", word.as_str().unwrap())));
                    }
                    "q" => all.push(format!("{path}?q=zq")),
                    "consultation" => all.push(format!("{path}?{name}={consultation}")),
                    _ => {}
                }
            }
        }
    }
    // Addresses that others might have.
    for id in submissions {
        all.extend(
            ["/history", "?as_of=1", "?fields=email", "?format=csv"].map(|e| format!("/v1/submissions/{id}{e}")),
        );
    }
    all.extend(["/v1/submissions", "/v1/moderation/submissions", "/v1/erased-submissions"].map(str::to_owned));
    all
}

/// All that a stranger gets: status, headers and body by address.
async fn everything(client: &Client, addresses: &[String]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for address in addresses {
        let answer = client.send(request("GET", address).insert_header(("accept-encoding", "identity"))).await;
        let named = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
        let mut lines: Vec<String> =
            named.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort_unstable();
        let text = format!("{}\n{}\n{}", answer.status, lines.join("\n"), answer.text());
        all.insert(address.clone(), text);
    }
    all
}

#[track_caller]
fn nowhere(answers: &BTreeMap<String, String>, secrets: &[String], what: &str) {
    let words: Vec<String> = secrets.iter().flat_map(|secret| disguises(secret)).collect();
    let search = AhoCorasick::new(&words).unwrap();
    for (address, text) in answers {
        if let Some(found) = search.find(text) {
            panic!("{what}: {address} gives away {}", words[found.pattern()]);
        }
    }
}

fn secrets(name: &str, fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| secret(&format!("{name}-{field}"))).collect()
}

const EVERY: [&str; 4] = ["text", "name", "organisation", "email"];

#[actix_web::test]
async fn nobody_reads_what_is_not_published_nor_how_senders_are_reached() {
    for base in databases("privacy") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let mut ids = vec![];
        for (name, consent) in
            [("shown", true), ("unnamed", false), ("waiting", true), ("rejected", true), ("erased", true)]
        {
            let receipt = submit(&client, "open", &secretive(name, consent)).await.done(202);
            let told = [(name.to_owned(), format!("{:?}{}", receipt.headers, receipt.text()))].into();
            nowhere(&told, &secrets(name, &EVERY), "the receipt");
            ids.push(receipt.json()["id"].as_str().unwrap().to_owned());
        }
        let addresses = addresses(&base, "open", &ids);
        assert!(addresses.len() > 500, "{}", addresses.len());
        let before = everything(&client, &addresses).await;
        for name in ["shown", "unnamed", "waiting", "rejected", "erased"] {
            nowhere(&before, &secrets(name, &EVERY), base.label);
        }

        // What is sent and rejected changes no public answer in any byte, nor its tag.
        let reason = secret("reason");
        decide(&client, &ids[3], 1, &json!({ "state": "rejected", "rejection_reason": reason })).await.done(200);
        sent(&client, "open", &secretive("late", true)).await;
        for (address, text) in everything(&client, &addresses).await {
            assert_eq!(text, before[&address], "{} {address}: something shows", base.label);
        }

        for id in [&ids[0], &ids[1], &ids[4]] {
            decide(&client, id, 1, &json!({ "state": "published" })).await.done(200);
        }
        let shown = everything(&client, &addresses).await;
        for (name, field) in [("shown", "name"), ("shown", "text"), ("unnamed", "text"), ("erased", "text")] {
            let secret = secret(&format!("{name}-{field}"));
            assert!(shown.values().any(|text| text.contains(&secret)), "{name}-{field} is published");
        }
        assert_eq!(erase(&client, &ids[4], 2).await.status, 204, "{}", base.label);
        let mut after = everything(&client, &addresses).await;
        for entry in &api::RESOURCES {
            let mut dumped = vec![];
            let (collection, settings) = ((entry.collection)(), Settings::default());
            listing::export(&base.db, collection, &settings, "ndjson", Language::default(), &mut dumped).unwrap();
            after.insert(format!("export {}", (entry.table)().collection), String::from_utf8(dumped).unwrap());
        }
        nowhere(&after, &secrets("shown", &["email"]), base.label);
        nowhere(&after, &secrets("unnamed", &["name", "organisation", "email"]), base.label);
        for name in ["waiting", "rejected", "erased", "late"] {
            nowhere(&after, &secrets(name, &EVERY), base.label);
        }
        nowhere(&after, &[reason], base.label);

        // Moderators see all but how senders are reached.
        let seen = moderated(&client, "?state=received,published,rejected").await.to_string();
        assert!(seen.contains(&secret("waiting-text")) && seen.contains(&secret("unnamed-name")));
        let seen = [("moderation".to_owned(), seen)].into();
        nowhere(&seen, &secrets("erased", &EVERY), base.label);
        for name in ["shown", "unnamed", "waiting", "rejected", "late"] {
            nowhere(&seen, &secrets(name, &["email"]), base.label);
        }
    }
}

/// Whether the files of a database have these bytes.
fn in_files(base: &Base, word: &str) -> bool {
    if let Some(path) = base.url.strip_prefix("sqlite://") {
        return ["", "-wal", "-shm", "-journal"].iter().any(|ending| {
            let bytes = std::fs::read(format!("{path}{ending}")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(word)
        });
    }
    let mut conn = PgConnection::establish(&base.url).unwrap();
    conn.batch_execute("CHECKPOINT").unwrap();
    let folder = "'base/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/'";
    let found = diesel::sql_query(format!(
        "SELECT file FROM pg_ls_dir({folder}) AS file \
         WHERE position(convert_to($1, 'UTF8') IN pg_read_binary_file({folder} || file)) > 0"
    ));
    found.bind::<diesel::sql_types::Text, _>(word).execute(&mut conn).unwrap() > 0
}

/// Text that does not compress, with a secret at its beginning and its end.
fn long(name: &str) -> String {
    let noise: String = (0..60).map(|n| secret(&format!("{name}-{n}"))).collect();
    format!("{} {noise} {}", secret(&format!("{name}-begin")), secret(&format!("{name}-end")))
}

#[actix_web::test]
async fn what_is_erased_is_in_no_file_of_the_database() {
    for base in databases("privacy_files") {
        let client = Client::new(&base.db).await;
        consult(&client, "open", 1, 1).await;
        let mut ids = vec![];
        for n in 0..40 {
            let mut body = secretive(&format!("kept{n}"), true);
            if n % 3 == 0 {
                body["text"] = long(&format!("kept{n}")).into();
            }
            ids.push((sent(&client, "open", &body).await, n));
        }
        let mut body = secretive("erased", true);
        body["text"] = long("erased").into();
        let id = sent(&client, "open", &body).await;
        let (mut words, reason) =
            (secrets("erased", &["begin", "end", "name", "organisation", "email"]), secret("why"));
        let rejected = json!({ "state": "rejected", "rejection_reason": reason });
        decide(&client, &id, 1, &rejected).await.done(200);
        decide(&client, &id, 2, &json!({ "state": "published" })).await.done(200);
        decide(&client, &id, 3, &rejected).await.done(200);
        words.push(reason);
        for word in &words {
            assert!(in_files(&base, word), "{}: the test must be able to find it", base.label);
        }
        // On PostgreSQL an old transaction keeps dead rows from being vacuumed, and the planner takes samples.
        let mut old = (base.label == "postgres").then(|| PgConnection::establish(&base.url).unwrap());
        if let Some(old) = &mut old {
            for sql in ["ANALYZE", "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT revision FROM dataset"] {
                old.batch_execute(sql).unwrap();
            }
        }
        assert_eq!(erase(&client, &id, 4).await.status, 204, "{}", base.label);
        // Those among which it lay, too.
        for (id, n) in ids.iter().filter(|(_, n)| n % 4 == 0) {
            erase(&client, id, 1).await.done(204);
            words.extend(secrets(&format!("kept{n}"), &["name", "organisation", "email"]));
            words.push(secret(&format!("kept{n}-{}", if n % 3 == 0 { "begin" } else { "text" })));
        }
        for word in &words {
            assert!(!in_files(&base, word), "{}: {word} is left", base.label);
        }
        let left = moderated(&client, "").await;
        assert_eq!(left["total"], 30, "{}: the others stay", base.label);
        for (_, n) in ids.iter().filter(|(_, n)| n % 4 != 0) {
            assert!(in_files(&base, &secret(&format!("kept{n}-email"))), "{}: the others stay", base.label);
        }
    }
}

#[actix_web::test]
async fn an_erasure_that_a_reader_holds_up_is_finished_later() {
    let base = crate::support::sqlite("privacy_reader");
    let client = Client::new(&base.db).await;
    consult(&client, "open", 1, 1).await;
    let id = sent(&client, "open", &secretive("held", true)).await;
    let mut reader = SqliteConnection::establish(base.url.trim_start_matches("sqlite://")).unwrap();
    reader.batch_execute("BEGIN; SELECT COUNT(*) FROM submissions").unwrap();
    let word = secret("held-text");
    assert_eq!(erase(&client, &id, 1).await.status, 202);
    client.get(&format!("/v1/submissions/{id}")).await.refused(410, "erased");
    assert!(in_files(&base, &word), "the reader still sees it");
    reader.batch_execute("COMMIT").unwrap();
    drop(opptrapping::open(&base.url).unwrap());
    assert!(!in_files(&base, &word));
}

#[test]
fn no_log_line_has_what_was_sent_and_the_operator_alone_reads_contacts() {
    let folder = Folder::new("privacy_log");
    let (database, keys) = (database(&folder), folder.0.join("keys"));
    let keys = keys.to_str().unwrap();
    succeeds(&["keygen", keys]);
    let token = succeeds(&["token", "--scope", "admin", "--keys", keys]);
    let public = format!("{keys}/public.pem");
    let service = Service::logging("trace", &database, &["--public-key", &public]);
    let authority = format!("Authorization: Bearer {}\r\n", token.trim());
    let typed = |media: &str| format!("Content-Type: {media}\r\n");
    let year = chrono::Utc::now().format("%Y").to_string().parse::<i32>().unwrap();
    let row = json!({
        "plan": "rus-2016-2020", "kind": "consultation", "title_nb": "H", "opens": format!("{}-01-01", year - 1),
        "closes": format!("{}-01-01", year + 2), "source": "hod-innspill-2014",
    });
    let json_type = typed("application/json");
    let (head, _) = service.ask("PUT", "/v1/consultations/open", &format!("{authority}{json_type}"), &row.to_string());
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    let path = "/v1/consultations/open/submissions";
    let body = secretive("logged", true);
    let (head, receipt) = service.ask("POST", path, &json_type, &body.to_string());
    assert!(head.starts_with("HTTP/1.1 202"), "{head}");
    let id = serde_json::from_str::<Value>(&receipt).unwrap()["id"].as_str().unwrap().to_owned();
    let mut bad = body.clone();
    bad["email"] = secret("logged-email").into();
    let (head, _) = service.ask("POST", path, &json_type, &bad.to_string());
    assert!(head.starts_with("HTTP/1.1 422"), "{head}");
    let (head, _) = service.ask("POST", path, &json_type, &body.to_string()[1..]);
    assert!(head.starts_with("HTTP/1.1 4"), "{head}");
    service.ask("GET", "/v1/moderation/submissions", &authority, "");

    let contact = succeeds(&["submissions", "contact", &id, "--database-url", &database]);
    assert!(contact.contains(&format!("email: {}@example.org", secret("logged-email"))), "{contact}");
    assert!(succeeds(&["submissions", "list", "--database-url", &database]).contains("open: 1 received"));
    for collection in api::tables().iter().map(|t| t.collection) {
        let exported = succeeds(&["export", collection, "--database-url", &database]);
        nowhere(&[(collection.to_owned(), exported)].into(), &secrets("logged", &EVERY), "export");
    }

    let decided = format!("{authority}{}If-Match: \"1\"\r\n", typed("application/merge-patch+json"));
    let reason = secret("logged-reason");
    let decision = json!({ "state": "rejected", "rejection_reason": reason }).to_string();
    let item = format!("/v1/submissions/{id}");
    let (head, _) = service.ask("PATCH", &item, &decided, &decision);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, _) = service.ask("DELETE", &item, &format!("{authority}If-Match: \"2\"\r\n"), "");
    assert!(head.starts_with("HTTP/1.1 204"), "{head}");
    assert!(succeeds(&["submissions", "list", "--database-url", &database]).contains("open: 1 erased"));
    let log = service.log.clone();
    drop(service);
    let log = String::from_utf8_lossy(&log.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE") && log.len() > 1_000, "there is nothing to look through");
    let mut words = secrets("logged", &EVERY);
    words.push(reason);
    nowhere(&[("the log".to_owned(), log)].into(), &words, "trace");
}
