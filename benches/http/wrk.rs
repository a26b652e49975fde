//! The load: wrk, with 16 connections, on a core of its own.
//!
//! It is a program of C with an event loop, which leaves the servers the time that a generator of ours took from them. Its
//! script, `load.lua`, sends the requests of a file in turn.
use crate::children::{self, LOAD};
use crate::wire::Request;
use std::fs;
use std::path::{Path, PathBuf};

const CONNECTIONS: usize = 16;

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub requests_per_second: f64,
    /// Answers with a status from 400 on, connections that broke, and answers that did not come.
    pub errors: u64,
    /// What part of its core the generator took: near 1 it was the limit, and not the server.
    pub busy: f64,
}

/// What wrk sends: requests in turn, and perhaps one write among twenty.
pub struct Load {
    script: PathBuf,
    requests: PathBuf,
    write: Option<PathBuf>,
}

/// Why there is no load to be had.
pub fn missing() -> Option<&'static str> {
    (!children::exists("wrk")).then_some("wrk is not installed; on Debian: apt-get install wrk nginx-light")
}

impl Load {
    /// Writes the requests into files in `folder`, under a name. In a write, twelve @ give way to a number.
    pub fn of(folder: &Path, name: &str, requests: &[Request], write: Option<&Request>) -> Self {
        let script = folder.join("load.lua");
        fs::write(&script, include_str!("load.lua")).expect("a script");
        let file = |name: String, requests: &[Request]| {
            let path = folder.join(name);
            let all: String = requests.iter().map(Request::bytes).map(|r| format!("{}\n{r}", r.len())).collect();
            fs::write(&path, all).expect("a file of requests");
            path
        };
        let write = write.map(|write| file(format!("{name}.write"), std::slice::from_ref(write)));
        Self { script, requests: file(format!("{name}.requests"), requests), write }
    }

    /// Sends for so many seconds. The numbers of writes begin with `number`, of five digits.
    pub fn run(&self, port: u16, seconds: u64, number: usize) -> Result<Run, String> {
        let mut command = children::pinned(LOAD, "wrk");
        command.args(["--threads", "1", "--timeout", "10s", "--connections", &CONNECTIONS.to_string()]);
        command.args(["--duration", &format!("{seconds}s"), "--script"]).arg(&self.script);
        command.arg(format!("http://127.0.0.1:{port}")).arg("--").arg(&self.requests);
        if let Some(write) = &self.write {
            command.arg(write).arg(format!("{number:05}"));
        }
        let out = command.output().map_err(|e| format!("wrk: {e}"))?;
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        let line = said.lines().find_map(|line| line.strip_prefix("done "));
        let figures: Vec<f64> = line.into_iter().flat_map(|line| line.split(' ')).flat_map(str::parse).collect();
        let [requests, microseconds, refused, broken, late, processor] = figures[..] else {
            return Err(format!("wrk: {said}{}", String::from_utf8_lossy(&out.stderr)));
        };
        let seconds = microseconds / 1e6;
        Ok(Run {
            requests_per_second: requests / seconds,
            errors: (refused + broken + late) as u64,
            busy: processor / seconds,
        })
    }
}
