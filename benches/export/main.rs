//! `cargo bench --bench export`: the real program sends 1.4 million observations in each form that can hold them.
//!
//! Told are the time to the first byte, the rate, and by how much the memory of the process grew meanwhile, which must be
//! less than 64 MB, also where the reader is slow. SQLite always; PostgreSQL where TEST_DATABASE_URL names a server.
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const MOST_GROWTH_MB: f64 = 64.0;
const PORT: u16 = 18_092;

/// Copies of one observation under other ids, as the newest revision has it. Both databases read it.
const GENERATE: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1400000)
    INSERT INTO observations (revision, ended, id, indicator, region, region_code, region_name, level, county, period,
        period_start, period_end, published, mapped_on, value, status, confidence, publisher, source, note,
        region_name_key, search_text)
    SELECT o.revision, o.ended, o.indicator || '.' || (10000000 + n.i), o.indicator, o.region, o.region_code,
        o.region_name, o.level, o.county, o.period, o.period_start, o.period_end, CAST(10000000 + n.i AS TEXT),
        o.mapped_on, n.i, o.status, o.confidence, o.publisher, o.source, o.note, o.region_name_key, o.search_text
    FROM n, (SELECT * FROM observations WHERE indicator = 'population' AND ended = 9223372036854775807
             ORDER BY id LIMIT 1) o;
    ANALYZE";

fn main() {
    let folder = std::env::temp_dir().join(format!("opptrapping-export-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let mut urls = vec![("SQLite", format!("sqlite://{}", folder.join("bench.db").display()))];
    let postgres = std::env::var("TEST_DATABASE_URL").ok().map(|server| fresh_database(&server));
    urls.extend(postgres.iter().map(|url| ("PostgreSQL", url.clone())));
    println!(
        "{:<12} {:<34} {:>8} {:>12} {:>8} {:>11}",
        "database", "question", "MB", "first byte", "MB/s", "memory +MB"
    );
    let mut worst = 0.0_f64;
    for (name, url) in urls {
        drop(Server::start(&url));
        generate(&url);
        for (question, encoding, slow) in [
            ("format=csv", "identity", false),
            ("format=csv", "identity", true),
            ("format=csv", "gzip", false),
            ("format=ndjson", "identity", false),
            ("format=csv&labels=both", "identity", false),
            ("format=parquet", "identity", false),
        ] {
            // A process of its own each time: what one answer left behind is not counted for the next.
            let server = Server::start(&url);
            let run = run(&server, &format!("/v1/observations?published=all&{question}"), encoding, slow);
            worst = worst.max(run.growth_mb);
            let packed = if encoding == "identity" { "" } else { ", gzip" };
            let reader = if slow { ", slow reader" } else { "" };
            println!(
                "{name:<12} {:<34} {:>8.1} {:>9.0} ms {:>8.1} {:>11.1}",
                format!("{question}{packed}{reader}"),
                run.mb,
                run.first_byte.as_secs_f64() * 1_000.0,
                run.mb / run.length.as_secs_f64(),
                run.growth_mb
            );
        }
    }
    drop(fs::remove_dir_all(&folder));
    assert!(worst < MOST_GROWTH_MB, "memory grew by {worst:.1} MB");
}

fn generate(url: &str) {
    match url.strip_prefix("sqlite://") {
        Some(path) => SqliteConnection::establish(path).expect("the file").batch_execute(GENERATE),
        None => PgConnection::establish(url).expect("the database").batch_execute(GENERATE),
    }
    .expect("the observations");
}

/// A database of our own on the server, in byte order.
fn fresh_database(server: &str) -> String {
    let name = format!("export_{}", std::process::id());
    let mut admin = PgConnection::establish(server).expect("the server TEST_DATABASE_URL names");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    diesel::sql_query(create).execute(&mut admin).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

/// The program, serving. It is ended when dropped.
struct Server(Child);

impl Server {
    fn start(url: &str) -> Self {
        let address = |port: u16| format!("127.0.0.1:{port}");
        let child = Command::new(env!("CARGO_BIN_EXE_opptrapping"))
            .args(["serve", "--database-url", url, "--bind", &address(PORT), "--admin-bind", &address(PORT + 1)])
            .env("RUST_LOG", "error")
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", PORT)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the program did not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self(child)
    }

    fn memory_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("Linux's /proc");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number of kB") / 1_024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Run {
    mb: f64,
    first_byte: Duration,
    length: Duration,
    growth_mb: f64,
}

fn run(server: &Server, path: &str, encoding: &str, slow: bool) -> Run {
    read(path.replace("published=all", "indicator=overdose-deaths").as_str(), encoding, false);
    let before = server.memory_mb();
    let (done, highest) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mb, first_byte, length) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                highest.fetch_max((server.memory_mb() * 1_024.0) as u64, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let read = read(path, encoding, slow);
        done.store(true, Ordering::Relaxed);
        read
    });
    let growth_mb = highest.load(Ordering::Relaxed) as f64 / 1_024.0 - before;
    Run { mb, first_byte, length, growth_mb }
}

/// Reads a whole answer, and throws it away.
fn read(path: &str, encoding: &str, slow: bool) -> (f64, Duration, Duration) {
    let mut stream = TcpStream::connect(("127.0.0.1", PORT)).expect("the program is up");
    let begun = Instant::now();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n")
        .expect("a request can be written");
    let mut buffer = vec![0; 256 * 1024];
    let (mut bytes, mut first_byte, mut tail) = (0, Duration::ZERO, vec![]);
    loop {
        let got = stream.read(&mut buffer).expect("the answer");
        if got == 0 {
            break;
        }
        if bytes == 0 {
            first_byte = begun.elapsed();
            assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..got.min(400)]));
        }
        bytes += got;
        tail.extend_from_slice(&buffer[got.saturating_sub(5)..got]);
        tail.drain(..tail.len().saturating_sub(5));
        if slow {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let whole = tail == b"0\r\n\r\n" || tail.ends_with(b"PAR1") || bytes < 1_000_000;
    assert!(whole, "the answer to {path} was cut off after {bytes} bytes");
    (bytes as f64 / 1e6, first_byte, begun.elapsed())
}
