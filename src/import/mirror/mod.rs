//! `opptrapping mirror`: an instance kept in step with another.
//!
//! Every revision of the source is one transaction here, with the same number, time and reason. Where the copy stands is
//! its own newest revision, which is written by that very transaction: a mirror that is killed at any moment goes on
//! where it was, and neither misses a revision nor writes one twice.
mod feed;
mod pace;

use super::copy::{self, files::Files};
use super::progress::Progress;
use super::remote::{Failure, Remote};
use crate::api::RESOURCES;
use crate::db::replay::{Change, Foreign, Operation};
use crate::db::{Author, Database, head};
use crate::error::{Error, Kind, Mistake};
use feed::{Feed, Revision};
use pace::Pace;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often digests are compared while the source is followed.
const COMPARE: Duration = Duration::from_secs(60);
/// How long `--once` rests where the source has gone on while it was read.
const BREATH: Duration = Duration::from_millis(200);
/// How often in a row `--once` asks a source that is away.
const ATTEMPTS: u32 = 3;

/// A mirror.
pub struct Mirror<'a> {
    db: &'a Database,
    remote: &'a Remote,
    author: Author,
    once: bool,
    compared: Option<Instant>,
    progress: Progress,
    /// Where a line is said about what was done.
    say: &'a dyn Fn(&str),
}

impl<'a> Mirror<'a> {
    /// A mirror of a service in a database; with `once` it ends when it has caught up.
    pub fn new(db: &'a Database, remote: &'a Remote, once: bool, say: &'a dyn Fn(&str)) -> Self {
        let author = Author { issuer: remote.base_url().to_owned(), subject: "mirror".into(), ..Author::default() };
        Self { db, remote, author, once, compared: None, progress: Progress::default(), say }
    }

    /// Follows the source. Ends by an error, and with `once` when everything has come over and the digests agree.
    pub fn run(mut self) -> Result<(), Error> {
        let mut pace = Pace::default();
        loop {
            match self.follow(&mut pace) {
                Ok(()) => return Ok(()),
                Err(Failure::Away(why, asked)) => {
                    self.progress.clear();
                    if pace.failed() >= ATTEMPTS && self.once {
                        return Err(Failure::Away(why, None).into());
                    }
                    let wait = pace.patience(asked);
                    (self.say)(&format!("{why}; trying again in {:.0} s", wait.as_secs_f64()));
                    std::thread::sleep(wait);
                }
                Err(failure) => {
                    self.progress.clear();
                    return Err(self.explained(failure));
                }
            }
        }
    }

    fn follow(&mut self, pace: &mut Pace) -> Result<(), Failure> {
        self.db.refresh()?;
        if self.db.head().revision == 0 {
            self.begin()?;
        }
        self.require_same_past()?;
        let mut feed = Feed::after(self.remote, self.db.head().revision);
        loop {
            // What there is now comes without waiting, so that its end is known.
            let mut count = 0;
            while let Some(mut revision) = feed.next(false)? {
                self.write(&mut revision)?;
                pace.succeeded();
                count += 1;
                self.progress.tell(&format!("revision {}", revision.number));
            }
            self.progress.clear();
            pace.succeeded();
            if count > 0 {
                (self.say)(&format!("{count} revisions came over; this is revision {}", self.db.head().revision));
            }
            if self.caught_up()? && self.once {
                return Ok(());
            }
            if self.once {
                std::thread::sleep(BREATH);
            } else if let Some(mut revision) = feed.next(true)? {
                self.write(&mut revision)?;
            }
        }
    }

    /// Begins with a full copy, where the source has anything.
    fn begin(&mut self) -> Result<(), Failure> {
        if self.remote.json("/v1/about")?["revision"].as_i64() == Some(0) {
            return Ok(());
        }
        let mut file = tempfile::tempfile().map_err(Error::internal)?;
        let progress = &mut self.progress;
        let bytes = self.remote.download("/v1/export", &mut file, |bytes| {
            progress.tell(&format!("full copy: {} kB", bytes / 1_024));
        })?;
        progress.clear();
        let loaded = copy::load(self.db, &mut Files::archive(file)?, &self.author)?;
        let rows: usize = loaded.rows.values().sum();
        (self.say)(&format!("revision {}: a full copy, {rows} rows from {bytes} bytes", loaded.revision));
        Ok(())
    }

