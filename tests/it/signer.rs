//! Key pairs, tokens signed with any header and any claims, and services that believe them.
use crate::support::Folder;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use opptrapping::api;
use opptrapping::http::token::{self, Issuers, LOCAL_ISSUER, Sources};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The clock of tests that hand it in.
pub const NOW: i64 = 1_800_000_000;
/// The issuer of the file in [`maskinporten`].
pub const MASKINPORTEN: &str = "https://maskinporten.example/";
/// The consumer of its tokens.
pub const CONSUMER: &str = "974760673";

/// A key pair.
pub struct Pair {
    pub algorithm: Algorithm,
    pub private: String,
    pub public: String,
    pub kid: String,
}

impl Pair {
    pub fn new(algorithm: Algorithm) -> Self {
        let kind = if algorithm == Algorithm::PS256 { Algorithm::RS256 } else { algorithm };
        let (private, public) = token::generate(kind).unwrap();
        let kid = token::Key::from_pem(&public, None).unwrap().kid.unwrap();
        Self { algorithm, private, public, kid }
    }

    pub fn key(&self) -> EncodingKey {
        let pem = self.private.as_bytes();
        match self.algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem).unwrap(),
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem).unwrap(),
            _ => EncodingKey::from_rsa_pem(pem).unwrap(),
        }
    }

    /// The public key as it stands in a key set.
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key(), self.algorithm).unwrap()).unwrap();
        (jwk["kid"], jwk["use"]) = (json!(self.kid), json!("sig"));
        jwk
    }

    pub fn header(&self) -> Value {
        json!({ "alg": format!("{:?}", self.algorithm), "typ": "at+jwt", "kid": self.kid })
    }

    /// Signs any header and claims, as they are.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = crypto::sign(message.as_bytes(), &self.key(), self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    /// A token with these claims and a good header.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

/// A key set.
pub fn key_set(pairs: &[&Pair]) -> Value {
    json!({ "keys": pairs.iter().map(|pair| pair.jwk()).collect::<Vec<_>>() })
}

/// A word that no other token has for its `jti`.
pub fn fresh_id() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("token-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The claims of a token made by `opptrapping token`.
pub fn local_claims(now: i64) -> Value {
    json!({
        "iss": LOCAL_ISSUER, "aud": "opptrapping", "sub": "tester", "scope": "grants:write", "iat": now,
        "exp": now + 600, "jti": fresh_id(),
    })
}

/// The claims of a token of Maskinporten, as its documentation has them.
pub fn maskinporten_claims(now: i64) -> Value {
    json!({
        "iss": MASKINPORTEN, "scope": "nav:opptrapping/grants.write", "token_type": "Bearer", "client_amr": "private_key_jwt",
        "iat": now, "exp": now + 119, "jti": fresh_id(), "client_id": "2d4a3c5e-3c0f-4a1b-9c58-5d1f2a4b6c7d",
        "consumer": { "authority": "iso6523-actorid-upis", "ID": format!("0192:{CONSUMER}") },
    })
}

/// The rules of Maskinporten, to be completed with where its keys are.
pub const MASKINPORTEN_RULES: &str = r#"
[[issuer]]
iss = "https://maskinporten.example/"
audience = "unspecified"
principal = "consumer"
lifetime_seconds = 600
scope_prefix = "nav:opptrapping/"
"#;

/// A file of issuers in a folder, with other files that it names.
pub fn sources(folder: &Folder, file: &str, beside: &[(&str, &str)]) -> Sources {
    for (name, content) in beside {
        fs::write(folder.0.join(name), content).unwrap();
    }
    let path = folder.0.join("issuers.toml");
    fs::write(&path, file).unwrap();
    Sources { issuers: Some(path), scopes: api::scopes(), ..Sources::default() }
}

/// The path of a file in a folder, with this content.
pub fn file(folder: &Folder, name: &str, content: &str) -> PathBuf {
    let path = folder.0.join(name);
    fs::write(&path, content).unwrap();
    path
}

/// A service that believes Maskinporten, whose key set is in a file.
pub fn maskinporten(folder: &Folder, pairs: &[&Pair], more: &str) -> Issuers {
    let rules = format!("{MASKINPORTEN_RULES}jwks_file = \"jwks.json\"\n{more}");
    Issuers::open(sources(folder, &rules, &[("jwks.json", &key_set(pairs).to_string())])).unwrap()
}
