//! `cargo bench --bench http`: the service, uncached, against a bare actix + Diesel handler of the same query.
//!
//! Both serve the same 60,000 grants from the same database, each in a process of its own with one worker; they are
//! measured in turn, A B A B, and the medians compared. SQLite always; PostgreSQL where TEST_DATABASE_URL names a server.
//! Then kept answers, against a bare actix server with the same bytes in memory (`-- hot` runs that alone), and
//! a summary over all grants, against the same SQL in `sqlite3` and `psql`: the wall time of each, and their ratio.
//! `cargo bench --bench http -- summary` runs that alone.
mod bare;
mod hot;
mod load;
mod summary;

use opptrapping::db::{Author, Database, Expect};
use opptrapping::http::{Settings, token::Issuers};
use opptrapping::{Shared, api::grants::Grant, app, import, open};
use std::process::{Child, Command};
use std::time::Duration;

const GRANTS: usize = 60_000;
const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 16;
const SERVICE: u16 = 18_090;
const BARE: u16 = 18_091;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "serve", url] => serve(url, SERVICE, 0),
        [_, "serve-kept", url] => serve(url, hot::HOT, Settings::default().cache_bytes),
        [_, "bytes", path] => hot::bytes(path).expect("serving"),
        [_, "bare", url, newest] => bare(url, newest.parse().expect("a revision")),
        [_, first, ..] if *first == "summary" => compare(&[SUMMARY]),
        [_, first, ..] if *first == "hot" => compare(&[HOT]),
        _ => compare(&["one grant by id", "a page of 100 grants", HOT, SUMMARY]),
    }
}

const HOT: &str = "kept answers";
const SUMMARY: &str = "a summary";

/// Runs the workloads named.
fn compare(wanted: &[&str]) {
    let folder = std::env::temp_dir().join(format!("opptrapping-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut urls = vec![("SQLite", format!("sqlite://{}", folder.join("bench.db").display()))];
    let postgres = std::env::var("TEST_DATABASE_URL").ok().map(|server| fresh_database(&server));
    urls.extend(postgres.iter().map(|url| ("PostgreSQL", url.clone())));
    println!("{:<12} {:<24} {:>10} {:>10} {:>7}", "database", "workload", "service/s", "bare/s", "ratio");
    for (name, url) in urls {
        let newest = prepare(&url);
        let mut servers = [start(&["serve", &url], SERVICE), start(&["bare", &url, &newest.to_string()], BARE)];
        let objects: Vec<String> = (0..997).map(|n| format!("/v1/grants/{}", id(n * 59))).collect();
        let pages: Vec<String> = (2010..2020).map(|year| format!("/v1/grants?period={year}&limit=100")).collect();
        let workloads = [("one grant by id", &objects), ("a page of 100 grants", &pages)];
        for (workload, paths) in workloads.into_iter().filter(|(workload, _)| wanted.contains(workload)) {
            let (mut ours, mut theirs) = (vec![], vec![]);
            for _ in 0..ROUNDS {
                ours.push(load::requests_per_second(SERVICE, paths, CONNECTIONS, LENGTH));
                theirs.push(load::requests_per_second(BARE, paths, CONNECTIONS, LENGTH));
            }
            let (ours, theirs) = (median(ours), median(theirs));
            println!("{name:<12} {workload:<24} {ours:>10.0} {theirs:>10.0} {:>7.2}", ours / theirs);
        }
        if wanted.contains(&HOT) {
            hot::compare(name, &url);
        }
        if wanted.contains(&SUMMARY) {
            summary::compare(name, &url, newest);
        }
        servers.iter_mut().for_each(|server| {
            let _ = server.kill();
            let _ = server.wait();
        });
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn id(n: usize) -> String {
    format!("bench-{:05}", n % GRANTS)
}

/// A database of our own on the server, in byte order.
fn fresh_database(server: &str) -> String {
    use diesel::prelude::*;
    let name = format!("bench_{}", std::process::id());
    let mut admin = diesel::PgConnection::establish(server).expect("the server TEST_DATABASE_URL names");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    diesel::sql_query(create).execute(&mut admin).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

/// Loads the reference data and the grants; returns the newest revision.
fn prepare(url: &str) -> i64 {
    let db = open(url).expect("a database");
    import::reference::load(&db).expect("the reference data");
    let regions = regions(&db);
    let author = Author::local("benchmark");
    db.write(&author, Some("benchmark"), |write| {
        for n in 0..GRANTS {
            write.put(grant(n, &regions), &Expect::Anything)?;
        }
        Ok(())
    })
    .expect("the grants");
    db.read(|conn| Ok(opptrapping::db::Statement::new("ANALYZE").run(conn)?)).ok();
    db.head().revision
}

/// Municipalities that were there from 2010 to 2019.
fn regions(db: &Database) -> Vec<String> {
    let sql = "SELECT region FROM municipalities WHERE valid_from <= '2010-01-01' AND (valid_to IS NULL OR valid_to >= '2020-01-01') ORDER BY id";
    let found: Vec<(String,)> = db.read(|conn| Ok(opptrapping::db::Statement::new(sql).rows(conn)?)).expect("regions");
    found.into_iter().map(|(region,)| region).collect()
}

fn grant(n: usize, regions: &[String]) -> Grant {
    let row = serde_json::json!({
        "id": id(n), "plan": "rus-2016-2020", "scheme": "kommunalt-rusarbeid", "measure": null,
        "region": regions[n % regions.len()], "recipient_name": null, "recipient_orgnr": null,
        "period": (2010 + n / regions.len() % 10).to_string(), "amount_nok": 100_000 + (n * 7_919) % 5_000_000,
        "stage": "paid", "approximate": false, "source": "prop-15-s-2015-2016", "note": null,
    });
    serde_json::from_value(row).expect("a grant")
}

fn start(arguments: &[&str], port: u16) -> Child {
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program).args(arguments).spawn().expect("a server");
    let patience = std::time::Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(patience.elapsed() < Duration::from_secs(20), "the server on port {port} did not come up");
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

fn serve(url: &str, port: u16, cache_bytes: u64) {
    let db = open(url).expect("a database");
    db.watch();
    let settings = Settings { cache_bytes, ..Settings::default() };
    let shared = Shared::new(db, settings, Issuers::default());
    let server = actix_web::HttpServer::new(move || app(&shared)).workers(1).bind(("127.0.0.1", port)).expect("a port");
    actix_web::rt::System::new().block_on(server.run()).expect("serving");
}

fn bare(url: &str, newest: i64) {
    match url.strip_prefix("sqlite://") {
        Some(path) => bare::sqlite(path, BARE, 16, newest),
        None => bare::postgres(url, BARE, 16, newest),
    }
    .expect("serving");
}
