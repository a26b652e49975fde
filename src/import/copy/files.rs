//! Where a full copy is read from: a folder, or an archive, which may be hostile.
//!
//! Only the files that a copy has are looked for, by their names: what else there is in an archive, `../x` among it, is
//! refused and never written anywhere. A file is read as a stream, and no further than its packed size gives reason for.
use crate::error::{Error, Kind};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// How many times its packed size a file may have, unpacked, and how much it may have in any case. Tables of ours come to
/// a twentieth; an archive made to fill disks comes to a thousandth.
const RATIO: u64 = 250;
const ALWAYS: u64 = 16 << 20;

/// The files of a copy.
pub enum Files {
    Folder(PathBuf),
    /// With its length: what an archive says of the packed size of a file may be a lie, and no file is longer than it.
    Archive(Box<ZipArchive<BufReader<File>>>, u64),
}

pub(super) fn unusable(why: impl Into<String>) -> Error {
    Error::new(Kind::InvalidContent).detail(why)
}

impl Files {
    /// Those of a folder or of an archive on disk.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = File::open(path).map_err(|e| unusable(format!("{}: {e}", path.display())))?;
        Self::archive(file)
    }

    pub fn archive(file: File) -> Result<Self, Error> {
        let length = file.metadata().map_err(Error::internal)?.len();
        let archive = ZipArchive::new(BufReader::new(file));
        let archive = archive.map_err(|e| unusable(format!("this is no zip archive that can be read: {e}")))?;
        Ok(Self::Archive(Box::new(archive), length))
    }

    /// Refuses an archive with a file that no copy has, or with one that stands twice. A folder may have others beside.
    pub fn only(&self, expected: &[String]) -> Result<(), Error> {
        let Self::Archive(archive, _) = self else { return Ok(()) };
        if archive.has_duplicate_names() {
            return Err(unusable("a file stands in the archive twice"));
        }
        for name in archive.file_names_raw() {
            if !expected.iter().any(|known| known.as_bytes() == name) {
                let name = String::from_utf8_lossy(name);
                return Err(unusable(format!("the archive has a file `{}`, which no copy has", name.escape_debug())));
            }
        }
        Ok(())
    }

    /// Reads one of them; a name is one that a copy has.
    pub fn read(&mut self, name: &str) -> Result<Box<dyn Read + '_>, Error> {
        let missing = |e: &dyn std::fmt::Display| unusable(format!("{name}: {e}"));
        match self {
            Self::Folder(path) => {
                let file = File::open(path.join(name)).map_err(|e| missing(&e))?;
                Ok(Box::new(BufReader::new(file)))
            }
            Self::Archive(archive, length) => {
                let file = archive.by_name(name).map_err(|e| missing(&e))?;
                let packed = file.compressed_size().min(*length);
                let most = packed.saturating_mul(RATIO).saturating_add(ALWAYS);
                Ok(Box::new(Bounded { inner: file, left: most }))
            }
        }
    }
}

/// Fails where more comes than there is reason for.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("it unpacks to far more than a table of its size would")),
        }
        Ok(read)
    }
}
