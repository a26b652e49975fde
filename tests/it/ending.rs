//! The end of a running service: what it has taken it answers, and clients that do as they are told see no connection break.
use crate::bulk::table;
use crate::figures;
use crate::service::{Service, database, succeeds};
use crate::support::{Folder, databases};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opptrapping::db::Statement;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How a service is told to end later than at once.
const LATER: [&str; 2] = ["--lame-duck-seconds", "2"];

/// A whole answer: whether it says that the connection ends, and its status.
struct Answer {
    status: u16,
    closes: bool,
    body: Vec<u8>,
}

/// Reads one answer, in either framing; the error says where it broke off.
fn answer(stream: &mut BufReader<TcpStream>) -> Result<Answer, String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = stream.read_line(&mut head).map_err(|e| format!("in the head: {e}"))?;
        if read == 0 {
            return Err(format!("it ends in the head: {head:?}"));
        }
    }
    let head = head.to_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let status = head[9..12].parse().map_err(|e| format!("{head:?}: {e}"))?;
    let closes = header("connection") == Some("close");
    let mut body = vec![];
    if header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size).map_err(|e| format!("in a piece: {e}"))?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(|e| format!("{size:?}: {e}"))?;
            let mut piece = vec![0; size + 2];
            stream.read_exact(&mut piece).map_err(|e| format!("in a piece: {e}"))?;
            body.extend_from_slice(&piece[..size]);
            if size == 0 {
                break;
            }
        }
    } else {
        body.resize(header("content-length").map_or(0, |length| length.parse().unwrap()), 0);
        stream.read_exact(&mut body).map_err(|e| format!("in the body: {e}"))?;
    }
    Ok(Answer { status, closes, body })
}

