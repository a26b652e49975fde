//! A process that may not have the memory it needs: it does not start, or refuses, or is gone; what it had acknowledged
//! is there.
use crate::answers::lost;
use crate::figures;
use crate::pen::Pen;
use crate::service::{after, free_address};
use crate::support::{Folder, sqlite};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Sends a request, and gives its status where there is an answer.
fn ask(address: &str, request: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer).ok()?;
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

/// Whether it listens, or has ended before that.
fn listens(process: &mut Child, address: &str) -> bool {
    let begun = Instant::now();
    loop {
        if let Some(ended) = process.try_wait().unwrap() {
            assert!(!ended.success(), "it ended as if all were well");
            return false;
        }
        if TcpStream::connect(address).is_ok() {
            return true;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it neither serves nor ends");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn with_too_little_memory_nothing_that_was_acknowledged_is_lost() {
    let (base, folder, pen) = (sqlite("limits"), Folder::new("limits"), Pen::new("limits_keys", "sources:write"));
    let limits: &[usize] =
        figures::either(&[40, 600, 1_300, 2_500], &[40, 80, 150, 300, 600, 900, 1_300, 1_800, 2_500]);
    let (mut acknowledged, mut refused, mut gone) = (vec![], 0, 0);
    for megabytes in limits {
        let (address, admin, key) = (free_address(), free_address(), pen.key());
        let arguments = [
            &["serve", "--database-url", &base.url, "--bind", &address, "--admin-bind", &admin],
            &["--public-key", &key, "--cache-mib", "64"][..],
        ];
        let log = std::fs::File::create(folder.0.join(format!("log-{megabytes}"))).unwrap();
        let mut limited = after(&format!("ulimit -v {}", megabytes * 1_024), &arguments.concat());
        let mut process = limited.stderr(Stdio::from(log)).spawn().unwrap();
        if !listens(&mut process, &address) {
            refused += 1;
            continue;
        }
        let (written, until) = (Mutex::new(vec![]), Instant::now() + Duration::from_millis(1_500));
        thread::scope(|scope| {
            for client in 0..8 {
                let (address, pen, written) = (&address, &pen, &written);
                scope.spawn(move || {
                    // Writes first, and then all that memory is needed for.
                    thread::sleep(Duration::from_millis(if client < 2 { 0 } else { 500 }));
                    for n in (0..).take_while(|_| Instant::now() < until) {
                        if client < 2 {
                            let (id, body) = (
                                format!("s-{megabytes}-{client}-{n}"),
                                r#"{"title":"T","publisher":"P","kind":"report"}"#,
                            );
                            let head = format!(
                                "PUT /v1/sources/{id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}",
                                pen.headers
                            );
                            match ask(address, &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())) {
                                Some(201) => written.lock().unwrap().push(id),
                                told => assert!(matches!(told, None | Some(500 | 503)), "{told:?}"),
                            }
                        } else {
                            // Much of what there is, each time another.
                            let path = format!("/v1/observations?limit={}&published=all", 10_000 - client * 100 - n);
                            let told =
                                ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
                            assert!(matches!(told, None | Some(200 | 500 | 503)), "{told:?}");
                        }
                    }
                });
            }
        });
        gone += usize::from(process.try_wait().unwrap().is_some());
        drop(process.kill());
        process.wait().unwrap();
        acknowledged.extend(written.into_inner().unwrap());
    }
    let lost = lost(&base.url, &acknowledged);
    assert!(lost.is_empty(), "{lost:?}");
    let told = format!(
        "{} limits: it did not start {refused} times, was gone {gone} times; {} writes acknowledged, 0 lost",
        limits.len(),
        acknowledged.len()
    );
    figures::tell("too little memory", told);
    assert!(refused > 0 && !acknowledged.is_empty(), "the limits are no limits, or leave nothing");
}
