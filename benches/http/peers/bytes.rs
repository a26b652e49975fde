//! A bare actix server that has an answer in memory, with its headers, and does nothing else: what no server of ours on the
//! same library can outdo.
use crate::children::{self, Server};
use crate::wire::Answer;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::fmt::Write as _;
use std::path::Path;

/// Headers that every server writes itself.
pub const OWN: [&str; 3] = ["content-length", "date", "connection"];

/// Starts one that serves an answer, whatever is asked for.
pub fn start(folder: &Path, answer: &Answer) -> Result<Server, String> {
    let (port, file) = (children::free_port(), folder.join("answer"));
    let mut head = String::new();
    for (name, value) in answer.headers.iter().filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str())) {
        let _ = writeln!(head, "{name}: {value}");
    }
    let all = [head.as_bytes(), b"\n", &answer.body].concat();
    std::fs::write(&file, all).map_err(|e| e.to_string())?;
    let mut command = super::part("--serve-bytes", port)?;
    command.arg(&file);
    Server::start(command, port, &folder.join("bytes.log"))
}

/// Serves until the process ends.
pub fn serve(port: u16, file: &str) -> std::io::Result<()> {
    let all = std::fs::read(file)?;
    let end = all.windows(2).position(|two| two == b"\n\n").expect("a head");
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let parsed = head.lines().filter_map(|line| line.split_once(": "));
    let headers: Vec<(HeaderName, HeaderValue)> =
        parsed.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?))).collect();
    let (headers, body) = (web::Data::new(headers), web::Bytes::from(all[end + 2..].to_vec()));
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
    actix_web::rt::System::new().block_on(server.workers(1).bind(("127.0.0.1", port))?.run())
}
