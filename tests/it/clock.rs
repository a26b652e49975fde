//! A clock that is set while the service runs. Tokens are judged by it, and times are told by it; what waits, what is
//! limited and what came first are not.
use crate::answers::header;
use crate::pen::Pen;
use crate::preload::library;
use crate::service::{Service, database};
use crate::support::Folder;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// The clock of the day goes ahead by as many seconds as stand in a file; the other clocks go as ever.
const AHEAD: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *ahead;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("AHEAD");
    int fd = path == NULL ? -1 : open(path, O_RDONLY);
    if (fd < 0) return;
    void *shared = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED) ahead = shared;
    close(fd);
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int done = syscall(SYS_clock_gettime, which, now);
    if (ahead != NULL && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += *ahead;
    return done;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    int done = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return done;
}

time_t time(time_t *out) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (out != NULL) *out = exact.tv_sec;
    return exact.tv_sec;
}
"#;

/// A service, and the clock it goes by.
struct Clocked {
    service: Service,
    ahead: File,
    _folder: Folder,
}

impl Clocked {
    fn start(name: &str, pen: &Pen, more: &[&str]) -> Self {
        let folder = Folder::new(name);
        let (library, path) = (library(&folder, AHEAD), folder.0.join("ahead"));
        let ahead = OpenOptions::new().create(true).truncate(true).write(true).open(&path).unwrap();
        ahead.write_all_at(&0i64.to_ne_bytes(), 0).unwrap();
        let variables = [("LD_PRELOAD", library.to_str().unwrap()), ("AHEAD", path.to_str().unwrap())];
        let key = pen.key();
        let arguments = [&["--empty", "--public-key", &key], more].concat();
        let service = Service::until("serving revision", &database(&folder), &arguments, &variables);
        Self { service, ahead, _folder: folder }
    }

    /// Sets its clock, and waits until it has been looked at: the header `Date` is made twice a second.
    fn set(&self, seconds: i64) {
        self.ahead.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
        std::thread::sleep(Duration::from_millis(1_200));
    }
}

#[test]
fn tokens_and_dates_go_by_the_clock_and_the_order_of_what_was_written_does_not() {
    let pen = Pen::new("clock_keys", "admin");
    let clocked = Clocked::start("clock", &pen, &[]);
    let put = |id: &str| pen.source(&clocked.service, id).0[9..12].to_owned();
    assert_eq!(put("a"), "201");
    // The token is good for an hour, and clocks may differ by half a minute.
    for (ahead, status) in [(4_000, "401"), (-600, "401"), (600, "201"), (-20, "201"), (3_500, "201"), (0, "201")] {
        clocked.set(ahead);
        assert_eq!(put(&format!("s{}", ahead + 600)), status, "{ahead} s ahead");
        let (head, _) = clocked.service.ask("GET", "/v1/sources?limit=3", "", "");
        assert!(head.starts_with("HTTP/1.1 200"), "{ahead} s ahead: {head}");
        let date = DateTime::parse_from_rfc2822(header(&head, "Date").unwrap()).unwrap();
        let off = date.to_utc() - (Utc::now() + TimeDelta::seconds(ahead));
        assert!(off.abs() < TimeDelta::seconds(5), "{ahead} s ahead: {head}");
    }
    let (_, audit) = clocked.service.ask("GET", "/v1/revisions", &pen.headers, "");
    let audit: serde_json::Value = serde_json::from_str(&audit).unwrap();
    let all: Vec<(i64, &str)> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["revision"].as_i64().unwrap(), entry["time"].as_str().unwrap()))
        .collect();
    assert_eq!(all.iter().map(|(revision, _)| *revision).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    assert!(!all.iter().rev().is_sorted_by_key(|(_, time)| *time), "the clock was not set back: {all:?}");
    let (_, changes) = clocked.service.ask("GET", "/v1/changes?after=0", "", "");
    let places: Vec<usize> = ["s1200", "s580", "s4100", "s600"]
        .iter()
        .map(|id| changes.find(&format!("\"id\":\"{id}\"")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{changes}");
}

#[test]
fn limits_and_patience_do_not_go_by_the_clock() {
    let pen = Pen::new("clock_limits_keys", "sources:write");
    let clocked = Clocked::start("clock_limits", &pen, &["--requests-per-minute", "3"]);
    let ask = |n: usize| clocked.service.ask("GET", &format!("/v1/goals?limit={n}"), "", "").0;
    for n in 1..=3 {
        assert!(ask(n).starts_with("HTTP/1.1 200"));
    }
    let mut half = clocked.service.connect();
    let begun = Instant::now();
    half.write_all(b"GET /v1/goals HTTP/1.1\r\nHost: x\r\nX-A").unwrap();
    for (n, ahead) in [(4, 3_600), (5, -3_600)] {
        clocked.set(ahead);
        let head = ask(n);
        assert!(head.starts_with("HTTP/1.1 429"), "{ahead} s ahead: {head}");
        let wait: u64 = header(&head, "Retry-After").unwrap().parse().unwrap();
        assert!((1..=20).contains(&wait), "{ahead} s ahead: {wait}");
    }
    let mut answer = vec![];
    drop(half.read_to_end(&mut answer));
    let closed = begun.elapsed();
    assert!(closed > Duration::from_secs(3) && closed < Duration::from_secs(12), "{closed:?}");
}
