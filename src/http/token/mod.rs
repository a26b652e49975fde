//! Tokens (RFC 7519, RFC 8725): whose are believed, and how each is checked. Strictly: whoever can have a token accepted
//! can write.
//!
//! A token is taken apart (`claims`), held against the rules of its issuer (`issuer`, `leave`), looked for among what is
//! revoked (`revoked`), and only then its signature is checked (`key`) and it is remembered (`seen`). Issuers come from
//! settings (`sources`, `file`), their keys from files or from an address (`remote`).
mod believed;
mod claims;
mod entry;
mod fetch;
mod file;
mod issuer;
mod kept;
mod key;
mod keyset;
mod leave;
mod make;
mod remote;
mod revoked;
mod secret;
mod seen;
mod sources;
mod watch;

use crate::db::Author;
use believed::{Believed, Files};
use issuer::Issuer;
pub use key::Key;
use leave::Leave;
pub use leave::{ADMIN, Lacking};
pub use make::{generate, make, make_with_secret};
pub use remote::LAST_GOOD;
use remote::Remote;
pub use secret::Secret;
use serde::Serialize;
pub use sources::Sources;
use std::fmt;
use std::sync::Arc;
use watch::Watched;

/// The longest a token may be. Ours have some 400 characters.
pub const LONGEST: usize = 8_192;
/// How far clocks may differ unless set, in seconds.
pub const SKEW: i64 = 30;
/// The longest a token may live unless set, in seconds.
pub const MOST_LIFETIME: i64 = 3_600;
/// The issuer of tokens made by `opptrapping token`.
pub const LOCAL_ISSUER: &str = "opptrapping";
/// Whom those tokens are for.
pub const AUDIENCE: &str = "opptrapping";

/// Every issuer that is believed, with its keys as they are now, and what is revoked. None: the service is read-only.
#[derive(Clone, Default)]
pub struct Issuers(Arc<Believed>);

/// What a good token says.
#[derive(Debug, Clone)]
pub struct Verified {
    pub author: Author,
    leave: Leave,
    /// When it is taken, in seconds since 1970; `until` is the first second in which it is not.
    from: i64,
    until: i64,
}

impl Verified {
    /// Whether there is leave for a scope; `admin` gives all.
    pub fn may(&self, scope: &str) -> bool {
        self.covers(scope).is_ok()
    }

    /// Whether there is leave for a scope, and what lacks where there is none.
    pub fn covers(&self, scope: &str) -> Result<(), Lacking> {
        self.leave.covers(scope)
    }
}

/// Why a token is refused. For the log; the caller is told only that it is.
#[derive(Clone)]
pub enum Refused {
    /// It is not good.
    Bad(&'static str),
    /// All but its key is good, and the key is not among those that are known of its issuer now.
    Unknown(Arc<Remote>),
    /// Whether it is good cannot be said: the keys of its issuer cannot be had.
    Away,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl Refused {
    /// The reason in a few words.
    pub fn why(&self) -> &'static str {
        match self {
            Self::Bad(why) => why,
            Self::Unknown(_) => "key is not known",
            Self::Away => "the keys of its issuer cannot be had",
        }
    }
}

/// How it stands with an issuer, for those who run the service.
#[derive(Debug, Serialize)]
pub struct State {
    pub iss: String,
    /// How many keys can check its tokens now.
    pub keys: usize,
    /// How old its key set is, in seconds; null where it is read with the settings, or there is none.
    pub age_seconds: Option<i64>,
    /// Why its key set could not be fetched; null where it could.
    pub failure: Option<String>,
}

impl Issuers {
    /// Reads everything, and begins to fetch key sets and to look at the files. The error has a line for each mistake.
    pub fn open(sources: Sources) -> Result<Self, Vec<String>> {
        let watched = sources.revoked.as_deref().map(Watched::of);
        let (mut read, revoked) = match (sources.read(), sources.revoked()) {
            (Ok(read), (Some(revoked), wrong)) if wrong.is_empty() => (read, revoked),
            (read, (_, wrong)) => return Err(read.err().into_iter().flatten().chain(wrong).collect()),
        };
        let files = Files { keys: std::mem::take(&mut read.files), revoked: watched };
        let watching = !files.keys.is_empty() || files.revoked.is_some();
        let believed = Arc::new(Believed::new(sources, revoked, files));
        believed.take(read.issuers, now());
        if watching {
            watch::start(Arc::downgrade(&believed));
        }
        Ok(Self(believed))
    }

