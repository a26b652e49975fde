//! Where the service learns whom to believe: the settings for tokens, read together, with every mistake at once.
use super::file::{self, Context, Read};
use super::issuer::Issuer;
use super::kept;
use super::key::Key;
use super::revoked::Revoked;
use super::secret::Secret;
use super::watch::Watched;
use std::path::{Path, PathBuf};

/// The settings for tokens.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The public key of tokens made by `opptrapping token` (PEM).
    pub public_key: Option<PathBuf>,
    /// The file of issuers (TOML).
    pub issuers: Option<PathBuf>,
    /// A secret instead of keys, for development.
    pub secret: Option<Secret>,
    /// A file with that secret.
    pub secret_file: Option<PathBuf>,
    /// The list of what is revoked.
    pub revoked: Option<PathBuf>,
    /// The folder that fetched key sets are kept in.
    pub keep: Option<PathBuf>,
    /// The scopes this service has, as rules may name them.
    pub scopes: Vec<String>,
}

impl Sources {
    /// Reads the keys and rules; the error has a line for each mistake, beginning with the variable at fault.
    pub fn read(&self) -> Result<Read, Vec<String>> {
        let mut wrong = vec![];
        let mut read = self.file().unwrap_or_else(|lines| {
            wrong.extend(lines);
            Read::default()
        });
        if let Some(folder) = &self.keep
            && let Err(e) = kept::prepare(folder)
        {
            wrong.push(format!("OPPTRAPPING_KEY_CACHE: {}: {e}", folder.display()));
        }
        read.files.extend(self.public_key.as_deref().map(Watched::of));
        for own in [self.public_key(), self.secret()] {
            match own {
                Ok(Some(key)) => {
                    let local = Issuer::local(key);
                    if read.issuers.iter().any(|(issuer, _)| issuer.iss == local.iss) {
                        wrong.push(format!(
                            "OPPTRAPPING_ISSUERS: issuer {}: is the one of OPPTRAPPING_PUBLIC_KEY",
                            local.iss
                        ));
                    }
                    read.issuers.push((local, None));
                }
                Ok(None) => {}
                Err(lines) => wrong.extend(lines),
            }
        }
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }

    fn file(&self) -> Result<Read, Vec<String>> {
        let Some(path) = &self.issuers else { return Ok(Read::default()) };
        let name = |line: &String| format!("OPPTRAPPING_ISSUERS: {}: {line}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| vec![name(&e.to_string())])?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let context = Context { folder, scopes: &self.scopes, keep: self.keep.as_deref() };
        file::read(&text, &context).map_err(|wrong| wrong.iter().map(name).collect())
    }

    fn public_key(&self) -> Result<Option<Key>, Vec<String>> {
        let Some(path) = &self.public_key else { return Ok(None) };
        let pem = std::fs::read_to_string(path).map_err(|e| e.to_string());
        let key = pem.and_then(|pem| Key::from_pem(&pem, None));
        key.map(Some).map_err(|e| vec![format!("OPPTRAPPING_PUBLIC_KEY: {}: {e}", path.display())])
    }

    fn secret(&self) -> Result<Option<Key>, Vec<String>> {
        let given = Secret::given(self.secret.as_ref(), self.secret_file.as_deref()).map_err(|why| vec![why])?;
        let Some((variable, secret)) = given else { return Ok(None) };
        let mut wrong = vec![];
        let key = secret.checked().map(Key::from_secret).map_err(|why| wrong.push(format!("{variable}: {why}")));
        for (other, there) in
            [("OPPTRAPPING_ISSUERS", self.issuers.is_some()), ("OPPTRAPPING_PUBLIC_KEY", self.public_key.is_some())]
        {
            if there {
                wrong.push(format!("{variable}: a secret is for development alone, and stands together with {other}"));
            }
        }
        key.map(Some).ok().filter(|_| wrong.is_empty()).ok_or(wrong)
    }

    /// Reads the list of what is revoked, where it can be read, and says what is wrong with it.
    pub fn revoked(&self) -> (Option<Revoked>, Vec<String>) {
        let Some(path) = &self.revoked else { return (Some(Revoked::default()), vec![]) };
        let name = |line: String| format!("OPPTRAPPING_REVOKED: {}: {line}", path.display());
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let (revoked, wrong) = Revoked::read(&text);
                (Some(revoked), wrong.into_iter().map(name).collect())
            }
            Err(e) => (None, vec![name(e.to_string())]),
        }
    }
}
