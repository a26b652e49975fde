//! A secret for tokens (HS256), for development: whoever can check such a token can make one.
use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The variable it is in; with `_FILE`, that of the file it is in.
const VARIABLE: &str = "OPPTRAPPING_JWT_SECRET";
/// The least bytes it must have (RFC 7518 §3.2).
const LEAST_BYTES: usize = 32;
/// The least different bytes it must have: `aaaa…` and `0101…` have the length and nothing else.
const LEAST_DIFFERENT: usize = 8;

/// Words of secrets that stand in documentation. One that has such a word in it was copied, or thought up as it is.
const EXAMPLES: [&str; 16] = [
    "secret",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "passord",
    "hemmelig",
    "example",
    "eksempel",
    "0123456789",
    "abcdefgh",
    "your-256-bit",
    "at-least-256-bits",
    "opptrapping",
    "replace-me",
    "replace_me",
];

/// A secret. It is never shown, also not where settings are.
#[derive(Clone)]
pub struct Secret(String);

impl FromStr for Secret {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The secret of the settings, from its variable or from a file, with the name of where it is from.
    pub fn given(direct: Option<&Self>, file: Option<&Path>) -> Result<Option<(String, Self)>, String> {
        match (direct, file) {
            (None, None) => Ok(None),
            (Some(secret), None) => Ok(Some((VARIABLE.into(), secret.clone()))),
            (None, Some(path)) => {
                let from = format!("{VARIABLE}_FILE: {}", path.display());
                let text = std::fs::read_to_string(path).map_err(|e| format!("{from}: {e}"))?;
                Ok(Some((from, Self(text))))
            }
            (Some(_), Some(_)) => Err(format!("{VARIABLE}: stands together with {VARIABLE}_FILE")),
        }
    }

    /// Its bytes, where it is one that cannot be guessed.
    pub fn checked(&self) -> Result<&[u8], String> {
        let text = self.0.trim_end_matches(['\r', '\n']);
        let lower = text.to_lowercase();
        let mut different: Vec<u8> = text.bytes().collect();
        different.sort_unstable();
        different.dedup();
        match text.len() {
            0 => Err("is empty".into()),
            short if short < LEAST_BYTES => Err(format!("has {short} bytes, and needs {LEAST_BYTES}")),
            _ if EXAMPLES.iter().any(|word| lower.contains(word)) => {
                Err("is an example, or made of one; make one with `openssl rand -base64 48`".into())
            }
            _ if different.len() < LEAST_DIFFERENT => Err("repeats a few characters".into()),
            _ => Ok(text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_guessed_is_no_secret() {
        let refused = |text: &str| Secret(text.to_owned()).checked().is_err();
        for bad in [
            "",
            "\n",
            "short",
            "q8Zr1Wm4Kx7Lp2Vn5Bt9Jd3Hg6Fs0C",
            "your-256-bit-secret-your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "ChangeMeChangeMeChangeMeChangeMeChangeMe",
            "0123456789abcdef0123456789abcdef",
            "xyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxy",
        ] {
            assert!(refused(bad), "{bad}");
        }
        assert!(!refused("q8Zr1Wm4Kx7Lp2Vn5Bt9Jd3Hg6Fs0CyE"));
        assert!(!refused("q8Zr1Wm4Kx7Lp2Vn5Bt9Jd3Hg6Fs0CyE\n"));
        assert_eq!(format!("{:?}", Secret("q8Zr".into())), "Secret(…)");
    }
}
