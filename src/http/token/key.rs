//! Keys that tokens are checked with: each for one algorithm, from PEM, from a JSON Web Key (RFC 7517), or a secret.
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{PublicEncryptingKey, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The algorithms that keys of issuers may be for. None of them takes a secret: a public key must never pass as one.
pub const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("RS256", Algorithm::RS256),
    ("PS256", Algorithm::PS256),
    ("ES256", Algorithm::ES256),
    ("EdDSA", Algorithm::EdDSA),
];

/// How few bits the modulus of an RSA key may have (NIST SP 800-131A).
const LEAST_RSA_BITS: usize = 2_048;
/// How many it may have. Larger ones make a forged token cost more to refuse than to make.
const MOST_RSA_BITS: usize = 8_192;

/// A key, and the one algorithm it is for.
pub struct Key {
    /// What tokens call it; they need not name a key without a name.
    pub kid: Option<String>,
    pub algorithm: Algorithm,
    verifying: DecodingKey,
}

impl Key {
    /// Whether a signature (base64url) is of a message.
    pub fn verifies(&self, message: &str, signature: &str) -> bool {
        crypto::verify(signature, message.as_bytes(), &self.verifying, self.algorithm).unwrap_or(false)
    }

    /// What `alg` says in tokens that it checks.
    pub fn word(&self) -> &'static str {
        match self.algorithm {
            Algorithm::HS256 => "HS256",
            other => ALGORITHMS.iter().find(|(_, algorithm)| *algorithm == other).map_or("", |(word, _)| word),
        }
    }

    /// A public key in PEM: Ed25519, P-256 or RSA, told apart by its bytes. An RSA key is for RS256 unless said
    /// otherwise, and its name is a hash of it.
    pub fn from_pem(pem: &str, algorithm: Option<Algorithm>) -> Result<Self, String> {
        let bytes = der(pem, "PUBLIC KEY")?;
        let natural = kind(&bytes)?;
        let algorithm = match (natural, algorithm) {
            (Algorithm::RS256, Some(Algorithm::PS256)) => Algorithm::PS256,
            (natural, Some(other)) if natural != other => return Err("the key is not for that algorithm".into()),
            (natural, _) => natural,
        };
        let verifying = match natural {
            Algorithm::EdDSA => DecodingKey::from_ed_pem(pem.as_bytes()),
            Algorithm::ES256 => DecodingKey::from_ec_pem(pem.as_bytes()),
            _ => DecodingKey::from_rsa_pem(pem.as_bytes()),
        };
        sound(natural, &bytes)?;
        let kid = Some(BASE64.encode(&Sha256::digest(&bytes)[..12]));
        Ok(Self { kid, algorithm, verifying: verifying.map_err(|e| e.to_string())? })
    }

    /// A key of a key set, for the algorithm it names or else the one that is said of the set.
    pub fn from_jwk(value: &Value, said: Option<Algorithm>) -> Result<Self, String> {
        if ["d", "k", "p", "q"].iter().any(|secret| value.get(secret).is_some()) {
            return Err("holds what must be secret".into());
        }
        let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        let of = &jwk.common;
        let for_signatures = of.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature)
            && of.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        if !for_signatures {
            return Err("is not for signatures".into());
        }
        let kid = of.key_id.clone().filter(|kid| (1..=200).contains(&kid.len())).ok_or("has no kid")?;
        let named = of.key_algorithm.map(|named| algorithm(&named.to_string()).ok_or("is for another algorithm"));
        let algorithm = match (named.transpose()?, said) {
            (Some(named), Some(said)) if named != said => return Err("is for another algorithm".into()),
            (named, said) => named.or(said).ok_or("has no alg, and the issuer no `algorithm`")?,
        };
        let natural = match (&jwk.algorithm, algorithm) {
            (AlgorithmParameters::RSA(key), Algorithm::RS256 | Algorithm::PS256) => {
                let components = PublicKeyComponents { n: part(&key.n)?, e: part(&key.e)? };
                sound(Algorithm::RS256, components.as_der().map_err(|_| "is no RSA key")?.as_ref())
            }
            (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) if key.curve == EllipticCurve::P256 => {
                sound(Algorithm::ES256, &[&[4], &part(&key.x)?[..], &part(&key.y)?[..]].concat())
            }
            (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) if key.curve == EllipticCurve::Ed25519 => {
                sound(Algorithm::EdDSA, &part(&key.x)?)
            }
            _ => Err("is not for that algorithm".into()),
        };
        natural?;
        let verifying = DecodingKey::from_jwk(&jwk).map_err(|e| e.to_string())?;
        Ok(Self { kid: Some(kid), algorithm, verifying })
    }

    /// A secret that both sides know, for development.
    pub fn from_secret(secret: &[u8]) -> Self {
        Self { kid: None, algorithm: Algorithm::HS256, verifying: DecodingKey::from_secret(secret) }
    }

    /// Gives it the name its issuer has for it.
    pub fn named(self, kid: Option<String>) -> Self {
        Self { kid: kid.or(self.kid), ..self }
    }
}

/// The algorithm of a word in `alg`.
pub fn algorithm(word: &str) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(name, _)| *name == word).map(|(_, algorithm)| *algorithm)
}

fn part(text: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(text).map_err(|e| e.to_string())
}

/// Whether the bytes are a key of this kind, and one that can be relied on. `jsonwebtoken` would find out at each token.
fn sound(natural: Algorithm, bytes: &[u8]) -> Result<(), String> {
    let parsed = match natural {
        Algorithm::EdDSA => ParsedPublicKey::new(&ED25519, bytes).map(drop),
        Algorithm::ES256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).map(drop),
        _ => {
            let bits = PublicEncryptingKey::from_der(bytes).map_err(|_| "is no RSA key")?.key_size_bits();
            let fits = (LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits);
            return if fits {
                Ok(())
            } else {
                Err(format!("has {bits} bits, and not {LEAST_RSA_BITS} to {MOST_RSA_BITS}"))
            };
        }
    };
    parsed.map_err(|_| "is no key of its kind".into())
}

/// The object identifiers of Ed25519 (RFC 8410), of the curve P-256 (RFC 5480) and of RSA (RFC 8017), as they stand in a
/// key.
const OIDS: [(&[u8], Algorithm); 3] = [
    (&[0x06, 0x03, 0x2b, 0x65, 0x70], Algorithm::EdDSA),
    (&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], Algorithm::ES256),
    (&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], Algorithm::RS256),
];

/// The algorithm that a key is for by its kind; of an RSA key, RS256.
pub(super) fn kind(der: &[u8]) -> Result<Algorithm, String> {
    let has = |oid: &[u8]| der.windows(oid.len()).take(64).any(|w| w == oid);
    let found = OIDS.iter().find(|(oid, _)| has(oid)).map(|(_, algorithm)| *algorithm);
    found.ok_or_else(|| "the key is neither Ed25519 nor P-256 nor RSA".into())
}

/// The bytes of what stands in PEM under a label.
pub(super) fn der(pem: &str, label: &str) -> Result<Vec<u8>, String> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inner = pem.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let text: String = inner.ok_or(format!("no `{begin}` in it"))?.0.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).map_err(|e| e.to_string())
}
