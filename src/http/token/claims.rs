//! A token taken apart (RFC 7515, RFC 7519), with nothing forgiven. Nothing in it is believed yet.
use super::Refused;
use crate::http::body::Members;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::Value;

/// The last second of the year 9999. A time beyond is a mistake, or an attempt to make one.
const LAST_SECOND: i64 = 253_402_300_799;

/// The parts of a token, in order and as they are.
pub struct Token<'t> {
    /// What the signature is of.
    pub message: &'t str,
    pub signature: &'t str,
    pub header: Claims,
    pub claims: Claims,
}

/// The members of the header or of the claims.
pub struct Claims(Vec<(String, Value)>);

impl<'t> Token<'t> {
    /// Takes a token apart.
    pub fn read(token: &'t str) -> Result<Self, Refused> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::Bad("not three parts"));
        };
        if signature.is_empty() {
            return Err(Refused::Bad("no signature"));
        }
        Ok(Self {
            message: &token[..header.len() + 1 + payload.len()],
            signature,
            header: Claims::read(header).ok_or(Refused::Bad("the header is no JSON object of different members"))?,
            claims: Claims::read(payload).ok_or(Refused::Bad("the claims are no JSON object of different members"))?,
        })
    }
}

impl Claims {
    /// None where a member stands twice: of the two, others who check the token could believe the other one.
    fn read(part: &str) -> Option<Self> {
        let Members(members) = serde_json::from_slice(&BASE64.decode(part).ok()?).ok()?;
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        (!names.windows(2).any(|two| two[0] == two[1])).then_some(Self(members))
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// A text; none where there is none.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Refused> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::Bad(name)),
        }
    }

    /// A text that can stand in a log and in a column: 1 to 200 bytes without control characters.
    pub fn plain(&self, name: &'static str) -> Result<Option<&str>, Refused> {
        let text = self.text(name)?;
        match text {
            Some(text) if !(1..=200).contains(&text.len()) || text.chars().any(char::is_control) => {
                Err(Refused::Bad(name))
            }
            text => Ok(text),
        }
    }

    /// Seconds since 1970, whole ones.
    pub fn time(&self, name: &'static str) -> Result<Option<i64>, Refused> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => {
                let time = value.as_i64().filter(|time| (0..=LAST_SECOND).contains(time));
                time.map(Some).ok_or(Refused::Bad(name))
            }
        }
    }
}
