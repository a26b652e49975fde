//! At which revision an answer is read: the newest, one that is named, or the one of a time.
use super::answer::Keep;
use super::asked::Asked;
use super::resource::Collection;
use crate::db::head::{self, Mark};
use crate::db::{Database, Db};
use crate::error::{Error, Kind, Mistake};

/// At which revision to read.
#[derive(Debug, Clone, PartialEq)]
pub enum At {
    /// The newest that touched the collection.
    Newest(Mark),
    /// The one named.
    Revision(i64),
    /// The one that was newest at a time.
    Time(String),
}

impl At {
    /// What `as_of` asks for. A revision that has not been written yet is refused.
    pub fn of(asked: &Asked, db: &Database, collection: &Collection) -> Result<Self, Error> {
        let Some(as_of) = asked.one("as_of") else {
            return Ok(Self::Newest(db.head().of(collection.name())));
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

    pub fn keep(&self) -> Keep {
        if matches!(self, Self::Revision(_)) { Keep::Forever } else { Keep::Briefly }
    }
}
