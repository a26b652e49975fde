//! The databases: every municipality of today, ten years, forty indicators, and sixty thousand grants.
//!
//! The years are 2024 to 2033, the only ones in which there are 357 municipalities and 15 counties throughout. The rows are
//! written through the path of a `PUT` of a table, with every check, the log of changes and the digests; so the databases
//! are what a publisher would have.
use crate::children;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opptrapping::api::RESOURCES;
use opptrapping::db::{Author, Database, Statement};
use opptrapping::{import, open};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub const YEARS: std::ops::Range<usize> = 2024..2034;
const INDICATORS: usize = 40;
const GRANTS: usize = 60_000;
/// Towns that have most of the grants: 120 each in every year, so that a page of 100 is not all there is.
const TOWNS: usize = 48;
const OF_TOWN: usize = 120;

/// One loaded database.
pub struct Data {
    /// `SQLite` or `PostgreSQL`.
    pub name: &'static str,
    pub url: String,
    /// Its newest revision.
    pub newest: i64,
    /// How many times as large it is as usual.
    pub scale: usize,
    pub folder: PathBuf,
    pub regions: Vec<String>,
}

impl Data {
    /// The file of an SQLite database.
    pub fn file(&self) -> Option<&str> {
        self.url.strip_prefix("sqlite://")
    }

    pub fn towns(&self) -> Vec<&str> {
        let every = self.regions.len() / TOWNS;
        self.regions.iter().step_by(every).take(TOWNS).map(String::as_str).collect()
    }

    pub fn grants(&self) -> usize {
        GRANTS * self.scale
    }

    pub fn indicators(&self) -> usize {
        INDICATORS * self.scale
    }
}

pub fn grant(n: usize) -> String {
    format!("bench-{n:06}")
}

pub fn indicator(n: usize) -> String {
    format!("bench-{n:03}")
}

/// A file, and a database on the server that TEST_DATABASE_URL names, both at once: there are two cores.
pub fn load_all(folder: &Path, scale: usize) -> Result<Vec<Data>, String> {
    let file = format!("sqlite://{}", folder.join(format!("x{scale}.db")).display());
    let server = std::env::var("TEST_DATABASE_URL").ok();
    let server = server.map(|server| fresh_database(&server, scale)).transpose()?;
    if server.is_none() {
        println!("left out: PostgreSQL: TEST_DATABASE_URL names no server; run it beside one with ./test --with");
    }
    std::thread::scope(|scope| {
        let loads = [("SQLite", Some(file)), ("PostgreSQL", server)];
        let loads = loads.into_iter().filter_map(|(name, url)| Some((name, url?)));
        let loading: Vec<_> = loads.map(|(name, url)| scope.spawn(move || load(name, url, folder, scale))).collect();
        loading.into_iter().map(|thread| thread.join().map_err(|_| "loading failed".to_owned())?).collect()
    })
}

/// A database of our own on the server, in byte order. It is dropped at the end.
fn fresh_database(server: &str, scale: usize) -> Result<String, String> {
    let name = format!("http_{}_{scale}", std::process::id());
    let failed = |e: &dyn std::fmt::Display| format!("the server of TEST_DATABASE_URL: {e}");
    let mut admin = PgConnection::establish(server).map_err(|e| failed(&e))?;
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    diesel::sql_query(create).execute(&mut admin).map_err(|e| failed(&e))?;
    let (base, _) = server.rsplit_once('/').ok_or("TEST_DATABASE_URL names no database")?;
    let (server, dropped) = (server.to_owned(), name.clone());
    children::at_the_end(move || {
        let drop_it = |mut admin: PgConnection| admin.batch_execute(&format!("DROP DATABASE {dropped} WITH (FORCE)"));
        let _ = PgConnection::establish(&server).map(drop_it);
    });
    Ok(format!("{base}/{name}"))
}

