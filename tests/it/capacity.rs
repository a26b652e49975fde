//! A PostgreSQL server that has no connection left, or no room.
use crate::answers::{sources, told};
use crate::cluster::Cluster;
use crate::figures;
use crate::pen::Pen;
use crate::service::succeeds;
use crate::storage::Disk;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_server_without_a_connection_left_is_told_of_and_used_again_when_it_has_some() {
    let Some(cluster) = Cluster::new() else { return };
    cluster.start();
    let url = cluster.url("postgres", "postgres");
    let pen = Pen::new("capacity_connections", "sources:write");
    let mut admin = PgConnection::establish(&url).unwrap();
    for sql in [
        "CREATE ROLE narrow LOGIN",
        "CREATE DATABASE narrow OWNER narrow TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
    ] {
        admin.batch_execute(sql).unwrap();
    }
    // Not the account of an administrator, for whom the last connections are kept.
    let service = pen.start(&cluster.url("narrow", "narrow"), &[]);
    let get = |n: usize| service.ask("GET", &format!("/v1/grants?limit={n}"), "", "");
    assert!(told(get(1)) && told(pen.source(&service, "before")));
    let mut held = vec![];
    while let Ok(conn) = PgConnection::establish(&url) {
        held.push(conn);
        assert!(held.len() < 200, "there is always one more");
    }
    // Those of the service too, one after the other: what is free then is not for its account.
    let its = "SELECT pg_terminate_backend(pid) FROM \
               (SELECT pid FROM pg_stat_activity WHERE usename = 'narrow' LIMIT 1) AS one";
    while diesel::sql_query(its).execute(&mut admin).unwrap() > 0 {
        let begun = Instant::now();
        while let Err(e) = PgConnection::establish(&url).map(|conn| held.push(conn)) {
            assert!(begun.elapsed() < Duration::from_secs(5), "{e}");
        }
    }
    let refused = (2..40)
        .filter(|n| {
            let asked = Instant::now();
            let fine = told(get(*n));
            assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
            !fine
        })
        .count();
    assert_eq!(refused, 38, "it had a connection left");
    assert!(!told(pen.source(&service, "meanwhile")));
    assert!(service.admin("/health/live").0.starts_with("HTTP/1.1 200"));
    let all = held.len();
    drop(held);
    let freed = Instant::now();
    while !(told(get(50)) && told(pen.source(&service, "after"))) {
        assert!(freed.elapsed() < Duration::from_secs(8), "it is not used again: {}", service.logged());
        thread::sleep(Duration::from_millis(50));
    }
    let told = format!(
        "{all} held by others: {refused} of 38 refused with 503; used again {} ms after",
        freed.elapsed().as_millis()
    );
    figures::tell("no connection to PostgreSQL left", told);
}

#[test]
fn where_postgresql_has_no_room_writes_are_refused_and_reads_go_on() {
    let Some(cluster) = Cluster::new() else { return };
    let Some(disk) = Disk::new("room", "24m") else {
        println!("no disk could be mounted: skipped");
        return;
    };
    cluster.own(&disk.0);
    cluster.start();
    let mut admin = PgConnection::establish(&cluster.url("postgres", "postgres")).unwrap();
    for sql in [
        format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display()),
        "CREATE DATABASE small TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' TABLESPACE small".to_owned(),
    ] {
        admin.batch_execute(&sql).unwrap();
    }
    let (url, pen) = (cluster.url("postgres", "small"), Pen::new("capacity_room", "sources:write"));
    let service = pen.start(&url, &["--empty", "--cache-mib", "0"]);
    // Text that does not compress.
    let note = |n: usize| {
        let word = |m: usize| format!("{:016x}", (n * 1_000 + m + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (0..560).map(word).collect::<String>()
    };
    let write = |n: usize| {
        let body = format!(r#"{{"title":"T","publisher":"P","kind":"report","note":"{}"}}"#, note(n));
        service.ask("PUT", &format!("/v1/sources/s-{n}"), &pen.headers, &body)
    };
    let mut acknowledged = 0;
    let answer = loop {
        let (head, answer) = write(acknowledged);
        if !told((head, answer.clone())) {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 5_000, "the disk does not fill");
    };
    assert!(answer.contains("/problems/storage-full"), "{answer}");
    assert_eq!(sources(&service), acknowledged, "rows are not what was acknowledged");
    disk.resize("64m");
    let begun = Instant::now();
    while !told(write(acknowledged)) {
        assert!(begun.elapsed() < Duration::from_secs(8), "it does not recover: {}", service.logged());
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(sources(&service), acknowledged + 1);
    drop(service);
    assert!(succeeds(&["check", "--database-url", &url]).contains(": 0 found"));
    figures::tell(
        "no room for PostgreSQL",
        format!("{acknowledged} writes acknowledged, 0 lost, then 503 storage-full; reads 200"),
    );
}
