//! A server that stops answering, or goes away and comes back, under requests.
use crate::answers::{header, status};
use crate::cluster::Cluster;
use crate::figures;
use crate::passage::Passage;
use crate::pen::Pen;
use crate::service::Service;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that anybody may wait for an answer; the machine that tests run on is slow.
const LONGEST: Duration = Duration::from_secs(5);

/// The longest that many had to wait.
#[derive(Default)]
struct Slowest(Mutex<Duration>);

impl Slowest {
    #[track_caller]
    fn note(&self, begun: Instant) {
        let took = begun.elapsed();
        assert!(took < LONGEST, "{took:?}");
        let mut slowest = self.0.lock().unwrap();
        *slowest = slowest.max(took);
    }

    fn milliseconds(&self) -> u128 {
        self.0.lock().unwrap().as_millis()
    }
}

/// Waits until an answer that must be computed is given again, and tells how long that took.
fn recovered(service: &Service, path: &str, row: &str, slowest: &Slowest) {
    let begun = Instant::now();
    while status(&service.ask("GET", path, "", "").0) != 200 {
        assert!(begun.elapsed() < Duration::from_secs(4), "it does not recover");
        thread::sleep(Duration::from_millis(20));
    }
    let recovery = begun.elapsed().as_millis();
    figures::tell(row, format!("slowest answer {} ms, recovery {recovery} ms", slowest.milliseconds()));
}

#[test]
fn a_frozen_server_is_waited_for_no_longer_than_three_seconds() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let service = Service::start(&cluster.url("postgres", "postgres"), &[]);
    let (kept, body) = service.ask("GET", "/v1/goals", "", "");
    assert_eq!(status(&kept), 200);
    cluster.signal("STOP");
    let slowest = Slowest::default();
    thread::scope(|scope| {
        for n in 0..100 {
            let (service, slowest) = (&service, &slowest);
            scope.spawn(move || {
                // Half of them ask for the same, and wait for one another.
                let path = format!("/v1/grants?limit={}", if n % 2 == 0 { 1 } else { n });
                let begun = Instant::now();
                let (head, body) = service.ask("GET", &path, "Origin: https://example.org\r\n", "");
                slowest.note(begun);
                assert_eq!(status(&head), 503, "{head}\n{body}");
                assert!(header(&head, "Retry-After").is_some(), "{head}");
                assert_eq!(header(&head, "Access-Control-Allow-Origin"), Some("*"), "{head}");
                assert!(header(&head, "X-Request-Id").is_some(), "{head}");
            });
        }
    });
    let (head, again) = service.ask("GET", "/v1/goals", "", "");
    assert_eq!((status(&head), again), (200, body), "what is kept is given");
    // It is known now: others need not find it out, but for one now and then.
    let begun = Instant::now();
    for n in 200..220 {
        assert_eq!(status(&service.ask("GET", &format!("/v1/grants?limit={n}"), "", "").0), 503);
    }
    assert!(begun.elapsed() < LONGEST, "each waits again: {:?}", begun.elapsed());
    let metrics = service.admin("/metrics").1;
    assert!(metrics.contains("\nopptrapping_breaker_open 1\n"), "{metrics}");
    assert!(!metrics.contains("lane_given_up_total{lane=\"reads\"} 0\n"), "{metrics}");
    cluster.signal("CONT");
    recovered(&service, "/v1/grants?limit=2", "PostgreSQL frozen", &slowest);
}

/// Stops a server in both ways there are and starts it again, while others write: the longest until one of them was
/// acknowledged again.
fn restarted(cluster: &Cluster, service: &Service, acknowledged: &AtomicUsize) -> Duration {
    let until = |more: usize| {
        let (before, begun) = (acknowledged.load(Ordering::Relaxed), Instant::now());
        while acknowledged.load(Ordering::Relaxed) < before + more {
            assert!(begun.elapsed() < Duration::from_secs(8), "it does not recover: {}", service.logged());
            thread::sleep(Duration::from_millis(10));
        }
    };
    until(10);
    let again = |end: fn(&Cluster)| {
        end(cluster);
        thread::sleep(Duration::from_millis(1_500));
        cluster.start();
        let up = Instant::now();
        until(1);
        let recovery = up.elapsed();
        until(10);
        recovery
    };
    again(Cluster::stop).max(again(Cluster::kill))
}

