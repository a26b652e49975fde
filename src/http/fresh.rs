//! `Min-Version`: a read that is to show what a write has shown, whichever instance it comes to. An instance that has not
//! heard of the revision asks the database, and waits a moment to be told.
use crate::db::Database;
use crate::error::{Error, Kind, Mistake};
use actix_web::http::header::{HeaderName, HeaderValue};
use std::time::Duration;
use tokio::time::timeout;

pub const MIN_VERSION: HeaderName = HeaderName::from_static("min-version");

/// How long an instance waits to learn of a revision.
const PATIENCE: Duration = Duration::from_millis(500);

/// Reads the revision: a number, or the `ETag` of a write, which begins with it.
///
/// # Errors
/// `malformed-request`, naming the header.
pub fn wanted(given: &HeaderValue) -> Result<i64, Error> {
    let refused = || {
        let mistake =
            Mistake::header("Min-Version", "invalid", "must be a revision, or an ETag that a write was given");
        Error::because(Kind::MalformedRequest, mistake)
    };
    let text = given.to_str().map_err(|_| refused())?.trim();
    let inner = text.strip_prefix('"').map_or(Some(text), |rest| rest.strip_suffix('"')).ok_or_else(refused)?;
    let number = inner.split('-').next().unwrap_or_default();
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| plain).ok_or_else(refused)
}

/// Waits until this instance knows of `revision`.
///
/// # Errors
/// 503 `revision-not-here` where it does not come to know of it, and what the database being away gives.
pub async fn arrive(db: &Database, revision: i64) -> Result<(), Error> {
    let mut moves = db.moves();
    let known = async {
        db.looking(Database::refresh).await?;
        // Ends only with the database, which is held here.
        let _ = moves.wait_for(|known| *known >= revision).await;
        Ok(())
    };
    timeout(PATIENCE, known).await.unwrap_or_else(|_| {
        let detail = format!("revision {revision} is not known here; the newest is {}", db.head().revision);
        Err(Error::new(Kind::RevisionNotHere).detail(detail))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        wanted(&HeaderValue::from_bytes(text.as_bytes()).unwrap()).ok()
    }

    #[test]
    fn a_revision_is_a_number_or_a_tag_that_begins_with_one() {
        for text in ["42", " 42 ", "\"42\"", "\"42-en\"", "42-en-x"] {
            assert_eq!(read(text), Some(42), "{text}");
        }
        for text in ["", "-1", "+1", "\"42", "42\"", "W/\"42\"", "abc", "4 2", "99999999999999999999", "æ"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
