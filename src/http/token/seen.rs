//! Tokens that were verified a moment ago, so that a caller with many requests costs one signature. Bounded; an entry is
//! good until its token is not, and for as long as the keys and the list of what is revoked are those it was checked with.
use super::Verified;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// How many tokens are remembered. An entry has some 500 bytes.
const MOST: usize = 10_000;

/// SHA-256 of a token: the token itself is not kept in memory.
pub type Fingerprint = [u8; 32];

pub struct Seen(Cache<Fingerprint, (u64, Arc<Verified>)>);

impl Default for Seen {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Seen {
    /// What a token says, where it was verified in this generation of keys and can be taken at this time.
    pub fn get(&self, token: &Fingerprint, generation: u64, now: i64) -> Option<Arc<Verified>> {
        let (of, verified) = self.0.get(token)?;
        (of == generation && (verified.from..verified.until).contains(&now)).then_some(verified)
    }

    /// Remembers a token. The generation is the one before the keys were looked at: keys that were replaced meanwhile
    /// make the entry worthless.
    pub fn put(&self, token: Fingerprint, generation: u64, verified: &Arc<Verified>) {
        self.0.insert(token, (generation, verified.clone()));
    }

    pub fn clear(&self) {
        self.0.clear();
    }
}
