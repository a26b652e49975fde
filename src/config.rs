//! Every setting: its flag, its variable, its default, and what it means. Mistakes are reported all at once.
use crate::http::token::{self, Issuers, Secret, Sources};
use crate::http::{CACHE_MIB, MIB, REQUESTS_PER_MINUTE, SUBMISSIONS_PER_HOUR, Settings, bulk};
use clap::Args;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct Storage {
    /// The database: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://opptrapping.db", hide_env_values = true)]
    pub database_url: String,
}

/// How the service is reached and whom it believes.
#[derive(Debug, Clone, Args)]
pub struct Service {
    /// The address to serve on
    #[arg(long, env = "OPPTRAPPING_BIND", default_value = "127.0.0.1:8080")]
    pub bind: String,
    /// The address to answer health questions on; keep it from the public
    #[arg(long, env = "OPPTRAPPING_ADMIN_BIND", default_value = "127.0.0.1:8081")]
    pub admin_bind: String,
    /// The address the service has from outside; links are built from it
    #[arg(long, env = "OPPTRAPPING_BASE_URL", default_value = "http://127.0.0.1:8080")]
    pub base_url: String,
    #[command(flatten)]
    pub trust: Trust,
    /// The licence of the data, as an SPDX identifier
    #[arg(long, env = "OPPTRAPPING_LICENSE", default_value = "NLOD-2.0")]
    pub license: String,
    /// Who publishes this instance
    #[arg(long, env = "OPPTRAPPING_PUBLISHER", default_value = "Opptrapping")]
    pub publisher: String,
    /// Where its publisher is reached: an e-mail address or a web address
    #[arg(long, env = "OPPTRAPPING_CONTACT")]
    pub contact: Option<String>,
    /// The largest table that may be sent to be written, in bytes, unpacked
    #[arg(long, env = "OPPTRAPPING_BULK_BYTES", default_value_t = bulk::MOST_BYTES)]
    pub bulk_bytes: u64,
    /// How many submissions to consultations one address (of IPv6, one /64) may send in an hour
    #[arg(long, env = "OPPTRAPPING_SUBMISSIONS_PER_HOUR", default_value_t = SUBMISSIONS_PER_HOUR.get())]
    pub submissions_per_hour: u32,
    /// How many requests one principal, or one address without a token, may send in a minute; 0 counts none. Answers that
    /// are kept are not counted
    #[arg(long, env = "OPPTRAPPING_REQUESTS_PER_MINUTE", default_value_t = REQUESTS_PER_MINUTE)]
    pub requests_per_minute: u32,
    /// The addresses of proxies in front of the service, with commas between. Only from them is X-Forwarded-For believed;
    /// behind one that is not named here all callers share one address
    #[arg(long, env = "OPPTRAPPING_TRUSTED_PROXIES", default_value = "")]
    pub trusted_proxies: String,
    /// How many MiB of answers are kept in memory for others who ask the same; 0 keeps none
    #[arg(long, env = "OPPTRAPPING_CACHE_MIB", default_value_t = CACHE_MIB)]
    pub cache_mib: u64,
    /// How many threads answer requests
    #[arg(long, env = "OPPTRAPPING_WORKERS", default_value_t = 2)]
    pub workers: usize,
    /// How many clients may wait for changes at once; each needs an open file
    #[arg(long, env = "OPPTRAPPING_WAITING", default_value_t = 20_000)]
    pub waiting: usize,
    /// Write a line to the log for each request
    #[arg(long, env = "OPPTRAPPING_ACCESS_LOG")]
    pub access_log: bool,
    /// How many seconds requests are still taken after the service was told to end, with /health/ready saying that it does
    #[arg(long, env = "OPPTRAPPING_LAME_DUCK_SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(..=60))]
    pub lame_duck_seconds: u64,
    /// Start with an empty database instead of the reference data
    #[arg(long, env = "OPPTRAPPING_EMPTY")]
    pub empty: bool,
}

/// Whose tokens are believed. Without any of the first four settings the service is read-only.
#[derive(Debug, Clone, Args)]
pub struct Trust {
    /// A file with the public key that tokens are checked with (PEM, Ed25519, P-256 or RSA; see `opptrapping keygen`)
    #[arg(long, env = "OPPTRAPPING_PUBLIC_KEY")]
    pub public_key: Option<PathBuf>,
    /// A file with the issuers of tokens that are believed (TOML; see examples/issuers.toml)
    #[arg(long, env = "OPPTRAPPING_ISSUERS")]
    pub issuers: Option<PathBuf>,
    /// A secret that tokens are checked with (HS256), for development alone
    #[arg(long, env = "OPPTRAPPING_JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<Secret>,
    /// A file with that secret
    #[arg(long, env = "OPPTRAPPING_JWT_SECRET_FILE")]
    pub jwt_secret_file: Option<PathBuf>,
    /// A file with what is not believed any more: jti:…, sub:… or org:… on each line
    #[arg(long, env = "OPPTRAPPING_REVOKED")]
    pub revoked: Option<PathBuf>,
    /// A folder that fetched key sets are kept in, for when their addresses are away as the service starts
    #[arg(long, env = "OPPTRAPPING_KEY_CACHE")]
    pub key_cache: Option<PathBuf>,
}

