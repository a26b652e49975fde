//! Tokens signed with any header and any claims, and a table of those that must be refused.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use opptrapping::http::token::{self, Issuers, LOCAL_ISSUER, MOST_LIFETIME, SKEW};
use serde_json::{Value, json};

pub const NOW: i64 = 1_800_000_000;

/// A key pair and the service that believes it.
pub struct Signer {
    pub algorithm: Algorithm,
    private: String,
    pub public: String,
    pub issuers: Issuers,
}

impl Signer {
    fn new(algorithm: Algorithm) -> Self {
        let (private, public) = token::generate(algorithm).unwrap();
        let issuers = token::local(&public).unwrap();
        Self { algorithm, private, public, issuers }
    }

    fn kid(&self) -> String {
        self.issuers.0[0].keys[0].kid.clone()
    }

    pub fn header(&self) -> Value {
        json!({ "alg": format!("{:?}", self.algorithm), "typ": "at+jwt", "kid": self.kid() })
    }

    /// Signs any header and claims, as they are.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = crypto::sign(message.as_bytes(), &self.key(), self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn key(&self) -> EncodingKey {
        match self.algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(self.private.as_bytes()).unwrap(),
            _ => EncodingKey::from_ec_pem(self.private.as_bytes()).unwrap(),
        }
    }

    pub fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header();
        header[name] = value;
        self.sign(&header, &claims(NOW))
    }

    pub fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = claims(NOW);
        claims[name] = value;
        self.sign(&self.header(), &claims)
    }

    pub fn without_claim(&self, name: &str) -> String {
        let mut claims = claims(NOW);
        claims.as_object_mut().unwrap().remove(name);
        self.sign(&self.header(), &claims)
    }

    pub fn takes(&self, token: &str) -> bool {
        self.issuers.verify(token, NOW).is_ok()
    }
}

pub fn claims(now: i64) -> Value {
    json!({
        "iss": LOCAL_ISSUER, "aud": "opptrapping", "sub": "tester", "scope": "grants:write", "iat": now,
        "exp": now + 600, "jti": "abc",
    })
}

pub fn signers() -> [Signer; 2] {
    [Signer::new(Algorithm::EdDSA), Signer::new(Algorithm::ES256)]
}

