//! Another service, asked over HTTP.
use crate::error::{Error, Kind};
use serde_json::Value;
use std::fmt::Display;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take to begin: that of a full copy is first made.
const BEGIN: Duration = Duration::from_secs(900);
/// How long it may then pause. Of an answer that is waited for, nothing comes for a minute.
const PAUSE: Duration = Duration::from_secs(90);
/// The largest answer in JSON that is read: a page of the feed is far below.
const LARGEST: u64 = 1 << 30;

/// A service by its address.
pub struct Remote {
    agent: ureq::Agent,
    base_url: String,
}

/// Why there was no answer that could be used.
#[derive(Debug)]
pub enum Failure {
    /// It, or the database here, is away or too busy: to be tried again, after so long where it says so.
    Away(String, Option<Duration>),
    /// It is there and says no, with its problem.
    Refused(u16, Value),
    /// Nothing that was asked again would come to.
    Fatal(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind {
            Kind::Contention | Kind::DatabaseUnavailable => Self::Away(format!("the database here: {error}"), None),
            _ => Self::Fatal(error),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why, _) => Self::new(Kind::InvalidContent).detail(why),
            Failure::Refused(status, problem) => {
                let said = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("no reason given");
                Self::new(Kind::InvalidContent).detail(format!("the source refuses, with status {status}: {said}"))
            }
            Failure::Fatal(error) => error,
        }
    }
}

impl Remote {
    /// The service at an address, with the certificates to trust where those built in are not meant.
    pub fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, Error> {
        let refused = |why: String| Error::new(Kind::InvalidParameter).detail(why);
        let base_url = url.trim_end_matches('/').to_owned();
        let plain = base_url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"?#@".contains(&b));
        if !plain || !(base_url.starts_with("http://") || base_url.starts_with("https://")) {
            return Err(refused(format!("`{url}` is not the address of a service: http://… or https://…")));
        }
        let roots = match ca_file {
            None => RootCerts::WebPki,
            Some(path) => {
                let pem = std::fs::read(path).map_err(|e| refused(format!("{}: {e}", path.display())))?;
                let certificates: Vec<_> = parse_pem(&pem)
                    .filter_map(|item| match item {
                        Ok(PemItem::Certificate(certificate)) => Some(certificate),
                        _ => None,
                    })
                    .collect();
                if certificates.is_empty() {
                    return Err(refused(format!("{}: there is no certificate in it (PEM)", path.display())));
                }
                RootCerts::new_with_certs(&certificates)
            }
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(BEGIN))
            .timeout_per_read(Some(PAUSE))
            .user_agent(concat!("opptrapping/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), base_url })
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The JSON at a path.
    pub fn json(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.get(path)?;
        answer.into_with_config().limit(LARGEST).read_json().map_err(|e| self.away(e, None))
    }

    /// Writes what is at a path to a file; how many bytes it has.
    pub fn download(&self, path: &str, to: &mut dyn Write, mut tell: impl FnMut(u64)) -> Result<u64, Failure> {
        let mut body = self.get(path)?.into_with_config().limit(u64::MAX).reader();
        let (mut buffer, mut bytes) = (vec![0; 65_536], 0);
        loop {
            let read = body.read(&mut buffer).map_err(|e| self.away(e, None))?;
            if read == 0 {
                return Ok(bytes);
            }
            to.write_all(&buffer[..read]).map_err(Error::internal)?;
            bytes += read as u64;
            tell(bytes);
        }
    }

    fn away(&self, why: impl Display, patience: Option<Duration>) -> Failure {
        Failure::Away(format!("the source is away: {}: {why}", self.base_url), patience)
    }

    fn get(&self, path: &str) -> Result<ureq::Body, Failure> {
        let url = format!("{}{path}", self.base_url);
        let answer = self.agent.get(&url).call().map_err(|e| match e {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Failure::Fatal(Error::new(Kind::InvalidParameter).detail(format!("{url}: {e}")))
            }
            _ => self.away(e, None),
        })?;
        let (head, body) = answer.into_parts();
        let status = head.status.as_u16();
        if head.status.is_success() {
            return Ok(body);
        }
        if status >= 500 || matches!(status, 408 | 429) {
            let patience = head.headers.get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
            return Err(self.away(format_args!("status {status}"), patience.map(Duration::from_secs)));
        }
        let problem = body.into_with_config().limit(1 << 20).read_json().unwrap_or(Value::Null);
        Err(Failure::Refused(status, problem))
    }
}
