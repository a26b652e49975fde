//! A pool that knows how many wait for a connection.
use r2d2::{ManageConnection, Pool, PooledConnection};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How it stands with a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Connections there are.
    pub connections: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// How many wait for one.
    pub waiting: u64,
}

pub struct Counted<M: ManageConnection> {
    pool: Pool<M>,
    waiting: AtomicU64,
}

impl<M: ManageConnection> Counted<M> {
    pub fn of(pool: Pool<M>) -> Self {
        Self { pool, waiting: AtomicU64::new(0) }
    }

    /// A connection, waited for up to a time.
    pub fn get_timeout(&self, patience: Duration) -> Result<PooledConnection<M>, r2d2::Error> {
        // Where one lies idle nobody waits.
        if let Some(idle) = self.pool.try_get() {
            return Ok(idle);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let got = self.pool.get_timeout(patience);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        got
    }

    pub fn figures(&self) -> State {
        let state = self.pool.state();
        let waiting = self.waiting.load(Ordering::Relaxed);
        State { connections: state.connections, idle: state.idle_connections, waiting }
    }
}

impl<M: ManageConnection> Deref for Counted<M> {
    type Target = Pool<M>;

    fn deref(&self) -> &Pool<M> {
        &self.pool
    }
}
