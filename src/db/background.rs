//! Threads of the service's own, which no request waits for. One that panics would end in silence, and what it looked after
//! would go stale unseen: here it is told of, counted, and begun again.
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long one that panicked stands still: what made it panic may take a while to pass.
const PAUSE: Duration = Duration::from_secs(2);

/// What became of the threads of one name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// How often one has panicked since the process began.
    pub panics: u64,
    /// How many stand still now, because they have.
    pub still: u64,
}

static STATES: Mutex<BTreeMap<&'static str, State>> = Mutex::new(BTreeMap::new());

fn table() -> MutexGuard<'static, BTreeMap<&'static str, State>> {
    STATES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The threads there have been, by their names.
pub fn states() -> BTreeMap<&'static str, State> {
    table().clone()
}

/// Tells of a panic that its thread has caught itself, and goes on after.
pub fn panicked(name: &'static str) {
    log::error!("{name} panicked; it goes on");
    table().entry(name).or_default().panics += 1;
}

/// Runs `work` in a thread of its own, again and again until it returns without a panic.
pub fn start(name: &'static str, work: impl FnMut() + Send + 'static) {
    run(name, PAUSE, work);
}

fn run(name: &'static str, pause: Duration, mut work: impl FnMut() + Send + 'static) -> JoinHandle<()> {
    table().entry(name).or_default();
    std::thread::spawn(move || {
        while catch_unwind(AssertUnwindSafe(&mut work)).is_err() {
            panicked(name);
            let still = |by: i64| {
                let mut all = table();
                let state = all.entry(name).or_default();
                state.still = state.still.saturating_add_signed(by);
            };
            still(1);
            std::thread::sleep(pause);
            still(-1);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_panics_is_counted_and_begun_again_until_it_ends() {
        let (mut times, name) = (0, "test of panics");
        let thread = run(name, Duration::from_millis(200), move || {
            times += 1;
            assert!(times > 2, "on purpose");
        });
        let begun = Instant::now();
        while states()[name].still == 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "it does not show that it stands still");
            std::thread::sleep(Duration::from_millis(5));
        }
        thread.join().unwrap();
        assert_eq!(states()[name], State { panics: 2, still: 0 });
    }
}
