//! The real program, and a table sent to it by one `PUT`.
use opptrapping::http::token;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A started service.
pub struct Server {
    process: Child,
    address: String,
    token: String,
}

/// What a `PUT` took.
pub struct Run {
    pub seconds: f64,
    /// By how much the memory of the service grew at most, from before it.
    pub grown_mb: f64,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    pub fn start(url: &str, folder: &Path) -> Self {
        let (private, public) = token::generate(jsonwebtoken::Algorithm::EdDSA).expect("keys");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs() as i64;
        let token = token::make(&private, &public, "benchmark", "observations:write", now, 3_600).expect("a token");
        let file = folder.join("public.pem");
        std::fs::write(&file, public).expect("a file");
        let (address, admin) = (free(), free());
        let process = Command::new(env!("CARGO_BIN_EXE_opptrapping"))
            .args(["serve", "--database-url", url, "--bind", &address, "--admin-bind", &admin, "--public-key"])
            .arg(file)
            .stderr(Stdio::null())
            .spawn()
            .expect("a service");
        let server = Self { process, address, token };
        let begun = Instant::now();
        while TcpStream::connect(&server.address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not serve");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Sends a table of observations, which must be taken.
    pub fn put(&self, media: &str, body: &[u8]) -> Run {
        // The most it has had is forgotten, so that what it had for another `PUT` is not counted (Linux).
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5");
        let before = self.memory_mb("VmRSS:");
        let begun = Instant::now();
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = format!(
            "PUT /v1/observations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: {media}\r\n\
             Content-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it takes the head");
        stream.write_all(body).expect("it takes the body");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Run { seconds: begun.elapsed().as_secs_f64(), grown_mb: self.memory_mb("VmHWM:") - before }
    }

    /// What the system says of its memory; nothing where it says nothing.
    fn memory_mb(&self, what: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let kb = status.lines().find_map(|line| line.strip_prefix(what)?.trim().split(' ').next()?.parse::<f64>().ok());
        kb.unwrap_or_default() / 1_024.0
    }
}

fn free() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string()
}

/// The rows of a CSV as an array of JSON objects, with all fields that they have when they are read but two names.
pub fn as_json(csv: &str) -> String {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let mut out = String::from("[");
    for record in reader.records() {
        let record = record.expect("a row");
        let cell = |name: &str| names.iter().position(|n| n == name).and_then(|i| record.get(i)).unwrap_or_default();
        let year = cell("period");
        let row = json!({
            "id": format!("{}.{}.{year}.{}", cell("indicator"), cell("region"), cell("published")),
            "indicator": cell("indicator"), "region": cell("region"), "region_code": &cell("region")[2..],
            "level": "municipality", "period": year, "period_start": format!("{year}-01-01"),
            "period_end": format!("{year}-12-31"), "published": cell("published"), "mapped_on": null,
            "value": cell("value").parse::<f64>().expect("a number"), "status": "ok", "series_break": null,
            "confidence": "primary", "publisher": cell("publisher"), "source": cell("source"), "note": null,
        });
        if out.len() > 1 {
            out.push_str(",\n");
        }
        out.push_str(&Value::to_string(&row));
    }
    out + "]"
}
