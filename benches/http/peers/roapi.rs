//! roapi on the rows as NDJSON, which it reads into memory: its library is too old for our Parquet of floating-point
//! numbers. Questions are in its REST dialect; the summary is in SQL.
use super::install;
use crate::children::{self, Server};
use crate::data::Data;
use crate::question::Question;
use crate::service;
use crate::wire::Request;
use std::process::Command;

pub fn start(data: &Data) -> Result<Server, String> {
    let program = install::of_python("roapi")?;
    let (port, folder) = (children::free_port(), super::folder(data, "roapi")?);
    let mut tables = vec![];
    for name in ["grants", "observations"] {
        let file = folder.join(format!("{name}.ndjson"));
        if !file.exists() {
            let mut export = Command::new(env!("CARGO_BIN_EXE_opptrapping"));
            service::plain(&mut export, &folder);
            export.args(["export", name, "--format", "ndjson", "--database-url", &data.url, "--output"]).arg(&file);
            let done = export.output().map_err(|e| e.to_string())?;
            if !done.status.success() {
                return Err(String::from_utf8_lossy(&done.stderr).into_owned());
            }
        }
        tables.push(format!("{name}={}", file.display()));
    }
    let mut command = children::pinned(children::SERVERS, program);
    // Else it has a line for each request.
    command.env("RUST_LOG", "error");
    command.current_dir(&folder).args(["--addr-http", &format!("127.0.0.1:{port}")]);
    for other in ["--addr-postgres", "--addr-flight-sql"] {
        command.args([other, &format!("127.0.0.1:{}", children::free_port())]);
    }
    for table in &tables {
        command.args(["--table", table]);
    }
    Server::start(command, port, &folder.join("log"))
}

pub fn ask(_: &Data, question: &Question) -> Option<Request> {
    let equals = |name: &str, value: &str| format!("filter[{name}]={}", super::encoded(&format!("'{value}'")));
    let get = |rest: String| Request::get(format!("/api/tables/{rest}"));
    Some(match question {
        Question::Grant(id) => get(format!("grants?{}", equals("id", id))),
        Question::Page { region, year } => {
            let (region, year) = (equals("region", region), equals("period", &year.to_string()));
            get(format!("grants?{region}&{year}&sort=id&limit=100"))
        }
        Question::Year { indicator, year } => {
            let (indicator, year) = (equals("indicator", indicator), equals("period", &year.to_string()));
            get(format!("observations?{indicator}&{year}&{}&sort=id", equals("level", "municipality")))
        }
        Question::Place(region) => get(format!("observations?{}&sort=id&limit=400", equals("region", region))),
        Question::Summary => Request::with_body("POST", "/api/sql", "application/sql", question.sql("true")),
    })
}
