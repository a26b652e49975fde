//! Key sets (JWKS, RFC 7517): what of one can be used.
use super::key::Key;
use jsonwebtoken::Algorithm;
use serde_json::Value;

/// How many keys a set may have. Issuers have two or three.
const MOST_KEYS: usize = 100;

/// The keys of a set that can check tokens. Those for other purposes are passed over, as issuers publish their keys for
/// encryption in the same set; one without any that can be used is refused whole.
pub fn read(bytes: &[u8], algorithm: Option<Algorithm>) -> Result<Vec<Key>, String> {
    let set: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON".to_owned())?;
    let members = set.get("keys").and_then(Value::as_array).ok_or("it has no list `keys`")?;
    if members.len() > MOST_KEYS {
        return Err(format!("it has more than {MOST_KEYS} keys"));
    }
    let mut keys: Vec<Key> = vec![];
    let mut unused = vec![];
    for (n, member) in members.iter().enumerate() {
        match Key::from_jwk(member, algorithm) {
            // Which of the two a token means could not be told.
            Ok(key) if keys.iter().any(|other| other.kid == key.kid) => return Err("it has two keys of one kid".into()),
            Ok(key) => keys.push(key),
            Err(why) => unused.push(format!("key {} {why}", n + 1)),
        }
    }
    if keys.is_empty() {
        let why = if unused.is_empty() { "it is empty".to_owned() } else { unused.join("; ") };
        return Err(format!("it has no key that can be used: {why}"));
    }
    Ok(keys)
}
