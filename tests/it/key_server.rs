//! An address with a key set, on this machine: a real HTTP server that answers well, badly, or not at all.
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it answers.
#[derive(Clone)]
pub enum Reply {
    Keys(Value),
    /// This, byte for byte.
    Raw(String),
    /// A key set of so many bytes.
    Large(Value, usize),
    /// The head at once, then a byte every so often.
    Slow(Value, Duration),
    /// Nothing: the connection is closed.
    Nothing,
}

pub struct KeyServer {
    address: SocketAddr,
    reply: Arc<Mutex<Reply>>,
    asked: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl KeyServer {
    pub fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (reply, asked, ended) =
            (Arc::new(Mutex::new(reply)), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (shared, count, over) = (reply.clone(), asked.clone(), ended.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) > 0 {
                    return;
                }
                let (reply, count) = (shared.lock().unwrap().clone(), count.clone());
                std::thread::spawn(move || drop(answer(stream.unwrap(), &reply, &count)));
            }
        });
        Self { address, reply, asked, ended }
    }

    pub fn url(&self) -> String {
        format!("http://{}/jwk", self.address)
    }

    pub fn set(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.ended.store(1, Ordering::Relaxed);
        // Wakes the thread, so that it sees that it is over, and nobody listens any more.
        drop(TcpStream::connect(self.address));
    }
}

fn answer(mut stream: TcpStream, reply: &Reply, count: &AtomicUsize) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let Some(Ok(first)) = lines.next() else { return Ok(()) };
    count.fetch_add(1, Ordering::Relaxed);
    assert!(first.starts_with("GET /jwk "), "{first}");
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let head = |length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    match reply {
        Reply::Nothing => Ok(()),
        Reply::Raw(text) => stream.write_all(text.as_bytes()),
        Reply::Keys(keys) => {
            let body = keys.to_string();
            stream.write_all(format!("{}{body}", head(body.len())).as_bytes())
        }
        Reply::Large(keys, size) => {
            let mut body = keys.to_string();
            body.push_str(&" ".repeat(size - body.len()));
            stream.write_all(format!("{}{body}", head(body.len())).as_bytes())
        }
        Reply::Slow(keys, pause) => {
            let body = keys.to_string();
            stream.write_all(head(body.len()).as_bytes())?;
            for byte in body.bytes() {
                stream.write_all(&[byte])?;
                stream.flush()?;
                std::thread::sleep(*pause);
            }
            Ok(())
        }
    }
}