    /// Reads the issuers, their keys and what is revoked anew. What is wrong leaves what was there as it is, and is told;
    /// the list of what is revoked is taken whatever is wrong with the rest.
    pub fn reload(&self) -> Result<(), Vec<String>> {
        let mut files = self.0.files();
        let mut wrong = self.reread_revoked(&mut files);
        wrong.extend(self.reread_keys(&mut files));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Reads anew what has changed since it was read.
    fn look(&self) {
        let mut files = self.0.files();
        let mut wrong = vec![];
        if files.revoked.as_ref().is_some_and(Watched::has_changed) {
            wrong.extend(self.reread_revoked(&mut files));
            log::info!("what is revoked was read anew: {} entries", self.0.revoked.load().len());
        }
        if files.keys.iter().any(Watched::has_changed) {
            wrong.extend(self.reread_keys(&mut files));
            log::info!("the keys of issuers were read anew");
        }
        wrong.iter().for_each(|line| log::error!("{line}"));
    }

    fn reread_revoked(&self, files: &mut Files) -> Vec<String> {
        files.revoked.iter_mut().for_each(Watched::renew);
        let (revoked, wrong) = self.0.sources.revoked();
        // What cannot be read must not give back what was taken.
        if let Some(revoked) = revoked {
            self.0.revoked.store(Arc::new(revoked));
            self.0.changed();
        }
        wrong
    }

    fn reread_keys(&self, files: &mut Files) -> Vec<String> {
        files.keys.iter_mut().for_each(Watched::renew);
        match self.0.sources.read() {
            Ok(mut read) => {
                files.keys = std::mem::take(&mut read.files);
                self.0.take(read.issuers, now());
                vec![]
            }
            Err(wrong) => wrong,
        }
    }

    /// Whether nobody is believed.
    pub fn is_empty(&self) -> bool {
        self.0.issuers.load().is_empty()
    }

    /// Whether the keys of any issuer are there, at a time.
    pub fn can_verify(&self, now: i64) -> bool {
        self.0.issuers.load().iter().any(|issuer| issuer.keys.count(now) > 0)
    }

    /// How it stands with each issuer, at a time.
    pub fn states(&self, now: i64) -> Vec<State> {
        self.0.issuers.load().iter().map(|issuer| issuer.state(now)).collect()
    }

    /// Checks a token at a time (seconds since 1970), with the keys that are there.
    pub fn verify(&self, token: &str, now: i64) -> Result<Arc<Verified>, Refused> {
        self.0.verify(token, now)
    }

    /// Checks a token now. Where its key is not known, the key set may be fetched anew, and that is waited for a little.
    pub async fn check(&self, token: &str) -> Result<Arc<Verified>, Refused> {
        let first = self.verify(token, now());
        let Err(Refused::Unknown(remote)) = first else { return first };
        remote.renewed().await;
        match self.verify(token, now()) {
            // The address may have the key, and has not been heard.
            Err(Refused::Unknown(remote)) if remote.is_in_doubt() => Err(Refused::Away),
            other => other,
        }
    }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Believes a public key alone (PEM), for tokens made by `opptrapping token`.
pub fn local(public: &str) -> Result<Issuers, String> {
    let believed = Believed::default();
    believed.take(vec![(Issuer::local(Key::from_pem(public, None)?), None)], now());
    Ok(Issuers(Arc::new(believed)))
}
