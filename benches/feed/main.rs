//! `cargo bench --bench feed`: what clients cost that wait for a change, and how soon a write reaches all of them.
//!
//! 10,000 long polls and 1,000 streams wait on one service, over loopback; the service is the program itself, in a
//! process of its own. SQLite always; PostgreSQL where TEST_DATABASE_URL names a server.
mod clients;

use clients::Kind;
use opptrapping::http::token;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const POLLS: usize = 10_000;
const STREAMS: usize = 1_000;
const REST: Duration = Duration::from_secs(20);
const ADDRESS: &str = "127.0.0.1:18092";
const ADMIN: &str = "127.0.0.1:18093";

fn main() {
    if std::env::var_os("FEED_BENCH").is_none() {
        // Each client is an open file here and another in the service.
        let program = std::env::current_exe().expect("this program");
        let raise = "ulimit -n \"$(ulimit -H -n)\" && exec \"$0\"";
        let failed = Command::new("sh").args(["-c", raise]).arg(program).env("FEED_BENCH", "1").exec();
        panic!("more open files are not to be had: {failed}");
    }
    let folder = std::env::temp_dir().join(format!("opptrapping-feed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut urls = vec![("SQLite", format!("sqlite://{}", folder.join("feed.db").display()))];
    urls.extend(std::env::var("TEST_DATABASE_URL").ok().map(|server| ("PostgreSQL", fresh_database(&server))));
    for (name, url) in urls {
        measure(name, &url, &folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn measure(name: &str, url: &str, folder: &Path) {
    let (private, public) = token::generate(jsonwebtoken::Algorithm::EdDSA).expect("keys");
    let key = folder.join("public.pem");
    std::fs::write(&key, &public).expect("a key");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs() as i64;
    let bearer = token::make(&private, &public, "benchmark", "admin", now, 3_600).expect("a token");
    let mut service = start(url, &key);
    let address: SocketAddr = ADDRESS.parse().expect("an address");
    put(&bearer, "first");
    let head = head();
    let alone = memory(&service);
    actix_web::rt::System::new().block_on(async {
        let polls = clients::connect(address, Kind::Poll, POLLS, head).await;
        let streams = clients::connect(address, Kind::Stream, STREAMS, head).await;
        actix_web::rt::time::sleep(Duration::from_secs(3)).await;
        let (waiting, worked) = (memory(&service), processor(&service));
        actix_web::rt::time::sleep(REST).await;
        let worked = processor(&service) - worked;
        println!(
            "{name}: {POLLS} long polls and {STREAMS} streams wait: {} MB beside {} MB without them ({:.1} kB each), {:.2} % of a core",
            waiting / 1024,
            alone / 1024,
            (waiting - alone) as f64 / (POLLS + STREAMS) as f64,
            worked / REST.as_secs_f64() * 100.0,
        );
        let begun = Instant::now();
        let bearer = bearer.clone();
        actix_web::web::block(move || put(&bearer, "second")).await.expect("a write");
        let written = begun.elapsed();
        for (what, waiting) in [("long polls", polls), ("streams", streams)] {
            let mut times: Vec<Duration> = waiting.arrivals().await.iter().map(|at| at.duration_since(begun)).collect();
            times.sort_unstable();
            let [first, half, last] = [0, times.len() / 2, times.len() - 1].map(|at| times[at].as_millis());
            println!(
                "{name}: a write answered in {} ms reached {} {what}: the first in {first} ms, half in {half} ms, the last in {last} ms",
                written.as_millis(),
                times.len()
            );
        }
    });
    let _ = service.kill();
    let _ = service.wait();
}

/// A database of our own on the server, in byte order.
fn fresh_database(server: &str) -> String {
    use diesel::prelude::*;
    let name = format!("feed_{}", std::process::id());
    let mut admin = diesel::PgConnection::establish(server).expect("the server TEST_DATABASE_URL names");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    diesel::sql_query(create).execute(&mut admin).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

fn start(url: &str, key: &Path) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_opptrapping"))
        .env("OPPTRAPPING_REQUESTS_PER_MINUTE", "0")
        .args(["serve", "--empty", "--database-url", url, "--bind", ADDRESS, "--admin-bind", ADMIN, "--public-key"])
        .arg(key)
        .stderr(Stdio::null())
        .spawn()
        .expect("a service");
    let patience = Instant::now();
    while TcpStream::connect(ADDRESS).is_err() {
        assert!(patience.elapsed() < Duration::from_secs(20), "the service did not come up");
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

fn ask(request: &str) -> String {
    let mut stream = TcpStream::connect(ADDRESS).expect("a connection");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn put(bearer: &str, id: &str) {
    let body = r#"{"title":"T","publisher":"P","kind":"report"}"#;
    let answer = ask(&format!(
        "PUT /v1/sources/{id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {bearer}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

/// The newest revision.
fn head() -> i64 {
    let answer = ask("GET /v1/changes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let page: serde_json::Value = serde_json::from_str(body).expect("JSON");
    page["meta"]["head"].as_i64().expect("a revision")
}

/// Resident memory of a process, in kB.
fn memory(process: &Child) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
}

/// Seconds of processor time a process has had.
fn processor(process: &Child) -> f64 {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).expect("Linux");
    let (_, rest) = stat.rsplit_once(')').expect("its name");
    let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    ticks.iter().sum::<f64>() / TICKS
}
