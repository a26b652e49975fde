//! Databases for tests: SQLite always, PostgreSQL where `TEST_DATABASE_URL` names a server.
//!
//! The reference data is loaded once into a template that later tests, also of other processes, copy. The template is
//! named by a hash of everything it depends on.
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opptrapping::db::submission::{self, Decision, Received};
use opptrapping::db::{Database, Db, Expect};
use opptrapping::error::Error;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A database of one test, removed with it.
pub struct Base {
    /// `sqlite` or `postgres`, for messages.
    pub label: &'static str,
    pub url: String,
    pub db: Database,
    _guard: Guard,
}

/// Each database there is, with the reference data.
pub fn databases(name: &str) -> Vec<Base> {
    all(name, true)
}

/// Each database there is, migrated and without a row.
pub fn empty(name: &str) -> Vec<Base> {
    all(name, false)
}

/// SQLite alone, with the reference data: for what does not depend on the database.
pub fn sqlite(name: &str) -> Base {
    sqlite_base(&unique(name), true)
}

fn all(name: &str, loaded: bool) -> Vec<Base> {
    let name = unique(name);
    let mut all = vec![sqlite_base(&name, loaded)];
    all.extend(server().map(|server| postgres_base(&server, &name, loaded)));
    all
}

/// The PostgreSQL server to test on; without one, its absence must have been meant.
pub fn server() -> Option<String> {
    let url = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    let required = std::env::var("OPPTRAPPING_TEST_POSTGRES").is_ok_and(|v| v == "required");
    assert!(
        url.is_some() || !required,
        "OPPTRAPPING_TEST_POSTGRES=required, but TEST_DATABASE_URL names no PostgreSQL server"
    );
    url
}

enum Guard {
    Folder(PathBuf),
    Database { server: String, name: String },
}

impl Drop for Guard {
    fn drop(&mut self) {
        match self {
            Self::Folder(path) => drop(fs::remove_dir_all(path)),
            Self::Database { server, name } => {
                drop(admin(server).batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
            }
        }
    }
}

/// A folder of one test, removed with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = scratch().join(unique(name));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn unique(name: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("test_{name}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn sqlite_base(name: &str, loaded: bool) -> Base {
    let folder = scratch().join(name);
    fs::create_dir_all(&folder).unwrap();
    let guard = Guard::Folder(folder.clone());
    let file = folder.join("test.db");
    if loaded {
        copy_template(&file);
    }
    let url = format!("sqlite://{}", file.display());
    let db = opptrapping::open(&url).unwrap();
    Base { label: "sqlite", url, db, _guard: guard }
}

/// The lock is held until the copy is made: who loads newer data removes older templates.
fn copy_template(to: &Path) {
    let lock = File::create(scratch().join("reference.lock")).unwrap();
    lock.lock().unwrap();
    let template = scratch().join(format!("reference-{}.db", fingerprint()));
    if !template.exists() {
        let ours = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("reference-"));
        fs::read_dir(scratch())
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(ours)
            .for_each(|old| fs::remove_file(old).unwrap());
        let building = scratch().join("reference-building.db");
        load(&format!("sqlite://{}", building.display()));
        let mut conn = SqliteConnection::establish(building.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(conn);
        fs::rename(building, &template).unwrap();
    }
    fs::copy(template, to).unwrap();
}

fn postgres_base(server: &str, name: &str, loaded: bool) -> Base {
    let from = if loaded { postgres_template(server) } else { "template0".to_owned() };
    create(server, name, &from);
    let guard = Guard::Database { server: server.to_owned(), name: name.to_owned() };
    let url = with_database(server, name);
    let db = opptrapping::open(&url).unwrap();
    Base { label: "postgres", url, db, _guard: guard }
}

/// Takes the database away under those who use it.
pub fn forget(base: &Base) {
    let Guard::Database { server, name } = &base._guard else { panic!("a file cannot be taken away") };
    admin(server).batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
}

fn postgres_template(server: &str) -> String {
    let template = format!("opptrapping_reference_{}", fingerprint());
    let mut conn = admin(server);
    conn.batch_execute("SELECT pg_advisory_lock(4711)").unwrap();
    let there = diesel::sql_query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind::<diesel::sql_types::Text, _>(&template)
        .execute(&mut conn)
        .unwrap();
    if there == 0 {
        let building = format!("{template}_building");
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)")).unwrap();
        create(server, &building, "template0");
        load(&with_database(server, &building));
        conn.batch_execute(&format!("ALTER DATABASE {building} RENAME TO {template}")).unwrap();
    }
    template
}

fn create(server: &str, name: &str, template: &str) {
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    admin(server).batch_execute(&sql).unwrap();
}

fn admin(server: &str) -> PgConnection {
    PgConnection::establish(server).unwrap()
}

fn with_database(server: &str, name: &str) -> String {
    let (base, options) = server.split_once('?').map_or((server, String::new()), |(b, o)| (b, format!("?{o}")));
    let root = base.rsplit_once('/').map_or(base, |(root, _)| root);
    format!("{root}/{name}{options}")
}

fn load(url: &str) {
    let db = opptrapping::open(url).unwrap();
    assert!(opptrapping::import::reference::load(&db).unwrap() > 9_000);
    db.beside(example_submission).unwrap();
}

/// The submission that the document has as its example; the reference data has none.
fn example_submission(conn: &mut Db) -> Result<(), Error> {
    let received = Received {
        id: opptrapping::api::submissions::EXAMPLE.into(),
        consultation: "rus-2016-2020-c01".into(),
        received_at: "2026-11-22T10:00:00.000Z".into(),
        language: Some("nb".into()),
        text: "Eksempel: Det mangler plasser for ettervern i distriktene.".into(),
        name: Some("Kari Nordmann".into()),
        organisation: Some("Foreningen Eksempel".into()),
        consent_to_name: true,
        email: Some("kari@example.org".into()),
    };
    let id = received.id.clone();
    submission::receive(conn, received)?;
    let at = "2026-11-23T10:00:00.000Z";
    submission::decide(conn, &id, &Expect::Anything, &Decision::Publish, "moderator", at).map(drop)
}

/// Of what the loaded data depends on: the data, the schema, and the code that writes it.
fn fingerprint() -> String {
    let mut hash = DefaultHasher::new();
    for folder in ["data", "migrations", "src"] {
        for file in files(&root().join(folder)) {
            file.hash(&mut hash);
            fs::read(file).unwrap().hash(&mut hash);
        }
    }
    format!("{:016x}", hash.finish())
}

/// Works on a connection that may write, outside a revision.
pub fn directly<T>(base: &Base, work: impl FnOnce(&mut Db) -> T) -> T {
    let mut conn = match base.url.strip_prefix("sqlite://") {
        Some(path) => Db::Sqlite(diesel::SqliteConnection::establish(path).unwrap()),
        None => Db::Postgres(diesel::PgConnection::establish(&base.url).unwrap()),
    };
    work(&mut conn)
}

/// The folder of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect();
    all.sort();
    all
}
