//! At which revision an answer is read: the newest, one that is named, or the one of a time.
use super::answer::Keep;
use super::asked::Asked;
use crate::db::head::{self, Mark};
use crate::db::table::Table;
use crate::db::{Database, Db, revision};
use crate::error::{Error, Kind, Mistake};

/// At which revision to read.
#[derive(Debug, Clone, PartialEq)]
pub enum At {
    /// The newest that touched what is read.
    Newest(Mark),
    /// The one named.
    Revision(i64),
    /// The one that was newest at a time.
    Time(String),
}

impl At {
    /// What `as_of` asks for, of what is read from these collections. A revision that has not been written yet is
    /// refused.
    pub fn of(asked: &Asked, db: &Database, collections: &[&str]) -> Result<Self, Error> {
        let Some(as_of) = asked.one("as_of") else {
            let head = db.head();
            let newest = collections.iter().map(|name| head.of(name)).max_by_key(|mark| mark.revision);
            return Ok(Self::Newest(newest.unwrap_or_default()));
        };
        let Ok(revision) = as_of.parse::<i64>() else {
            return Ok(Self::Time(as_of.to_owned()));
        };
        let newest = db.head().revision;
        if revision > newest {
            let message = format!("revision {revision} has not been written; the newest is {newest}");
            return Err(Error::because(Kind::InvalidParameter, Mistake::query("as_of", "invalid", message)));
        }
        Ok(Self::Revision(revision))
    }

    /// The revision, where it is known without asking the database.
    pub fn known(&self) -> Option<i64> {
        match self {
            Self::Newest(mark) => Some(mark.revision),
            Self::Revision(revision) => Some(*revision),
            Self::Time(_) => None,
        }
    }

    /// The revision and its time.
    pub fn mark(&self, conn: &mut Db) -> Result<Mark, Error> {
        let revision = match self {
            Self::Newest(mark) => return Ok(mark.clone()),
            Self::Revision(revision) => *revision,
            Self::Time(time) => head::revision_at(conn, time)?,
        };
        Ok(Mark { revision, time: head::time_of(conn, revision)?.unwrap_or_default() })
    }

    /// Why there is nothing under an id here: it never was, or it was deleted.
    pub fn absent(&self, conn: &mut Db, table: &Table, id: &str, revision: i64) -> Result<Error, Error> {
        match self {
            Self::Newest(_) => revision::absent(conn, table, id),
            _ => Ok(Error::new(Kind::NotFound).detail(format!("there was no such thing at revision {revision}"))),
        }
    }

    pub fn keep(&self) -> Keep {
        if matches!(self, Self::Revision(_)) { Keep::Forever } else { Keep::Briefly }
    }
}
