//! Key sets as they were last fetched, kept in a folder for when their addresses are away as the service starts. Whoever can
//! put a file there decides who may write, so nobody but the owner of the folder may.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file with one key set.
#[derive(Clone)]
pub struct Kept {
    path: PathBuf,
    iss: String,
    url: String,
}

/// Makes the folder, for its owner alone, and tries it out: it is needed when it is too late.
pub fn prepare(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    own(&std::fs::metadata(folder)?)?;
    tempfile::tempfile_in(folder).map(drop)
}

/// Refuses what others than its owner may write to.
fn own(of: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&of.permissions()) & 0o022 != 0 {
        return Err(io::Error::other("others may write to it"));
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Content {
    iss: String,
    url: String,
    /// When it was fetched, in seconds since 1970.
    fetched_at: i64,
    /// The answer as it came, in base64.
    key_set: String,
}

impl Kept {
    pub fn new(folder: &Path, iss: &str, url: &str) -> Self {
        let name = BASE64.encode(&Sha256::digest(format!("{iss}\n{url}"))[..18]);
        Self { path: folder.join(format!("{name}.json")), iss: iss.to_owned(), url: url.to_owned() }
    }

    /// What is kept, and when it was fetched; none where there is no file yet.
    pub fn read(&self) -> Result<Option<(Vec<u8>, i64)>, String> {
        match std::fs::symlink_metadata(&self.path).and_then(|of| own(&of)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|e| e.to_string())?,
        }
        let text = std::fs::read(&self.path).map_err(|e| e.to_string())?;
        let content: Content = serde_json::from_slice(&text).map_err(|_| "it is not what was written".to_owned())?;
        if content.iss != self.iss || content.url != self.url {
            return Err("it is of another issuer".into());
        }
        let set = BASE64.decode(content.key_set).map_err(|e| e.to_string())?;
        Ok(Some((set, content.fetched_at)))
    }

    /// Writes a set beside the old one and puts it in its place, so that a half is never read.
    pub fn write(&self, set: &[u8], fetched_at: i64) -> io::Result<()> {
        let content = Content { iss: self.iss.clone(), url: self.url.clone(), fetched_at, key_set: BASE64.encode(set) };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // A temporary file can be read and written by its owner alone (0600).
        let mut file = tempfile::Builder::new().prefix(".key-set-").tempfile_in(folder)?;
        file.write_all(&serde_json::to_vec(&content)?)?;
        file.persist(&self.path)?;
        Ok(())
    }
}
