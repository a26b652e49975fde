//! The file of an SQLite database: whether it can be used at all, and whether it is still the one that was opened.
use super::damage;
use crate::error::{Error, Kind};
use std::fmt::Display;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::OnceLock;

/// What a file keeps as long as it is the same: the file system and the number in it.
type Identity = (u64, u64);

/// The file at a path, as it was when it was first opened.
#[derive(Debug)]
pub struct File {
    pub path: String,
    identity: OnceLock<Option<Identity>>,
}

impl File {
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned(), identity: OnceLock::new() }
    }

    /// Whether the file at the path is the one that was opened. The first to ask has just opened it.
    pub fn is_same(&self) -> bool {
        *self.identity.get_or_init(|| identity(&self.path)) == identity(&self.path)
    }

    /// Refuses a file that cannot be read and written, one that is damaged, and a folder in which SQLite could not keep its
    /// log. Nothing is changed, and where there is no file none is made.
    pub fn inspect(&self) -> Result<(), Error> {
        let path = Path::new(&self.path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        tempfile::tempfile_in(folder).map_err(|e| unusable(folder.display(), e))?;
        let length = match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(unusable(&self.path, e)),
            Ok(found) if !found.is_file() => return Err(unusable(&self.path, "it is no file")),
            Ok(found) => found.len(),
        };
        OpenOptions::new().read(true).write(true).open(path).map_err(|e| unusable(&self.path, e))?;
        if length == 0 {
            return Ok(());
        }
        match damage::at_first(self, length) {
            Ok(None) => Ok(()),
            Ok(Some(damage)) => Err(unusable(&self.path, damage)),
            // Another process has it, and looks after it.
            Err(e) if e.kind == Kind::Contention => Ok(()),
            Err(e) => Err(unusable(&self.path, e.cause().unwrap_or_default())),
        }
    }
}

fn unusable(what: impl Display, why: impl Display) -> Error {
    Error::unavailable(Kind::StorageFault, format!("{what}: {why}"))
}

#[cfg(unix)]
fn identity(path: &str) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|of| (of.dev(), of.ino()))
}

#[cfg(not(unix))]
fn identity(path: &str) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|_| (0, 0))
}
