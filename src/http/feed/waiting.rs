//! Clients that wait for a change: how many, what wakes them, and that they are let go when the service ends.
use crate::db::Database;
use crate::error::{Error, Kind};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Who waits.
#[derive(Clone)]
pub struct Waiting {
    count: Arc<AtomicUsize>,
    most: usize,
    closing: watch::Sender<bool>,
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There is a newer revision.
    Moved,
    /// The time is up.
    Late,
    /// The service ends.
    Closing,
}

impl Waiting {
    pub fn new(most: usize) -> Self {
        Self { count: Arc::default(), most, closing: watch::Sender::new(false) }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Lets everyone go, and nobody wait from now on.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// A place to wait in, where there is one left. What is written from now on wakes it.
    pub fn enter(&self, db: &Database) -> Result<Place, Error> {
        let taken = Taken(self.count.clone());
        // Counted before it is compared, so that two who come at once cannot both have the last place.
        if taken.0.fetch_add(1, Ordering::Relaxed) >= self.most {
            return Err(Error::new(Kind::Overloaded).detail(format!("{} clients wait already", self.most)));
        }
        Ok(Place { moves: db.moves(), closing: self.closing.subscribe(), _taken: taken })
    }
}

struct Taken(Arc<AtomicUsize>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One who waits.
pub struct Place {
    moves: watch::Receiver<i64>,
    closing: watch::Receiver<bool>,
    _taken: Taken,
}

impl Place {
    /// From here on a newer revision wakes. To be called before looking what there is, or a revision between looking
    /// and waiting would be slept through.
    pub fn look(&mut self) {
        self.moves.borrow_and_update();
    }

    /// Waits for a newer revision than at the last [look](Self::look).
    pub async fn wait(&mut self, until: Instant) -> Woken {
        if *self.closing.borrow() {
            return Woken::Closing;
        }
        let (moved, closing) = (pin!(self.moves.changed()), pin!(self.closing.changed()));
        match timeout_at(until, select(moved, closing)).await {
            Err(_) => Woken::Late,
            Ok(Either::Left((Ok(()), _))) => Woken::Moved,
            Ok(_) => Woken::Closing,
        }
    }
}
