//! Finished files, kept for as long as there is room: a reader that asks for the length and then for parts of a table
//! (polars, duckdb, a browser that resumes) does not have it rendered each time.
use crate::error::{Error, Kind};
use actix_web::rt;
use actix_web::web::{self, Bytes};
use futures_util::future::{BoxFuture, FutureExt, Shared};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::SpooledTempFile;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Files up to here are kept in memory.
const SMALL: usize = 256 * 1024;
/// How many bytes all kept files may have; those not asked for longest go first.
const ROOM: u64 = 512 * 1024 * 1024;
/// How many files are kept; the small ones are in memory, so this bounds that to 16 MiB.
const MOST_FILES: usize = 64;
/// How many are made at once. Two cores make no more any faster, and each holds its rows in memory.
const MOST_MADE: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many tables are sent while they are read. Each holds about a megabyte of what its reader has not taken, and as much
/// to pack it.
const MOST_STREAMS: usize = 32;
/// How many tables have rows read at once. While they are rows they are large, and nobody waits longer for it: there are no
/// more connections.
const MOST_READ: usize = 4;

/// A finished file. It is gone when the last who reads it is.
#[derive(Debug)]
pub enum Finished {
    Memory(Bytes),
    /// Without a name in the file system.
    Disk(File, u64),
}

impl Finished {
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk(_, length) => *length,
        }
    }

    /// Some bytes of it.
    pub fn read(&self, start: u64, length: usize) -> Result<Bytes, Error> {
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(start as usize..start as usize + length)),
            Self::Disk(file, _) => {
                let mut part = vec![0; length];
                file.read_exact_at(&mut part, start).map_err(Error::internal)?;
                Ok(part.into())
            }
        }
    }
}

type Made = Shared<BoxFuture<'static, Result<Arc<Finished>, Error>>>;

struct Kept {
    made: Made,
    /// When it was last asked for, in requests.
    asked: u64,
}

impl Kept {
    fn length(&self) -> Option<u64> {
        self.made.peek().map(|made| made.as_ref().map_or(0, |file| file.len()))
    }
}

#[derive(Default)]
struct Shelf {
    files: HashMap<String, Kept>,
    requests: u64,
}

/// What is being exported: finished files by the tag of their answer, and how many streams may be under way and read.
pub struct Exports {
    shelf: Mutex<Shelf>,
    streams: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Exports {
    fn default() -> Self {
        let [streams, turns] = [MOST_STREAMS, MOST_READ].map(|places| Arc::new(Semaphore::new(places)));
        Self { shelf: Mutex::default(), streams, turns }
    }
}

impl Exports {
    /// The file with this tag; made by `make`, off the event loop, where it is not there. Who asks while it is made
    /// waits for the same one; who would be the third at once waits a little for a turn, and is then told to come again.
    pub async fn file(
        &self,
        tag: &str,
        make: impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static,
    ) -> Result<Arc<Finished>, Error> {
        let (mut make, begun) = (Some(make), Instant::now());
        let made = loop {
            if let Some(made) = self.shelf().take(tag, &mut make) {
                break made;
            }
            if begun.elapsed() > PATIENCE {
                return Err(Error::new(Kind::Overloaded).detail("other files are being made; come again for this one"));
            }
            rt::time::sleep(Duration::from_millis(20)).await;
        };
        let done = made.await;
        self.shelf().tidy();
        done
    }

    /// A turn to read rows of a table and to write them down.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let busy = |_| Error::new(Kind::Overloaded).detail("too many tables are being read at once");
        timeout(PATIENCE, self.turns.clone().acquire_owned()).await.map_err(busy)?.map_err(Error::internal)
    }

