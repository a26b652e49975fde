//! An issuer that is believed, and how its tokens must look. `jsonwebtoken` verifies signatures; every claim is checked
//! here, because the library accepts an `aud` of numbers, a list of issuers, `crit`, `b64` and an `exp` without end.
use super::claims::{Claims, Token};
use super::key::Key;
use super::leave::{Leave, Scopes};
use super::remote::Remote;
use super::{AUDIENCE, LOCAL_ISSUER, MOST_LIFETIME, Refused, SKEW, Verified};
use crate::db::Author;
use crate::domain::organisation;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Who issues tokens, and how they must look.
pub struct Issuer {
    /// What `iss` says.
    pub iss: String,
    pub audience: Audience,
    /// What `typ` may say, in lower case; [`UNSPECIFIED`] for none.
    pub types: Vec<String>,
    /// The longest its tokens may live, in seconds.
    pub most_lifetime: i64,
    /// How far its clock may differ from ours, in seconds.
    pub skew: i64,
    pub principal: Principal,
    pub scopes: Scopes,
    /// What each organisation may do at most; none where that is not looked at.
    pub organisations: Option<HashMap<String, Vec<String>>>,
    pub keys: Keys,
}

/// A word for what is not said, in `aud` and `typ`.
pub const UNSPECIFIED: &str = "unspecified";

/// Whom its tokens must be for.
#[derive(Debug, Clone, PartialEq)]
pub enum Audience {
    Named(String),
    /// For nobody in particular: `aud` is missing, or says `unspecified`, as in tokens of Maskinporten unless another is
    /// asked for.
    Unspecified,
}

/// The claim that says who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    Sub,
    ClientId,
    /// The organisation that Maskinporten gave the token to.
    Consumer,
}

impl Principal {
    pub const WORDS: [(&str, Principal); 3] =
        [("sub", Principal::Sub), ("client_id", Principal::ClientId), ("consumer", Principal::Consumer)];
}

/// The keys of an issuer.
pub enum Keys {
    /// Read with the settings.
    Fixed(Vec<Key>),
    /// Read from an address, again and again.
    Remote(Arc<Remote>),
}

/// Headers that are not taken: extensions that are not understood here (`crit`, `b64`), keys from where a token points,
/// and what is not signed alone.
const FOREIGN_HEADERS: [&str; 9] = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "enc", "zip", "epk"];

/// Claims of what is signed by the same key and is no access token: ID tokens and logout tokens (OpenID Connect); and
/// `cnf`, of tokens that only who holds a key may use (RFC 9449, RFC 8705), which is not proven here.
const FOREIGN_CLAIMS: [&str; 6] = ["nonce", "at_hash", "c_hash", "s_hash", "events", "cnf"];
/// Claims by which issuers tell their tokens apart (Keycloak, Maskinporten, Cognito), and what they say in one that is for
/// whoever bears it.
const KINDS: [(&str, &str); 3] = [("typ", "Bearer"), ("token_type", "Bearer"), ("token_use", "access")];

impl Issuer {
    /// The one of a service that has a key of its own.
    pub fn local(key: Key) -> Self {
        Self {
            iss: LOCAL_ISSUER.into(),
            audience: Audience::Named(AUDIENCE.into()),
            types: default_types(),
            most_lifetime: MOST_LIFETIME,
            skew: SKEW,
            principal: Principal::Sub,
            scopes: Scopes::Own,
            organisations: None,
            keys: Keys::Fixed(vec![key]),
        }
    }

    /// Checks all of a token but its key and signature, at a time, and says what it would give leave to.
    pub fn check(&self, token: &Token, now: i64) -> Result<Verified, Refused> {
        self.check_header(&token.header)?;
        let (from, until) = self.check_times(&token.claims, now)?;
        if !self.is_for_us(&token.claims) {
            return Err(Refused::Bad("aud"));
        }
        if token.claims.has_any(&FOREIGN_CLAIMS) {
            return Err(Refused::Bad("a claim that no access token has"));
        }
        for (name, wanted) in KINDS {
            if token.claims.text(name)?.is_some_and(|kind| !kind.eq_ignore_ascii_case(wanted)) {
                return Err(Refused::Bad("no access token"));
            }
        }
        let author = self.author(&token.claims)?;
        let scopes = self.scopes.given(token.claims.text("scope")?.unwrap_or_default());
        let limit = self
            .organisations
            .as_ref()
            .map(|all| author.organisation.as_ref().and_then(|number| all.get(number)).cloned().unwrap_or_default());
        Ok(Verified { author, leave: Leave { scopes, limit }, from, until })
    }

