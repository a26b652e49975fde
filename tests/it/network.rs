//! A network between the service and its database that is slow, narrow and loses some, or that parts one of two
//! instances from it.
use crate::answers::{header, status, told};
use crate::cluster::Cluster;
use crate::figures;
use crate::passage::Passage;
use crate::pen::Pen;
use crate::service::Service;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// The longest that anybody may wait for an answer; the machine that tests run on is slow.
const LONGEST: Duration = Duration::from_secs(5);

/// A server, a way to it, and the address of a database that leads there.
fn reached() -> Option<(Cluster, Passage, String)> {
    let cluster = Cluster::new()?;
    cluster.start();
    let passage = Passage::to(format!("127.0.0.1:{}", cluster.port()));
    let url = format!("postgres://postgres@{}/postgres", passage.address);
    Some((cluster, passage, url))
}

#[test]
fn on_a_bad_network_answers_are_late_or_refused_in_time_and_nobody_storms_the_server() {
    let Some((_cluster, passage, url)) = reached() else { return };
    let pen = Pen::new("network_bad", "sources:write");
    let service = pen.start(&url, &[]);
    assert!(told(service.ask("GET", "/v1/goals", "", "")));
    passage.slow(200, 10_000);
    let (connections, until) = (passage.connections(), Instant::now() + Duration::from_secs(4));
    let (answers, written, slowest) = (Mutex::new([0, 0]), Mutex::new(vec![]), Mutex::new(Duration::ZERO));
    let timed = |ask: &dyn Fn() -> (String, String)| {
        let begun = Instant::now();
        let fine = told(ask());
        let mut slowest = slowest.lock().unwrap();
        *slowest = slowest.max(begun.elapsed());
        answers.lock().unwrap()[usize::from(!fine)] += 1;
        fine
    };
    thread::scope(|scope| {
        for reader in 0..8 {
            let (service, timed) = (&service, &timed);
            scope.spawn(move || {
                for n in (0..).take_while(|_| Instant::now() < until) {
                    // Short ones, and those that no such network brings in time.
                    let path = match reader % 4 {
                        0 => format!("/v1/observations?limit={}", 5_000 + reader * 100 + n),
                        _ => format!("/v1/schemes?limit={}", 1 + reader * 100 + n),
                    };
                    timed(&|| service.ask("GET", &path, "", ""));
                }
            });
        }
        let (service, pen, timed, written) = (&service, &pen, &timed, &written);
        scope.spawn(move || {
            for n in (0..).take_while(|_| Instant::now() < until) {
                if timed(&|| pen.source(service, &format!("s-{n}"))) {
                    written.lock().unwrap().push(n);
                }
            }
        });
        while Instant::now() < until {
            assert!(told(service.ask("GET", "/v1/goals", "", "")), "what is kept is given");
            thread::sleep(Duration::from_millis(50));
        }
    });
    let connections = passage.connections() - connections;
    passage.slow(0, 0);
    let begun = Instant::now();
    while !told(service.ask("GET", "/v1/grants?limit=7", "", "")) {
        assert!(begun.elapsed() < Duration::from_secs(8), "it does not recover: {}", service.logged());
        thread::sleep(Duration::from_millis(20));
    }
    let ([fine, refused], slowest) = (answers.into_inner().unwrap(), slowest.into_inner().unwrap());
    figures::tell(
        "PostgreSQL over a bad network",
        format!(
            "{fine} answered, {refused} refused with 503, the slowest after {} ms; {connections} new connections; \
             recovery {} ms",
            slowest.as_millis(),
            begun.elapsed().as_millis()
        ),
    );
    assert!(slowest < LONGEST, "{slowest:?}");
    assert!(refused > 0, "the network was not bad");
    // Those of the pools, and one every quarter of a second to see whether it is better.
    assert!(connections < 40, "{connections} connections were made");
    for n in written.into_inner().unwrap() {
        assert!(told(service.ask("GET", &format!("/v1/sources/s-{n}"), "", "")), "s-{n} was acknowledged");
    }
}

#[test]
fn an_instance_that_is_parted_from_the_database_gives_what_it_has_and_catches_up() {
    let Some((cluster, passage, url)) = reached() else { return };
    let pen = Pen::new("network_parted", "sources:write");
    let other = pen.start(&cluster.url("postgres", "postgres"), &[]);
    let parted = pen.start(&url, &[]);
    let get = |service: &Service, path: &str| service.ask("GET", path, "", "");
    let (kept, old) = (get(&parted, "/v1/goals").1, get(&parted, "/v1/sources?limit=3").1);
    assert_eq!(status(&pen.source(&other, "before").0), 201);
    // It hears of the write, and so knows that one of the answers it has kept is old.
    let revision = other.ready().1["revision"].clone();
    parted.until_ready(|status, said| status == 200 && said["revision"] == revision);
    thread::sleep(Duration::from_millis(1_200));

    passage.shut(true);
    let begun = Instant::now();
    assert_eq!(status(&pen.source(&other, "meanwhile").0), 201, "the other goes on");
    for (path, known) in [("/v1/goals", &kept), ("/v1/sources?limit=3", &old)] {
        let (head, body) = get(&parted, path);
        assert_eq!((status(&head), &body), (200, known), "{path}: {head}");
        assert_eq!(header(&head, "Age").is_some(), path.contains("sources"), "{path}: {head}");
    }
    let (head, body) = get(&parted, "/v1/sources/meanwhile");
    assert!(status(&head) == 503 && header(&head, "Retry-After").is_some(), "{head}\n{body}");
    let (head, body) = pen.source(&parted, "lost");
    assert!(status(&head) == 503 && header(&head, "Retry-After").is_some(), "{head}\n{body}");
    parted.until_ready(|status, said| status == 503 && said["problem"] == "database-unavailable");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    assert_eq!(other.ready().0, 200);

    passage.shut(false);
    let begun = Instant::now();
    parted.until_ready(|status, _| status == 200);
    while status(&get(&parted, "/v1/sources/meanwhile").0) != 200 {
        assert!(begun.elapsed() < Duration::from_secs(8), "it does not catch up: {}", parted.logged());
        thread::sleep(Duration::from_millis(20));
    }
    let told = format!("it shows what was written meanwhile {} ms after", begun.elapsed().as_millis());
    figures::tell("an instance parted from PostgreSQL and back", told);
}
