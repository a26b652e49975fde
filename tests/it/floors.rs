//! What others get while some ask for much: those who read while writers wait, those who ask for little while large
//! answers are made, and all of them while somebody tries tokens.
use crate::client::{Client, now, write};
use crate::figures;
use crate::keys::Hold;
use crate::rows::source;
use crate::service::{Service, database};
use crate::signer::{Pair, local_claims};
use crate::support::{Folder, databases};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use futures_util::future::{join, join_all};
use jsonwebtoken::Algorithm;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[actix_web::test]
async fn those_who_read_do_not_wait_for_those_who_write() {
    for base in databases("floors_writers") {
        let client = Client::new(&base.db).await;
        let hold = Hold::on(&base);
        let begun = Instant::now();
        // More than may write at once, and all of them wait for another process.
        let writing = join_all((0..100).map(|n| {
            let id = format!("s-{n}");
            client.send(write("PUT", &format!("/v1/sources/{id}")).set_json(source(&id, "T")))
        }));
        let reading = async {
            actix_web::rt::time::sleep(Duration::from_millis(200)).await;
            let mut slowest = Duration::ZERO;
            for n in 1..=30 {
                let asked = Instant::now();
                client.get(&format!("/v1/municipalities?limit={n}")).await.done(200);
                slowest = slowest.max(asked.elapsed());
            }
            (slowest, begun.elapsed())
        };
        let (written, (slowest, read)) = join(writing, reading).await;
        let refused = begun.elapsed();
        drop(hold);
        for answer in &written {
            assert_eq!(answer.status, 503, "{}: {}", base.label, answer.text());
            assert!(answer.header("retry-after").is_some(), "{}", base.label);
        }
        assert!(slowest < Duration::from_secs(1), "{}: a read took {slowest:?}", base.label);
        assert!(read < refused, "{}: they read after the writers had gone", base.label);
        assert!(refused < Duration::from_millis(5_200), "{}: writers waited {refused:?}", base.label);
        let told = format!(
            "{}: 30 reads, the slowest {} ms; writers told after {refused:.1?}",
            base.label,
            slowest.as_millis()
        );
        figures::tell("reads while all writers wait", told);
        client.put("/v1/sources/after", &source("after", "T")).await.done(201);
    }
}

/// Asks again and again over one connection for what costs nothing, and gives how long each answer took, in order of
/// that.
fn probe(service: &Service, path: &str, until: impl Fn() -> bool) -> Vec<Duration> {
    let mut stream = service.connect();
    let mut took = vec![];
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut buffer = vec![0; 65_536];
    while !until() {
        let begun = Instant::now();
        // In one piece: of several the second would wait until the first is confirmed.
        stream.write_all(request.as_bytes()).unwrap();
        // The head and the body of these come in one piece.
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "{path}: the connection was closed");
        took.push(begun.elapsed());
        thread::sleep(Duration::from_millis(10));
    }
    took.sort_unstable();
    took
}

/// Reads one answer with a length, and gives its status.
fn status(stream: &mut TcpStream) -> u16 {
    let (mut answer, mut part) = (vec![], [0; 4_096]);
    loop {
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "it ends: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let named =
            |line: &str| line.to_lowercase().strip_prefix("content-length: ").map(|n| n.parse::<usize>().unwrap());
        if body.len() >= head.lines().find_map(named).unwrap() {
            return head[9..12].parse().unwrap();
        }
    }
}