    fn check_header(&self, header: &Claims) -> Result<(), Refused> {
        if header.has_any(&FOREIGN_HEADERS) {
            return Err(Refused::Bad("a header that is not taken"));
        }
        let typ = header.text("typ")?.map_or(UNSPECIFIED.into(), str::to_ascii_lowercase);
        // The prefix is left out by custom, and may be there (RFC 7515 §4.1.9).
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        if !self.types.iter().any(|taken| taken == typ) || header.get("typ").is_some_and(|t| t == UNSPECIFIED) {
            return Err(Refused::Bad("typ"));
        }
        Ok(())
    }

    /// From when until when it is taken, the skew included.
    fn check_times(&self, claims: &Claims, now: i64) -> Result<(i64, i64), Refused> {
        let exp = claims.time("exp")?.ok_or(Refused::Bad("no exp"))?;
        let iat = claims.time("iat")?.ok_or(Refused::Bad("no iat"))?;
        let nbf = claims.time("nbf")?.unwrap_or(iat);
        let (from, until) = (iat.max(nbf) - self.skew, exp + self.skew);
        if until <= now {
            return Err(Refused::Bad("expired"));
        }
        if now < from {
            return Err(Refused::Bad("not yet valid"));
        }
        if exp <= iat || exp - iat > self.most_lifetime {
            return Err(Refused::Bad("lives too long"));
        }
        Ok((from, until))
    }

    fn is_for_us(&self, claims: &Claims) -> bool {
        let wanted = match &self.audience {
            Audience::Named(name) => name,
            Audience::Unspecified => match claims.get("aud") {
                None => return true,
                // What names anybody is for them: of several names, `unspecified` may be one by mistake only.
                Some(Value::Array(all)) if all.len() != 1 => return false,
                Some(_) => UNSPECIFIED,
            },
        };
        match claims.get("aud") {
            Some(Value::String(aud)) => aud == wanted,
            Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(|aud| aud == wanted),
            _ => false,
        }
    }

    fn author(&self, claims: &Claims) -> Result<Author, Refused> {
        let missing = Refused::Bad("says not who it is for");
        let (subject, organisation) = match self.principal {
            Principal::Sub => (claims.plain("sub")?.ok_or(missing)?, None),
            Principal::ClientId => (claims.plain("client_id")?.ok_or(missing)?, None),
            Principal::Consumer => {
                let (id, number) = consumer(claims).ok_or(Refused::Bad("consumer"))?;
                (id, Some(number.to_owned()))
            }
        };
        // What is not needed must be well formed all the same: others in the service may come to look at it.
        for name in ["sub", "client_id"] {
            claims.plain(name)?;
        }
        let token_id = claims.plain("jti")?.map(str::to_owned);
        Ok(Author { issuer: self.iss.clone(), subject: subject.to_owned(), organisation, token_id })
    }
}

/// The organisation a token of Maskinporten is for: its identifier as it stands there, and its number.
fn consumer(claims: &Claims) -> Option<(&str, &str)> {
    let consumer = claims.get("consumer")?.as_object()?;
    if consumer.get("authority").is_some_and(|authority| authority != "iso6523-actorid-upis") {
        return None;
    }
    let id = consumer.get("ID")?.as_str()?;
    Some((id, organisation::from_iso_6523(id)?))
}

/// What `typ` may say unless set: an access token (RFC 9068), a JWT, or nothing.
pub fn default_types() -> Vec<String> {
    ["at+jwt", "jwt", UNSPECIFIED].map(str::to_owned).to_vec()
}
