//! Clients that wait for a change, and note when it came.
use actix_web::rt::net::TcpStream;
use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How many connect at once: a listener takes so many in line.
const AT_ONCE: usize = 200;

#[derive(Clone, Copy)]
pub enum Kind {
    Poll,
    Stream,
}

pub struct Waiting(Vec<JoinHandle<Instant>>);

impl Waiting {
    /// When each of them had the change.
    pub async fn arrivals(self) -> Vec<Instant> {
        join_all(self.0).await.into_iter().map(|arrived| arrived.expect("a client")).collect()
    }
}

/// Lets so many wait for what is written after a revision.
pub async fn connect(address: SocketAddr, kind: Kind, count: usize, after: i64) -> Waiting {
    let (wait, accept) = match kind {
        Kind::Poll => ("&wait=60", "application/json"),
        Kind::Stream => ("", "text/event-stream"),
    };
    let request = format!("GET /v1/changes?after={after}{wait} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n");
    let mut all = vec![];
    while all.len() < count {
        let some = (0..AT_ONCE.min(count - all.len())).map(|_| async {
            let mut stream = TcpStream::connect(address).await.expect("a connection");
            stream.write_all(request.as_bytes()).await.expect("a request");
            stream
        });
        all.extend(join_all(some).await.into_iter().map(|stream| actix_web::rt::spawn(arrival(stream))));
    }
    Waiting(all)
}

async fn arrival(mut stream: TcpStream) -> Instant {
    let (mut read, mut piece) = (vec![], [0; 4_096]);
    loop {
        let count = stream.read(&mut piece).await.expect("an answer");
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read);
        if text.contains("\"id\":\"second\"") {
            return Instant::now();
        }
        assert!(count > 0, "it ended: {text}");
    }
}
