//! What a running service writes to its log, as text and as JSON: a line for each thing, whatever strangers send.
use crate::service::{Service, command, database};
use crate::support::Folder;
use actix_web::body::to_bytes;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use opptrapping::error::{Error, Kind};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;

/// Requests that would write lines of their own, colour a terminal, or give away what is in a query.
fn forge(service: &Service) {
    for request in [
        "GET /v1/goals/a%0d%0a%5b2026%5d%20forged%1b%5b31m?access_token=zq9hidden HTTP/1.1\r\nHost: x\r\nX-Request-Id: known-1\r\nConnection: close\r\n\r\n",
        "GET /v1/goals/\u{1b}[31mred HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /v1/goals HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\u{1b}[31mred\r\nAccept: \u{85}\u{2028}forged\r\nConnection: close\r\n\r\n",
        "GET /v1/goals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\u{1b}[31m\r\nConnection: close\r\n\r\n",
        "GET /v1/goals HTTP/1.1\r\nHost: x\r\nX-Request-Id: known-2\r\nConnection: close\r\n\r\n",
        "GET /v1/goals HTTP/1.1\r\nHost: x\r\nX-Request-Id: known-3\r\nConnection: close\r\n\r\n",
    ] {
        service.raw(request.as_bytes());
    }
}

const ACCESS: (&str, &str) = ("OPPTRAPPING_ACCESS_LOG", "true");

#[test]
fn as_json_every_line_is_an_object_and_requests_are_found_by_their_ids() {
    let folder = Folder::new("logs_json");
    let variables = [("RUST_LOG", "debug"), ("OPPTRAPPING_LOG_FORMAT", "json"), ACCESS];
    let service = Service::until("serving revision", &database(&folder), &[], &variables);
    forge(&service);
    let log = service.until_logged("known-3");
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}"))).collect();
    for line in &lines {
        for member in ["time", "level", "target", "message"] {
            assert!(line[member].is_string(), "{member}: {line}");
        }
    }
    let answered: Vec<&Value> = lines.iter().filter(|line| line["target"] == "access").collect();
    let of = |id: &str| *answered.iter().find(|line| line["request"] == id).unwrap_or_else(|| panic!("{id}: {log}"));
    let unknown = of("known-1");
    assert_eq!((&unknown["method"], &unknown["status"], &unknown["kept"]), (&"GET".into(), &400.into(), &false.into()));
    assert_eq!(unknown["path"], "/v1/goals/a%0d%0a%5b2026%5d%20forged%1b%5b31m");
    assert!(unknown["seconds"].is_f64(), "{unknown}");
    assert_eq!((&of("known-2")["path"], &of("known-3")["kept"]), (&"/v1/goals".into(), &true.into()), "{log}");
    assert!(!log.contains("zq9hidden"), "a query is in the log");
}

#[test]
fn as_text_a_line_stays_a_line() {
    let folder = Folder::new("logs_text");
    let service =
        Service::until("serving revision", &database(&folder), &["--empty"], &[("RUST_LOG", "trace"), ACCESS]);
    forge(&service);
    let log = service.until_logged("known-3");
    assert!(log.contains("request=known-2") && log.contains("status=200"), "{log:.3000}");
    let begun: BTreeSet<char> = log.lines().filter_map(|line| line.chars().next()).collect();
    assert_eq!(begun, BTreeSet::from(['[']), "a line that is not ours");
    let strange: Vec<&str> = log.lines().filter(|line| line.chars().any(char::is_control)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn requests_are_not_logged_unless_that_is_asked_for() {
    let folder = Folder::new("logs_quiet");
    let service = Service::start(&database(&folder), &["--empty"]);
    forge(&service);
    service.ask("GET", "/v1/goals", "Authorization: Bearer a.b.c\r\nX-Request-Id: known-4\r\n", "");
    let log = service.until_logged("tokens refused: 1");
    assert!(!log.contains("parse error"), "what is no HTTP fills the log: {log}");
    assert!(!log.contains("known-"), "{log}");
}

#[test]
fn whatever_is_sent_the_log_grows_by_a_line_a_second() {
    let folder = Folder::new("logs_many");
    let service = Service::start(&database(&folder), &["--empty"]);
    service.ask("GET", "/v1/goals", "Authorization: Bearer a.b.c\r\n", "");
    let (before, begun) = (service.until_logged("tokens refused").lines().count(), Instant::now());
    for n in 0..150 {
        for request in [
            format!(
                "GET /v1/goals/{n} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.{n}\r\nConnection: close\r\n\r\n"
            ),
            format!("\u{1b}{n} no HTTP\r\n\r\n"),
            format!("GET /v1/{n}?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            format!("PUT /v1/sources/{n} HTTP/1.1\r\nHost: x\r\nContent-Length: {{n}}\r\n\r\n"),
        ] {
            service.raw(request.as_bytes());
        }
    }
    service.ask("GET", "/v1/goals", "", "");
    let lines = service.logged().lines().count() - before;
    assert!(lines <= 3 + begun.elapsed().as_secs() as usize, "{lines} lines: {}", service.logged());
}

/// Such as a table that somebody else has taken away.
#[test]
fn what_fails_within_is_told_to_the_log_under_its_request_and_to_nobody_else() {
    let folder = Folder::new("logs_cause");
    let database = database(&folder);
    let service = Service::start(&database, &["--empty"]);
    let mut file = SqliteConnection::establish(database.strip_prefix("sqlite://").unwrap()).unwrap();
    file.batch_execute("ALTER TABLE goals RENAME TO taken_away").unwrap();
    let (head, body) = service.ask("GET", "/v1/goals?sort=-id", "X-Request-Id: known-5\r\n", "");
    assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
    assert!(body.contains("/problems/internal") && !body.contains("no such table"), "{body}");
    let log = service.until_logged("no such table: goals");
    let told = log.lines().find(|line| line.contains("no such table: goals")).unwrap();
    assert!(told.contains("known-5") && told.contains("ERROR"), "{told}");
}

#[actix_web::test]
async fn the_cause_of_an_error_is_for_the_log_alone() {
    for error in [Error::internal("zq9cause"), Error::unavailable(Kind::DatabaseUnavailable, "zq9cause")] {
        assert_eq!(error.cause(), Some("zq9cause"));
        let body = to_bytes(error.response(None).into_body()).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("zq9cause"), "{body:?}");
    }
}

#[test]
fn another_form_is_refused() {
    let output = command(&["openapi"]).env("OPPTRAPPING_LOG_FORMAT", "xml").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("OPPTRAPPING_LOG_FORMAT: must be text or json"));
}
