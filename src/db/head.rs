//! Where the dataset stands, kept in memory: a read needs no query to know the revision it reads at.
use super::{Db, Statement};
use crate::domain::digest::Digest;
use crate::error::Error;
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A revision and when it was written (RFC 3339, UTC).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mark {
    pub revision: i64,
    pub time: String,
}

/// The newest revision, and for each collection the newest that touched it.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub revision: i64,
    /// The newest revision that took values out of versions older than itself; 0 where none did.
    pub redacted: i64,
    collections: HashMap<String, Mark>,
    digests: HashMap<String, String>,
}

impl Head {
    /// The newest revision that touched a collection. Nothing yet is revision 0.
    pub fn of(&self, collection: &str) -> Mark {
        self.collections.get(collection).cloned().unwrap_or_default()
    }

    /// The number of that revision.
    pub fn revision_of(&self, collection: &str) -> i64 {
        self.collections.get(collection).map_or(0, |mark| mark.revision)
    }

    /// The digest of the current rows of a collection, see [`super::digest`].
    pub fn digest(&self, collection: &str) -> String {
        self.digests.get(collection).cloned().unwrap_or_else(|| Digest::default().to_string())
    }

    /// The newest revision over all collections.
    pub fn newest(&self) -> Mark {
        self.collections.values().max_by_key(|m| m.revision).cloned().unwrap_or_default()
    }
}

/// A revision in a tag. The answers at it are no longer what they were where a later one took values out of versions that
/// old: who has one from before must not be told that it still holds, nor be sent what is kept of it here.
pub fn tag(revision: i64, redacted: i64) -> String {
    if revision < redacted { format!("{revision}.{redacted}") } else { revision.to_string() }
}

/// The head as this process knows it; it only moves forward, and those who wait for it to move are woken.
#[derive(Default)]
pub struct Heads {
    known: ArcSwap<Head>,
    moved: watch::Sender<i64>,
    /// When the database was last asked and answered; none before the first time.
    looked: Mutex<Option<Instant>>,
}

impl Heads {
    pub fn current(&self) -> Arc<Head> {
        self.known.load_full()
    }

    /// Takes what was found, unless a newer one is known: two writers may come here in either order.
    pub fn advance(&self, found: Head) {
        self.looked();
        let found = Arc::new(found);
        self.known.rcu(|known| if found.revision >= known.revision { found.clone() } else { known.clone() });
        self.moved.send_if_modified(|revision| {
            let newer = found.revision > *revision;
            *revision = found.revision.max(*revision);
            newer
        });
    }

    /// Notes that the database has just been asked, and has nothing newer.
    pub fn looked(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago the database was last asked and answered.
    pub fn age(&self) -> Option<Duration> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).map(|looked| looked.elapsed())
    }

    /// Tells when the head moves. It costs no thread and no query, however many ask.
    pub fn moves(&self) -> watch::Receiver<i64> {
        self.moved.subscribe()
    }
}

/// Reads the revision counter.
pub fn revision(conn: &mut Db) -> Result<i64, Error> {
    let found: Option<(i64,)> = Statement::new("SELECT revision FROM dataset").row(conn)?;
    Ok(found.map_or(0, |(revision,)| revision))
}

/// Reads where the dataset and each collection stand, in one statement, so that they agree.
pub fn load(conn: &mut Db) -> Result<Head, Error> {
    let rows: Vec<(String, i64, String, Option<String>, i64, i64)> = Statement::new(
        "SELECT c.collection, c.revision, c.updated_at, c.digest, d.revision, d.redacted FROM dataset d \
         LEFT JOIN collections c ON c.revision > 0 WHERE c.collection IS NOT NULL",
    )
    .rows(conn)?;
    let (revision, redacted) = rows.first().map_or((0, 0), |r| (r.4, r.5));
    let mut head = Head { revision, redacted, ..Head::default() };
    for (name, revision, time, digest, ..) in rows {
        head.digests.extend(digest.map(|digest| (name.clone(), digest)));
        head.collections.insert(name, Mark { revision, time });
    }
    Ok(head)
}

/// When a revision was written.
pub fn time_of(conn: &mut Db, revision: i64) -> Result<Option<String>, Error> {
    let statement = Statement::new("SELECT time FROM revisions WHERE revision = ").bind(revision);
    Ok(statement.row::<(String,)>(conn)?.map(|(time,)| time))
}

/// The revision that was newest at a moment (RFC 3339 in UTC, as they are stored).
pub fn revision_at(conn: &mut Db, time: &str) -> Result<i64, Error> {
    let statement = Statement::new("SELECT COALESCE(MAX(revision), 0) FROM revisions WHERE time <= ").bind(time);
    Ok(statement.row::<(i64,)>(conn)?.map_or(0, |(revision,)| revision))
}

/// The first revision that was written at a moment or after it; where there is none, the one that is to come.
pub fn revision_since(conn: &mut Db, time: &str) -> Result<i64, Error> {
    let statement = Statement::new(
        "SELECT COALESCE(MIN(revision), (SELECT COALESCE(MAX(revision), 0) + 1 FROM revisions)) FROM revisions WHERE time >= ",
    );
    Ok(statement.bind(time).row::<(i64,)>(conn)?.map_or(0, |(revision,)| revision))
}