fn ask(stream: &mut BufReader<TcpStream>, path: &str) -> Result<Answer, String> {
    let sent = write!(stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    sent.map_err(|e| format!("{path}: {e}"))?;
    answer(stream).map_err(|e| format!("{path}: {e}"))
}

/// A client that keeps its connection until it is asked to close it, and then goes elsewhere. Gives how many answers it got.
fn client(service: &Service, number: usize) -> Result<usize, String> {
    let mut stream = BufReader::new(service.connect());
    for n in 0.. {
        // Kept answers, computed ones, and large ones that take a while.
        let path = match (number + n) % 3 {
            0 => "/v1/goals".to_owned(),
            1 => format!("/v1/municipalities?limit={}", 1 + (n * 31 + number * 7) % 400),
            _ => format!("/v1/municipalities?format=csv&valid_on={}-06-01", 2007 + (n + number) % 19),
        };
        let answer = ask(&mut stream, &path)?;
        if answer.status != 200 || answer.body.is_empty() {
            return Err(format!("{path}: {} with {} bytes", answer.status, answer.body.len()));
        }
        if answer.closes {
            return match stream.read(&mut [0]) {
                Ok(0) => Ok(n + 1),
                other => Err(format!("it was to end, and there is {other:?}")),
            };
        }
    }
    unreachable!("it goes on until it is told to end")
}

#[test]
fn under_load_every_request_is_answered_and_no_connection_breaks() {
    for base in databases("ending_load") {
        let mut service = Service::start(&base.url, &LATER);
        let (begun, answers) = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|n| {
                    scope.spawn({
                        let service = &service;
                        move || client(service, n)
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_secs(1));
            service.signal("TERM");
            let begun = Instant::now();
            service
                .until_ready(|status, said| status == 503 && said["draining"] == true && said["problem"] == "draining");
            // One that has not heard of it is taken, answered, and told.
            let late = ask(&mut BufReader::new(service.connect()), "/v1/goals").unwrap();
            assert!(late.status == 200 && late.closes, "{}", base.label);
            let told: Result<Vec<usize>, String> = clients.into_iter().map(|client| client.join().unwrap()).collect();
            (begun, told.unwrap_or_else(|e| panic!("{}: {e}", base.label)).iter().sum::<usize>())
        });
        assert_eq!(service.ended(Duration::from_secs(30)), Some(0), "{}", service.logged());
        let ended = begun.elapsed().as_secs_f64();
        let told =
            format!("{}: {answers} answers, all whole, 0 connections broken; it ended after {ended:.1} s", base.label);
        figures::tell("SIGTERM under load", told);
        assert!(answers > 16, "{}: there was no load", base.label);
        service.until_logged("everything was answered");
    }
}

#[test]
fn those_who_wait_for_changes_are_answered_and_streams_end_as_they_should() {
    let folder = Folder::new("ending_waiting");
    let mut service = Service::start(&database(&folder), &LATER);
    let head: i64 = service.ready().1["revision"].as_i64().unwrap();
    let mut polling = BufReader::new(service.connect());
    write!(polling.get_mut(), "GET /v1/changes?after={head}&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut stream = BufReader::new(service.connect());
    let events = format!("GET /v1/changes?after={head} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    stream.get_mut().write_all(events.as_bytes()).unwrap();
    let both = "opptrapping_feed_waiting_clients 2\n";
    let begun = Instant::now();
    while !service.admin("/metrics").1.contains(both) {
        assert!(begun.elapsed() < Duration::from_secs(20), "they do not wait");
    }
    service.signal("TERM");
    let page = answer(&mut polling).unwrap();
    assert_eq!(page.status, 200);
    let page: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(0), "{page}");
    let events = answer(&mut stream).unwrap();
    assert!(events.status == 200 && events.body.starts_with(b"retry: "), "a stream ends with its last piece");
    assert_eq!(service.ended(Duration::from_secs(30)), Some(0), "{}", service.logged());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (second, code) in [("TERM", 143), ("INT", 130)] {
        let folder = Folder::new("ending_twice");
        let mut service = Service::start(&database(&folder), &["--empty", "--lame-duck-seconds", "60"]);
        service.signal("TERM");
        service.until_ready(|status, _| status == 503);
        let begun = Instant::now();
        service.signal(second);
        assert_eq!(service.ended(Duration::from_secs(30)), Some(code), "{}", service.logged());
        println!("{second}: it ended {:?} after the second signal", begun.elapsed());
    }
}

#[test]
fn at_a_terminal_it_ends_without_waiting_for_others_to_notice() {
    let folder = Folder::new("ending_interrupt");
    let mut service = Service::start(&database(&folder), &["--empty", "--lame-duck-seconds", "60"]);
    service.signal("INT");
    assert_eq!(service.ended(Duration::from_secs(30)), Some(0), "{}", service.logged());
}

#[test]
fn a_table_that_is_being_written_is_there_whole_or_not_at_all() {
    const ROWS: usize = 8_000;
    for base in databases("ending_table") {
        let folder = Folder::new("ending_table");
        let keys = folder.0.join("keys").to_str().unwrap().to_owned();
        succeeds(&["keygen", &keys]);
        let token = succeeds(&["token", "--scope", "admin", "--keys", &keys]);
        let csv = table(&base, ROWS);
        let request = format!(
            "PUT /v1/observations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{csv}",
            token.trim(),
            csv.len()
        );
        let before = base.db.head().revision;
        let mut service = Service::start(&base.url, &["--public-key", &format!("{keys}/public.pem")]);
        let mut stream = BufReader::new(service.connect());
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        service.signal("TERM");
        let told = answer(&mut stream).map(|answer| answer.status);
        assert_eq!(service.ended(Duration::from_secs(30)), Some(0), "{}", service.logged());
        base.db.refresh().unwrap();
        let sql = "SELECT COUNT(*) FROM observations WHERE published >= '2100'";
        let written = base.db.read(|conn| Ok(Statement::new(sql).row::<(i64,)>(conn)?)).unwrap().unwrap().0 as usize;
        println!("{}: {told:?}, and {written} of {ROWS} rows are there", base.label);
        assert!(written == 0 || written == ROWS, "{}: {written} rows", base.label);
        assert_eq!(base.db.head().revision - before, i64::from(written > 0), "{}", base.label);
        assert!(told.is_err() || (told == Ok(200)) == (written == ROWS), "{}: {told:?}, {written} rows", base.label);
    }
}

#[test]
fn a_query_that_does_not_end_does_not_hold_it_up() {
    for base in databases("ending_stuck").into_iter().filter(|base| base.label == "postgres") {
        let mut holder = PgConnection::establish(&base.url).unwrap();
        let mut service = Service::start(&base.url, &[]);
        holder.batch_execute("BEGIN; LOCK TABLE goals IN ACCESS EXCLUSIVE MODE").unwrap();
        let mut stuck = BufReader::new(service.connect());
        write!(stuck.get_mut(), "GET /v1/goals?limit=7 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let begun = Instant::now();
        while !service.admin("/metrics").1.contains("opptrapping_http_requests_in_flight 1\n") {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is in flight");
        }
        let begun = Instant::now();
        service.signal("TERM");
        let told = answer(&mut stuck).unwrap();
        assert_eq!((told.status, told.closes), (503, true), "{}", String::from_utf8_lossy(&told.body));
        assert_eq!(service.ended(Duration::from_secs(30)), Some(0), "{}", service.logged());
        println!("with a query that was stuck it ended after {:?}", begun.elapsed());
    }
}
