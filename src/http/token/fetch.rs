//! Getting a key set from its address: with a deadline, a limit, no redirect, and over TLS.
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// How long an answer may take, from the first look at the address to the last byte.
const DEADLINE: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const MOST_BYTES: u64 = 262_144;

/// An address, and how it is asked.
#[derive(Clone)]
pub struct Address {
    pub url: String,
    agent: ureq::Agent,
}

impl Address {
    /// Checks an address. What comes by http could be put there by anyone on the way, so that is for this machine alone.
    /// The certificates are those of the web, or of the authorities in a PEM text.
    pub fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, String> {
        let parsed: ureq::http::Uri = url.parse().map_err(|_| format!("`{url}` is no address"))?;
        let authority = parsed.authority().ok_or_else(|| format!("`{url}` is no address"))?;
        if authority.as_str().contains('@') {
            return Err("an address with a password in it is not taken; it would stand in logs".into());
        }
        let local = is_loopback(authority.host());
        match parsed.scheme_str() {
            Some("https") => {}
            Some("http") if local => {}
            _ => return Err(format!("`{url}` must begin with https:// (http:// for loopback addresses alone)")),
        }
        let roots = match authorities {
            None => RootCerts::WebPki,
            Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(DEADLINE))
            .max_idle_connections(0)
            .user_agent(concat!("opptrapping/", env!("CARGO_PKG_VERSION")));
        // A proxy of the environment is for what is elsewhere.
        let config = if local { config.proxy(None) } else { config };
        Ok(Self { url: url.to_owned(), agent: config.build().into() })
    }

    /// Gets what is there now. Blocks for as long as the deadline.
    pub fn get(&self) -> Result<Vec<u8>, String> {
        let asked = self.agent.get(&self.url).header("accept", "application/jwk-set+json, application/json");
        let mut answer = asked.call().map_err(|e| e.to_string())?;
        if answer.status() != 200 {
            return Err(format!("it answered {}", answer.status().as_u16()));
        }
        answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().map_err(|e| e.to_string())
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<ureq::tls::Certificate<'static>>, String> {
    let all: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if all.is_empty() { Err("there is no certificate in it (PEM)".into()) } else { Ok(all) }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for good in
            ["https://maskinporten.no/jwk", "http://127.0.0.1:8082/jwk", "http://localhost/jwk", "http://[::1]:1/"]
        {
            assert!(Address::new(good, None).is_ok(), "{good}");
        }
        for bad in [
            "",
            "jwk",
            "/jwk",
            "ftp://127.0.0.1/jwk",
            "file:///etc/passwd",
            "http://maskinporten.no/jwk",
            "http://127.0.0.1.evil.example/jwk",
            "http://localhost.evil.example/",
            "http://169.254.169.254/latest",
            "http://0.0.0.0/jwk",
            "https://user:secret@maskinporten.no/jwk",
            "http://127.0.0.1@evil.example/jwk",
        ] {
            assert!(Address::new(bad, None).is_err(), "{bad}");
        }
    }
}
