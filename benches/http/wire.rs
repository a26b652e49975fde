//! One request and its answer, as bytes.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A request, without the header `Connection`.
#[derive(Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: String,
    body: String,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    /// The lines of the head after the first.
    pub headers: Vec<(String, String)>,
    /// The body as it came, with the lengths of its chunks where it has any.
    pub body: Vec<u8>,
    pub took: Duration,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: String::new(), body: String::new() }
    }

    pub fn with_body(method: &'static str, path: impl Into<String>, media: &str, body: impl Into<String>) -> Self {
        let body = body.into();
        let headers = format!("Content-Type: {media}\r\nContent-Length: {}\r\n", body.len());
        Self { method, path: path.into(), headers, body }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// As it is sent on a connection that is kept.
    pub fn bytes(&self) -> String {
        self.spelled("")
    }

    fn spelled(&self, more: &str) -> String {
        let Self { method, path, headers, body } = self;
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}{headers}\r\n{body}")
    }

    /// Sends it on a connection of its own and reads the answer to its end.
    pub fn send(&self, port: u16) -> Result<Answer, String> {
        let failed = |e: std::io::Error| format!("{}: {e}", self.path);
        let begun = Instant::now();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
        stream.write_all(self.spelled("Connection: close\r\n").as_bytes()).map_err(failed)?;
        let mut all = vec![];
        stream.read_to_end(&mut all).map_err(failed)?;
        let took = begun.elapsed();
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").ok_or("an answer without a head")?;
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or("an answer without a status")?;
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        Ok(Answer { status, headers: headers.collect(), body: all.split_off(end + 4), took })
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// How often a text stands in the body.
    pub fn count(&self, text: &str) -> usize {
        self.body.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    }

    /// It, where it has the status and holds `text` so often; else what is wrong with it.
    pub fn expecting(self, status: u16, text: &str, times: usize) -> Result<Self, String> {
        let begin = || String::from_utf8_lossy(&self.body[..self.body.len().min(200)]).replace(['\r', '\n'], " ");
        if self.status != status {
            return Err(format!("status {} and not {status}: {}", self.status, begin()));
        }
        let found = if text.is_empty() { times } else { self.count(text) };
        if found != times { Err(format!("{found} rows and not {times}: {}", begin())) } else { Ok(self) }
    }
}
