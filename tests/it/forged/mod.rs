//! Tokens that must be refused, generated from what a good one has: each with a good one that differs in that alone.
mod claims;

use crate::signer::{MASKINPORTEN, NOW, Pair, local_claims, maskinporten, maskinporten_claims};
use crate::support::Folder;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use opptrapping::http::token::{self, Issuers, LOCAL_ISSUER};
use serde_json::{Value, json};

/// Who issues the tokens, and so what makes a good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A public key of the service's own.
    Local,
    /// A file of issuers with the rules of Maskinporten, and a key set.
    Maskinporten,
}

/// A key pair and the service that believes it.
pub struct Signer {
    pub profile: Profile,
    /// When its tokens are issued.
    pub now: i64,
    pub pair: Pair,
    pub issuers: Issuers,
    _folder: Folder,
}

/// A token to be refused.
pub struct Forged {
    pub why: String,
    pub token: String,
    /// The good one that differs in that alone.
    pub control: String,
}

impl Signer {
    pub fn new(algorithm: Algorithm, profile: Profile) -> Self {
        Self::at(algorithm, profile, NOW)
    }

    pub fn at(algorithm: Algorithm, profile: Profile, now: i64) -> Self {
        let (pair, folder) = (Pair::new(algorithm), Folder::new("signer"));
        let issuers = match profile {
            Profile::Local => token::local(&pair.public).unwrap(),
            Profile::Maskinporten => maskinporten(&folder, &[&pair], ""),
        };
        Self { profile, now, pair, issuers, _folder: folder }
    }

    /// The claims of a good token, never seen before.
    pub fn claims(&self) -> Value {
        match self.profile {
            Profile::Local => local_claims(self.now),
            Profile::Maskinporten => maskinporten_claims(self.now),
        }
    }

    /// A good token, never seen before.
    pub fn good(&self) -> String {
        self.pair.token(&self.claims())
    }

    pub fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.pair.header();
        header[name] = value;
        self.pair.sign(&header, &self.claims())
    }

    pub fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.pair.token(&claims)
    }

    pub fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        self.pair.token(&claims)
    }

    pub fn takes(&self, token: &str) -> bool {
        self.issuers.verify(token, self.now).is_ok()
    }

    fn iss(&self) -> &'static str {
        if self.profile == Profile::Local { LOCAL_ISSUER } else { MASKINPORTEN }
    }

    fn most_lifetime(&self) -> i64 {
        if self.profile == Profile::Local { token::MOST_LIFETIME } else { 600 }
    }
}

/// Every kind of key under every kind of rule.
pub fn signers() -> impl Iterator<Item = Signer> {
    let kinds = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
    let profiles = [Profile::Local, Profile::Maskinporten];
    kinds.into_iter().flat_map(move |kind| profiles.into_iter().map(move |profile| Signer::new(kind, profile)))
}

/// Tokens that must be refused.
pub fn forged(signer: &Signer) -> Vec<Forged> {
    let mut all = Table { signer, rows: vec![] };
    algorithms(&mut all);
    headers(&mut all);
    claims::words(&mut all);
    claims::times(&mut all);
    other_tokens(&mut all);
    signatures(&mut all);
    shapes(&mut all);
    all.rows
}

struct Table<'s> {
    signer: &'s Signer,
    rows: Vec<Forged>,
}

impl Table<'_> {
    fn add(&mut self, why: impl Into<String>, token: String, control: String) {
        self.rows.push(Forged { why: why.into().chars().take(60).collect(), token, control });
    }

    /// What is made of the header and claims of a good token.
    fn changed(&mut self, why: impl Into<String>, change: impl FnOnce(&mut Value, &mut Value)) {
        let (header, claims) = (self.signer.pair.header(), self.signer.claims());
        let control = self.signer.pair.sign(&header, &claims);
        let (mut bad_header, mut bad_claims) = (header, claims);
        change(&mut bad_header, &mut bad_claims);
        self.add(why, self.signer.pair.sign(&bad_header, &bad_claims), control);
    }

    fn header(&mut self, name: &str, value: Value) {
        self.changed(format!("header {name}: {value}"), |header, _| header[name] = value);
    }

    fn claim(&mut self, name: &str, value: Value) {
        self.changed(format!("{name}: {value}"), |_, claims| claims[name] = value);
    }

    fn lacking(&mut self, name: &str) {
        self.changed(format!("no {name}"), |_, claims| drop(claims.as_object_mut().unwrap().shift_remove(name)));
    }
}

