//! What gives way to others where room is bounded, counted.
use quick_cache::Lifecycle;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Default)]
pub struct Evicted(Arc<AtomicU64>);

impl Evicted {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<Key, Val> Lifecycle<Key, Val> for Evicted {
    type RequestState = ();

    fn on_evict(&self, _: &mut (), _: Key, _: Val) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
