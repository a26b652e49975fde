//! What a test needs to write to a service that it has started.
use crate::service::{Service, succeeds};
use crate::support::Folder;

/// A pair of keys, and a token signed with them.
pub struct Pen {
    folder: Folder,
    /// The headers of a write.
    pub headers: String,
}

impl Pen {
    pub fn new(name: &str, scope: &str) -> Self {
        let folder = Folder::new(name);
        let keys = folder.0.join("keys");
        succeeds(&["keygen", keys.to_str().unwrap()]);
        let token = succeeds(&["token", "--scope", scope, "--keys", keys.to_str().unwrap()]);
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", token.trim());
        Self { folder, headers }
    }

    /// The file with the public key.
    pub fn key(&self) -> String {
        self.folder.0.join("keys/public.pem").to_str().unwrap().to_owned()
    }

    /// A service that takes the token.
    pub fn start(&self, url: &str, more: &[&str]) -> Service {
        Service::start(url, &[&["--public-key", &self.key()], more].concat())
    }

    /// Writes a source that there is not yet; gives the head of the answer and its body.
    pub fn source(&self, service: &Service, id: &str) -> (String, String) {
        let body = format!(r#"{{"title":"Kilde {id}","publisher":"P","kind":"report"}}"#);
        service.ask("PUT", &format!("/v1/sources/{id}"), &self.headers, &body)
    }
}
