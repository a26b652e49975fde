//! What a running service says of itself while its database is away, is not the one it was made for, or comes back.
use crate::cluster::Cluster;
use crate::figures;
use crate::service::{Service, succeeds};
use crate::support::{Base, Folder, databases, directly, empty};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::time::{Duration, Instant};

const SECRET: &str = "hemmelig-passord-91";

#[test]
fn it_comes_up_without_its_server_and_opens_the_database_when_that_is_there() {
    let Some(cluster) = Cluster::new() else { return };
    let url = cluster.url(&format!("postgres:{SECRET}"), "postgres");
    let begun = Instant::now();
    let service = Service::until("listening on", &url, &[], &[("RUST_LOG", "trace")]);
    let up = begun.elapsed();
    assert!(service.admin("/health/live").0.starts_with("HTTP/1.1 200"));
    let (status, said) = service.ready();
    let problem = said["problem"].as_str().unwrap().to_owned();
    assert!(status == 503 && ["database-opening", "database-unavailable"].contains(&problem.as_str()), "{said}");
    service.until_ready(|_, said| said["problem"] == "database-unavailable");
    assert_eq!((&said["revision"], &said["writes"]), (&serde_json::Value::Null, &"unavailable".into()), "{said}");
    for path in ["/v1/goals", "/v1/about", "/v1/changes?after=0&wait=30", "/v1/plans/rus-2016-2020/results"] {
        let asked = Instant::now();
        let (head, body) = service.ask("GET", path, "", "");
        assert!(
            head.starts_with("HTTP/1.1 503") && body.contains("/problems/database-unavailable"),
            "{path}: {head}\n{body}"
        );
        let head = head.to_lowercase();
        assert!(
            head.contains("retry-after: ") && head.contains("x-request-id: ") && body.contains("\"instance\""),
            "{head}\n{body}"
        );
        assert!(asked.elapsed() < Duration::from_secs(10), "{path}: it waits for what is not there");
    }
    for path in ["/", "/openapi.json", "/problems/database-unavailable"] {
        assert!(service.ask("GET", path, "", "").0.starts_with("HTTP/1.1 200"), "{path}");
    }
    let (head, text) = service.admin("/metrics");
    assert!(head.starts_with("HTTP/1.1 200") && text.contains("\nopptrapping_revision 0\n"), "{text}");

    cluster.start();
    let healed = service.until_ready(|status, _| status == 200);
    let (_, said) = service.ready();
    assert!(said["revision"].as_i64().unwrap() > 0, "{said}");
    assert_eq!((&said["database"], &said["schema"]), (&"available".into(), &"current".into()), "{said}");
    assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"));
    assert!(succeeds(&["check", "--database-url", &url]).contains(": 0 found"));

    cluster.stop();
    service.until_ready(|status, said| status == 503 && said["problem"] == "database-unavailable");
    assert!(service.admin("/health/live").0.starts_with("HTTP/1.1 200"));
    cluster.start();
    let again = service.until_ready(|status, _| status == 200);
    println!(
        "up after {up:?} without a server; ready {healed:?} after it was started, and {again:?} after it was again"
    );
    let log = service.logged();
    assert!(log.contains("TRACE") && !log.contains(SECRET), "the password is in the log");
    assert_eq!(log.matches("the database cannot be opened").count(), 1, "it is told once: {log:.3000}");
}

#[test]
fn an_account_or_a_database_that_there_is_not_is_told_apart_and_waited_for() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let mut admin = PgConnection::establish(&cluster.url("postgres", "postgres")).unwrap();
    let url = cluster.url(&format!("late:{SECRET}"), "late");
    let service = Service::until("listening on", &url, &["--empty"], &[("RUST_LOG", "trace")]);
    service.until_ready(|_, said| said["problem"] == "database-refused");
    admin.batch_execute("CREATE ROLE late LOGIN SUPERUSER").unwrap();
    service.until_ready(|_, said| said["problem"] == "database-missing");
    admin.batch_execute("CREATE DATABASE late TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'").unwrap();
    service.until_ready(|status, _| status == 200);
    assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"));
    let (_, said) = service.ready();
    assert!(!said.to_string().contains("late") && !said.to_string().contains(SECRET), "{said}");
    assert!(!service.logged().contains(SECRET), "the password is in the log");
}

