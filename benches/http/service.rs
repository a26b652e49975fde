//! The real program, `opptrapping serve`, with its defaults but for what a comparison needs.
use crate::children::{self, Server};
use crate::data::Data;
use crate::wire::Request;
use opptrapping::http::token::{self, Secret};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How it is started.
#[derive(Clone, Copy, Default)]
pub struct With<'a> {
    /// MiB of answers that are kept; what it keeps by itself where nothing is said.
    pub cache_mib: Option<u64>,
    /// A secret for tokens.
    pub secret: Option<&'a str>,
}

/// A started service, and its admin address.
pub struct Service {
    pub server: Server,
    pub admin: u16,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Service {
    /// Starts it, and waits until it has answered a request with 200.
    pub fn start(data: &Data, with: With) -> Result<Self, String> {
        Ok(Self::timed(data, with)?.0)
    }

    /// The same with the time from the start of the process to the first answer with 200.
    pub fn timed(data: &Data, with: With) -> Result<(Self, Duration), String> {
        let (port, admin) = (children::free_port(), children::free_port());
        let log = data.folder.join(format!("service-{port}.log"));
        let mut command = children::pinned(children::SERVERS, env!("CARGO_BIN_EXE_opptrapping"));
        plain(&mut command, &data.folder);
        // One worker, as the bare server has. A minute of load from one address is not one caller's.
        command.args(["serve", "--workers", "1", "--requests-per-minute", "0", "--database-url", &data.url]);
        command.args(["--bind", &format!("127.0.0.1:{port}"), "--admin-bind", &format!("127.0.0.1:{admin}")]);
        if let Some(mib) = with.cache_mib {
            command.args(["--cache-mib", &mib.to_string()]);
        }
        command.envs(with.secret.map(|secret| ("OPPTRAPPING_JWT_SECRET", secret)));
        let begun = Instant::now();
        let server = Server::launch(&mut command, port, &log)?;
        let first = Request::get("/v1/grants/bench-000000");
        loop {
            match first.send(port) {
                Ok(answer) if answer.status == 200 => return Ok((Self { server, admin }, begun.elapsed())),
                _ if begun.elapsed() > PATIENCE => return Err("the service did not come up".into()),
                _ => server.check(&log)?,
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// One of its figures for Prometheus.
    pub fn figure(&self, name: &str) -> Result<f64, String> {
        let answer = Request::get("/metrics").send(self.admin)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
        line.ok_or_else(|| format!("there is no figure {name}"))
    }
}

/// Neither a file `.env` nor a setting of the one who measures changes what is measured.
pub fn plain(command: &mut Command, folder: &Path) {
    command.current_dir(folder).env("RUST_LOG", "error").env("TMPDIR", folder);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("OPPTRAPPING_") || name == "DATABASE_URL") {
            command.env_remove(name);
        }
    }
}

/// A secret of this run, and a token to write grants with.
pub fn credentials() -> Result<(String, String), String> {
    let mut noise = [0u8; 24];
    aws_lc_rs::rand::fill(&mut noise).map_err(|e| e.to_string())?;
    let text: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
    let secret: Secret = text.parse().map_err(|e| format!("{e}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?.as_secs() as i64;
    Ok((text, token::make_with_secret(&secret, "benchmark", "grants:write", now, 3_600)?))
}