    /// Refuses a database that is a copy of something else, or has been written to by others: its newest revision must
    /// have been written when that of the source was.
    fn require_same_past(&self) -> Result<(), Failure> {
        let newest = self.db.head().revision;
        if newest == 0 {
            return Ok(());
        }
        let page = self.remote.json(&format!("/v1/changes?after={}&limit=1", newest - 1))?;
        let (there, first) = (page["data"][0]["time"].as_str(), page["data"][0]["revision"].as_i64());
        let here = self.db.read(|conn| head::time_of(conn, newest))?;
        if first == Some(newest) && there == here.as_deref() {
            return Ok(());
        }
        let when = |time: Option<&str>| time.map_or("never".to_owned(), |time| format!("at {time}"));
        let detail = format!(
            "this database is no copy of {}: its revision {newest} was written {}, and that of the source {}",
            self.remote.base_url(),
            when(here.as_deref()),
            when(there.filter(|_| first == Some(newest)))
        );
        Err(Error::new(Kind::InvalidContent).detail(detail).into())
    }

    /// Writes one revision of the source.
    fn write(&self, revision: &mut Revision) -> Result<(), Failure> {
        let (number, time, reason) = (revision.number, revision.time.clone(), revision.reason.clone());
        let foreign = Foreign { revision: number, time: &time, reason: reason.as_deref(), author: &self.author };
        let changes = revision.changes()?.map(|change| change.and_then(|change| read(number, change)));
        Ok(self.db.replay(&foreign, changes)?)
    }

    /// Whether everything there is has come over. Where it has, the digests are compared, from time to time.
    fn caught_up(&mut self) -> Result<bool, Failure> {
        if !self.once && self.compared.is_some_and(|compared| compared.elapsed() < COMPARE) {
            return Ok(true);
        }
        let about = self.remote.json("/v1/about")?;
        let head = self.db.head();
        if about["revision"].as_i64() != Some(head.revision) {
            // It has gone on meanwhile, and what is there now cannot be compared with what is here.
            return Ok(false);
        }
        let holdings: Vec<&Value> = about["collections"].as_array().into_iter().flatten().collect();
        let differs = |name: &str| {
            let there = holdings.iter().find(|holding| holding["collection"] == name);
            there.and_then(|holding| holding["digest"].as_str()) != Some(&head.digest(name))
        };
        let tables = self.db.tables().iter().map(|table| table.collection);
        let wrong: Vec<&str> = tables.filter(|name| differs(name)).collect();
        if !wrong.is_empty() {
            let detail = format!(
                "revision {}: the digests differ in {}; `opptrapping check` tells which of the two is damaged",
                head.revision,
                wrong.join(", ")
            );
            return Err(Error::new(Kind::InvalidContent).detail(detail).into());
        }
        if self.compared.is_none() {
            (self.say)(&format!("caught up at revision {}: the digests of all collections agree", head.revision));
        }
        self.compared = Some(Instant::now());
        Ok(true)
    }

    fn explained(&self, failure: Failure) -> Error {
        match &failure {
            Failure::Refused(409, problem) if problem["type"] == "/problems/cursor-from-future" => {
                let here = self.db.head().revision;
                let detail = format!(
                    "{} has not come to revision {here}, which is here: it was restored from a backup, or it is another \
                     database. Begin anew: mirror it into an empty database",
                    self.remote.base_url()
                );
                Error::new(Kind::CursorFromFuture).detail(detail)
            }
            _ => failure.into(),
        }
    }
}

/// A change as the feed has it, its row checked.
fn read(revision: i64, mut change: Value) -> Result<Change, Error> {
    let refused = |why: &str| Error::new(Kind::InvalidContent).detail(format!("revision {revision}: {why}"));
    let entry = RESOURCES.iter().find(|entry| change["resource"] == (entry.table)().collection);
    let entry =
        entry.ok_or_else(|| refused(&format!("there is no collection {} in this program", change["resource"])))?;
    let table = (entry.table)();
    let id = change["id"].as_str().map(str::to_owned).ok_or_else(|| refused("a change has no id"))?;
    let row = |after: Value| {
        let Value::Object(mut members) = after else { return Err(refused("a change has no row")) };
        // What is chosen by language is not stored.
        members.retain(|name, _| table.column(name).is_none_or(|column| !column.localized));
        checked(&id, (entry.inspect)(members)).map_err(|why| refused(&why))
    };
    let operation = match change["operation"].as_str() {
        Some("create") => Operation::Create(row(change["after"].take())?),
        Some("update") => Operation::Update(row(change["after"].take())?),
        Some("delete") => Operation::Delete,
        _ => return Err(refused("a change is neither create, update nor delete")),
    };
    Ok(Change { table, id, operation })
}

/// The row, which must be that of its change, or what is wrong with it.
fn checked(id: &str, row: Result<Value, Vec<Mistake>>) -> Result<Value, String> {
    match row {
        Ok(row) if row["id"] == id => Ok(row),
        Ok(row) => Err(format!("{id}: the row is of {}", row["id"])),
        Err(wrong) => {
            let told = wrong.iter().map(|mistake| format!("{}: {}", mistake.name, mistake.message));
            Err(format!("{id}: {}", told.collect::<Vec<_>>().join("; ")))
        }
    }
}
