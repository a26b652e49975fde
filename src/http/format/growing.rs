//! A file that is written once, and read by all who asked for it while it grows: an export of a hundred megabytes costs the
//! database and the memory the same whether one reads it or five hundred do, and one that stands still holds up nobody.
use crate::error::{Error, Kind};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes};
use futures_util::stream::{self, Stream};
use std::fs::File;
use std::io::{self, Write};
use std::mem::take;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// Files up to here are kept in memory.
const SMALL: usize = 256 * 1024;
/// How many bytes are read of a file at a time; what a reader that stands still holds.
const PIECE: u64 = 64 * 1024;
/// How long a reader waits for more. A database that has stopped answering would be waited for without end.
const PATIENCE: Duration = Duration::from_secs(10);
/// In place of the number of readers: the writer has found none, and gives up.
const LEFT: usize = usize::MAX;

/// A file that somebody writes.
#[derive(Debug)]
pub struct Growing {
    bytes: OnceLock<Held>,
    progress: watch::Sender<Progress>,
    readers: AtomicUsize,
}

#[derive(Debug)]
enum Held {
    Memory(Bytes),
    /// Without a name in the file system.
    Disk(File),
}

#[derive(Debug, Clone, Default)]
struct Progress {
    /// How many bytes can be read.
    length: u64,
    ended: Option<Result<(), Error>>,
}

impl Growing {
    /// A file of which nothing is written yet, and its first reader.
    pub fn new() -> (Arc<Self>, Reader) {
        let file = Self { bytes: OnceLock::new(), progress: watch::Sender::default(), readers: AtomicUsize::new(1) };
        let file = Arc::new(file);
        (file.clone(), Reader(file))
    }

    /// Whether it was not written to its end.
    pub fn has_failed(&self) -> bool {
        matches!(self.progress.borrow().ended, Some(Err(_)))
    }

    /// One more reader; none where the file has failed, or nobody was left to read it.
    pub fn reader(self: &Arc<Self>) -> Option<Reader> {
        if self.has_failed() {
            return None;
        }
        let joined = |readers| if readers == LEFT { None } else { Some(readers + 1) };
        self.readers.fetch_update(Ordering::AcqRel, Ordering::Acquire, joined).ok()?;
        Some(Reader(self.clone()))
    }

    /// How long it is in the end; none while it is written.
    pub fn length(&self) -> Option<u64> {
        let progress = self.progress.borrow();
        progress.ended.as_ref().map(|_| progress.length)
    }

    /// Has `make` write it, to its end or until nobody reads it.
    pub fn fill(self: &Arc<Self>, make: impl FnOnce(&mut dyn Write) -> Result<(), Error>) {
        // Where `make` panics those who read are told too.
        let mut pen =
            Pen { file: self, held: vec![], disk: None, ended: Err(Error::internal("a file was left half written")) };
        pen.ended = make(&mut pen).and_then(|()| pen.finish().map_err(Error::internal));
    }

    fn read(&self, start: u64, length: usize) -> Result<Bytes, Error> {
        match self.bytes.get() {
            Some(Held::Memory(bytes)) => Ok(bytes.slice(start as usize..start as usize + length)),
            Some(Held::Disk(file)) => {
                let mut part = vec![0; length];
                file.read_exact_at(&mut part, start).map_err(Error::internal)?;
                Ok(part.into())
            }
            None => Ok(Bytes::new()),
        }
    }
}

/// Writes a file, and tells those who read it.
struct Pen<'f> {
    file: &'f Growing,
    /// What is not in the file yet.
    held: Vec<u8>,
    disk: Option<File>,
    ended: Result<(), Error>,
}

impl Pen<'_> {
    /// Lets others read what was written.
    fn publish(&mut self) -> io::Result<()> {
        let disk = match &mut self.disk {
            Some(disk) => disk,
            None => {
                let disk = tempfile::tempfile()?;
                let _ = self.file.bytes.set(Held::Disk(disk.try_clone()?));
                self.disk.insert(disk)
            }
        };
        disk.write_all(&self.held)?;
        let more = self.held.len() as u64;
        self.held.clear();
        self.file.progress.send_modify(|progress| progress.length += more);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.disk.is_some() {
            return self.publish();
        }
        let bytes = Bytes::from(take(&mut self.held));
        let length = bytes.len() as u64;
        let _ = self.file.bytes.set(Held::Memory(bytes));
        self.file.progress.send_modify(|progress| progress.length = length);
        Ok(())
    }
}

impl Write for Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= SMALL {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.file.readers.compare_exchange(0, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return Err(io::Error::other("nobody reads it any more"));
        }
        if self.held.is_empty() { Ok(()) } else { self.publish() }
    }
}

impl Drop for Pen<'_> {
    fn drop(&mut self) {
        let ended = std::mem::replace(&mut self.ended, Ok(()));
        self.file.progress.send_modify(|progress| progress.ended = Some(ended));
    }
}

