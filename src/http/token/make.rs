//! Making key pairs and tokens: for development, and for publishers without an issuer.
use super::key::{Key, der, kind};
use super::{AUDIENCE, LOCAL_ISSUER, Secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

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
    let key = Key::from_pem(public, None)?;
    let signing = match kind(&der(private, "PRIVATE KEY")?)? {
        Algorithm::EdDSA => EncodingKey::from_ed_pem(private.as_bytes()),
        Algorithm::ES256 => EncodingKey::from_ec_pem(private.as_bytes()),
        _ => EncodingKey::from_rsa_pem(private.as_bytes()),
    };
    signed(key, &signing.map_err(|e| e.to_string())?, subject, scope, now, lifetime)
}

/// Makes a token with a secret, for a service in development.
pub fn make_with_secret(
    secret: &Secret,
    subject: &str,
    scope: &str,
    now: i64,
    lifetime: i64,
) -> Result<String, String> {
    let secret = secret.checked()?;
    signed(Key::from_secret(secret), &EncodingKey::from_secret(secret), subject, scope, now, lifetime)
}

fn signed(
    key: Key,
    signing: &EncodingKey,
    subject: &str,
    scope: &str,
    now: i64,
    lifetime: i64,
) -> Result<String, String> {
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
    let header = Header { kid: key.kid, typ: Some("at+jwt".into()), ..Header::new(key.algorithm) };
    jsonwebtoken::encode(&header, &claims, signing).map_err(|e| e.to_string())
}

/// A new key pair in PEM, private (PKCS#8) and public.
pub fn generate(algorithm: Algorithm) -> Result<(String, String), String> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{self, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    let failed = |_| "no key could be made".to_owned();
    let (private, public) = match algorithm {
        Algorithm::ES256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
            let private = pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec();
            (private, pair.public_key().as_der().map_err(failed)?.as_ref().to_vec())
        }
        Algorithm::RS256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let private: Pkcs8V1Der = pair.as_der().map_err(failed)?;
            (private.as_ref().to_vec(), pair.public_key().as_der().map_err(failed)?.as_ref().to_vec())
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
