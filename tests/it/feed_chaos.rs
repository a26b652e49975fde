//! The feed under writers that never stop and readers that crash.
use crate::mirror::contents;
use crate::service::{command, run};
use crate::support::{Base, empty};
use opptrapping::api::sources::Source;
use opptrapping::db::{Author, Expect};
use opptrapping::http::{Settings, token::Issuers};
use opptrapping::{Shared, app};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WRITERS: usize = 8;

/// How long it goes on: a few seconds, or what `CHAOS_SECONDS` says.
fn length() -> Duration {
    Duration::from_secs(std::env::var("CHAOS_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(4))
}

/// Serves a database on a socket until the test ends.
pub fn serve(base: &Base) -> std::net::SocketAddr {
    let db = opptrapping::open(&base.url).unwrap();
    db.watch();
    let shared = Shared::new(db, Settings::default(), Issuers::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let server = actix_web::HttpServer::new(move || app(&shared)).workers(1).disable_signals();
        actix_web::rt::System::new().block_on(server.listen(listener).unwrap().run()).unwrap();
    });
    address
}

pub fn source(id: &str, note: String) -> Source {
    let row = serde_json::json!({ "id": id, "title": "T", "publisher": "P", "kind": "report", "note": note });
    serde_json::from_value(row).unwrap()
}

/// Writes revisions of one to three rows until told to stop.
fn write(base: &Base, writer: usize, stop: &AtomicBool) {
    let mut n = 0;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let done = base.db.write(&Author::local("chaos"), None, |write| {
            for row in 0..1 + n % 3 {
                write.put(source(&format!("w{writer}-{row}"), format!("{n}")), &Expect::Anything)?;
            }
            Ok(())
        });
        if let Err(e) = done {
            assert!(matches!(e.kind.status().as_u16(), 503), "{e}");
        }
    }
}

/// Every change of the log as `revision.position`.
fn logged(base: &Base) -> Vec<(i64, i64)> {
    let sql = "SELECT revision, position FROM changes ORDER BY revision, position";
    base.db.read(|conn| Ok(opptrapping::db::Statement::new(sql).rows(conn)?)).unwrap()
}

fn newest(base: &Base) -> i64 {
    base.db.refresh().unwrap();
    base.db.head().revision
}

fn place(change: &Value) -> (i64, i64) {
    (change["revision"].as_i64().unwrap(), change["position"].as_i64().unwrap())
}

fn ask(address: std::net::SocketAddr, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").unwrap();
    stream
}

/// Pages with long polls. Now and then the connection breaks before the answer was read, and the page is asked for again
/// after what was kept.
fn poll(address: std::net::SocketAddr, until: impl Fn(&str) -> bool) -> Vec<(i64, i64)> {
    let (mut kept, mut last, mut n) = (vec![], "0".to_owned(), 0);
    while !until(&last) {
        n += 1;
        let mut stream = ask(address, &format!("/v1/changes?after={last}&limit=23&wait=1"), "");
        if n % 5 == 0 {
            let mut some = [0; 40];
            drop(stream.read(&mut some));
            continue;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        let page: Value = serde_json::from_str(body).unwrap();
        kept.extend(page["data"].as_array().unwrap().iter().map(place));
        last = page["meta"]["last"].as_str().unwrap().to_owned();
    }
    kept
}

/// Follows the stream, and is cut off in the middle of it again and again; it resumes with the last id that came whole.
fn stream(address: std::net::SocketAddr, until: impl Fn(&str) -> bool) -> Vec<(i64, i64)> {
    let (mut kept, mut last, mut cut) = (vec![], "0".to_owned(), 30);
    while !until(&last) {
        cut += 17;
        let headers = format!("Accept: text/event-stream\r\nLast-Event-ID: {last}\r\n");
        let mut lines = BufReader::new(ask(address, "/v1/changes", &headers)).lines();
        let (mut id, mut data, mut seen) = (None, None, 0);
        while seen < cut && !until(&last) {
            let Some(Ok(line)) = lines.next() else { break };
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("data", value)) => data = Some(value.to_owned()),
                // The end of an event. The sizes of chunks stand on lines of their own, and say nothing.
                _ if line.is_empty() => {
                    if let Some(data) = data.take() {
                        seen += 1;
                        kept.push(place(&serde_json::from_str(&data).unwrap()));
                    }
                    last = id.take().unwrap_or(last);
                }
                _ => {}
            }
        }
    }
    kept
}

/// Mirrors into a database with the real program, which is killed again and again without a word. How often.
fn mirror(address: std::net::SocketAddr, into: &Base, ended: impl Fn() -> bool) -> usize {
    let url = format!("http://{address}");
    let mut kills = 0;
    while !ended() {
        let arguments = ["mirror", &url, "--database-url", &into.url];
        let mut process = command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Long enough to begin, and each time another moment of what it does.
        std::thread::sleep(Duration::from_millis(400 + 137 * (kills as u64 % 7)));
        process.kill().unwrap();
        process.wait().unwrap();
        kills += 1;
    }
    kills
}

#[test]
fn nothing_is_missed_and_nothing_comes_twice() {
    for (base, copy) in empty("chaos").into_iter().zip(empty("chaos_mirror")) {
        let address = serve(&base);
        let stop = AtomicBool::new(false);
        // Who has come to the last change after the writers stopped has seen everything there is.
        let ended: OnceLock<(i64, i64)> = OnceLock::new();
        let until = |last: &str| {
            ended.get().is_some_and(|(revision, position)| {
                last == revision.to_string() || last == format!("{revision}.{position}")
            })
        };
        let begun = Instant::now();
        let (polled, streamed, kills) = std::thread::scope(|scope| {
            let (written, stopped) = (&base, &stop);
            let writers: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || write(written, n, stopped))).collect();
            let polled = scope.spawn(|| poll(address, until));
            let streamed = scope.spawn(|| stream(address, until));
            let mirrored = scope.spawn(|| mirror(address, &copy, || ended.get().is_some()));
            std::thread::sleep(length());
            stop.store(true, Ordering::Relaxed);
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            ended.set(*logged(&base).last().unwrap()).unwrap();
            (polled.join().unwrap(), streamed.join().unwrap(), mirrored.join().unwrap())
        });
        let all = logged(&base);
        assert!(all.len() > 50, "{}: {} changes", base.label, all.len());
        assert!(polled == all, "{}: {} of {} polled", base.label, polled.len(), all.len());
        assert!(streamed == all, "{}: {} of {} streamed", base.label, streamed.len(), all.len());
        let behind = all.last().map_or(0, |last| last.0) - newest(&copy);
        let output = run(&["mirror", &format!("http://{address}"), "--once", "--database-url", &copy.url]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success() && said.contains("digests of all collections agree"), "{}: {said}", base.label);
        assert!(logged(&copy) == all, "{}: {} of {} mirrored", base.label, logged(&copy).len(), all.len());
        assert!(contents(&copy) == contents(&base), "{}: the mirror differs", base.label);
        println!(
            "{}: {} changes in {} revisions; the mirror was killed {kills} times and was {behind} revisions behind; {:?}",
            base.label,
            all.len(),
            newest(&copy),
            begun.elapsed()
        );
    }
}