/// Somebody who reads a file. While there is one it is written.
#[derive(Debug)]
pub struct Reader(Arc<Growing>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Reader {
    /// Whether it is not known to be small.
    pub fn is_large(&self) -> bool {
        self.0.length().is_none_or(|length| length > SMALL as u64)
    }

    /// How long it is, once it is finished.
    pub async fn length(&self) -> Result<u64, Error> {
        let mut progress = self.0.progress.subscribe();
        let progress = progress.wait_for(|progress| progress.ended.is_some()).await.map_err(Error::internal)?;
        progress.ended.clone().unwrap_or(Ok(()))?;
        Ok(progress.length)
    }

    /// What is in it between two places, as it comes.
    pub fn pieces(self, range: Range<u64>) -> impl Stream<Item = Result<Bytes, Error>> {
        stream::try_unfold((self, range), |(reader, mut range)| async move {
            let written = reader.beyond(range.start).await?;
            let end = range.end.min(written).min(range.start.saturating_add(PIECE));
            if end <= range.start {
                return Ok(None);
            }
            let (file, start, length) = (reader.0.clone(), range.start, (end - range.start) as usize);
            let bytes = web::block(move || file.read(start, length)).await.map_err(Error::internal)??;
            range.start = end;
            Ok(Some((bytes, (reader, range))))
        })
    }

    /// Waits until more is written than to this place, or all there is. How much that is.
    async fn beyond(&self, place: u64) -> Result<u64, Error> {
        let mut progress = self.0.progress.subscribe();
        let more = progress.wait_for(|progress| progress.length > place || progress.ended.is_some());
        let late = |_| Error::unavailable(Kind::DatabaseUnavailable, "a table did not go on");
        let progress = timeout(PATIENCE, more).await.map_err(late)?.map_err(Error::internal)?;
        if progress.length <= place {
            progress.ended.clone().unwrap_or(Ok(()))?;
        }
        Ok(progress.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, TryStreamExt};
    use std::sync::mpsc;

    async fn all(reader: Reader) -> Result<Vec<u8>, Error> {
        let pieces: Vec<Bytes> = reader.pieces(0..u64::MAX).try_collect().await?;
        Ok(pieces.concat())
    }

    #[actix_web::test]
    async fn every_reader_has_every_byte_whenever_it_comes() {
        for size in [0, 1, SMALL - 1, SMALL, 3 * SMALL + 7] {
            let whole: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let ((file, first), (go_on, wait)) = (Growing::new(), mpsc::channel::<()>());
            let (writer, half) = (file.clone(), whole.clone());
            let written = web::block(move || {
                writer.fill(|out| {
                    for (n, part) in half.chunks(10_000).enumerate() {
                        out.write_all(part).unwrap();
                        if n == 40 {
                            let _ = wait.recv();
                        }
                    }
                    Ok(())
                });
            });
            let mut slow = Box::pin(first.pieces(0..u64::MAX));
            if size > SMALL {
                assert_eq!(slow.next().await.unwrap().unwrap().len() as u64, PIECE);
                assert_eq!(file.length(), None);
            }
            let second = file.reader().unwrap();
            drop(go_on);
            assert_eq!(all(second).await.unwrap(), whole);
            written.await.unwrap();
            let third = file.reader().unwrap();
            assert_eq!((third.length().await.unwrap(), file.length()), (size as u64, Some(size as u64)));
            let part: Vec<Bytes> = third.pieces(5..SMALL as u64 + 2).try_collect().await.unwrap();
            assert_eq!(part.concat(), whole.get(5..whole.len().min(SMALL + 2)).unwrap_or_default());
            let rest: Vec<Bytes> = slow.try_collect().await.unwrap();
            assert!(whole.ends_with(&rest.concat()));
        }
    }

    #[actix_web::test]
    async fn what_nobody_reads_is_written_no_further() {
        let (file, reader) = Growing::new();
        let mut written = 0;
        let mut reader = Some(reader);
        file.fill(|out| {
            for _ in 0..100 {
                out.write_all(&[7; SMALL]).map_err(Error::internal)?;
                written += 1;
                if written == 3 {
                    drop(reader.take());
                }
            }
            Ok(())
        });
        assert_eq!(written, 3);
        assert!(file.reader().is_none() && file.length().is_some());
    }

    #[actix_web::test]
    async fn a_file_that_fails_is_cut_for_all_who_read_it() {
        let (file, reader) = Growing::new();
        file.fill(|out| {
            out.write_all(&[7; SMALL]).map_err(Error::internal)?;
            Err(Error::new(Kind::Contention))
        });
        let mut pieces = Box::pin(reader.pieces(0..u64::MAX));
        let (mut bytes, mut failed) = (0, None);
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => bytes += piece.len(),
                Err(e) => failed = Some(e.kind),
            }
        }
        assert_eq!((bytes, failed), (SMALL, Some(Kind::Contention)));
        let (file, reader) = Growing::new();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| file.fill(|_| panic!("a fault"))));
        assert!(panicked.is_err() && reader.length().await.is_err() && file.reader().is_none());
    }
}
