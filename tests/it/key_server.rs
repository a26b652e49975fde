//! An address with a key set, on this machine: a real HTTP server that answers well, badly, or not at all.
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use std::io::{Read, Write};
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
    scheme: &'static str,
    address: SocketAddr,
    reply: Arc<Mutex<Reply>>,
    asked: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl KeyServer {
    pub fn start(reply: Reply) -> Self {
        Self::listen(reply, None)
    }

    /// The same over TLS.
    pub fn start_tls(reply: Reply, certified: &CertifiedKey<rcgen::KeyPair>) -> Self {
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
        Self::listen(reply, Some(Arc::new(config)))
    }

    fn listen(reply: Reply, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (reply, asked, ended) =
            (Arc::new(Mutex::new(reply)), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (shared, count, over) = (reply.clone(), asked.clone(), ended.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) > 0 {
                    return;
                }
                let (reply, count, tls, stream) =
                    (shared.lock().unwrap().clone(), count.clone(), tls.clone(), stream.unwrap());
                std::thread::spawn(move || match tls {
                    None => drop(answer(stream, &reply, &count)),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        drop(answer(StreamOwned::new(connection, stream), &reply, &count));
                    }
                });
            }
        });
        Self { scheme, address, reply, asked, ended }
    }

    pub fn url(&self) -> String {
        format!("{}://{}/jwk", self.scheme, self.address)
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

fn answer(mut stream: impl Read + Write, reply: &Reply, count: &AtomicUsize) -> std::io::Result<()> {
    let (mut request, mut byte) = (vec![], [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    count.fetch_add(1, Ordering::Relaxed);
    assert!(request.starts_with(b"GET /jwk HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&request));
    let head = |length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    match reply {
        Reply::Nothing => return Ok(()),
        Reply::Raw(text) => stream.write_all(text.as_bytes())?,
        Reply::Keys(keys) => {
            let body = keys.to_string();
            stream.write_all(format!("{}{body}", head(body.len())).as_bytes())?;
        }
        Reply::Large(keys, size) => {
            let mut body = keys.to_string();
            body.push_str(&" ".repeat(size - body.len()));
            stream.write_all(format!("{}{body}", head(body.len())).as_bytes())?;
        }
        Reply::Slow(keys, pause) => {
            let body = keys.to_string();
            stream.write_all(head(body.len()).as_bytes())?;
            for byte in body.bytes() {
                stream.write_all(&[byte])?;
                stream.flush()?;
                std::thread::sleep(*pause);
            }
        }
    }
    stream.flush()
}