#[test]
fn a_server_that_is_restarted_under_load_costs_no_500_and_nothing_that_was_acknowledged() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let pen = Pen::new("faults_restart", "sources:write");
    let service = pen.start(&cluster.url("postgres", "postgres"), &[]);
    assert_eq!(status(&service.ask("GET", "/v1/goals", "", "").0), 200);

    let (over, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let refused = AtomicUsize::new(0);
    let fits = |head: &str, body: &str| match status(head) {
        200 | 201 => true,
        503 => {
            assert!(header(head, "Retry-After").is_some(), "{head}");
            refused.fetch_add(1, Ordering::Relaxed);
            false
        }
        _ => panic!("{head}\n{body}"),
    };
    let (mut written, mut recovery, mut given) = (vec![], Duration::ZERO, 0);
    thread::scope(|scope| {
        let kept = scope.spawn(|| {
            let mut given = 0;
            while !over.load(Ordering::Relaxed) {
                let (head, _) = service.ask("GET", "/v1/goals", "", "");
                assert_eq!(status(&head), 200, "{head}");
                given += 1;
            }
            given
        });
        let reads = scope.spawn(|| {
            for n in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                let (head, body) = service.ask("GET", &format!("/v1/grants?limit={}", n % 9_999 + 1), "", "");
                fits(&head, &body);
            }
        });
        let writes = scope.spawn(|| {
            let mut written = vec![];
            for n in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                let (head, body) = pen.source(&service, &format!("s-{n}"));
                if fits(&head, &body) {
                    written.push(n);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            }
            written
        });
        // A failure here must end the threads too, or it would be waited for without end.
        let restarting = std::panic::AssertUnwindSafe(|| restarted(&cluster, &service, &acknowledged));
        let done = std::panic::catch_unwind(restarting);
        over.store(true, Ordering::Relaxed);
        given = kept.join().unwrap();
        reads.join().unwrap();
        written = writes.join().unwrap();
        recovery = done.unwrap();
    });
    assert!(refused.load(Ordering::Relaxed) > 0, "it was never away");
    for n in &written {
        assert_eq!(status(&service.ask("GET", &format!("/v1/sources/s-{n}"), "", "").0), 200, "s-{n}");
    }
    let told = format!(
        "0 x 500; kept answers {given} of {given} 200; {} refused with 503; {} writes acknowledged, 0 lost; writes again {} ms after it is up",
        refused.load(Ordering::Relaxed),
        written.len(),
        recovery.as_millis()
    );
    figures::tell("PostgreSQL restarted under load", told);
}

#[test]
fn a_network_that_swallows_everything_holds_nobody_up() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let url = cluster.url("postgres", "postgres");
    let (_, server) = url.split_once('@').unwrap();
    let (server, name) = server.split_once('/').unwrap();
    let passage = Passage::to(server.to_owned());
    let service = Service::start(&format!("postgres://postgres@{}/{name}", passage.address), &[]);
    let (kept, _) = service.ask("GET", "/v1/goals", "", "");
    assert_eq!(status(&kept), 200);
    passage.shut(true);
    let slowest = Slowest::default();
    thread::scope(|scope| {
        for n in 1..=40 {
            let (service, slowest) = (&service, &slowest);
            scope.spawn(move || {
                let begun = Instant::now();
                let (head, _) = service.ask("GET", &format!("/v1/grants?limit={n}"), "", "");
                slowest.note(begun);
                assert_eq!(status(&head), 503, "{head}");
            });
        }
    });
    assert_eq!(status(&service.ask("GET", "/v1/goals", "", "").0), 200, "what is kept is given");
    passage.shut(false);
    recovered(&service, "/v1/grants?limit=1", "PostgreSQL black-holed", &slowest);
}

#[test]
fn a_server_that_became_a_standby_is_not_written_to_and_is_left_for_one_that_takes_writes() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let pen = Pen::new("faults_standby", "sources:write");
    let url = cluster.url("postgres", "postgres");
    let service = pen.start(&url, &[]);
    let write = |id: &str| pen.source(&service, id);
    assert_eq!(status(&write("a").0), 201);

    // As after a failover, connections are new and the server takes no writes.
    let turn = |read_only: &str| {
        let mut conn = PgConnection::establish(&url).unwrap();
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'";
        conn.batch_execute("SET default_transaction_read_only = off").unwrap();
        conn.batch_execute(&format!("ALTER DATABASE postgres SET default_transaction_read_only = {read_only}"))
            .unwrap();
        conn.batch_execute(others).unwrap();
    };
    turn("on");
    let mut refused = 0;
    for _ in 0..10 {
        let (head, body) = write("b");
        assert_eq!(status(&head), 503, "{head}\n{body}");
        assert!(body.contains("/problems/database-unavailable") && header(&head, "Retry-After").is_some(), "{body}");
        refused += 1;
        assert_eq!(status(&service.ask("GET", &format!("/v1/grants?limit={refused}"), "", "").0), 200);
    }

    // Without ending the connections that cannot write: they are given up by themselves.
    let mut conn = PgConnection::establish(&url).unwrap();
    conn.batch_execute("SET default_transaction_read_only = off").unwrap();
    conn.batch_execute("ALTER DATABASE postgres SET default_transaction_read_only = off").unwrap();
    let begun = Instant::now();
    while status(&write("b").0) != 201 {
        assert!(begun.elapsed() < Duration::from_secs(4), "it does not write again: {}", service.logged());
        thread::sleep(Duration::from_millis(20));
    }
}
