//! Kept answers against a bare actix server that has the same bytes and headers in memory, and does nothing else.
use crate::{CONNECTIONS, LENGTH, ROUNDS, load, median, start};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::io::{Read, Write};
use std::net::TcpStream;

pub const HOT: u16 = 18_092;
const BYTES: u16 = 18_093;

/// One object, a page of 100 grants, and 357 observations of one indicator and year.
const WORKLOADS: [(&str, &str); 3] = [
    ("hot: one grant", "/v1/grants/bench-00059"),
    ("hot: 100 grants", "/v1/grants?period=2015&limit=100"),
    ("hot: 356 observations", "/v1/observations?indicator=population&period=2021&level=municipality"),
];

pub fn compare(name: &str, url: &str) {
    let mut service = start(&["serve-kept", url], HOT);
    for (workload, path) in WORKLOADS {
        let mut bytes = start(&["bytes", path], BYTES);
        let paths = [path.to_owned()];
        let (mut ours, mut theirs) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            ours.push(load::requests_per_second(HOT, &paths, CONNECTIONS, LENGTH));
            theirs.push(load::requests_per_second(BYTES, &paths, CONNECTIONS, LENGTH));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!("{name:<12} {workload:<24} {ours:>10.0} {theirs:>10.0} {:>7.2}", ours / theirs);
        let _ = bytes.kill();
        let _ = bytes.wait();
    }
    let _ = service.kill();
    let _ = service.wait();
}

/// Serves what the service answers to a path, whatever is asked for.
pub fn bytes(path: &str) -> std::io::Result<()> {
    let (headers, body) = fetch(path)?;
    let (headers, body) = (web::Data::new(headers), web::Bytes::from(body));
    let server = HttpServer::new(move || {
        let body = body.clone();
        let answer = move |_: HttpRequest, headers: web::Data<Vec<(HeaderName, HeaderValue)>>| {
            let mut response = HttpResponse::Ok().body(body.clone());
            for (name, value) in headers.iter() {
                response.headers_mut().append(name.clone(), value.clone());
            }
            std::future::ready(response)
        };
        App::new().app_data(headers.clone()).default_service(web::to(answer))
    });
    actix_web::rt::System::new().block_on(server.workers(1).bind(("127.0.0.1", BYTES))?.run())
}

type Fetched = (Vec<(HeaderName, HeaderValue)>, Vec<u8>);

fn fetch(path: &str) -> std::io::Result<Fetched> {
    let mut stream = TcpStream::connect(("127.0.0.1", HOT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    let mut all = vec![];
    stream.read_to_end(&mut all)?;
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let parsed = head.lines().skip(1).filter_map(|line| line.split_once(": ")).filter_map(|(name, value)| {
        let own = !matches!(name.to_ascii_lowercase().as_str(), "content-length" | "date" | "connection");
        own.then(|| Some((name.parse().ok()?, value.parse().ok()?)))?
    });
    Ok((parsed.collect(), all[end + 4..].to_vec()))
}