#[test]
fn a_schema_that_it_may_not_bring_up_to_date_is_told_and_tried_again() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let mut admin = PgConnection::establish(&cluster.url("postgres", "postgres")).unwrap();
    admin.batch_execute("CREATE ROLE poor LOGIN").unwrap();
    admin.batch_execute("CREATE DATABASE poor TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'").unwrap();
    let service = Service::until("listening on", &cluster.url("poor", "poor"), &["--empty"], &[]);
    service.until_ready(|status, said| status == 503 && said["problem"] == "schema-older");
    let (head, body) = service.ask("GET", "/v1/goals", "", "");
    assert!(head.starts_with("HTTP/1.1 503") && body.contains("/problems/database-unavailable"), "{head}\n{body}");
    let mut there = PgConnection::establish(&cluster.url("postgres", "poor")).unwrap();
    there.batch_execute("GRANT CREATE ON SCHEMA public TO poor").unwrap();
    let healed = service.until_ready(|status, said| status == 200 && said["schema"] == "current");
    assert!(healed < Duration::from_secs(10), "{healed:?}");
    assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_password_in_an_address_that_cannot_be_read_is_not_told() {
    let url = format!("postgres://postgres:{SECRET}@[::1/opptrapping");
    let service = Service::until("cannot be opened", &url, &[], &[("RUST_LOG", "trace")]);
    service.until_ready(|_, said| said["problem"] == "database-unavailable");
    assert!(!service.logged().contains(SECRET), "{}", service.logged());
    let output = crate::service::run(&["check", "--database-url", &url]);
    assert!(!output.status.success());
    assert!(!String::from_utf8_lossy(&output.stderr).contains(SECRET), "it is told on the command line");
}

#[test]
fn four_instances_that_start_at_once_on_an_empty_server_all_serve() {
    for base in empty("readiness_four").into_iter().filter(|base| base.label == "postgres") {
        let (rounds, mut slowest) = (figures::either(2, 10), Duration::ZERO);
        for _ in 0..rounds {
            directly(&base, |conn| conn.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap());
            let begun = Instant::now();
            let services: Vec<Service> = std::thread::scope(|scope| {
                let start = || Service::until("listening on", &base.url, &[], &[]);
                let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
                starting.into_iter().map(|one| one.join().unwrap()).collect()
            });
            for service in &services {
                service.until_ready(|status, said| status == 200 && said["revision"] == 20);
                assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"));
                let log = service.logged();
                assert!(!log.contains("ERROR"), "{log}");
            }
            slowest = slowest.max(begun.elapsed());
            let loaded =
                services.iter().filter(|service| service.logged().contains("loaded the reference data")).count();
            assert_eq!(loaded, 1, "the reference data is loaded once");
            assert!(succeeds(&["check", "--database-url", &base.url]).contains("revision 20: 0 found"));
        }
        let told = format!("{rounds} times, 0 failures; all four serve after {:.1} s at most", slowest.as_secs_f64());
        figures::tell("4 instances started on an empty PostgreSQL", told);
    }
}

/// A migration that this program does not have.
fn stranger(base: &Base, comes: bool) {
    directly(base, |conn| {
        conn.batch_execute(if comes {
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')"
        } else {
            "DELETE FROM __diesel_schema_migrations WHERE version = '29991231000000'"
        })
        .unwrap();
    });
}

#[test]
fn a_newer_schema_is_read_and_not_written_from_the_start_or_from_when_it_comes() {
    let folder = Folder::new("readiness_newer");
    let keys = folder.0.join("keys").to_str().unwrap().to_owned();
    succeeds(&["keygen", &keys]);
    let token = succeeds(&["token", "--scope", "admin", "--keys", &keys]);
    let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", token.trim());
    let body = r#"{"title":"T","publisher":"P","kind":"report"}"#;
    for base in databases("readiness_newer") {
        stranger(&base, true);
        let service = Service::start(&base.url, &["--public-key", &format!("{keys}/public.pem")]);
        let put = |id: &str| service.ask("PUT", &format!("/v1/sources/{id}"), &headers, body);
        let refused = || {
            let (status, said) = service.ready();
            assert_eq!((status, &said["problem"], &said["schema"]), (503, &"schema-newer".into(), &"newer".into()));
            assert_eq!((&said["database"], &said["writes"]), (&"available".into(), &"unavailable".into()), "{said}");
            let (head, answer) = put("a");
            assert!(head.starts_with("HTTP/1.1 503") && answer.contains("/problems/schema-newer"), "{head}\n{answer}");
            assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"), "{}", base.label);
        };
        refused();
        stranger(&base, false);
        service.until_ready(|status, said| status == 200 && said["writes"] == "available");
        assert!(put("b").0.starts_with("HTTP/1.1 201"), "{}", base.label);
        stranger(&base, true);
        service.until_ready(|status, _| status == 503);
        refused();
        base.db.refresh().unwrap();
        assert_eq!(service.ready().1["revision"], base.db.head().revision, "{}", base.label);
    }
}
