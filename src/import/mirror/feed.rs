//! The feed of a source, read page by page and given revision by revision: a page may end within one.
use super::super::remote::{Failure, Remote};
use crate::error::{Error, Kind};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Lines, Seek, Write};
use tempfile::SpooledTempFile;

/// Changes on a page.
const PAGE: usize = 5_000;
/// How long the source holds a request that finds nothing, in seconds.
const WAIT: u64 = 30;
/// A revision of more bytes is kept in a file until it is written.
const SMALL: usize = 4 << 20;

/// The feed from a place on.
pub struct Feed<'r> {
    remote: &'r Remote,
    /// Where to go on: the `meta.last` of the page before.
    point: String,
    /// Changes that were read and not given.
    ready: VecDeque<Value>,
    /// The revision of which there may be more to come.
    open: Option<Revision>,
}

/// A revision of the source.
pub struct Revision {
    pub number: i64,
    pub time: String,
    pub reason: Option<String>,
    count: i64,
    changes: SpooledTempFile,
}

fn damaged(why: impl Into<String>) -> Failure {
    Failure::Fatal(Error::new(Kind::InvalidContent).detail(why))
}

impl<'r> Feed<'r> {
    /// What there is after a revision.
    pub fn after(remote: &'r Remote, revision: i64) -> Self {
        Self { remote, point: revision.to_string(), ready: VecDeque::new(), open: None }
    }

    /// The next revision, whole; none where there is none yet, also after waiting for it.
    pub fn next(&mut self, wait: bool) -> Result<Option<Revision>, Failure> {
        loop {
            while let Some(change) = self.ready.pop_front() {
                let number = change["revision"].as_i64().ok_or_else(|| damaged("a change has no revision"))?;
                match &mut self.open {
                    Some(open) if open.number != number => {
                        self.ready.push_front(change);
                        return Ok(self.open.take());
                    }
                    Some(open) => open.add(&change)?,
                    None => self.open = Some(Revision::begun(number, &change)?),
                }
            }
            // A place without a point in it is the end of a revision.
            if self.open.is_some() && !self.point.contains('.') {
                return Ok(self.open.take());
            }
            if !self.read(wait)? {
                return Ok(None);
            }
        }
    }

    /// Reads a page; false where there is nothing after the place now.
    fn read(&mut self, wait: bool) -> Result<bool, Failure> {
        let waiting = if wait { format!("&wait={WAIT}") } else { String::new() };
        let path = format!("/v1/changes?after={}&limit={PAGE}&lang=nb{waiting}", self.point);
        let mut page = self.remote.json(&path)?;
        let last = page["meta"]["last"].as_str().map(str::to_owned);
        let (Some(last), Value::Array(changes)) = (last, page["data"].take()) else {
            return Err(damaged(format!("{}: this is no feed of changes", self.remote.base_url())));
        };
        let more = !changes.is_empty() || last != self.point;
        self.point = last;
        self.ready.extend(changes);
        Ok(more)
    }
}

impl Revision {
    fn begun(number: i64, first: &Value) -> Result<Self, Failure> {
        let time = first["time"].as_str().ok_or_else(|| damaged(format!("revision {number} has no time")))?;
        let mut revision = Self {
            number,
            time: time.to_owned(),
            reason: first["reason"].as_str().map(str::to_owned),
            count: 0,
            changes: SpooledTempFile::new(SMALL),
        };
        revision.add(first)?;
        Ok(revision)
    }

    fn add(&mut self, change: &Value) -> Result<(), Failure> {
        self.count += 1;
        if change["position"].as_i64() != Some(self.count) {
            return Err(damaged(format!("revision {}: change {} is missing", self.number, self.count)));
        }
        serde_json::to_writer(&mut self.changes, change).map_err(Error::internal)?;
        Ok(self.changes.write_all(b"\n").map_err(Error::internal)?)
    }

    /// Its changes, from the first.
    pub fn changes(&mut self) -> Result<Changes<'_>, Error> {
        self.changes.rewind().map_err(Error::internal)?;
        Ok(Changes(BufReader::new(&mut self.changes).lines()))
    }
}

/// The changes of a revision in their order.
pub struct Changes<'f>(Lines<BufReader<&'f mut SpooledTempFile>>);

impl Iterator for Changes<'_> {
    type Item = Result<Value, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.0.next()?.map_err(Error::internal);
        Some(line.and_then(|line| serde_json::from_str(&line).map_err(Error::internal)))
    }
}
