//! The feed of changes: what was written after a place in the log, in the order in which it was, at once or as it
//! happens.
//!
//! Commits take the numbers of revisions one after another, so that who has read up to a revision has missed none before
//! it. Everyone reads pages of the log; who has come to its end waits for the head to move, which costs neither a thread
//! nor a query. The pages that all of them then ask for are read once ([`shared`]).
pub mod answer;
mod atom;
pub mod difference;
mod fields;
pub mod page;
pub mod point;
pub mod question;
mod shared;
mod stream;
pub mod waiting;

use crate::db::Database;
use crate::error::{Error, Kind, Mistake};
use crate::http::resource::Entry;
use page::{Page, Span};
use point::Point;
use question::Question;
use std::sync::Arc;
use waiting::Waiting;

/// What all who read the feed share.
pub struct Feed {
    pub entries: &'static [Entry],
    pub waiting: Waiting,
    shared: shared::Shared,
}

impl Feed {
    /// The feed of some collections, in which at most so many clients may wait.
    pub fn new(entries: &'static [Entry], most_waiting: usize) -> Self {
        Self { entries, waiting: Waiting::new(most_waiting), shared: shared::Shared::default() }
    }

    /// What there is after a point now, and up to where that is known. It costs no query where nothing that is asked
    /// for has been written.
    async fn following(
        &self,
        db: &Database,
        question: &Question,
        after: Point,
        limit: i64,
    ) -> Result<Arc<Page>, Error> {
        let head = db.head();
        if !question.is_touched(&head, after) {
            return Ok(Arc::new(Page::empty(after.max(Point::after(head.revision)))));
        }
        let span = Span { after, until: head.revision, limit, newest_first: false };
        self.shared.page(db, question, span).await
    }

    /// Refuses a point that has not been written. Another process may have written what this one has not heard of yet,
    /// so the database is asked first.
    async fn require_written(&self, db: &Database, point: Point) -> Result<(), Error> {
        if point.revision <= db.head().revision {
            return Ok(());
        }
        db.looking(Database::refresh).await?;
        let newest = db.head().revision;
        if point.revision <= newest {
            return Ok(());
        }
        let message = format!("revision {} has not been written; the newest is {newest}", point.revision);
        Err(Error::because(Kind::CursorFromFuture, Mistake::query("after", "invalid", message)))
    }
}
