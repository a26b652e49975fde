//! A running service that is told to read its issuers anew.
use crate::service::{Service, database, succeeds};
use crate::signer::{MASKINPORTEN_RULES, Pair, file, key_set};
use crate::support::Folder;
use jsonwebtoken::Algorithm;
use std::time::{Duration, Instant};

/// Waits until what the service says of its health has a text.
fn within(service: &Service, text: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let said = succeeds(&["healthcheck", "--admin-bind", &service.admin]);
        if said.contains(text) {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn issuers_are_read_anew_when_it_is_told_to_and_a_broken_file_changes_nothing() {
    let (folder, pair) = (Folder::new("running_reload"), Pair::new(Algorithm::RS256));
    file(&folder, "jwks.json", &key_set(&[&pair]).to_string());
    let one = format!("{MASKINPORTEN_RULES}jwks_file = \"jwks.json\"\n");
    let issuers = file(&folder, "issuers.toml", &one);
    let path = issuers.display().to_string();
    let service = Service::start(&database(&folder), &["--issuers", &path]);
    assert!(!says(&service, "second.example"));

    let second =
        "\n[[issuer]]\niss = \"https://second.example/\"\naudience = \"opptrapping\"\njwks_file = \"jwks.json\"\n";
    file(&folder, "issuers.toml", &format!("{one}{second}"));
    service.signal("HUP");
    assert!(within(&service, "second.example"), "{}", String::from_utf8_lossy(&service.log.lock().unwrap()));

    file(&folder, "issuers.toml", "[[issuer]]\niss = 5\n");
    service.signal("HUP");
    service.until_logged("read anew: ");
    assert!(says(&service, "second.example"));
}

/// Whether it says so now.
fn says(service: &Service, text: &str) -> bool {
    succeeds(&["healthcheck", "--admin-bind", &service.admin]).contains(text)
}
