//! What a service that was started has answered, and what of it is there.
use crate::service::{Service, succeeds};
use std::collections::BTreeSet;

pub fn status(head: &str) -> u16 {
    head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {head:?}"))
}

pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

/// Whether an answer is one, or a refusal that says when to come again. Nothing else may be told while a database is away.
#[track_caller]
pub fn told((head, body): (String, String)) -> bool {
    let fine = matches!(status(&head), 200 | 201);
    assert!(fine || (status(&head) == 503 && header(&head, "Retry-After").is_some()), "{head}\n{body}");
    fine
}

/// How many sources a service says that there are.
#[track_caller]
pub fn sources(service: &Service) -> usize {
    let (head, body) = service.ask("GET", "/v1/sources?limit=1", "", "");
    assert_eq!(status(&head), 200, "{head}\n{body}");
    serde_json::from_str::<serde_json::Value>(&body).unwrap()["total"].as_u64().unwrap() as usize
}

/// Which of these sources a database does not have, whatever serves it; all else in it is sound.
#[track_caller]
pub fn lost<'w>(url: &str, written: &'w [String]) -> Vec<&'w String> {
    assert!(succeeds(&["check", "--database-url", url]).contains(": 0 found"));
    let there = succeeds(&["export", "sources", "--database-url", url]);
    let there: BTreeSet<&str> = there.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    written.iter().filter(|id| !there.contains(id.as_str())).collect()
}
