//! The keys of an issuer as they are at an address: fetched by a thread of its own, again and again and when a token names
//! a key that is not among them, and kept for as long as the address is away.
use super::fetch::Address;
use super::kept::Kept;
use super::key::Key;
use super::keyset;
use crate::db::background;
use arc_swap::ArcSwapOption;
use jsonwebtoken::Algorithm;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a set is used while its address is away, in seconds.
pub const LAST_GOOD: i64 = 86_400;
/// How often tokens with unknown keys may cause a fetch: whoever can send a request can send them.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How long a request waits for a fetch. Longer, and callers who name unknown keys would hold connections.
const PATIENCE: Duration = Duration::from_secs(2);
/// When a fetch that failed is tried again, at the latest; and while there is no key at all.
const RETRY: Duration = Duration::from_secs(30);
const RETRY_WITHOUT: Duration = Duration::from_secs(5);

/// What the threads that fetch are called.
const THREAD: &str = "key-sets";

/// Where the keys of an issuer are, and how they are looked after.
#[derive(Clone)]
pub struct Place {
    pub iss: String,
    pub address: Address,
    /// The file with the authorities of its certificate.
    pub authorities: Option<Vec<u8>>,
    /// What keys that name no algorithm are for.
    pub algorithm: Option<Algorithm>,
    pub refresh: Duration,
    pub kept: Option<Kept>,
}

impl Place {
    /// Whether keys from there are good for another.
    pub fn is_same(&self, other: &Self) -> bool {
        self.iss == other.iss
            && self.address.url == other.address.url
            && self.authorities == other.authorities
            && self.algorithm == other.algorithm
            && self.refresh == other.refresh
    }
}

/// A set, and when it was fetched.
pub struct Set {
    pub keys: Vec<Key>,
    fetched_at: i64,
    digest: [u8; 32],
}

impl Set {
    /// The last second at which it is used.
    pub fn until(&self) -> i64 {
        self.fetched_at + LAST_GOOD
    }

    /// How long ago it was fetched, in seconds.
    pub fn age(&self, now: i64) -> i64 {
        now - self.fetched_at
    }
}

/// The keys at an address, as they are known now.
pub struct Remote {
    pub place: Place,
    set: ArcSwapOption<Set>,
    asking: Mutex<Asking>,
    /// How many fetches are over.
    rounds: watch::Sender<u64>,
    wake: SyncSender<()>,
    /// Moves when keys do: what was verified with others must be verified anew.
    generation: Arc<AtomicU64>,
}

#[derive(Default)]
struct Asking {
    /// Whether a fetch is wanted or under way.
    running: bool,
    /// When a token last caused one.
    asked: Option<Instant>,
    /// Why the last one failed.
    failure: Option<String>,
}