/// What a token says its algorithm is must be what its key is for.
fn algorithms(all: &mut Table) {
    let own = format!("{:?}", all.signer.pair.algorithm);
    let words = [
        "none", "None", "nOnE", "NONE", "HS256", "HS384", "HS512", "RS256", "RS384", "PS256", "PS384", "ES256",
        "ES384", "EdDSA", "", "eddsa", "es256", "rs256", "Ed25519",
    ];
    for alg in words.into_iter().filter(|alg| *alg != own) {
        let good = all.signer.good();
        let mut header = all.signer.pair.header();
        header["alg"] = json!(alg);
        let unsigned = format!("{}.{}.", BASE64.encode(header.to_string()), good.split('.').nth(1).unwrap());
        all.add(format!("alg {alg}, unsigned"), unsigned, good);
        all.header("alg", json!(alg));
    }
    for alg in [json!(null), json!(1), json!([own]), json!({})] {
        all.header("alg", alg);
    }
    let public = all.signer.pair.public.clone();
    for secret in [public.as_bytes(), public.trim_end().as_bytes(), b"", all.signer.pair.kid.as_bytes()] {
        let (good, mut header) = (all.signer.good(), all.signer.pair.header());
        header["alg"] = json!("HS256");
        let message = format!("{}.{}", BASE64.encode(header.to_string()), good.split('.').nth(1).unwrap());
        let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256).unwrap();
        all.add("HS256 with what is public", format!("{message}.{signature}"), good);
    }
}

fn headers(all: &mut Table) {
    let kid = all.signer.pair.kid.clone();
    for (name, values) in [
        ("crit", vec![json!(["x"]), json!([]), json!(["b64"])]),
        ("b64", vec![json!(false), json!(true)]),
        ("jku", vec![json!("https://evil.example/jwks"), json!("http://169.254.169.254/")]),
        ("x5u", vec![json!("https://evil.example/x5u")]),
        ("jwk", vec![json!({ "kty": "OKP" }), all.signer.pair.jwk()]),
        ("x5c", vec![json!(["MIIB"])]),
        ("zip", vec![json!("DEF")]),
        ("enc", vec![json!("A128GCM")]),
        (
            "typ",
            ["JWE", "id_token", "dpop+jwt", "logout+jwt", "secevent+jwt", "unspecified", "", "at+jwt "]
                .map(|typ| json!(typ))
                .into_iter()
                .chain([json!(1), json!(null)])
                .collect(),
        ),
        (
            "kid",
            vec![
                json!("../../etc/passwd"),
                json!("'; DROP TABLE plans; --"),
                json!("a\0b"),
                json!("k".repeat(8_192)),
                json!(""),
                json!(1),
                json!(null),
                json!([kid]),
                json!(format!("{kid} ")),
            ],
        ),
    ] {
        values.into_iter().for_each(|value| all.header(name, value));
    }
}

/// What the same issuer signs, and is no access token for this service.
fn other_tokens(all: &mut Table) {
    let iss = all.signer.iss();
    // A grant (RFC 7523): a client asks the issuer for a token with it.
    all.changed("a JWT grant", |_, claims| {
        (claims["iss"], claims["aud"]) = (json!("2d4a3c5e-3c0f-4a1b-9c58-5d1f2a4b6c7d"), json!(iss));
    });
    if all.signer.profile == Profile::Maskinporten {
        all.changed("a grant in the name of the issuer", |_, claims| claims["aud"] = json!(iss));
    }
    all.changed("an ID token", |_, claims| {
        (claims["aud"], claims["nonce"], claims["auth_time"]) = (json!("2d4a3c5e"), json!("n"), json!(1));
    });
    for (name, value) in [
        ("nonce", json!("n")),
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("s_hash", json!("x")),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
        // Bound to a key whose holder would have to prove that it has it.
        ("cnf", json!({ "jkt": "x" })),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("token_type", json!("DPoP")),
        ("token_type", json!(1)),
        ("token_use", json!("id")),
    ] {
        all.claim(name, value);
    }
}