fn load(name: &'static str, url: String, folder: &Path, scale: usize) -> Result<Data, String> {
    let begun = Instant::now();
    let db = open(&url).map_err(|e| e.to_string())?;
    import::reference::load(&db).map_err(|e| e.to_string())?;
    let regions = regions(&db)?;
    let mut data = Data { name, url, newest: 0, scale, folder: folder.into(), regions };
    write(&db, "indicators", &indicators(&data))?;
    write(&db, "observations", &observations(&data))?;
    write(&db, "grants", &grants(&data))?;
    data.newest = db.head().revision;
    drop(db);
    if data.file().is_none() {
        // What a server does by itself in the minute after.
        let mut conn = PgConnection::establish(&data.url).map_err(|e| e.to_string())?;
        conn.batch_execute("VACUUM (ANALYZE)").map_err(|e| e.to_string())?;
        conn.batch_execute("CHECKPOINT").map_err(|e| e.to_string())?;
    }
    let observations = data.indicators() * data.regions.len() * YEARS.len();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{name}: {observations} observations and {} grants loaded in {seconds:.0} s", data.grants());
    Ok(data)
}

fn write(db: &Database, collection: &str, csv: &str) -> Result<(), String> {
    let entry = RESOURCES.iter().find(|e| (e.table)().collection == collection).ok_or("no such collection")?;
    let written = db.write(&Author::local("benchmark"), None, |write| (entry.load)(write, &mut csv.as_bytes()));
    written.map(drop).map_err(|e| format!("{collection}: {e}: {:?}", e.mistakes.first()))
}

/// The municipalities there are from the first year on.
fn regions(db: &Database) -> Result<Vec<String>, String> {
    let sql =
        "SELECT region FROM municipalities WHERE valid_to IS NULL AND ended = 9223372036854775807 ORDER BY region";
    let found = db.read(|conn| Ok(Statement::new(sql).rows::<(String,)>(conn)?)).map_err(|e| e.to_string())?;
    Ok(found.into_iter().map(|(region,)| region).collect())
}

fn indicators(data: &Data) -> String {
    let mut csv = String::from("id,title_nb,unit,decimals,direction,aggregation,source\n");
    for id in (0..data.indicators()).map(indicator) {
        let _ = writeln!(csv, "{id},Årsverk {id},man_years,1,up,sum,ssb-07459");
    }
    csv
}

fn observations(data: &Data) -> String {
    let mut csv = String::from("indicator,region,period,published,value,status,confidence,publisher,source\n");
    for indicator in 0..data.indicators() {
        for year in YEARS {
            for (n, region) in data.regions.iter().enumerate() {
                let (id, value) = (self::indicator(indicator), (n * 7_919 + year * 31 + indicator) % 50_000);
                let published = year + 1;
                let value = value as f64 / 10.0;
                let _ =
                    writeln!(csv, "{id},{region},{year},{published},{value},ok,primary,Statistics Norway,ssb-07459");
            }
        }
    }
    csv
}

fn grants(data: &Data) -> String {
    let towns = data.towns();
    let others: Vec<&str> = data.regions.iter().map(String::as_str).filter(|region| !towns.contains(region)).collect();
    let to_towns = TOWNS * OF_TOWN * YEARS.len() * data.scale;
    let mut csv = String::from("id,plan,scheme,region,period,amount_nok,stage,approximate,source\n");
    for n in 0..data.grants() {
        let (regions, n_of) = if n < to_towns { (&towns, n) } else { (&others, n - to_towns) };
        let (region, year) = (regions[n_of % regions.len()], YEARS.start + n_of / regions.len() % YEARS.len());
        let (id, amount) = (grant(n), 100_000 + (n * 7_919) % 5_000_000);
        let _ = writeln!(
            csv,
            "{id},rus-2016-2020,kommunalt-rusarbeid,{region},{year},{amount},paid,false,prop-15-s-2015-2016"
        );
    }
    csv
}
