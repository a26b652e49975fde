//! `opptrapping backup`: a copy made while others write is one moment of the database, whole, and can be put in its place.
use crate::feed_chaos::source;
use crate::service::{Service, run, succeeds};
use crate::support::{databases, directly, sqlite};
use diesel::connection::SimpleConnection;
use opptrapping::db::{Author, Expect};
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_copy_made_while_others_write_is_sound_and_serves_in_the_place_of_the_original() {
    let base = sqlite("backup");
    let folder = std::path::Path::new(base.url.trim_start_matches("sqlite://")).parent().unwrap();
    let write = |n: usize| {
        let row = source(&format!("written-{n}"), format!("note {n}"));
        base.db.write(&Author::local("test"), None, |write| write.put(row, &Expect::Anything)).unwrap();
    };
    let ended = AtomicBool::new(false);
    let copies: Vec<_> = std::thread::scope(|scope| {
        let writing = scope.spawn(|| (0..).take_while(|_| !ended.load(Ordering::Relaxed)).map(write).count());
        let copies = (0..3)
            .map(|n| {
                let (file, before) = (folder.join(format!("copy-{n}.db")), base.db.head().revision);
                let said = succeeds(&["backup", file.to_str().unwrap(), "--database-url", &base.url]);
                assert!(said.contains("it is sound"), "{said}");
                let revision: i64 = said.split([' ', ':']).nth(1).unwrap().parse().unwrap();
                assert!((before..=base.db.head().revision + 1).contains(&revision), "{said}, after {before}");
                (file, revision)
            })
            .collect();
        ended.store(true, Ordering::Relaxed);
        assert!(writing.join().unwrap() > 3, "nothing was written meanwhile");
        copies
    });
    assert!(copies.is_sorted_by_key(|(_, revision)| *revision));
    let (file, revision) = &copies[0];
    let again = run(&["backup", file.to_str().unwrap(), "--database-url", &base.url]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("it is not overwritten"));
    assert_eq!(
        std::fs::read_dir(folder)
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tmp"))
            .count(),
        0
    );

    let restored = format!("sqlite://{}", file.display());
    assert_eq!(succeeds(&["check", "--database-url", &restored]), format!("revision {revision}: 0 found\n"));
    let service = Service::start(&restored, &[]);
    assert_eq!(service.ready().1["revision"], *revision);
    // Who has followed the original beyond the copy is told, and not left to wait for what will never come.
    let newest = base.db.head().revision;
    assert!(newest > *revision);
    let (head, answer) = service.ask("GET", &format!("/v1/changes?after={newest}"), "", "");
    assert!(head.starts_with("HTTP/1.1 409") && answer.contains("/problems/cursor-from-future"), "{head}\n{answer}");
    assert!(service.ask("GET", &format!("/v1/changes?after={revision}"), "", "").0.starts_with("HTTP/1.1 200"));
}

#[test]
fn what_cannot_be_copied_or_is_not_sound_leaves_no_file() {
    for base in databases("backup_refused") {
        let folder = crate::support::Folder::new("backup_refused");
        let file = folder.0.join("copy.db");
        let refused = |url: &str, words: &str| {
            let output = run(&["backup", file.to_str().unwrap(), "--database-url", url]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(words), "{words}: {said}");
            assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "something was left");
        };
        if base.label == "postgres" {
            refused(&base.url, "pg_dump");
            continue;
        }
        refused(&format!("sqlite://{}", folder.0.join("nothing/data.db").display()), "there is no database");
        directly(&base, |conn| {
            conn.batch_execute("UPDATE sources SET note = 'other' WHERE id = 'fafo-2021-17'").unwrap()
        });
        refused(&base.url, "the database is not sound");
        directly(&base, |conn| {
            conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')").unwrap();
        });
        refused(&base.url, "the schema is not that of this program");
    }
}