/// Tokens that must be refused, each with the reason.
pub fn bad(signer: &Signer) -> Vec<(String, String)> {
    let good = signer.sign(&signer.header(), &claims(NOW));
    let parts: Vec<&str> = good.split('.').collect();
    let mut all: Vec<(String, String)> = vec![];
    let mut add = |why: &str, token: String| all.push((why.to_owned(), token));

    for alg in
        ["none", "None", "nOnE", "NONE", "HS256", "HS384", "RS256", "PS256", "ES384", "", "eddsa", "es256", "Ed25519"]
    {
        let mut header = signer.header();
        header["alg"] = json!(alg);
        let unsigned = format!("{}.{}.", BASE64.encode(header.to_string()), parts[1]);
        add(&format!("alg {alg}, unsigned"), unsigned);
        add(&format!("alg {alg}"), signer.sign(&header, &claims(NOW)));
    }
    for alg in [json!(null), json!(1), json!(["EdDSA"]), json!({})] {
        add(&format!("alg {alg}"), signer.with_header("alg", alg));
    }
    let mut symmetric = signer.header();
    symmetric["alg"] = json!("HS256");
    for secret in [signer.public.as_bytes(), signer.public.trim_end().as_bytes(), b""] {
        let message = format!("{}.{}", BASE64.encode(symmetric.to_string()), parts[1]);
        let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256).unwrap();
        add("HS256 with what is public", format!("{message}.{signature}"));
    }

    for (name, value) in [
        ("crit", json!(["x"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
        ("jwk", json!({ "kty": "OKP" })),
        ("x5c", json!(["MIIB"])),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("typ", json!("JWE")),
        ("typ", json!("id_token")),
        ("typ", json!("dpop+jwt")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("")),
        ("typ", json!(1)),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!("'; DROP TABLE plans; --")),
        ("kid", json!("a\0b")),
        ("kid", json!("k".repeat(8_192))),
        ("kid", json!("")),
        ("kid", json!(1)),
        ("kid", json!(null)),
        ("kid", json!([signer.kid()])),
    ] {
        let shown: String = value.to_string().chars().take(40).collect();
        add(&format!("{name}: {shown}"), signer.with_header(name, value));
    }

    for (name, values) in [
        (
            "iss",
            vec![
                json!(null),
                json!(""),
                json!([LOCAL_ISSUER]),
                json!([LOCAL_ISSUER, "evil"]),
                json!(1),
                json!("evil"),
                json!("OPPTRAPPING"),
            ],
        ),
        (
            "aud",
            vec![
                json!(null),
                json!([]),
                json!(5),
                json!("other"),
                json!("unspecified"),
                json!([5]),
                json!(["opptrapping", 5]),
                json!(["other"]),
                json!({}),
            ],
        ),
        (
            "exp",
            vec![
                json!(null),
                json!("1800000600"),
                json!(-1),
                json!(0),
                json!(1e300),
                json!(u64::MAX),
                json!(i64::MAX),
                json!(NOW + MOST_LIFETIME + 1),
                json!(1_800_000_600.5),
                json!(NOW),
                json!(true),
                json!([NOW + 600]),
            ],
        ),
        (
            "iat",
            vec![json!(null), json!("1800000000"), json!(-1), json!(NOW + SKEW + 1), json!(NOW + 599), json!(1e300)],
        ),
        ("nbf", vec![json!(NOW + SKEW + 1), json!("0"), json!(null), json!(u64::MAX), json!(-1)]),
        ("sub", vec![json!(null), json!(""), json!(1), json!(["tester"]), json!("a\nb"), json!("s".repeat(201))]),
        ("jti", vec![json!(1), json!(""), json!("a\nb")]),
        ("scope", vec![json!(["grants:write"]), json!(1)]),
    ] {
        for value in values {
            let shown: String = value.to_string().chars().take(40).collect();
            add(&format!("{name}: {shown}"), signer.with_claim(name, value));
        }
    }
    for name in ["iss", "aud", "exp", "iat", "sub"] {
        add(&format!("no {name}"), signer.without_claim(name));
    }
    // The claims of a grant (RFC 7523): a client asks an issuer for a token with it; it is not one.
    let grant = json!({ "iss": "client-1", "aud": "https://maskinporten.no/", "scope": "grants:write", "iat": NOW, "exp": NOW + 100, "sub": "c" });
    add("a JWT grant", signer.sign(&signer.header(), &grant));

    add("another key", Signer::new(signer.algorithm).sign(&signer.header(), &claims(NOW)));
    let other = if signer.algorithm == Algorithm::EdDSA { Algorithm::ES256 } else { Algorithm::EdDSA };
    add("a key of the other kind", Signer::new(other).sign(&signer.header(), &claims(NOW)));
    let mut richer = claims(NOW);
    richer["scope"] = json!("admin");
    add("claims changed after signing", format!("{}.{}.{}", parts[0], BASE64.encode(richer.to_string()), parts[2]));
    let mut bent = parts[2].to_owned().into_bytes();
    bent[0] = if bent[0] == b'A' { b'B' } else { b'A' };
    add("a bent signature", format!("{}.{}.{}", parts[0], parts[1], String::from_utf8(bent).unwrap()));
    add("half a signature", format!("{}.{}.{}", parts[0], parts[1], &parts[2][..40]));
    add("no signature", format!("{}.{}.", parts[0], parts[1]));
    add("zeros for a signature", format!("{}.{}.{}", parts[0], parts[1], BASE64.encode([0u8; 64])));
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "null",
        "{}",
        &good[1..],
        &format!("{good}."),
        &format!("{good}.x"),
        &format!(" {good}"),
        &format!("{good}="),
        &parts[..2].join("."),
    ] {
        add(&format!("malformed: {}", &token[..token.len().min(20)]), token.to_owned());
    }
    add("a header that is no object", signer.sign_text("[]", &claims(NOW).to_string()));
    add("claims that are no object", signer.sign_text(&signer.header().to_string(), "[]"));
    add("claims that are not JSON", signer.sign_text(&signer.header().to_string(), "{"));
    all
}
