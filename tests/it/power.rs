//! The power goes, and of the files only that is left which the system had said is on the disk. As SQLite asks for that
//! before a write is acknowledged, every acknowledged one is there.
use crate::answers::lost;
use crate::figures;
use crate::pen::Pen;
use crate::preload::library;
use crate::service::{Service, database};
use crate::support::{Folder, files};
use diesel::prelude::*;
use opptrapping::db::{Db, Statement};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// Each time a file of the database is on the disk, it is copied as it is then, in the place of the copy before: what
/// was written since would be gone, all of it. A file that is removed has no copy any more.
const COPIES: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void copy(int fd) {
    char link[64], path[4096], part[8192], to[8192], buffer[65536];
    const char *folder = getenv("DURABLE");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (folder == NULL || length < 0) return;
    path[length] = 0;
    const char *name = strrchr(path, '/') + 1;
    if (strstr(name, ".db") == NULL) return;
    snprintf(to, sizeof to, "%s/%s", folder, name);
    snprintf(part, sizeof part, "%s/%s.part", folder, name);
    int out = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    off_t at = 0;
    while ((length = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (write(out, buffer, length) != length) abort();
        at += length;
    }
    close(out);
    rename(part, to);
    snprintf(to, sizeof to, "%s/times", folder);
    out = open(to, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(out, ".", 1) != 1) abort();
    close(out);
}

static int kept(int done, int fd) {
    if (done == 0) copy(fd);
    return done;
}
int unlink(const char *path) {
    char copied[8192];
    const char *folder = getenv("DURABLE"), *name = strrchr(path, '/');
    int done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && folder != NULL && name != NULL && strstr(name, ".db") != NULL) {
        snprintf(copied, sizeof copied, "%s%s", folder, name);
        syscall(SYS_unlinkat, AT_FDCWD, copied, 0);
    }
    return done;
}
int fsync(int fd) { return kept(syscall(SYS_fsync, fd), fd); }
int fdatasync(int fd) { return kept(syscall(SYS_fdatasync, fd), fd); }
"#;

/// Writes a source; whether that was acknowledged.
fn acknowledged(address: &str, headers: &str, id: &str) -> bool {
    let body = format!(r#"{{"title":"{id}","publisher":"P","kind":"report"}}"#);
    let request = format!(
        "PUT /v1/sources/{id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    let told = TcpStream::connect(address).and_then(|mut stream| {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(request.as_bytes())?;
        stream.read_to_string(&mut answer)
    });
    told.is_ok() && answer.starts_with("HTTP/1.1 201")
}

/// What is left of the database: sound, and with all of these.
#[track_caller]
fn has_all(left: &Path, written: &[String]) {
    let file = left.join("smoke.db");
    let conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let sound = Statement::new("SELECT integrity_check FROM pragma_integrity_check")
        .rows::<(String,)>(&mut Db::Sqlite(conn))
        .unwrap();
    assert_eq!(sound, [("ok".to_owned(),)], "{}", left.display());
    let lost = lost(&format!("sqlite://{}", file.display()), written);
    assert!(lost.is_empty(), "{}: of {} these are lost: {lost:?}", left.display(), written.len());
}

#[test]
fn what_was_acknowledged_is_there_when_the_power_went() {
    let (writes, every) = (figures::either(120, 600), 12);
    let (folder, pen) = (Folder::new("power"), Pen::new("power_keys", "sources:write"));
    let (library, durable) = (library(&folder, COPIES), folder.0.join("durable"));
    fs::create_dir(&durable).unwrap();
    let variables = [("LD_PRELOAD", library.to_str().unwrap()), ("DURABLE", durable.to_str().unwrap())];
    let arguments = ["--empty", "--public-key", &pen.key()];
    let mut service = Service::until("serving revision", &database(&folder), &arguments, &variables);
    let address = service.address().to_owned();

    // It goes between two writes.
    let (mut written, mut left) = (vec![], vec![]);
    for n in 0..writes {
        let id = format!("one-{n}");
        assert!(acknowledged(&address, &pen.headers, &id), "{}", service.logged());
        written.push(id);
        if n % every == every - 1 {
            let copy = folder.0.join(format!("left-{n}"));
            fs::create_dir(&copy).unwrap();
            for file in files(&durable) {
                fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
            }
            left.push((copy, written.len()));
        }
    }
    // It goes in the middle of several.
    let more = Mutex::new(vec![]);
    thread::scope(|scope| {
        for client in 0..4 {
            let (address, pen, more) = (&address, &pen, &more);
            scope.spawn(move || {
                for id in (0..).map(|n| format!("several-{client}-{n}")) {
                    if !acknowledged(address, &pen.headers, &id) {
                        break;
                    }
                    more.lock().unwrap().push(id);
                }
            });
        }
        thread::sleep(Duration::from_millis(700));
        service.kill();
    });
    let (more, times) = (more.into_inner().unwrap(), fs::metadata(durable.join("times")).unwrap().len() as usize);
    assert!(more.len() > 4, "{} were written", more.len());
    assert!(times >= writes, "{writes} writes, and {times} times was it asked for them to be on the disk");
    for (copy, count) in &left {
        has_all(copy, &written[..*count]);
    }
    written.extend(more);
    has_all(&durable, &written);
    let told = format!("{} times, {} writes acknowledged, 0 lost", left.len() + 1, written.len());
    figures::tell("power lost (SQLite)", told);

    // And it serves on.
    let service = pen.start(&format!("sqlite://{}", durable.join("smoke.db").display()), &[]);
    assert!(acknowledged(service.address(), &pen.headers, "after"));
}