    /// Leave to send a table while it is read.
    pub fn stream(&self) -> Result<Permit, Error> {
        let busy = |_| Error::new(Kind::Overloaded).detail("too many large tables are being sent at once");
        let stream = self.streams.clone().try_acquire_owned().map_err(busy)?;
        Ok(Permit { _stream: stream, turns: self.turns.clone() })
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // A panic elsewhere leaves the shelf as it was.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// The file with this tag, kept or begun; none where too many are being made.
    fn take(
        &mut self,
        tag: &str,
        make: &mut Option<impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static>,
    ) -> Option<Made> {
        self.requests += 1;
        if let Some(kept) = self.files.get_mut(tag) {
            kept.asked = self.requests;
            return Some(kept.made.clone());
        }
        if self.files.values().filter(|kept| kept.length().is_none()).count() >= MOST_MADE {
            return None;
        }
        let make = make.take()?;
        let made = async { web::block(move || finish(make)).await.map_err(Error::internal)? }.boxed().shared();
        // By itself: who asked for it may go away, and it must not stay half made.
        rt::spawn(made.clone());
        self.files.insert(tag.to_owned(), Kept { made: made.clone(), asked: self.requests });
        Some(made)
    }

    /// Forgets what failed, so that the next who asks tries again, and what there is no room for.
    fn tidy(&mut self) {
        self.files.retain(|_, kept| kept.made.peek().is_none_or(Result::is_ok));
        let room = |files: &HashMap<String, Kept>| files.values().filter_map(Kept::length).sum::<u64>() <= ROOM;
        while self.files.len() > MOST_FILES || !room(&self.files) {
            let finished = self.files.iter().filter(|(_, kept)| kept.length().is_some());
            let Some(oldest) = finished.min_by_key(|(_, kept)| kept.asked).map(|(name, _)| name.clone()) else {
                return;
            };
            self.files.remove(&oldest);
        }
    }
}

fn finish(make: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<Arc<Finished>, Error> {
    let mut file = SpooledTempFile::new(SMALL);
    make(&mut file)?;
    let length = file.stream_position().map_err(Error::internal)?;
    if file.is_rolled() {
        let file = file.into_file().map_err(Error::internal)?;
        return Ok(Arc::new(Finished::Disk(file, length)));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).map_err(Error::internal)?;
    Ok(Arc::new(Finished::Memory(bytes.into())))
}

/// Counts as one stream for as long as it is held.
pub struct Permit {
    _stream: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
}

impl Permit {
    /// The turn of a stream, however long it must wait: its reader has begun.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.turns.clone().acquire_owned().await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    type Make = Box<dyn FnOnce(&mut dyn Write) -> Result<(), Error> + Send>;

    fn writes(bytes: Vec<u8>, made: &Arc<AtomicUsize>) -> Make {
        let made = made.clone();
        Box::new(move |out| {
            made.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(30));
            out.write_all(&bytes).map_err(Error::internal)
        })
    }

    #[actix_web::test]
    async fn who_asks_while_a_file_is_made_has_the_same_one() {
        let (exports, made) = (Exports::default(), Arc::default());
        for size in [10, SMALL + 10] {
            let tag = size.to_string();
            let ask = || exports.file(&tag, writes(vec![7; size], &made));
            let (one, other) = futures_util::future::join(ask(), ask()).await;
            let (one, other) = (one.unwrap(), other.unwrap());
            assert!(Arc::ptr_eq(&one, &other) && Arc::ptr_eq(&one, &ask().await.unwrap()));
            assert_eq!((one.len(), one.read(5, 5).unwrap().as_ref()), (size as u64, &[7; 5][..]));
            assert_eq!(matches!(*one, Finished::Disk(..)), size > SMALL);
        }
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }

    #[actix_web::test]
    async fn what_failed_is_made_again_and_what_was_given_up_is_made_to_its_end() {
        let (exports, made) = (Exports::default(), Arc::default());
        let fails: Make = Box::new(|_| Err(Error::new(Kind::Contention)));
        assert_eq!(exports.file("a", fails).await.unwrap_err().kind, Kind::Contention);
        exports.file("a", writes(vec![1], &made)).await.unwrap();
        for tag in ["b", "c", "d", "e"] {
            // Who asked went away at once; its file must not take the turn of another for ever.
            let asked = exports.file(tag, writes(vec![1], &made));
            let _ = rt::time::timeout(Duration::from_millis(5), asked).await;
        }
        exports.file("f", writes(vec![1], &made)).await.unwrap();
        assert!(exports.shelf().files.contains_key("b"));
    }

    #[actix_web::test]
    async fn only_so_many_files_are_kept_and_so_many_streams_sent() {
        let (exports, made) = (Exports::default(), Arc::default());
        for n in 0..MOST_FILES + 5 {
            let quick: Make = Box::new(|out| out.write_all(b"x").map_err(Error::internal));
            exports.file(&n.to_string(), quick).await.unwrap();
        }
        assert_eq!(exports.shelf().files.len(), MOST_FILES);
        assert!(!exports.shelf().files.contains_key("0"));
        exports.file("0", writes(vec![1], &made)).await.unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 1);
        let mut permits: Vec<Permit> = (0..MOST_STREAMS).map(|_| exports.stream().unwrap()).collect();
        assert_eq!(exports.stream().map(|_| ()).unwrap_err().kind, Kind::Overloaded);
        permits.pop();
        assert!(exports.stream().is_ok());
    }
}