impl Remote {
    /// Takes what is kept, and starts the thread that fetches. It ends with this.
    pub fn start(place: Place, generation: Arc<AtomicU64>, now: i64) -> Arc<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        // The first fetch begins at once, so that a token that comes before its end waits for it.
        let asking = Mutex::new(Asking { running: true, ..Asking::default() });
        let (set, rounds) = (ArcSwapOption::empty(), watch::Sender::new(0));
        let remote = Arc::new(Self { place, set, asking, rounds, wake, generation });
        remote.take_kept(now);
        let weak = Arc::downgrade(&remote);
        background::start(THREAD, move || run(&weak, &woken));
        remote
    }

    /// The set, unless it is too old to be used.
    pub fn set(&self, now: i64) -> Option<Arc<Set>> {
        self.set.load_full().filter(|set| now <= set.until())
    }

    /// Why the last fetch failed; none where it did not.
    pub fn failure(&self) -> Option<String> {
        self.asking().failure.clone()
    }

    /// Whether the address may have keys that have not come: it does not answer, or has not yet.
    pub fn is_in_doubt(&self) -> bool {
        let asking = self.asking();
        asking.running || asking.failure.is_some()
    }

    /// Asks for a newer set, unless that was done just now, and waits a little for the end of the fetch. Whether there
    /// was one.
    pub async fn renewed(&self) -> bool {
        let mut rounds = self.rounds.subscribe();
        if !self.ask() {
            return false;
        }
        tokio::time::timeout(PATIENCE, rounds.changed()).await.is_ok_and(|over| over.is_ok())
    }

    /// Has the set fetched now, whatever came before: who runs the service wants it.
    pub fn refresh(&self) {
        self.asking().running = true;
        // Full: it is woken already.
        let _ = self.wake.try_send(());
    }

    fn ask(&self) -> bool {
        let mut asking = self.asking();
        if asking.running {
            return true;
        }
        if asking.asked.is_some_and(|asked| asked.elapsed() < COOLDOWN) {
            return false;
        }
        (asking.asked, asking.running) = (Some(Instant::now()), true);
        let _ = self.wake.try_send(());
        true
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_kept(&self, now: i64) {
        let url = &self.place.address.url;
        match self.place.kept.as_ref().map_or(Ok(None), Kept::read) {
            Ok(Some((bytes, fetched_at))) if (now - LAST_GOOD..=now).contains(&fetched_at) => {
                match self.take(&bytes, fetched_at) {
                    Ok(()) => log::info!("the key set of {url} is the one that was kept"),
                    Err(why) => log::warn!("the key set of {url} that was kept is not used: {why}"),
                }
            }
            Ok(_) => {}
            Err(why) => log::warn!("the key set of {url} that was kept is not used: {why}"),
        }
    }

    fn take(&self, bytes: &[u8], fetched_at: i64) -> Result<(), String> {
        let keys = keyset::read(bytes, self.place.algorithm)?;
        let digest = Sha256::digest(bytes).into();
        let before = self.set.swap(Some(Arc::new(Set { keys, fetched_at, digest })));
        if before.is_none_or(|before| before.digest != digest) {
            // After the swap: what is verified from now on is verified with the new keys.
            self.generation.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }

    /// Fetches once. When to do so again.
    fn fetch(&self, woken: &Receiver<()>) -> Duration {
        let mut asking = self.asking();
        asking.running = true;
        // Whoever asked before it began is served by it.
        while woken.try_recv().is_ok() {}
        drop(asking);
        let fetched = catch_unwind(AssertUnwindSafe(|| {
            let bytes = self.place.address.get()?;
            let now = chrono::Utc::now().timestamp();
            self.take(&bytes, now)?;
            if let Some(Err(e)) = self.place.kept.as_ref().map(|kept| kept.write(&bytes, now)) {
                log::warn!("the key set of {} could not be kept: {e}", self.place.address.url);
            }
            Ok(())
        }));
        // Caught here too: who waits for the fetch must hear of its end.
        let failure = fetched.unwrap_or_else(|_| {
            background::panicked(THREAD);
            Err("the fetch panicked".into())
        });
        let failure = failure.err();
        let next = match &failure {
            None => self.place.refresh,
            Some(_) if self.set.load().is_some() => self.place.refresh.min(RETRY),
            Some(_) => self.place.refresh.min(RETRY_WITHOUT),
        };
        self.tell(failure.as_deref());
        let mut asking = self.asking();
        (asking.running, asking.failure) = (false, failure);
        drop(asking);
        self.rounds.send_modify(|rounds| *rounds += 1);
        next
    }

    /// Tells of what is new, and not of each of a thousand failures.
    fn tell(&self, failure: Option<&str>) {
        let url = &self.place.address.url;
        match (failure, self.failure()) {
            (None, Some(_)) => log::info!("the key set of {url} is there again"),
            (Some(why), before) if before.as_deref() != Some(why) => {
                log::warn!("the key set of {url} cannot be had, the last good one is used for up to a day: {why}");
            }
            _ => {}
        }
    }
}

fn run(remote: &Weak<Remote>, woken: &Receiver<()>) {
    loop {
        let Some(next) = remote.upgrade().map(|remote| remote.fetch(woken)) else { return };
        if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(next) {
            return;
        }
    }
}
