//! Tokens (RFC 7519, RFC 8725), checked strictly. `jsonwebtoken` verifies signatures; every claim is checked here,
//! because the library accepts an `aud` of numbers, a list of issuers, `crit`, `b64` and an `exp` without end.
use crate::db::Author;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The longest a token may be. Ours have some 400 characters.
pub const LONGEST: usize = 8_192;
/// How far clocks may differ, in seconds.
pub const SKEW: i64 = 30;
/// The longest a token may live, in seconds.
pub const MOST_LIFETIME: i64 = 3_600;
/// The issuer of tokens made by `opptrapping token`.
pub const LOCAL_ISSUER: &str = "opptrapping";
/// Whom those tokens are for.
pub const AUDIENCE: &str = "opptrapping";

/// Who issues tokens that are believed here, and how they must look. Issuers with key sets of their own, such as
/// Maskinporten, become further values of this type.
pub struct Issuer {
    pub iss: String,
    pub audience: String,
    pub most_lifetime: i64,
    pub skew: i64,
    pub keys: Vec<Key>,
}

/// A key, and the one algorithm it is for.
pub struct Key {
    pub kid: String,
    pub algorithm: Algorithm,
    pub verifying: DecodingKey,
}

/// Every issuer that is believed. None: the service is read-only.
#[derive(Default)]
pub struct Issuers(pub Vec<Issuer>);

/// What a good token says.
#[derive(Debug, Clone)]
pub struct Verified {
    pub author: Author,
    scopes: Vec<String>,
}

impl Verified {
    /// Whether the token gives a scope; `admin` gives all.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope || s == "admin")
    }
}

/// Why a token is refused. For the log; the caller is told only that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl Issuers {
    /// Checks a token at a time (seconds since 1970). The cheap checks come before the signature.
    pub fn verify(&self, token: &str, now: i64) -> Result<Verified, Refused> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused("not three parts"));
        };
        if signature.is_empty() {
            return Err(Refused("no signature"));
        }
        let header = object(header).ok_or(Refused("header is not JSON"))?;
        let claims = object(payload).ok_or(Refused("claims are not JSON"))?;
        let issuer = self.issuer(&claims)?;
        let key = issuer.key(&header)?;
        issuer.check(&claims, now)?;

        let mut validation = Validation::new(key.algorithm);
        // Time is checked above, with the clock that was handed in; the rest here is the signature alone.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<Map<String, Value>>(token, &key.verifying, &validation)
            .map_err(|_| Refused("signature"))?;
        Ok(verified(issuer, &claims))
    }

    fn issuer(&self, claims: &Map<String, Value>) -> Result<&Issuer, Refused> {
        let iss = claims.get("iss").and_then(Value::as_str).ok_or(Refused("iss is not a text"))?;
        self.0.iter().find(|i| i.iss == iss).ok_or(Refused("issuer is not known"))
    }
}

impl Issuer {
    fn key(&self, header: &Map<String, Value>) -> Result<&Key, Refused> {
        // Extensions are not understood here, and keys are never taken from where a token points.
        if ["crit", "b64", "jku", "jwk", "x5u", "x5c", "enc", "zip"].iter().any(|name| header.contains_key(*name)) {
            return Err(Refused("a header that is not taken"));
        }
        let typ = header.get("typ").map(|t| t.as_str().unwrap_or("?").to_ascii_lowercase());
        if !matches!(typ.as_deref(), None | Some("jwt" | "at+jwt")) {
            return Err(Refused("typ"));
        }
        let alg = header.get("alg").and_then(Value::as_str).ok_or(Refused("alg is not a text"))?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.as_str()),
            Some(_) => return Err(Refused("kid is not a text")),
        };
        let key = match kid {
            Some(kid) => self.keys.iter().find(|k| k.kid == kid),
            None if self.keys.len() == 1 => self.keys.first(),
            None => None,
        };
        let key = key.ok_or(Refused("key is not known"))?;
        // The key says which algorithm it is for, and never the token: else a public key would pass as a secret.
        if word(key.algorithm) == alg { Ok(key) } else { Err(Refused("alg is not that of the key")) }
    }

    fn check(&self, claims: &Map<String, Value>, now: i64) -> Result<(), Refused> {
        let time = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_i64().filter(|t| (0..=253_402_300_799).contains(t)).map(Some).ok_or(Refused(name)),
        };
        let exp = time("exp")?.ok_or(Refused("no exp"))?;
        let iat = time("iat")?.ok_or(Refused("no iat"))?;
        if exp + self.skew <= now {
            return Err(Refused("expired"));
        }
        if iat > now + self.skew || time("nbf")?.is_some_and(|nbf| nbf > now + self.skew) {
            return Err(Refused("not yet valid"));
        }
        if exp <= iat || exp - iat > self.most_lifetime {
            return Err(Refused("lives too long"));
        }
        let for_us = match claims.get("aud") {
            Some(Value::String(aud)) => *aud == self.audience,
            Some(Value::Array(all)) => {
                all.iter().all(Value::is_string) && all.iter().any(|a| a.as_str() == Some(&self.audience))
            }
            _ => false,
        };
        if !for_us {
            return Err(Refused("aud"));
        }
        let plain = |name: &str| {
            claims
                .get(name)
                .and_then(Value::as_str)
                .is_some_and(|t| (1..=200).contains(&t.len()) && !t.chars().any(char::is_control))
        };
        if !plain("sub") {
            return Err(Refused("sub"));
        }
        if claims.contains_key("jti") && !plain("jti") {
            return Err(Refused("jti"));
        }
        if claims.get("scope").is_some_and(|s| !s.is_string()) {
            return Err(Refused("scope"));
        }
        Ok(())
    }
}

