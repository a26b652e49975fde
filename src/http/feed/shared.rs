//! Pages that many ask for at once are read once.
use super::page::{Page, Span};
use super::question::Question;
use crate::db::Database;
use crate::error::{Error, Kind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};

/// Pages are kept for those who ask a little later, up to so many bytes.
const KEPT_BYTES: usize = 8 << 20;
/// So many pages are read at once. Clients that were all woken by one write wait here without a thread, and leave
/// connections to other reads.
const READ_AT_ONCE: usize = 2;
/// How long to stand in line before being told to come again.
const PATIENCE: Duration = Duration::from_secs(10);

type Key = (String, Span);

#[derive(Default)]
struct Kept {
    /// Pages of older heads are not asked for again.
    until: i64,
    pages: HashMap<Key, Arc<OnceCell<Arc<Page>>>>,
    bytes: usize,
}

/// The pages of the newest head.
pub struct Shared {
    kept: Mutex<Kept>,
    reading: Semaphore,
}

impl Default for Shared {
    fn default() -> Self {
        Self { kept: Mutex::default(), reading: Semaphore::new(READ_AT_ONCE) }
    }
}

impl Shared {
    /// The page of a question, read by the first who asks; the others get the same.
    pub async fn page(&self, db: &Database, question: &Question, span: Span) -> Result<Arc<Page>, Error> {
        let slot = self.slot((question.text(), span));
        let mut read_here = false;
        let page = slot
            .get_or_try_init(|| async {
                read_here = true;
                let line = tokio::time::timeout(PATIENCE, self.reading.acquire()).await;
                let _place = line.map_err(|_| Error::new(Kind::Overloaded))?.map_err(Error::internal)?;
                let question = question.clone();
                db.reading(move |conn| Page::load(conn, &question, span)).await.map(Arc::new)
            })
            .await?
            .clone();
        if read_here {
            self.weigh(page.bytes());
        }
        Ok(page)
    }

    fn slot(&self, key: Key) -> Arc<OnceCell<Arc<Page>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if key.1.until > kept.until {
            *kept = Kept { until: key.1.until, ..Kept::default() };
        } else if key.1.until < kept.until {
            return Arc::default();
        }
        kept.pages.entry(key).or_default().clone()
    }

    fn weigh(&self, bytes: usize) {
        // A page weighs something even where nothing is on it.
        const LEAST: usize = 1_024;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += bytes + LEAST;
        if kept.bytes > KEPT_BYTES {
            *kept = Kept { until: kept.until, ..Kept::default() };
        }
    }
}
