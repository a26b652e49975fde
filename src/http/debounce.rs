//! What may happen any number of times in a second, told once a second: whoever can send requests could otherwise fill the
//! disk.
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub struct Debounce {
    untold: AtomicU64,
    told: AtomicI64,
}

impl Debounce {
    pub const fn untold() -> Self {
        Self { untold: AtomicU64::new(0), told: AtomicI64::new(0) }
    }

    /// Counts one more. Where it is time to tell: how many there were since it was last told, this one included.
    pub fn due(&self) -> Option<u64> {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let now = chrono::Utc::now().timestamp();
        (self.told.swap(now, Ordering::Relaxed) != now).then(|| self.untold.swap(0, Ordering::Relaxed))
    }
}
