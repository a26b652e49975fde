//! Clients that send or take nothing, many at once: what they hold is little, and they are let go.
use crate::figures;
use crate::pen::Pen;
use crate::service::{Service, database};
use crate::support::Folder;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Waits until the service has as many connections as before.
#[track_caller]
fn let_go(service: &Service, before: usize, begun: Instant) -> Duration {
    while service.sockets() > before {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} more are open", service.sockets() - before);
        thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

#[test]
fn uploads_that_stand_still_are_let_go_and_keep_nobody_waiting() {
    let count = figures::either(300, 2_000);
    let (folder, pen) = (Folder::new("slow_uploads"), Pen::new("slow_uploads_keys", "sources:write"));
    let service = pen.start(&database(&folder), &[]);
    assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"));
    let (memory, open) = (service.memory(), service.sockets());
    let half =
        format!("PUT /v1/sources/a HTTP/1.1\r\nHost: x\r\n{}Content-Length: 1000\r\n\r\n{{\"title\":", pen.headers);
    let table = half.replace("/v1/sources/a", "/v1/sources");
    let mut stalled: Vec<TcpStream> = (0..count).map(|_| service.connect()).collect();
    let begun = Instant::now();
    for (n, stream) in stalled.iter_mut().enumerate() {
        stream.write_all(if n % 2 == 0 { half.as_bytes() } else { table.as_bytes() }).unwrap();
    }
    let asked = Instant::now();
    assert!(service.ask("GET", "/v1/goals?limit=3", "", "").0.starts_with("HTTP/1.1 200"));
    let (asked, grown) = (asked.elapsed(), service.memory().saturating_sub(memory));
    // Two bytes in a second are no better.
    let mut dribbling = service.connect();
    dribbling.write_all(half.as_bytes()).unwrap();
    let mut sending = dribbling.try_clone().unwrap();
    let dribbled = thread::spawn(move || {
        while begun.elapsed() < Duration::from_secs(25) && sending.write_all(b"a").is_ok() {
            thread::sleep(Duration::from_millis(500));
        }
    });
    stalled.push(dribbling);
    let closed = let_go(&service, open, begun);
    dribbled.join().unwrap();
    for stream in &mut stalled {
        let mut answer = vec![];
        drop(stream.read_to_end(&mut answer));
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("/problems/request-timeout"), "{answer}");
    }
    let told = format!(
        "{count}, each 408, all closed in {:.1} s; memory grew by {grown} MB; another was answered in {} ms meanwhile",
        closed.as_secs_f64(),
        asked.as_millis()
    );
    figures::tell("stalled uploads", told);
    // Nine seconds, and one in which the rest might have come.
    assert!((8..15).contains(&closed.as_secs()), "{closed:?}");
    assert!(grown < 100, "{grown} MB");
}

#[test]
fn readers_that_stand_still_hold_little_and_are_let_go() {
    let count = figures::either(100, 500);
    let folder = Folder::new("slow_readers");
    let service = Service::start(&database(&folder), &[]);
    // The largest page, of which there is one, and the whole table, which is written once for all of them.
    let paths = ["/v1/observations?limit=10000", "/v1/observations?format=csv"];
    assert!(service.ask("GET", paths[0], "", "").0.starts_with("HTTP/1.1 200"));
    let (memory, open) = (service.memory(), service.sockets());
    let mut readers: Vec<TcpStream> = (0..count).map(|_| service.connect()).collect();
    let begun = Instant::now();
    for (n, stream) in readers.iter_mut().enumerate() {
        write!(stream, "GET {} HTTP/1.1\r\nHost: x\r\n\r\n", paths[n % 2]).unwrap();
    }
    thread::sleep(Duration::from_secs(5));
    let grown = service.memory().saturating_sub(memory);
    assert!(service.ask("GET", "/v1/goals?limit=3", "", "").0.starts_with("HTTP/1.1 200"));
    let closed = let_go(&service, open, begun);
    let told = format!("{count}, all closed in {:.1} s; memory grew by {grown} MB", closed.as_secs_f64());
    figures::tell("slow readers of the largest answers", told);
    assert!(closed < Duration::from_secs(20), "{closed:?}");
    assert!(grown < 100, "{grown} MB");
}
