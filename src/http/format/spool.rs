//! What is being exported and what was, kept for as long as there is room: all who ask for a table at one revision read
//! the same file, and one that asks for the length and then for parts of it (polars, duckdb, a browser that resumes) does
//! not have it rendered each time.
use super::growing::{Growing, Reader};
use crate::error::{Error, Kind};
use actix_web::{rt, web};
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many bytes all kept files may have; those not asked for longest go first.
const ROOM: u64 = 512 * 1024 * 1024;
/// How many files are kept; the small ones are in memory, so this bounds that to 16 MiB.
const MOST_FILES: usize = 64;
/// How many are made at once. Two cores make no more any faster, and each holds its rows in memory.
const MOST_MADE: usize = 2;
/// How many tables have their first rows read at once. While they are rows they are large; and with those that are made,
/// they leave connections to others.
const MOST_BEGUN: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(3);

struct Kept {
    file: Arc<Growing>,
    /// When it was last asked for, in requests.
    asked: u64,
}

#[derive(Default)]
struct Shelf {
    files: HashMap<String, Kept>,
    requests: u64,
}

/// The files by the tags of their answers, and how many tables may be begun.
pub struct Exports {
    shelf: Mutex<Shelf>,
    turns: Arc<Semaphore>,
}

impl Default for Exports {
    fn default() -> Self {
        Self { shelf: Mutex::default(), turns: Arc::new(Semaphore::new(MOST_BEGUN)) }
    }
}

impl Exports {
    /// The file with this tag, where it is there or is being made; one that is small is sooner sent in one piece.
    pub fn growing(&self, tag: &str) -> Option<Reader> {
        self.shelf().reading(tag).filter(Reader::is_large)
    }

    /// The file with this tag; begun by `make`, off the event loop, where it is not there. Who would be the third at once
    /// to make one waits a little for a turn, and is then told to come again.
    pub async fn file(
        &self,
        tag: &str,
        make: impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static,
    ) -> Result<Reader, Error> {
        let (mut make, begun) = (Some(make), Instant::now());
        loop {
            if let Some(reader) = self.shelf().take(tag, &mut make) {
                return Ok(reader);
            }
            if begun.elapsed() > PATIENCE {
                return Err(Error::new(Kind::Overloaded).detail("other files are being made; come again for this one"));
            }
            rt::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A turn to read the first rows of a table.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let busy = |_| Error::new(Kind::Overloaded).detail("too many tables are being read at once");
        timeout(PATIENCE, self.turns.clone().acquire_owned()).await.map_err(busy)?.map_err(Error::internal)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // A panic elsewhere leaves the shelf as it was.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn reading(&mut self, tag: &str) -> Option<Reader> {
        self.requests += 1;
        let kept = self.files.get_mut(tag)?;
        kept.asked = self.requests;
        kept.file.reader()
    }

    /// The file with this tag, kept or begun; none where too many are being made.
    fn take(
        &mut self,
        tag: &str,
        make: &mut Option<impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static>,
    ) -> Option<Reader> {
        if let Some(reader) = self.reading(tag) {
            return Some(reader);
        }
        self.tidy();
        if self.files.values().filter(|kept| kept.file.length().is_none()).count() >= MOST_MADE {
            return None;
        }
        let make = make.take()?;
        let (file, reader) = Growing::new();
        self.files.insert(tag.to_owned(), Kept { file: file.clone(), asked: self.requests });
        // By itself: others may read it longer than who asked for it.
        drop(web::block(move || file.fill(make)));
        Some(reader)
    }

    /// Forgets what failed, so that it is made again, and what there is no room for beside one more.
    fn tidy(&mut self) {
        self.files.retain(|_, kept| !kept.file.has_failed());
        let room = |files: &HashMap<String, Kept>| files.values().filter_map(|kept| kept.file.length()).sum::<u64>();
        while self.files.len() >= MOST_FILES || room(&self.files) > ROOM {
            let finished = self.files.iter().filter(|(_, kept)| kept.file.length().is_some());
            let Some(oldest) = finished.min_by_key(|(_, kept)| kept.asked).map(|(name, _)| name.clone()) else {
                return;
            };
            self.files.remove(&oldest);
        }
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
        for size in [10, 1_000_000] {
            let tag = size.to_string();
            let ask = || exports.file(&tag, writes(vec![7; size], &made));
            let (one, other) = futures_util::future::join(ask(), ask()).await;
            assert_eq!(one.unwrap().length().await.unwrap(), size as u64);
            assert_eq!(other.unwrap().length().await.unwrap(), size as u64);
            let kept = exports.shelf().reading(&tag).unwrap();
            assert_eq!(kept.length().await.unwrap(), size as u64);
        }
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }

    #[actix_web::test]
    async fn what_failed_is_made_again_and_so_is_what_was_given_up() {
        let (exports, made) = (Exports::default(), Arc::default());
        let fails: Make = Box::new(|_| Err(Error::new(Kind::Contention)));
        assert_eq!(exports.file("a", fails).await.unwrap().length().await.unwrap_err().kind, Kind::Contention);
        exports.file("a", writes(vec![1], &made)).await.unwrap().length().await.unwrap();
        for tag in ["b", "c", "d", "e"] {
            // Who asked goes away at once; its file must not take the turn of another for ever.
            drop(exports.file(tag, writes(vec![1; 1_000_000], &made)).await.unwrap());
        }
        let again = exports.file("b", writes(vec![1; 1_000_000], &made)).await.unwrap();
        assert_eq!(again.length().await.unwrap(), 1_000_000);
        assert_eq!(made.load(Ordering::Relaxed), 6);
    }

    #[actix_web::test]
    async fn only_so_many_files_are_kept_and_so_many_made_at_once() {
        let (exports, made) = (Exports::default(), Arc::default());
        for n in 0..MOST_FILES + 5 {
            let quick: Make = Box::new(|out| out.write_all(b"x").map_err(Error::internal));
            exports.file(&n.to_string(), quick).await.unwrap().length().await.unwrap();
        }
        assert_eq!(exports.shelf().files.len(), MOST_FILES);
        assert!(exports.shelf().reading("0").is_none() && exports.shelf().reading("60").is_some());
        let begun = Instant::now();
        let ask = |tag: &'static str| exports.file(tag, writes(vec![1], &made));
        let readers = futures_util::future::join_all(["a", "b", "c"].map(ask)).await;
        assert!(readers.iter().all(Result::is_ok) && begun.elapsed() >= Duration::from_millis(30));
    }
}
