//! Callers that ask too often, send too slowly, or ask for much: what each may do to the others.
use crate::pen::Pen;
use crate::service::{Service, database};
use crate::support::Folder;
use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

fn line<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &&str| line.split(':').next().is_some_and(|found| found.eq_ignore_ascii_case(name));
    head.lines().find(named).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
}

#[test]
fn who_asks_too_often_is_refused_and_others_are_not() {
    let folder = Folder::new("guards_often");
    let pen = Pen::new("guards_often_keys", "sources:write");
    let service = pen.start(&database(&folder), &["--requests-per-minute", "5"]);
    let ask = |n: usize, headers: &str| service.ask("GET", &format!("/v1/goals?limit={}", n + 1), headers, "").0;
    for n in 0..5 {
        // What a stranger says of where the request comes from makes no new caller.
        let head = ask(n, &format!("X-Forwarded-For: 192.0.2.{n}\r\n"));
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(line(&head, "RateLimit"), Some(format!("\"requests\";r={};t=12", 4 - n).as_str()), "{head}");
        assert_eq!(line(&head, "RateLimit-Policy"), Some("\"requests\";q=5;w=60"));
    }
    let (head, body) = service.ask("GET", "/v1/goals?limit=6", "Origin: https://example.org\r\n", "");
    assert!(head.starts_with("HTTP/1.1 429") && body.contains("/problems/rate-limited"), "{head}\n{body}");
    assert!(body.contains("5 from one address in 60 seconds"), "{body}");
    let wait: u64 = line(&head, "Retry-After").unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(line(&head, "Access-Control-Allow-Origin"), Some("*"));

    let (kept, _) = service.ask("GET", "/v1/goals?limit=1", "", "");
    assert!(kept.starts_with("HTTP/1.1 200"), "a kept answer costs nothing: {kept}");
    assert_eq!(line(&kept, "RateLimit"), None, "what one caller has left is nobody else's");
    let preflight = "Origin: https://example.org\r\nAccess-Control-Request-Method: GET\r\n";
    assert!(service.ask("OPTIONS", "/v1/goals", preflight, "").0.starts_with("HTTP/1.1 204"));
    assert!(service.admin("/health/live").0.starts_with("HTTP/1.1 200"));

    let head = ask(10, &pen.headers);
    assert!(head.starts_with("HTTP/1.1 200"), "another caller, at the same address: {head}");
    assert_eq!(line(&head, "RateLimit"), Some("\"requests\";r=4;t=12"));
    // Who guesses at tokens is counted by the address, which has none left.
    assert!(ask(11, "Authorization: Bearer e30.e30.e30\r\n").starts_with("HTTP/1.1 429"));
}

#[test]
fn a_large_answer_is_whole_for_a_reader_that_takes_its_time() {
    let folder = Folder::new("guards_large");
    let service = Service::start(&database(&folder), &[]);
    let path = "/v1/observations?limit=10000";
    let (head, at_once) = service.ask("GET", path, "", "");
    assert!(at_once.len() > 1_000_000, "{head}");
    for _ in 0..2 {
        let mut stream = service.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let (mut slowly, mut part) = (vec![], vec![0; 256 * 1024]);
        loop {
            match stream.read(&mut part).unwrap() {
                0 => break,
                length => slowly.extend_from_slice(&part[..length]),
            }
            thread::sleep(Duration::from_millis(20));
        }
        let slowly = String::from_utf8(slowly).unwrap();
        assert!(slowly.split_once("\r\n\r\n").unwrap().1 == at_once);
    }
}
