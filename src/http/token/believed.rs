//! What is believed now: issuers with their keys, and what is revoked. Everyone who checks a token looks here.
use super::claims::Token;
use super::issuer::{Issuer, Keys};
use super::key::Key;
use super::remote::{Place, Remote, Set};
use super::revoked::Revoked;
use super::seen::Seen;
use super::sources::Sources;
use super::watch::Watched;
use super::{Refused, State, Verified};
use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct Believed {
    pub sources: Sources,
    pub issuers: ArcSwap<Vec<Issuer>>,
    pub revoked: ArcSwap<Revoked>,
    seen: Seen,
    generation: Arc<AtomicU64>,
    files: Mutex<Files>,
}

/// The files that it was read from.
#[derive(Default)]
pub struct Files {
    /// Those with keys.
    pub keys: Vec<Watched>,
    /// The list of what is revoked.
    pub revoked: Option<Watched>,
}

impl Believed {
    pub fn new(sources: Sources, revoked: Revoked, files: Files) -> Self {
        Self { sources, revoked: ArcSwap::from_pointee(revoked), files: Mutex::new(files), ..Self::default() }
    }

    /// The files; whoever reads them anew holds this, so that an older state is never put over a newer one.
    pub fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes issuers that were read. Key sets that are known already are kept with what fetches them, and asked for anew.
    pub fn take(&self, read: Vec<(Issuer, Option<Place>)>, now: i64) {
        let before = self.issuers.load();
        let issuers = read.into_iter().map(|(issuer, place)| {
            let Some(place) = place else { return issuer };
            let same = before.iter().find_map(|other| match &other.keys {
                Keys::Remote(remote) if remote.place.is_same(&place) => Some(remote.clone()),
                _ => None,
            });
            let remote = match same {
                Some(remote) => {
                    remote.refresh();
                    remote
                }
                None => Remote::start(place, self.generation.clone(), now),
            };
            Issuer { keys: Keys::Remote(remote), ..issuer }
        });
        self.issuers.store(Arc::new(issuers.collect()));
        self.changed();
    }

    /// Forgets what was verified: with other keys, by other rules, or before something was revoked.
    pub fn changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
        self.seen.clear();
    }

    /// Checks a token at a time, the cheap checks before the signature.
    pub fn verify(&self, token: &str, now: i64) -> Result<Arc<Verified>, Refused> {
        // Before anything else is looked at: see `Seen::put`.
        let generation = self.generation.load(Ordering::Acquire);
        let fingerprint = Sha256::digest(token).into();
        if let Some(verified) = self.seen.get(&fingerprint, generation, now) {
            return Ok(verified);
        }
        let token = Token::read(token)?;
        let issuers = self.issuers.load();
        let iss = token.claims.text("iss")?.ok_or(Refused::Bad("no iss"))?;
        let issuer = issuers.iter().find(|i| i.iss == iss).ok_or(Refused::Bad("issuer is not known"))?;
        let mut verified = issuer.check(&token, now)?;
        if self.revoked.load().has(&verified, token.claims.text("sub")?) {
            return Err(Refused::Bad("revoked"));
        }
        let set = issuer.signed(&token, now)?;
        // No longer than the keys are good for.
        verified.until = set.map_or(verified.until, |set| verified.until.min(set.until() + 1));
        let verified = Arc::new(verified);
        self.seen.put(fingerprint, generation, &verified);
        Ok(verified)
    }
}

impl Issuer {
    /// Checks who signed a token: the key it names, for the one algorithm of that key. Gives the key set that has it, where
    /// it is from one.
    fn signed(&self, token: &Token, now: i64) -> Result<Option<Arc<Set>>, Refused> {
        let kid = token.header.text("kid")?;
        let alg = token.header.text("alg")?.ok_or(Refused::Bad("no alg"))?;
        let check = |key: &Key| {
            // The key says which algorithm it is for, and never the token: else a public key would pass as a secret.
            match key.word() == alg {
                false => Err(Refused::Bad("alg is not that of the key")),
                true if key.verifies(token.message, token.signature) => Ok(()),
                true => Err(Refused::Bad("signature")),
            }
        };
        match &self.keys {
            Keys::Fixed(keys) => {
                check(named(keys, kid).ok_or(Refused::Bad("key is not known"))?)?;
                Ok(None)
            }
            Keys::Remote(remote) => {
                let set = remote.set(now).ok_or_else(|| Refused::Unknown(remote.clone()))?;
                match (named(&set.keys, kid), kid) {
                    (Some(key), _) => check(key)?,
                    (None, Some(_)) => return Err(Refused::Unknown(remote.clone())),
                    (None, None) => return Err(Refused::Bad("no kid, and several keys")),
                }
                Ok(Some(set))
            }
        }
    }
}

impl Issuer {
    /// How it stands with it.
    pub fn state(&self, now: i64) -> State {
        let (age_seconds, failure) = match &self.keys {
            Keys::Fixed(_) => (None, None),
            Keys::Remote(remote) => (remote.set(now).map(|set| set.age(now)), remote.failure()),
        };
        State { iss: self.iss.clone(), keys: self.keys.count(now), age_seconds, failure }
    }
}

impl Keys {
    /// How many there are.
    pub fn count(&self, now: i64) -> usize {
        match self {
            Self::Fixed(keys) => keys.len(),
            Self::Remote(remote) => remote.set(now).map_or(0, |set| set.keys.len()),
        }
    }
}

/// The key of a name. A token need not name the only one, and what has no name is named by no token.
fn named<'k>(keys: &'k [Key], kid: Option<&str>) -> Option<&'k Key> {
    match (keys, kid) {
        ([only], None) => Some(only),
        (keys, Some(kid)) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        (_, None) => None,
    }
}
