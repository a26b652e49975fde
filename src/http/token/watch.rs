//! Files that others change while the service runs: looked at every two seconds, so that what is revoked is refused soon.
use super::Issuers;
use super::believed::Believed;
use crate::db::background;
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::Duration;

/// How often the files are looked at. A look is a question to the file system, not a reading.
const EVERY: Duration = Duration::from_secs(2);

/// A file as it was before it was read: what is written meanwhile is seen at the next look.
pub struct Watched {
    path: PathBuf,
    stamp: Stamp,
}

/// What of a file changes with it. Its length and time alone could stay the same when another is put in its place.
type Stamp = Option<[i64; 5]>;

impl Watched {
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), stamp: stamp(path) }
    }

    pub fn has_changed(&self) -> bool {
        self.stamp != stamp(&self.path)
    }

    /// Takes the file as it is now to be the one that was read.
    pub fn renew(&mut self) {
        self.stamp = stamp(&self.path);
    }
}

#[cfg(unix)]
fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let of = std::fs::metadata(path).ok()?;
    Some([of.mtime(), of.mtime_nsec(), of.ctime_nsec(), of.len().cast_signed(), of.ino().cast_signed()])
}

#[cfg(not(unix))]
fn stamp(path: &Path) -> Stamp {
    let of = std::fs::metadata(path).ok()?;
    let time = of.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some([time.as_secs().cast_signed(), time.subsec_nanos().into(), 0, of.len().cast_signed(), 0])
}

/// Starts the thread that looks. It ends with what it looks for. A list that is looked at no more would let in what is
/// revoked.
pub(super) fn start(believed: Weak<Believed>) {
    background::start("key-files", move || {
        loop {
            std::thread::sleep(EVERY);
            let Some(believed) = believed.upgrade() else { return };
            Issuers(believed).look();
        }
    });
}
