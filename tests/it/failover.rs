//! Two servers, one of which follows the other: the first is killed, the second takes its place, and the first comes back
//! as if nothing had happened.
use crate::answers::{header, status};
use crate::cluster::Cluster;
use crate::figures;
use crate::pen::Pen;
use crate::service::Service;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Writes that were acknowledged, each with when.
struct Acknowledged(Mutex<Vec<(usize, Instant)>>);

impl Acknowledged {
    /// Waits until `more` are acknowledged, and gives when the first of them was.
    fn wait(&self, more: usize, service: &Service) -> Instant {
        let (before, begun) = (self.0.lock().unwrap().len(), Instant::now());
        loop {
            if let Some((_, first)) =
                Some(self.0.lock().unwrap()).filter(|all| all.len() >= before + more).map(|all| all[before])
            {
                return first;
            }
            assert!(begun.elapsed() < Duration::from_secs(15), "it does not write: {}", service.logged());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[derive(QueryableByName)]
struct Revision {
    #[diesel(sql_type = BigInt)]
    revision: i64,
}

fn revision(conn: &mut PgConnection) -> i64 {
    diesel::sql_query("SELECT revision FROM dataset").get_result::<Revision>(conn).unwrap().revision
}

#[test]
fn a_standby_that_is_promoted_takes_the_writes_and_has_all_that_were_acknowledged() {
    let Some(primary) = Cluster::new() else { return };
    primary.start();
    let standby = primary.standby();
    let pen = Pen::new("failover", "sources:write");
    let url = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres", primary.port(), standby.port());
    let service = pen.start(&url, &[]);
    let (over, done) = (AtomicBool::new(false), Acknowledged(Mutex::default()));
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                let (head, body) = pen.source(&service, &format!("s-{n}"));
                match status(&head) {
                    201 => done.0.lock().unwrap().push((n, Instant::now())),
                    503 => assert!(header(&head, "Retry-After").is_some(), "{head}"),
                    _ => panic!("{head}\n{body}"),
                }
            }
        });
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            done.wait(20, &service);
            primary.kill();
            thread::sleep(Duration::from_millis(1_500));
            standby.promote();
            let promoted = Instant::now();
            let resumed = done.wait(20, &service).saturating_duration_since(promoted);
            figures::tell(
                "primary killed, standby promoted",
                format!("writes resume {} ms after it", resumed.as_millis()),
            );
            assert!(resumed < Duration::from_secs(4), "{resumed:?}");

            // The first comes back as a primary, and is the first that is asked.
            primary.start();
            let mut first = PgConnection::establish(&primary.url("postgres", "postgres")).unwrap();
            let (old, newer) = (revision(&mut first), done.0.lock().unwrap().len());
            let mut second = PgConnection::establish(&standby.url("postgres", "postgres")).unwrap();
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'";
            second.batch_execute(others).unwrap();
            done.wait(20, &service);
            assert_eq!(revision(&mut first), old, "a write went to the former primary");
            assert!(revision(&mut second) > old && newer > 0);
        }));
        over.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        told.unwrap();
    });
    let acknowledged = done.0.into_inner().unwrap();
    for (n, _) in &acknowledged {
        assert_eq!(status(&service.ask("GET", &format!("/v1/sources/s-{n}"), "", "").0), 200, "s-{n}");
    }
    figures::tell("primary killed, standby promoted", format!("{} writes acknowledged, 0 lost", acknowledged.len()));
}
