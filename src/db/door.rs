//! The way of a request to the database: only so many at once, and none for longer than it may take.
//!
//! A server that is frozen, or whose network swallows what is sent, answers nothing and closes nothing: who waits for it
//! must be let go by a clock of our own. The thread that asked stays until the connection gives up; the number of those
//! is that of the connections, as others wait for a connection only so long.
use super::Database;
use crate::error::{Error, Kind};
use actix_web::web;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many may read at once, those that wait for a connection among them. Enough that the connections have always
/// something to do, and so few that the last of them is soon served.
const READING: usize = 64;
/// How long one waits to be among them. Beyond that it is better to be told to come again than to wait unknown.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a read may take until its request is answered that the database is away.
const DEADLINE: Duration = Duration::from_millis(2_800);

/// How many are let in, and what became of them.
pub(super) struct Door {
    places: Arc<Semaphore>,
    deadline: Duration,
    turned_away: AtomicU64,
    given_up: AtomicU64,
}

/// What the door has done since the process began, and how many are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Reads under way.
    pub reading: u64,
    /// Reads that were told to come again, because there were too many.
    pub turned_away: u64,
    /// Reads that took longer than a read may take.
    pub given_up: u64,
}

impl Default for Door {
    fn default() -> Self {
        Self::of(READING, DEADLINE)
    }
}

impl Door {
    fn of(places: usize, deadline: Duration) -> Self {
        let [turned_away, given_up] = [0; 2].map(AtomicU64::new);
        Self { places: Arc::new(Semaphore::new(places)), deadline, turned_away, given_up }
    }

    pub fn passed(&self) -> Passed {
        Passed {
            reading: READING.saturating_sub(self.places.available_permits()) as u64,
            turned_away: self.turned_away.load(Ordering::Relaxed),
            given_up: self.given_up.load(Ordering::Relaxed),
        }
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        match timeout(PATIENCE, self.places.clone().acquire_owned()).await {
            Ok(permit) => permit.map_err(Error::internal),
            Err(_) => {
                self.turned_away.fetch_add(1, Ordering::Relaxed);
                Err(Error::new(Kind::Overloaded).detail("too many requests wait for the database"))
            }
        }
    }

    /// Runs `work` off the event loop. It keeps its place to its end, also where its request was answered before.
    async fn pass<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = self.enter().await?;
        let working = web::block(move || {
            let _place = place;
            work()
        });
        match timeout(self.deadline, working).await {
            Ok(done) => done.map_err(Error::internal)?,
            Err(_) => {
                self.given_up.fetch_add(1, Ordering::Relaxed);
                let why = format!("no answer from the database in {} ms", self.deadline.as_millis());
                Err(Error::unavailable(Kind::DatabaseUnavailable, why))
            }
        }
    }
}

impl Database {
    /// Runs `work`, which only reads, off the event loop: 503 `overloaded` where too many do, and 503
    /// `database-unavailable` where it takes longer than a read may take.
    pub async fn looking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let database = self.clone();
        self.door.pass(move || work(&database)).await
    }

    /// The same with a reader.
    pub async fn reading<T: Send + 'static>(
        &self,
        work: impl Fn(&mut super::Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.looking(move |database| database.read(work)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::mpsc;

    #[actix_web::test]
    async fn who_finds_no_place_is_told_to_come_again_and_who_waits_too_long_is_let_go() {
        let door = Arc::new(Door::of(2, Duration::from_millis(300)));
        let (release, frozen) = mpsc::channel::<()>();
        let frozen = Arc::new(std::sync::Mutex::new(frozen));
        let waits = || {
            let frozen = frozen.clone();
            door.pass(move || {
                let _ = frozen.lock().map(|end| end.recv());
                Ok(())
            })
        };
        let kinds = join_all((0..5).map(|_| waits())).await.into_iter().map(|done| done.unwrap_err().kind);
        let kinds: Vec<Kind> = kinds.collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::DatabaseUnavailable).count(), 2, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Overloaded).count(), 3, "{kinds:?}");
        // Their threads wait still, and so there is no place for others.
        assert_eq!(door.pass(|| Ok(())).await.unwrap_err().kind, Kind::Overloaded);
        drop(release);
        while door.places.available_permits() < 2 {
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
        door.pass(|| Ok(())).await.unwrap();
        let Passed { turned_away, given_up, .. } = door.passed();
        assert_eq!((turned_away, given_up), (4, 2));
    }
}
