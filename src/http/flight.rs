//! One computation of an answer however many ask for it at once: the first computes, the others wait.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Requests whose answers are being computed.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<Box<[u8]>, watch::Receiver<bool>>>);

impl Flights {
    /// Leave to compute an answer, or something to wait for while another does.
    pub fn board(self: &Arc<Self>, key: &[u8]) -> Result<Flight, Landing> {
        let mut flights = self.table();
        if let Some(landing) = flights.get(key) {
            return Err(Landing(landing.clone()));
        }
        let (failed, landing) = watch::channel(false);
        flights.insert(key.into(), landing);
        Ok(Flight { flights: self.clone(), key: key.into(), failed })
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, watch::Receiver<bool>>> {
        // A panic elsewhere leaves the table as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer under way. When it is dropped, also by a client that went away, those who wait are woken.
pub struct Flight {
    flights: Arc<Flights>,
    key: Box<[u8]>,
    failed: watch::Sender<bool>,
}

impl Flight {
    /// Tells those who wait that the database is away, which they need not find out for themselves.
    pub fn fail(&self) {
        self.failed.send_replace(true);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.table().remove(&self.key);
    }
}

/// The end of a computation of another.
pub struct Landing(watch::Receiver<bool>);

impl Landing {
    /// Waits for it.
    pub async fn landed(&mut self) {
        // An error says that it has ended without a word.
        let _ = self.0.changed().await;
    }

    /// Whether the other found the database away.
    pub fn failed(&self) -> bool {
        *self.0.borrow()
    }
}
