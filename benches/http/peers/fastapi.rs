//! FastAPI with asyncpg under uvicorn, with its C parts and one worker: what one writes in Python without this project.
use super::install;
use crate::children::{self, Server};
use crate::data::Data;
use crate::question::Question;
use crate::wire::Request;

pub fn start(data: &Data) -> Result<Server, String> {
    let program = install::of_python("uvicorn")?;
    let (port, folder) = (children::free_port(), super::folder(data, "fastapi")?);
    std::fs::write(folder.join("handlers.py"), include_str!("fastapi.py")).map_err(|e| e.to_string())?;
    let mut command = children::pinned(children::SERVERS, program);
    command.current_dir(&folder).env("PEER_DATABASE", &data.url).env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["handlers:app", "--host", "127.0.0.1", "--port", &port.to_string(), "--loop", "uvloop"]);
    command.args(["--http", "httptools", "--no-access-log", "--log-level", "warning"]);
    Server::start(command, port, &folder.join("log"))
}

pub fn ask(_: &Data, question: &Question) -> Option<Request> {
    Some(Request::get(question.to_handlers().unwrap_or_else(|| "/summary".into())))
}
