//! Cursors: where a page ended, at which revision, of which question. Never a page number.
use crate::error::{Error, Kind, Mistake};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The place after which the next page begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The revision all pages are read at.
    #[serde(rename = "r")]
    pub revision: i64,
    /// How many rows there are in all: it cannot change at one revision, so it is counted once.
    #[serde(rename = "n")]
    pub total: i64,
    /// The keys of the last row of the page before.
    #[serde(rename = "p")]
    pub place: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    cursor: Cursor,
    /// Over the cursor and the question it was given out for.
    #[serde(rename = "k")]
    check: String,
}

impl Cursor {
    /// Writes the cursor for a question (path, filters and order in their canonical spelling).
    pub fn seal(&self, question: &str) -> String {
        let sealed = Sealed { cursor: self.clone(), check: self.check(question) };
        BASE64.encode(serde_json::to_vec(&sealed).unwrap_or_default())
    }

    /// Reads a cursor. One that was altered, or given out for another question, is refused: it would page through
    /// something else than was asked.
    pub fn open(text: &str, question: &str) -> Result<Self, Error> {
        let refuse = || {
            let mistake = Mistake::query("cursor", "invalid", "was not given out for this query and order");
            Error::because(Kind::InvalidCursor, mistake)
        };
        let bytes = BASE64.decode(text).map_err(|_| refuse())?;
        let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        if sealed.check == sealed.cursor.check(question) { Ok(sealed.cursor) } else { Err(refuse()) }
    }

    fn check(&self, question: &str) -> String {
        let content = serde_json::to_vec(self).unwrap_or_default();
        short_hash(&[question.as_bytes(), &content])
    }
}

/// A short fingerprint of some parts, for cursors and `ETag`s.
pub fn short_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    BASE64.encode(&hash.finalize()[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_question_only() {
        let cursor = Cursor { revision: 7, total: 3, place: vec!["a".into(), 5.into()] };
        let text = cursor.seal("/v1/goals?plan=x");
        assert_eq!(Cursor::open(&text, "/v1/goals?plan=x").unwrap(), cursor);
        assert!(Cursor::open(&text, "/v1/goals?plan=y").is_err());
        for i in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[i] = if bent[i] == b'A' { b'B' } else { b'A' };
            assert!(Cursor::open(&String::from_utf8(bent).unwrap(), "/v1/goals?plan=x").is_err());
        }
        assert!(Cursor::open(&text[..text.len() - 3], "/v1/goals?plan=x").is_err());
    }
}
