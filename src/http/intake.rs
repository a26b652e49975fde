//! Large bodies: unpacked into a file while they arrive, so that neither memory nor a connection to the database is held
//! for as long as a client takes to send.
use super::body;
use super::pace::{ARRIVAL, ARRIVING_BYTES_PER_SECOND};
use crate::error::{Error, Kind};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, rt};
use flate2::write::MultiGzDecoder;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

/// How many bytes are gathered before they are written.
const GATHERED: usize = 262_144;

/// A body that has arrived whole, unpacked. The file has no name, and is gone with the process.
pub struct Arrived {
    pub file: File,
    /// The digest of its bytes.
    pub digest: Vec<u8>,
}

/// Reads a body of at most so many bytes, unpacked.
pub async fn receive(req: &HttpRequest, mut payload: web::Payload, most: u64) -> Result<Arrived, Error> {
    let packed = body::admit(req, most)?;
    let mut sink = off(move || Sink::new(packed, most)).await?;
    let (begun, mut arrived, mut gathered) = (Instant::now(), 0u64, Vec::with_capacity(GATHERED));
    loop {
        let by = begun + ARRIVAL + Duration::from_secs(arrived / ARRIVING_BYTES_PER_SECOND);
        let wait = by.saturating_duration_since(Instant::now()).min(ARRIVAL);
        let late = |_| Error::new(Kind::RequestTimeout).detail("the body arrives too slowly");
        let Some(chunk) = rt::time::timeout(wait, payload.next()).await.map_err(late)? else { break };
        let chunk: Bytes = chunk.map_err(|e| Error::new(Kind::MalformedRequest).detail(e.to_string()))?;
        arrived += chunk.len() as u64;
        if arrived > most {
            return Err(body::too_large(most));
        }
        gathered.extend_from_slice(&chunk);
        if gathered.len() >= GATHERED {
            let part = std::mem::replace(&mut gathered, Vec::with_capacity(GATHERED));
            sink = off(move || sink.take(&part)).await?;
        }
    }
    off(move || sink.take(&gathered)?.finish()).await
}

/// Runs what may wait for the disk off the event loop.
async fn off<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    web::block(work).await.map_err(Error::internal)?
}

/// Where the bytes go, and how many of them may.
enum Sink {
    Plain(Limited),
    Packed(Box<MultiGzDecoder<Limited>>),
}

impl Sink {
    fn new(packed: bool, most: u64) -> Result<Self, Error> {
        let file = tempfile::tempfile().map_err(|e| failed(&e))?;
        let limited = Limited { file, digest: Sha256::new(), left: most, most };
        Ok(if packed { Self::Packed(Box::new(MultiGzDecoder::new(limited))) } else { Self::Plain(limited) })
    }

    fn take(mut self, bytes: &[u8]) -> Result<Self, Error> {
        let (written, most) = match &mut self {
            Self::Plain(limited) => (limited.write_all(bytes), limited.most),
            Self::Packed(decoder) => (decoder.write_all(bytes), decoder.get_ref().most),
        };
        match written {
            Ok(()) => Ok(self),
            Err(e) => Err(refused(&e, most)),
        }
    }

    fn finish(self) -> Result<Arrived, Error> {
        let mut limited = match self {
            Self::Plain(limited) => limited,
            Self::Packed(decoder) => {
                let most = decoder.get_ref().most;
                decoder.finish().map_err(|e| refused(&e, most))?
            }
        };
        limited.file.seek(SeekFrom::Start(0)).map_err(|e| failed(&e))?;
        Ok(Arrived { file: limited.file, digest: limited.digest.finalize().to_vec() })
    }
}

/// A file that takes so many bytes more.
struct Limited {
    file: File,
    digest: Sha256,
    left: u64,
    most: u64,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            return Err(ErrorKind::FileTooLarge.into());
        };
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.left = left;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a client is told of bytes that could not be taken: it is too many of them, or they are not what they are said to
/// be, or there is no room for them here.
fn refused(e: &io::Error, most: u64) -> Error {
    match e.kind() {
        ErrorKind::FileTooLarge => body::too_large(most),
        ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::WriteZero => {
            Error::new(Kind::MalformedRequest).detail("the body is not gzip, as Content-Encoding says")
        }
        _ => failed(e),
    }
}

fn failed(e: &io::Error) -> Error {
    match e.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::unavailable(Kind::StorageFull, e),
        _ => Error::internal(format!("the folder for temporary files: {e}")),
    }
}
