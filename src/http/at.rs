//! At which revision an answer is read: the newest, one that is named, or the one of a time.
use super::answer::Keep;
use super::asked::Asked;
use crate::db::head::{self, Head, Mark};
use crate::db::table::Table;
use crate::db::{Database, Db, revision};
use crate::error::{Error, Kind, Mistake};
use std::sync::Arc;

/// Which revision to read at.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// The newest that touched what is read.
    Newest(Mark),
    /// The one named.
    Revision(i64),
    /// The one that was newest at a time.
    Time(String),
}

/// What an answer was read from, as it stood when that was decided.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reads {
    /// The collections, with the newest revision of each.
    collections: Arc<[(&'static str, i64)]>,
    /// The newest revision that took values out of older versions.
    redacted: i64,
}

impl Reads {
    fn of(head: &Head, collections: &[&'static str]) -> Self {
        let collections = collections.iter().map(|name| (*name, head.revision_of(name))).collect();
        Self { collections, redacted: head.redacted }
    }

    /// Whether an answer would be the same now.
    pub fn is_current(&self, head: &Head) -> bool {
        let untouched = |(name, revision): &(&str, i64)| head.revision_of(name) == *revision;
        self.collections.is_empty() || self.redacted == head.redacted && self.collections.iter().all(untouched)
    }
}

/// At which revision to read, and what.
#[derive(Debug, Clone, PartialEq)]
pub struct At {
    pub point: When,
    /// What an answer depends on, where it depends on nothing else.
    pub reads: Option<Reads>,
}

impl At {
    /// At a revision of which nothing else is known.
    pub fn revision(revision: i64) -> Self {
        Self { point: When::Revision(revision), reads: None }
    }

    /// What `as_of` asks for, of what is read from these collections. A revision that has not been written yet is
    /// refused.
    pub fn of(asked: &Asked, db: &Database, collections: &[&'static str]) -> Result<Self, Error> {
        let head = db.head();
        let reads = Reads::of(&head, collections);
        let Some(as_of) = asked.one("as_of") else {
            let newest = collections.iter().map(|name| head.of(name)).max_by_key(|mark| mark.revision);
            return Ok(Self { point: When::Newest(newest.unwrap_or_default()), reads: Some(reads) });
        };
        let Ok(revision) = as_of.parse::<i64>() else {
            // Until that time has come, a revision of any collection may be the newest at it.
            return Ok(Self { point: When::Time(as_of.to_owned()), reads: None });
        };
        let newest = head.revision;
        if revision > newest {
            let message = format!("revision {revision} has not been written; the newest is {newest}");
            return Err(Error::because(Kind::InvalidParameter, Mistake::query("as_of", "invalid", message)));
        }
        Ok(Self { point: When::Revision(revision), reads: Some(reads) })
    }

    /// The revision, where it is known without asking the database.
    pub fn known(&self) -> Option<i64> {
        match &self.point {
            When::Newest(mark) => Some(mark.revision),
            When::Revision(revision) => Some(*revision),
            When::Time(_) => None,
        }
    }

    /// The revision and its time.
    pub fn mark(&self, conn: &mut Db) -> Result<Mark, Error> {
        let revision = match &self.point {
            When::Newest(mark) => return Ok(mark.clone()),
            When::Revision(revision) => *revision,
            When::Time(time) => head::revision_at(conn, time)?,
        };
        Ok(Mark { revision, time: head::time_of(conn, revision)?.unwrap_or_default() })
    }

    /// Why there is nothing under an id here: it never was, or it was deleted.
    pub fn absent(&self, conn: &mut Db, table: &Table, id: &str, revision: i64) -> Result<Error, Error> {
        match &self.point {
            When::Newest(_) => revision::absent(conn, table, id),
            _ => Ok(Error::new(Kind::NotFound).detail(format!("there was no such thing at revision {revision}"))),
        }
    }

    pub fn keep(&self) -> Keep {
        if matches!(self.point, When::Revision(_)) { Keep::Forever } else { Keep::Briefly }
    }
}
