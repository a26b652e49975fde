//! The totals of lists, counted once for each question and revision.
use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many rows questions have, kept for as long as their revision is asked for: a count reads every row that matches,
/// a page only its own.
#[derive(Default)]
pub struct Totals(Mutex<HashMap<(i64, String), i64>>);

impl Totals {
    /// Kept questions are short texts; this many are under a megabyte.
    const MOST: usize = 4_096;

    /// The total of a question at a revision, counted where it is not known.
    pub fn of(&self, revision: i64, question: &str, count: impl FnOnce() -> Result<i64, Error>) -> Result<i64, Error> {
        let key = (revision, question.to_owned());
        if let Some(known) = self.kept().get(&key) {
            return Ok(*known);
        }
        let total = count()?;
        let mut kept = self.kept();
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert(key, total);
        Ok(total)
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<(i64, String), i64>> {
        // A panic elsewhere leaves the map as it was: at worst a count is missing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
