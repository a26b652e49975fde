//! Whether the database is worth asking. Once it has been found away a few times with nothing in between, requests are
//! refused at once, and every moment one of them has it tried, beside itself, whether it is back: nobody waits for what is
//! known, and a server that comes back is not met by all who waited.
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often it must be found away.
const FAILURES: u32 = 3;
/// For how long it must not have answered. Under load a server answers some in time and others not.
const SILENCE: Duration = Duration::from_secs(1);
/// How often it is tried whether it is back.
const EVERY: Duration = Duration::from_millis(250);

/// Open while the database is away.
pub(super) struct Breaker {
    since: Instant,
    failures: AtomicU32,
    /// When it last answered, and when it was last tried, in milliseconds since `since`.
    answered: AtomicU64,
    tried: AtomicU64,
    refused: AtomicU64,
}

impl Default for Breaker {
    fn default() -> Self {
        let [answered, tried, refused] = [0; 3].map(AtomicU64::new);
        Self { since: Instant::now(), failures: AtomicU32::new(0), answered, tried, refused }
    }
}

impl Breaker {
    fn now(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }

    /// Whether it has been found away, and has not answered since.
    pub fn is_open(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILURES
            && self.now().saturating_sub(self.answered.load(Ordering::Relaxed)) >= SILENCE.as_millis() as u64
    }

    /// Counts a request that is refused, and says whether it is to have the database tried.
    pub fn refuse(&self) -> bool {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let (now, tried) = (self.now(), self.tried.load(Ordering::Relaxed));
        now.saturating_sub(tried) >= EVERY.as_millis() as u64
            && self.tried.compare_exchange(tried, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// How many requests were refused because it was known to be away.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// It has answered, if only that it will not.
    pub fn answered(&self) {
        self.answered.store(self.now(), Ordering::Relaxed);
        self.failures.store(0, Ordering::Relaxed);
    }

    /// It was found away.
    pub fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent_for(silence: Duration) -> Breaker {
        Breaker { since: Instant::now() - silence, ..Breaker::default() }
    }

    #[test]
    fn a_database_that_is_away_is_tried_now_and_then_until_it_answers() {
        let breaker = silent_for(SILENCE);
        for _ in 0..FAILURES {
            assert!(!breaker.is_open());
            breaker.failed();
        }
        assert!(breaker.is_open());
        let tries = (0..100).filter(|_| breaker.refuse()).count();
        assert_eq!((tries, breaker.refused()), (1, 100));
        // As if the moment had passed.
        breaker.tried.store(0, Ordering::Relaxed);
        assert!(breaker.refuse() && !breaker.refuse());
        breaker.answered();
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_database_that_answers_now_and_then_is_not_away() {
        let breaker = silent_for(Duration::ZERO);
        (0..100).for_each(|_| breaker.failed());
        assert!(!breaker.is_open());
        let breaker = silent_for(SILENCE * 2);
        breaker.answered();
        (0..100).for_each(|_| breaker.failed());
        assert!(!breaker.is_open());
        let breaker = silent_for(SILENCE * 2);
        (1..FAILURES).for_each(|_| breaker.failed());
        assert!(!breaker.is_open());
    }
}
