//! datasette on a copy of the SQLite file, opened as one that does not change, which is its fastest way. Questions are in
//! SQL: its tables count and suggest facets beside the rows.
use super::install;
use crate::children::{self, Server};
use crate::data::Data;
use crate::question::{CURRENT, Question};
use crate::wire::Request;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

pub fn start(data: &Data) -> Result<Server, String> {
    let program = install::of_python("datasette")?;
    let (port, folder) = (children::free_port(), super::folder(data, "datasette")?);
    let copy = folder.join("bench.db");
    if !copy.exists() {
        let source = data.file().ok_or("it reads SQLite alone")?;
        let mut conn = SqliteConnection::establish(source).map_err(|e| e.to_string())?;
        conn.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).map_err(|e| e.to_string())?;
    }
    let mut command = children::pinned(children::SERVERS, program);
    command.current_dir(&folder).args(["serve", "--immutable"]).arg(&copy).args(["--host", "127.0.0.1"]);
    command.args([
        "--port",
        &port.to_string(),
        "--setting",
        "num_sql_threads",
        "1",
        "--setting",
        "sql_time_limit_ms",
        "10000",
    ]);
    Server::start(command, port, &folder.join("log"))
}

pub fn ask(_: &Data, question: &Question) -> Option<Request> {
    let sql = super::encoded(&question.sql(CURRENT));
    Some(Request::get(format!("/bench.json?_shape=array&sql={sql}")))
}
