//! The way of a request to the database: only so many at once, and none for longer than it may take.
//!
//! A server that is frozen, or whose network swallows what is sent, answers nothing and closes nothing: who waits for it
//! must be let go by a clock of our own. The thread that asked stays until the connection gives up; the number of those
//! is that of the connections, as others wait for a connection only so long.
use super::Database;
use super::breaker::Breaker;
use super::head;
use crate::error::{Error, Kind};
use actix_web::web;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many may be in a lane at once, those that wait for a connection among them. Enough that the connections have always
/// something to do, and so few that the last of them is soon served.
const PLACES: usize = 64;
/// How long one waits to be among them. Beyond that it is better to be told to come again than to wait unknown.
const PATIENCE: Duration = Duration::from_millis(75);
/// How long one may take until its request is answered that the database is away.
const DEADLINE: Duration = Duration::from_millis(2_800);

/// The lanes to the database. Those who read and those who write do not wait for one another.
pub(super) struct Door {
    reads: Lane,
    writes: Lane,
    deadline: Duration,
    breaker: Arc<Breaker>,
}

/// Those who ask the same of the database, and what became of others.
struct Lane {
    places: Arc<Semaphore>,
    all: usize,
    turned_away: AtomicU64,
    given_up: AtomicU64,
}

/// What a lane has done since the process began, and how many are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Requests under way.
    pub inside: u64,
    /// Requests that were told to come again, because there were too many.
    pub turned_away: u64,
    /// Requests that took longer than they may.
    pub given_up: u64,
}

/// How it stands with the way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// The lanes by their names.
    pub lanes: [(&'static str, Passed); 2],
    /// Whether the database has been found away, so that nobody asks it.
    pub away: bool,
    /// Requests that were refused at once for that.
    pub refused: u64,
}

impl Lane {
    fn of(all: usize) -> Self {
        let [turned_away, given_up] = [0; 2].map(AtomicU64::new);
        Self { places: Arc::new(Semaphore::new(all)), all, turned_away, given_up }
    }

    fn passed(&self) -> Passed {
        Passed {
            inside: self.all.saturating_sub(self.places.available_permits()) as u64,
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
}

impl Default for Door {
    fn default() -> Self {
        Self::of(PLACES, DEADLINE)
    }
}

impl Door {
    fn of(places: usize, deadline: Duration) -> Self {
        Self { reads: Lane::of(places), writes: Lane::of(places), deadline, breaker: Arc::default() }
    }

    pub fn ways(&self) -> Ways {
        let lanes = [("reads", self.reads.passed()), ("writes", self.writes.passed())];
        Ways { lanes, away: self.breaker.is_open(), refused: self.breaker.refused() }
    }

    /// The answer while the database is known to be away. Now and then `again` looks whether it is back.
    fn refuse(&self, again: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Error {
        if self.breaker.refuse() {
            let breaker = self.breaker.clone();
            // Nobody waits for it.
            drop(web::block(move || again().map(|()| breaker.answered())));
        }
        Error::new(Kind::DatabaseUnavailable).detail("the database has not answered for a while")
    }

    /// Runs `work` off the event loop, for no longer than `deadline`. It keeps its place to its end, also where its request
    /// was answered before. While the database is known to be away it is not run; `again` looks whether it is back.
    async fn pass<T: Send + 'static>(
        &self,
        lane: &Lane,
        deadline: Option<Duration>,
        again: impl FnOnce() -> Result<(), Error> + Send + 'static,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if self.breaker.is_open() {
            return Err(self.refuse(again));
        }
        let (place, breaker) = (lane.enter().await?, self.breaker.clone());
        let working = web::block(move || {
            let _place = place;
            let done = work();
            match &done {
                Err(e) if e.is_broken_connection() => breaker.failed(),
                _ => breaker.answered(),
            }
            done
        });
        let Some(deadline) = deadline else { return working.await.map_err(Error::internal)? };
        match timeout(deadline, working).await {
            Ok(done) => done.map_err(Error::internal)?,
            Err(_) => {
                lane.given_up.fetch_add(1, Ordering::Relaxed);
                self.breaker.failed();
                let why = format!("no answer from the database in {} ms", deadline.as_millis());
                Err(Error::unavailable(Kind::DatabaseUnavailable, why))
            }
        }
    }
}

impl Database {
    async fn pass<T: Send + 'static>(
        &self,
        lane: &Lane,
        deadline: Option<Duration>,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (database, pools) = (self.clone(), self.pools.clone());
        // On a connection of its own: those there are may be held by requests that wait, or be dead.
        let again = move || pools.apart().and_then(|mut conn| head::revision(&mut conn)).map(drop);
        self.door.pass(lane, deadline, again, move || work(&database)).await
    }

    /// Runs `work`, which only reads, off the event loop: 503 `overloaded` where too many do, and 503
    /// `database-unavailable` where it takes longer than a read may take, or the database is known to be away.
    pub async fn looking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.pass(&self.door.reads, Some(self.door.deadline), work).await
    }

    /// The same with a reader.
    pub async fn reading<T: Send + 'static>(
        &self,
        work: impl Fn(&mut super::Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.looking(move |database| database.read(work)).await
    }

    /// The same for `work` that writes. Where it takes too long it may have been done, or be done yet, and the answer says
    /// that this is not known.
    pub async fn writing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let given_up = |e: Error| match e.kind {
            Kind::DatabaseUnavailable if e.detail.is_none() => e.detail(UNKNOWN),
            _ => e,
        };
        self.pass(&self.door.writes, Some(self.door.deadline), work).await.map_err(given_up)
    }

    /// The same for `work` that takes as long as there is to do, such as a table that is written.
    pub async fn writing_long<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.pass(&self.door.writes, None, work).await
    }
}

const UNKNOWN: &str = "the database went away or did not answer in time; whether it was written is not known: send it again with \
                       the same Idempotency-Key, or read what is there";

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
            door.pass(
                &door.reads,
                Some(door.deadline),
                || Ok(()),
                move || {
                    let _ = frozen.lock().map(|end| end.recv());
                    Ok(())
                },
            )
        };
        let kinds = join_all((0..5).map(|_| waits())).await.into_iter().map(|done| done.unwrap_err().kind);
        let kinds: Vec<Kind> = kinds.collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::DatabaseUnavailable).count(), 2, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Overloaded).count(), 3, "{kinds:?}");
        // Their threads wait still, and so there is no place for others.
        assert_eq!(door.pass(&door.reads, None, || Ok(()), || Ok(())).await.unwrap_err().kind, Kind::Overloaded);
        drop(release);
        while door.reads.places.available_permits() < 2 {
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
        door.pass(&door.reads, None, || Ok(()), || Ok(())).await.unwrap();
        let Passed { turned_away, given_up, .. } = door.reads.passed();
        assert_eq!((turned_away, given_up), (4, 2));
    }
}