#[test]
fn who_asks_for_little_is_answered_while_large_answers_are_made() {
    let folder = Folder::new("floors_large");
    // One worker: whatever held it up would hold up everybody.
    let service = Service::start(&database(&folder), &["--workers", "1", "--cache-mib", "0"]);
    let (over, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    let took = thread::scope(|scope| {
        for client in 0..4 {
            let (service, over, made) = (&service, &over, &made);
            scope.spawn(move || {
                for n in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                    let path = match (client + n) % 4 {
                        0 => format!("/v1/observations?limit={}", 10_000 - n),
                        1 => "/v1/observations?format=xlsx".to_owned(),
                        2 => "/v1/observations?indicator=population&format=json-stat2".to_owned(),
                        _ => "/v1/observations?format=csv".to_owned(),
                    };
                    let mut stream = service.connect();
                    let head =
                        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br\r\nConnection: close\r\n\r\n");
                    stream.write_all(head.as_bytes()).unwrap();
                    let mut answer = vec![];
                    stream.read_to_end(&mut answer).unwrap();
                    let status = &answer[9..12];
                    assert!(
                        status == b"200" || status == b"503",
                        "{path}: {}",
                        String::from_utf8_lossy(&answer[..200])
                    );
                    made.fetch_add(usize::from(status == b"200"), Ordering::Relaxed);
                }
            });
        }
        let begun = Instant::now();
        let took = probe(&service, "/nothing", || begun.elapsed() > Duration::from_secs(4));
        over.store(true, Ordering::Relaxed);
        took
    });
    let made = made.into_inner();
    let (middle, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    let told = format!(
        "{made} large answers by one worker meanwhile; others in {} ms (median), {} ms (99 %)",
        middle.as_millis(),
        most.as_millis()
    );
    figures::tell("small requests beside large ones", told);
    assert!(made > 4, "there was nothing large");
    assert!(middle < Duration::from_millis(250), "{middle:?}");
    assert!(most < Duration::from_millis(1_500), "{most:?}");
}

#[test]
fn who_tries_tokens_costs_little_and_holds_up_nobody() {
    const A_SECOND: usize = 500;
    let (folder, ours, theirs) =
        (Folder::new("floors_tokens"), Pair::new(Algorithm::RS256), Pair::new(Algorithm::RS256));
    let key = folder.0.join("public.pem");
    std::fs::write(&key, &ours.public).unwrap();
    let service = Service::start(&database(&folder), &["--public-key", key.to_str().unwrap()]);
    // Well formed, and under the name of our key: only the signature tells.
    let mut header = theirs.header();
    header["kid"] = ours.kid.clone().into();
    let signed = theirs.sign(&header, &local_claims(now()));
    let (head, signature) = (signed.split('.').next().unwrap(), signed.rsplit('.').next().unwrap());
    // Each another one: what was refused is not remembered.
    let token = |_| format!("{head}.{}.{signature}", BASE64.encode(local_claims(now()).to_string()));
    let tokens: Vec<String> = (0..2 * A_SECOND).map(token).collect();
    let (worked, begun, over) = (service.worked(), Instant::now(), AtomicBool::new(false));
    let (tried, took) = thread::scope(|scope| {
        let trying = scope.spawn(|| {
            let mut stream = service.connect();
            for (n, token) in tokens.iter().enumerate() {
                let due = begun + Duration::from_secs(1) * n as u32 / A_SECOND as u32;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let asked = format!("PUT /v1/sources/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
                stream.write_all(asked.as_bytes()).unwrap();
                assert_eq!(status(&mut stream), 401);
            }
            over.store(true, Ordering::Relaxed);
            begun.elapsed()
        });
        let took = probe(&service, "/v1/goals?fields=id&limit=3", || over.load(Ordering::Relaxed));
        (trying.join().unwrap(), took)
    });
    let worked = (service.worked() - worked).as_secs_f64();
    let told = format!(
        "{} in {:.1} s, 0 taken; {:.0} % of a core worked; reads in {} ms (median), {} ms (99 %)",
        tokens.len(),
        tried.as_secs_f64(),
        100.0 * worked / tried.as_secs_f64(),
        took[took.len() / 2].as_millis(),
        took[took.len() * 99 / 100].as_millis()
    );
    figures::tell("tokens with wrong signatures", told);
    assert!(worked / (tokens.len() as f64) < 0.002, "{worked} s for {} tokens", tokens.len());
    assert!(took[took.len() * 99 / 100] < Duration::from_secs(1), "{:?}", took.last());
    service.until_logged("tokens refused");
    assert!(service.logged().matches("tokens refused").count() <= 2 + tried.as_secs() as usize, "{}", service.logged());
}
