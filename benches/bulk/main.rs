//! `cargo bench --bench bulk`: 100,000 observations written by the service, and by the database's own tools.
//!
//! The service writes them by one `PUT` to the real program (`PUT s`, with the growth of its memory), and, for what HTTP
//! adds, within this process. The tools take a file that has every column filled already, load it into a temporary table (`.import` of the sqlite3
//! shell, `\copy` of psql) and put it from there into the same table, with the same indexes, by an upsert. The service
//! reads our CSV, checks every row, keeps versions and writes the log of changes. In turn, A B C A B C, each on a database
//! of its own; the medians are compared. In the end one `PUT` of a million. PostgreSQL where TEST_DATABASE_URL names a
//! server.
mod put;

use opptrapping::api::RESOURCES;
use opptrapping::db::{Author, Database, Statement};
use opptrapping::{import, open};
use put::Server;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const ROWS: usize = 100_000;
const ROUNDS: usize = 5;

/// Statements for a tool: the file into a temporary table, and from there into the table.
struct Tool {
    name: &'static str,
    run: fn(url: &str, file: &Path, columns: &str),
}

fn main() {
    let folder = std::env::temp_dir().join(format!("opptrapping-bulk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let sqlite = Tool { name: "SQLite", run: shell };
    let mut all = vec![(sqlite, format!("sqlite://{}", folder.join("bench").display()))];
    if let Ok(server) = std::env::var("TEST_DATABASE_URL") {
        all.push((Tool { name: "PostgreSQL", run: psql }, server));
    }
    println!(
        "{:<12} {:<22} {:>8} {:>12} {:>8} {:>10} {:>10}",
        "database", "100,000 observations", "PUT s", "in process s", "tool s", "PUT / tool", "memory +MB"
    );
    for (tool, target) in &all {
        compare(tool, target, &folder);
    }
    for (tool, target) in &all {
        million(tool.name, target, &folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// The seconds of all rounds: when all rows are new, and when they are the same again.
type Both = [Vec<f64>; 2];

fn compare(tool: &Tool, target: &str, folder: &Path) {
    let filled = folder.join("filled.csv");
    let (mut sent, mut ours, mut theirs): (Both, Both, Both) = Default::default();
    let mut grown = [0.0; 2];
    for round in 0..ROUNDS {
        let url = fresh(target, &format!("sent_{round}"));
        let csv = table(&loaded(&url), ROWS);
        let server = Server::start(&url, folder);
        for (n, sent) in sent.iter_mut().enumerate() {
            let run = server.put("text/csv", csv.as_bytes());
            sent.push(run.seconds);
            grown[n] = run.grown_mb.max(grown[n]);
        }
        drop(server);

        let url = fresh(target, &format!("ours_{round}"));
        let db = loaded(&url);
        let begun = Instant::now();
        load(&db, &csv);
        ours[0].push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        load(&db, &csv);
        ours[1].push(begun.elapsed().as_secs_f64());
        let columns = fill(&db, &filled);
        drop(db);

        let url = fresh(target, &format!("theirs_{round}"));
        drop(loaded(&url));
        for theirs in &mut theirs {
            let begun = Instant::now();
            (tool.run)(&url, &filled, &columns);
            theirs.push(begun.elapsed().as_secs_f64());
        }
        let db = open(&url).expect("a database");
        assert_eq!(count(&db), ROWS as i64, "the tool did not write them");
    }
    for (n, what) in ["all new", "the same again"].into_iter().enumerate() {
        let [sent, ours, theirs] = [&sent, &ours, &theirs].map(|all| median(all[n].clone()));
        println!(
            "{:<12} {what:<22} {sent:>8.2} {ours:>12.2} {theirs:>8.2} {:>10.2} {:>10.1}",
            tool.name,
            sent / theirs,
            grown[n]
        );
    }
}

/// One `PUT` of a million, every field of them, as JSON.
fn million(name: &str, target: &str, folder: &Path) {
    let url = fresh(target, "million");
    let db = loaded(&url);
    let json = put::as_json(&table(&db, 1_000_000));
    let server = Server::start(&url, folder);
    let run = server.put("application/json", json.as_bytes());
    let mb = json.len() as f64 / 1e6;
    println!("{name}: 1,000,000 as JSON, {mb:.0} MB: {:.1} s, memory +{:.1} MB", run.seconds, run.grown_mb);
    drop(server);
    assert_eq!(count(&db), 1_000_000, "they were not written");
}

/// A database with the reference data.
fn loaded(url: &str) -> Database {
    let db = open(url).expect("a database");
    import::reference::load(&db).expect("the reference data");
    db
}

fn load(db: &Database, csv: &str) {
    let entry = RESOURCES.iter().find(|e| (e.table)().collection == "observations").expect("a collection");
    db.write(&Author::local("benchmark"), None, |write| (entry.load)(write, &mut csv.as_bytes())).expect("a revision");
}

/// Values for every municipality that lasted from 2008 to 2019, in as many vintages as are needed.
fn table(db: &Database, rows: usize) -> String {
    let sql = "SELECT region FROM municipalities WHERE valid_from <= '2008-01-01' AND (valid_to IS NULL OR valid_to >= '2020-01-01') ORDER BY id";
    let regions: Vec<(String,)> = db.read(|conn| Ok(Statement::new(sql).rows(conn)?)).expect("regions");
    let mut csv = String::from("indicator,region,period,published,value,status,confidence,publisher,source\n");
    for n in 0..rows {
        let (region, rest) = (&regions[n % regions.len()].0, n / regions.len());
        let (year, vintage) = (2008 + rest % 10, rest / 10);
        let published = format!("{}-{:02}", 2100 + vintage / 12, 1 + vintage % 12);
        let _ = writeln!(csv, "population,{region},{year},{published},{n},ok,primary,Statistics Norway,ssb-07459");
    }
    csv
}

/// Writes what the service stored of them as a CSV with every column of the table; gives the columns.
fn fill(db: &Database, file: &Path) -> String {
    let columns = (RESOURCES.iter().find(|e| (e.table)().collection == "observations").expect("a collection").table)()
        .stored_columns()
        .join(", ");
    let columns = format!("revision, ended, {columns}");
    let texts = columns.split(", ").map(|c| format!("COALESCE(CAST({c} AS TEXT), '')")).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {texts} FROM observations WHERE published >= '2100' ORDER BY value");
    let rows: Vec<Vec<String>> = db.read(|conn| Ok(Statement::new(sql.clone()).rows(conn)?)).expect("rows");
    let mut writer = csv::Writer::from_path(file).expect("a file");
    writer.write_record(columns.split(", ")).expect("a header");
    rows.iter().for_each(|row| writer.write_record(row).expect("a row"));
    writer.flush().expect("a file");
    columns
}

fn upsert(columns: &str, values: &str) -> String {
    let set: Vec<String> = columns.split(", ").skip(3).map(|c| format!("{c} = excluded.{c}")).collect();
    format!(
        "INSERT INTO observations ({columns}) SELECT {values} FROM staged WHERE true ON CONFLICT (id, revision) DO UPDATE SET {};",
        set.join(", ")
    )
}

fn shell(url: &str, file: &Path, columns: &str) {
    let texts: Vec<String> = columns.split(", ").map(|c| format!("{c} TEXT")).collect();
    let values: Vec<String> = columns.split(", ").map(|c| format!("NULLIF({c}, '')")).collect();
    let script = format!(
        "PRAGMA synchronous = FULL;\nPRAGMA temp_store = MEMORY;\nCREATE TEMP TABLE staged ({});\n.import --csv --skip 1 --schema temp {} staged\nBEGIN IMMEDIATE;\n{}\nCOMMIT;\n",
        texts.join(", "),
        file.display(),
        upsert(columns, &values.join(", "))
    );
    run(Command::new("sqlite3").arg("-bail").arg(url.trim_start_matches("sqlite://")), &script);
}

fn psql(url: &str, file: &Path, columns: &str) {
    let script = format!(
        "CREATE TEMP TABLE staged AS SELECT {columns} FROM observations WHERE false;\n\\copy staged FROM '{}' WITH (FORMAT csv, HEADER)\n{}\n",
        file.display(),
        upsert(columns, columns)
    );
    run(Command::new("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", url]), &script);
}

fn run(command: &mut Command, script: &str) {
    use std::io::Write;
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("sqlite3 and psql are installed");
    child.stdin.take().expect("its input").write_all(script.as_bytes()).expect("a script can be given");
    assert!(child.wait().expect("it ends").success(), "{script}");
}

/// A database of our own: a file, or one on the server in byte order.
fn fresh(target: &str, name: &str) -> String {
    use diesel::prelude::*;
    if target.starts_with("sqlite://") {
        return format!("{target}-{name}.db");
    }
    let name = format!("bulk_{}_{name}", std::process::id());
    let mut admin = diesel::PgConnection::establish(target).expect("the server TEST_DATABASE_URL names");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    diesel::sql_query(create).execute(&mut admin).expect("a database");
    let (base, _) = target.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

fn count(db: &Database) -> i64 {
    let sql = "SELECT COUNT(*) FROM observations WHERE published >= '2100'";
    db.read(|conn| Ok(Statement::new(sql).row::<(i64,)>(conn)?)).expect("a count").map_or(0, |(n,)| n)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
