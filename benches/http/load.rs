//! A load generator: connections kept open, one request after the other on each, for so many seconds.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Requests a second over all connections. Every answer must be 200 and whole.
pub fn requests_per_second(port: u16, paths: &[String], connections: usize, length: Duration) -> f64 {
    let begun = Instant::now();
    let served: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..connections).map(|n| scope.spawn(move || connection(port, paths, n, length))).collect();
        all.into_iter().map(|thread| thread.join().expect("a connection failed")).sum()
    });
    served as f64 / begun.elapsed().as_secs_f64()
}

/// How many seconds each of so many requests took, one after the other on one connection, with `between` before each.
pub fn seconds(port: u16, path: &str, requests: usize, mut between: impl FnMut()) -> Vec<f64> {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server is up");
    stream.set_nodelay(true).expect("a socket option");
    let mut writer = stream.try_clone().expect("a second handle");
    let (mut reader, mut body) = (BufReader::new(stream), Vec::new());
    let one = |_| {
        between();
        let begun = Instant::now();
        write!(writer, "GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").expect("a request can be written");
        answer(&mut reader, &mut body);
        begun.elapsed().as_secs_f64()
    };
    (0..requests).map(one).collect()
}

fn connection(port: u16, paths: &[String], first: usize, length: Duration) -> usize {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server is up");
    stream.set_nodelay(true).expect("a socket option");
    let mut writer = stream.try_clone().expect("a second handle");
    let mut reader = BufReader::with_capacity(1 << 17, stream);
    let (mut body, mut served, begun) = (Vec::new(), 0, Instant::now());
    while begun.elapsed() < length {
        let path = &paths[(first + served * 7) % paths.len()];
        write!(writer, "GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").expect("a request can be written");
        answer(&mut reader, &mut body);
        served += 1;
    }
    served
}

/// Reads one answer and returns nothing of it but that it was good.
fn answer(reader: &mut BufReader<TcpStream>, body: &mut Vec<u8>) {
    let (mut line, mut length) = (String::new(), None);
    reader.read_line(&mut line).expect("a status line");
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    loop {
        line.clear();
        reader.read_line(&mut line).expect("a header");
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    body.resize(length.expect("a content length"), 0);
    reader.read_exact(body).expect("a body");
}