fn verified(issuer: &Issuer, claims: &Map<String, Value>) -> Verified {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    Verified {
        author: Author {
            issuer: issuer.iss.clone(),
            subject: text("sub").unwrap_or_default(),
            organisation: None,
            token_id: text("jti"),
        },
        scopes: text("scope").unwrap_or_default().split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}

fn word(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::EdDSA => "EdDSA",
        Algorithm::ES256 => "ES256",
        _ => "",
    }
}

/// Reads a public key in PEM: Ed25519 or P-256, told apart by its bytes.
pub fn public_key(pem: &str) -> Result<Key, String> {
    let bytes = der(pem, "PUBLIC KEY")?;
    let kid = BASE64.encode(&Sha256::digest(&bytes)[..12]);
    let (algorithm, verifying) = match kind(&bytes)? {
        Algorithm::EdDSA => (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem.as_bytes())),
        other => (other, DecodingKey::from_ec_pem(pem.as_bytes())),
    };
    Ok(Key { kid, algorithm, verifying: verifying.map_err(|e| e.to_string())? })
}

/// The object identifiers of Ed25519 (RFC 8410) and of the curve P-256 (RFC 5480), as they stand in a key.
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

fn kind(der: &[u8]) -> Result<Algorithm, String> {
    let has = |oid: &[u8]| der.windows(oid.len()).take(64).any(|w| w == oid);
    if has(ED25519) {
        Ok(Algorithm::EdDSA)
    } else if has(P256) {
        Ok(Algorithm::ES256)
    } else {
        Err("the key is neither Ed25519 nor P-256".into())
    }
}

fn der(pem: &str, label: &str) -> Result<Vec<u8>, String> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inner = pem.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let text: String = inner.ok_or(format!("no `{begin}` in it"))?.0.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).map_err(|e| e.to_string())
}

/// The claims of a token made here.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

/// Makes a token with a private key in PEM (PKCS#8), for development and for publishers without an issuer.
pub fn make(
    private: &str,
    public: &str,
    subject: &str,
    scope: &str,
    now: i64,
    lifetime: i64,
) -> Result<String, String> {
    let key = public_key(public)?;
    let signing = match kind(&der(private, "PRIVATE KEY")?)? {
        Algorithm::EdDSA => EncodingKey::from_ed_pem(private.as_bytes()),
        _ => EncodingKey::from_ec_pem(private.as_bytes()),
    };
    let mut noise = [0u8; 12];
    aws_lc_rs::rand::fill(&mut noise).map_err(|e| e.to_string())?;
    let claims = Claims {
        iss: LOCAL_ISSUER,
        aud: AUDIENCE,
        sub: subject,
        scope,
        iat: now,
        exp: now + lifetime,
        jti: BASE64.encode(noise),
    };
    let header = Header { kid: Some(key.kid), typ: Some("at+jwt".into()), ..Header::new(key.algorithm) };
    jsonwebtoken::encode(&header, &claims, &signing.map_err(|e| e.to_string())?).map_err(|e| e.to_string())
}

/// A new key pair in PEM, private (PKCS#8) and public.
pub fn generate(algorithm: Algorithm) -> Result<(String, String), String> {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    let failed = |_| "no key could be made".to_owned();
    let (private, public) = match algorithm {
        Algorithm::ES256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
            let private = pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec();
            (private, pair.public_key().as_der().map_err(failed)?.as_ref().to_vec())
        }
        _ => {
            let pair = Ed25519KeyPair::generate().map_err(failed)?;
            let private = pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec();
            (private, pair.public_key().as_der().map_err(failed)?.as_ref().to_vec())
        }
    };
    Ok((pem("PRIVATE KEY", &private), pem("PUBLIC KEY", &public)))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|c| std::str::from_utf8(c).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The one issuer of a service that has a public key of its own.
pub fn local(public: &str) -> Result<Issuers, String> {
    let keys = vec![public_key(public)?];
    let iss = LOCAL_ISSUER.to_owned();
    Ok(Issuers(vec![Issuer { iss, audience: AUDIENCE.into(), most_lifetime: MOST_LIFETIME, skew: SKEW, keys }]))
}
