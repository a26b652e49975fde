//! Two processes of one database: every write of either is there, both show the same, and what is revoked is so at
//! both.
use crate::figures;
use crate::pen::Pen;
use crate::service::{Service, succeeds};
use crate::support::{Folder, empty};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;
const WRITES: usize = 20;

/// Waits until something is so, and tells how long that took.
#[track_caller]
fn soon(patience: Duration, what: &str, is: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < patience, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
    begun.elapsed()
}

#[test]
fn two_processes_write_one_database_and_show_the_same() {
    for base in empty("processes") {
        let (folder, pen) = (Folder::new("processes"), Pen::new("processes_keys", "sources:write"));
        let revoked = folder.0.join("revoked");
        std::fs::write(&revoked, "").unwrap();
        let start = || pen.start(&base.url, &["--empty", "--revoked", revoked.to_str().unwrap()]);
        let services = [start(), start()];
        let write = |service: &Service, id: &str| {
            let headers = format!("{}Idempotency-Key: the-key-of-{id}\r\n", pen.headers);
            let body = format!(r#"{{"title":"{id}","publisher":"P","kind":"report"}}"#);
            service.ask("PUT", &format!("/v1/sources/{id}"), &headers, &body)
        };
        thread::scope(|scope| {
            for client in 0..CLIENTS * services.len() {
                let (services, write) = (&services, &write);
                scope.spawn(move || {
                    for n in 0..WRITES {
                        let begun = Instant::now();
                        loop {
                            let (head, body) = write(&services[client % 2], &format!("client-{client}-{n}"));
                            if head.starts_with("HTTP/1.1 201") {
                                break;
                            }
                            let again = head.starts_with("HTTP/1.1 503") || head.starts_with("HTTP/1.1 409");
                            assert!(again && begun.elapsed() < Duration::from_secs(30), "{head}\n{body}");
                        }
                    }
                });
            }
        });
        let all = services.len() * CLIENTS * WRITES;
        let found = succeeds(&["check", "--database-url", &base.url]);
        assert_eq!(found, format!("revision {all}: 0 found\n"), "{}", base.label);

        for path in ["/v1/sources?limit=1000", "/v1/sources?limit=50&format=csv", "/v1/changes?after=0&limit=1000"] {
            let both = || services.each_ref().map(|service| service.ask("GET", path, "", ""));
            soon(Duration::from_secs(4), "they show different things", || {
                let [one, other] = both();
                let tag = |head: &str| head.lines().find(|line| line.starts_with("etag")).map(str::to_owned);
                one.1 == other.1 && tag(&one.0) == tag(&other.0) && tag(&one.0).is_some()
            });
        }
        let (_, list) = services[0].ask("GET", "/v1/sources?limit=1", "", "");
        assert!(list.contains(&format!("\"total\":{all},")), "{list}");

        std::fs::write(&revoked, "sub:operator\n").unwrap();
        let refused = |service: &Service| write(service, "late").0.starts_with("HTTP/1.1 401");
        let took = soon(Duration::from_secs(6), "what is revoked is taken", || services.iter().all(refused));
        figures::tell(
            "two processes of one database",
            format!("{}: {all} of {all} writes there; revoked at both after {} ms", base.label, took.as_millis()),
        );
    }
}