fn signatures(all: &mut Table) {
    let (profile, own) = (all.signer.profile, all.signer.pair.algorithm);
    for other in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA] {
        let stranger = Pair::new(other);
        let (good, claims) = (all.signer.good(), all.signer.claims());
        all.add(format!("{other:?} of another"), stranger.token(&claims), good);
        let (good, mut header) = (all.signer.good(), stranger.header());
        header["kid"] = json!(all.signer.pair.kid);
        all.add(format!("{other:?} of another, under our kid"), stranger.sign(&header, &claims), good);
        if own == Algorithm::RS256 && other == Algorithm::PS256 {
            let same = Pair { algorithm: other, private: all.signer.pair.private.clone(), ..stranger };
            let good = all.signer.good();
            all.add("PS256 with the key for RS256", same.sign(&header, &claims), good);
        }
    }
    let good = all.signer.good();
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let mut richer = all.signer.claims();
    richer["scope"] = json!(if profile == Profile::Local { "admin" } else { "nav:opptrapping/admin" });
    let bent = |at: usize| {
        let mut bent = signature.to_owned().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bent).unwrap()
    };
    let length = BASE64.decode(signature).unwrap().len();
    for (why, token) in [
        ("claims changed after signing", format!("{header}.{}.{signature}", BASE64.encode(richer.to_string()))),
        ("a signature bent at its begin", format!("{header}.{payload}.{}", bent(0))),
        ("a signature bent in its middle", format!("{header}.{payload}.{}", bent(signature.len() / 2))),
        ("half a signature", format!("{header}.{payload}.{}", &signature[..40])),
        ("no signature", format!("{header}.{payload}.")),
        ("zeros for a signature", format!("{header}.{payload}.{}", BASE64.encode(vec![0u8; length]))),
        ("ones for a signature", format!("{header}.{payload}.{}", BASE64.encode(vec![255u8; length]))),
        ("a signature and more", format!("{header}.{payload}.{signature}AAAA")),
        ("the signature of another", format!("{header}.{payload}.{}", all.signer.good().rsplit('.').next().unwrap())),
    ] {
        all.add(why, token, good.clone());
    }
}

fn shapes(all: &mut Table) {
    let good = all.signer.good();
    let parts: Vec<&str> = good.split('.').collect();
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "a.b.c".into(),
        "null".into(),
        "{}".into(),
        good[1..].to_owned(),
        format!("{good}."),
        format!("{good}.x"),
        format!(".{good}"),
        format!(" {good}"),
        format!("{good}="),
        format!("{good}\n"),
        parts[..2].join("."),
        good.replace('.', ","),
        format!("{}\n.{}.{}", parts[0], parts[1], parts[2]),
        base64::engine::general_purpose::STANDARD.encode(&good),
    ] {
        all.add(format!("malformed: {token:.20}"), token, good.clone());
    }
    let (pair, header, claims) =
        (&all.signer.pair, all.signer.pair.header().to_string(), all.signer.claims().to_string());
    let twice = |text: &str, name: &str, value: &str| format!("{{\"{name}\":{value},{}", &text[1..]);
    for (why, token) in [
        ("a header that is no object", pair.sign_text("[]", &claims)),
        ("claims that are no object", pair.sign_text(&header, "[]")),
        ("claims that are not JSON", pair.sign_text(&header, "{")),
        ("claims that are not UTF-8", pair.sign_text(&header, &claims).replacen('.', "._w", 1)),
        ("something after the claims", pair.sign_text(&header, &format!("{claims}{{}}"))),
        ("a mark before the header", pair.sign_text(&format!("\u{feff}{header}"), &claims)),
        ("alg twice", pair.sign_text(&twice(&header, "alg", "\"none\""), &claims)),
        ("kid twice", pair.sign_text(&twice(&header, "kid", "\"x\""), &claims)),
        ("iss twice", pair.sign_text(&header, &twice(&claims, "iss", "\"evil\""))),
        ("exp twice", pair.sign_text(&header, &twice(&claims, "exp", "4000000000"))),
        ("scope twice", pair.sign_text(&header, &twice(&claims, "scope", "\"admin\""))),
    ] {
        all.add(why, token, good.clone());
    }
}
