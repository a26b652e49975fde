//! The peers: other programs that serve the same rows of the same database, each set up as its manual says for speed.
mod bare;
pub mod bytes;
mod datasette;
mod fastapi;
pub mod install;
pub mod nginx;
mod postgrest;
mod roapi;
mod rows;

use crate::children::{self, Server};
use crate::data::Data;
use crate::question::{IN_EACH_ROW, Question, Workload};
use crate::table::{Table, Target};
use crate::wire::Request;
use std::path::PathBuf;
use std::process::Command;

pub use postgrest::write as postgrest_write;

/// A program that can be asked the same.
pub struct Peer {
    pub name: &'static str,
    /// Starts it on a database.
    pub start: fn(&Data) -> Result<Server, String>,
    /// The question in its words; none where it cannot be asked.
    pub ask: fn(&Data, &Question) -> Option<Request>,
    /// How many times as fast the service is to be, for objects, pages and years.
    pub targets: [Option<f64>; 3],
}

pub const POSTGREST: Peer = Peer {
    name: "PostgREST",
    start: postgrest::start,
    ask: postgrest::ask,
    targets: [Some(5.0), Some(4.0), Some(3.0)],
};
pub const ROAPI: Peer =
    Peer { name: "roapi", start: roapi::start, ask: roapi::ask, targets: [Some(20.0), Some(20.0), Some(15.0)] };
const BARE: Peer =
    Peer { name: "bare actix + Diesel", start: start_bare, ask: ask_bare, targets: [Some(0.9), Some(0.9), Some(0.9)] };
const DATASETTE: Peer = Peer {
    name: "datasette",
    start: datasette::start,
    ask: datasette::ask,
    targets: [Some(20.0), Some(20.0), Some(15.0)],
};
const FASTAPI: Peer =
    Peer { name: "FastAPI + asyncpg", start: fastapi::start, ask: fastapi::ask, targets: [None, None, None] };

/// Those of a database.
pub fn of(data: &Data) -> Vec<Peer> {
    match data.file() {
        Some(_) => vec![BARE, DATASETTE, ROAPI],
        None => vec![BARE, POSTGREST, FASTAPI],
    }
}

/// A peer that runs.
pub struct Running {
    pub peer: Peer,
    pub server: Server,
}

impl Peer {
    /// Starts it; where it cannot be, that is told, and it is left out.
    pub fn run(self, data: &Data, table: &mut Table) -> Option<Running> {
        match (self.start)(data) {
            Ok(server) => Some(Running { peer: self, server }),
            Err(why) => {
                table.leave_out(self.name, &why);
                None
            }
        }
    }
}

impl Running {
    /// Its requests for a workload, where the first has been answered with the rows it should have.
    pub fn requests(&self, data: &Data, workload: &Workload, table: &mut Table) -> Option<Vec<Request>> {
        let requests: Option<Vec<Request>> = workload.questions.iter().map(|q| (self.peer.ask)(data, q)).collect();
        let requests = requests?;
        let checked = requests.first()?.send(self.server.port);
        match checked.and_then(|answer| answer.expecting(200, IN_EACH_ROW, workload.rows)) {
            Ok(_) => Some(requests),
            Err(why) => {
                table.leave_out(&format!("{}, {}", self.peer.name, workload.name), &why);
                None
            }
        }
    }

    pub fn target(&self, kind: usize) -> Option<Target> {
        self.peer.targets[kind.min(2)].map(Target::Least)
    }
}

/// The folder of a peer's own files, made.
fn folder(data: &Data, name: &str) -> Result<PathBuf, String> {
    let folder = data.folder.join(format!("{name}-{}-x{}", data.name, data.scale));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    Ok(folder)
}

/// Another part of this program, as a process of its own.
fn part(name: &str, port: u16) -> Result<Command, String> {
    let mut command = children::pinned(children::SERVERS, std::env::current_exe().map_err(|e| e.to_string())?);
    command.args([name, &port.to_string()]);
    Ok(command)
}

/// What this program is when it is asked to be one of the servers.
pub fn be(arguments: &[String]) -> Option<std::io::Result<()>> {
    let arguments: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let port = || arguments[1].parse().expect("a port");
    match arguments[..] {
        ["--serve-bytes", _, file] => Some(bytes::serve(port(), file)),
        ["--serve-bare", _, url, newest] => {
            let newest = newest.parse().expect("a revision");
            Some(match url.strip_prefix("sqlite://") {
                Some(path) => bare::sqlite(path, port(), newest),
                None => bare::postgres(url, port(), newest),
            })
        }
        _ => None,
    }
}

fn start_bare(data: &Data) -> Result<Server, String> {
    let port = children::free_port();
    let mut command = part("--serve-bare", port)?;
    command.args([&data.url, &data.newest.to_string()]);
    Server::start(command, port, &folder(data, "bare")?.join("log"))
}

fn ask_bare(_: &Data, question: &Question) -> Option<Request> {
    question.to_handlers().map(Request::get)
}

/// A text as a part of a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
