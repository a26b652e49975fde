//! How long to wait before a source that is away is asked again.
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(60);

/// Doubles with every failure in a row. A part of it is left to chance, so that many mirrors of one source do not come
/// back all at once.
#[derive(Default)]
pub struct Pace {
    failures: u32,
}

impl Pace {
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How many failures there have been in a row, this one counted.
    pub fn failed(&mut self) -> u32 {
        self.failures += 1;
        self.failures
    }

    /// How long to wait now, and no less than the source asks for.
    pub fn patience(&self, asked: Option<Duration>) -> Duration {
        let whole = LEAST.saturating_mul(1 << self.failures.saturating_sub(1).min(10)).min(MOST);
        let chance = RandomState::new().hash_one(0) % 1_000;
        let wait = whole.mul_f64(0.5 + chance as f64 / 2_000.0);
        wait.max(asked.unwrap_or_default().min(MOST * 10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_a_minute_and_begins_anew() {
        let mut pace = Pace::default();
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (9, 60)] {
            assert_eq!(pace.failed(), failures);
            let (wait, most) = (pace.patience(None), Duration::from_secs(most));
            assert!(wait >= most / 2 && wait <= most, "{failures}: {wait:?}");
        }
        assert!(pace.patience(Some(Duration::from_secs(90))) >= Duration::from_secs(90));
        pace.succeeded();
        assert_eq!(pace.failed(), 1);
    }
}