impl Trust {
    /// Reads the keys, rules and lists, and begins to fetch key sets; the error has a line for each mistake.
    pub fn open(&self, scopes: Vec<String>) -> Result<Issuers, Vec<String>> {
        let given = self.clone();
        Issuers::open(Sources {
            public_key: given.public_key,
            issuers: given.issuers,
            secret: given.jwt_secret,
            secret_file: given.jwt_secret_file,
            revoked: given.revoked,
            keep: given.key_cache,
            scopes,
        })
    }
}

/// What tokens are signed with that are made here.
#[derive(Debug, Clone, Args)]
pub struct Signing {
    /// The folder with private.pem and public.pem
    #[arg(long, default_value = "keys")]
    pub keys: PathBuf,
    /// A secret instead of keys, for a service in development that has the same
    #[arg(long, env = "OPPTRAPPING_JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<Secret>,
    /// A file with that secret
    #[arg(long, env = "OPPTRAPPING_JWT_SECRET_FILE")]
    pub jwt_secret_file: Option<PathBuf>,
}

impl Signing {
    /// Makes a token that lives for so many seconds from now (seconds since 1970).
    pub fn token(&self, subject: &str, scope: &str, now: i64, lifetime: i64) -> Result<String, String> {
        if let Some((from, secret)) = Secret::given(self.jwt_secret.as_ref(), self.jwt_secret_file.as_deref())? {
            return token::make_with_secret(&secret, subject, scope, now, lifetime).map_err(|e| format!("{from}: {e}"));
        }
        let read = |name: &str| {
            let path = self.keys.join(name);
            std::fs::read_to_string(&path)
                .map_err(|e| format!("{}: {e}; make keys with `opptrapping keygen`", path.display()))
        };
        token::make(&read("private.pem")?, &read("public.pem")?, subject, scope, now, lifetime)
    }
}

/// The settings of a service, checked.
pub struct Checked {
    pub bind: SocketAddr,
    pub admin_bind: SocketAddr,
    pub settings: Settings,
    pub issuers: Issuers,
}

impl Service {
    /// Checks every setting; the error has a line for each that is wrong. The scopes are those that rules may name.
    pub fn check(&self, scopes: Vec<String>) -> Result<Checked, String> {
        let mut wrong = vec![];
        let mut address = |text: &str, variable: &str| {
            text.parse::<SocketAddr>()
                .map_err(|_| wrong.push(format!("{variable}: `{text}` is not an address such as 127.0.0.1:8080")))
                .ok()
        };
        let bind = address(&self.bind, "OPPTRAPPING_BIND");
        let admin_bind = address(&self.admin_bind, "OPPTRAPPING_ADMIN_BIND");
        let base_url = self.base_url.trim_end_matches('/').to_owned();
        let plain = base_url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"?#".contains(&b));
        if !plain || !(base_url.starts_with("http://") || base_url.starts_with("https://")) {
            wrong.push(format!(
                "OPPTRAPPING_BASE_URL: `{base_url}` is not an address that begins with http:// or https://"
            ));
        }
        if self.workers == 0 || self.workers > 256 {
            wrong.push("OPPTRAPPING_WORKERS: must be between 1 and 256".into());
        }
        let submissions_per_hour = NonZeroU32::new(self.submissions_per_hour);
        if submissions_per_hour.is_none() {
            wrong.push("OPPTRAPPING_SUBMISSIONS_PER_HOUR: must be at least 1".into());
        }
        let mut trusted_proxies = vec![];
        for proxy in self.trusted_proxies.split(',').map(str::trim).filter(|proxy| !proxy.is_empty()) {
            match proxy.parse() {
                Ok(address) => trusted_proxies.push(address),
                Err(_) => {
                    wrong.push(format!("OPPTRAPPING_TRUSTED_PROXIES: `{proxy}` is not an address such as 10.0.0.2"))
                }
            }
        }
        let issuers = self.trust.open(scopes).map_err(|lines| wrong.extend(lines)).ok();
        match (bind, admin_bind, issuers, submissions_per_hour) {
            (Some(bind), Some(admin_bind), Some(issuers), Some(submissions_per_hour)) if wrong.is_empty() => {
                let (license, publisher) = (self.license.clone(), self.publisher.clone());
                let (contact, most_waiting) = (self.contact.clone(), self.waiting);
                let settings = Settings {
                    base_url,
                    license,
                    publisher,
                    contact,
                    cache_bytes: self.cache_mib.saturating_mul(MIB),
                    most_waiting,
                    bulk_bytes: self.bulk_bytes,
                    submissions_per_hour,
                    requests_per_minute: NonZeroU32::new(self.requests_per_minute),
                    trusted_proxies,
                    access_log: self.access_log,
                };
                Ok(Checked { bind, admin_bind, settings, issuers })
            }
            _ => Err(wrong.join("\n")),
        }
    }
}
