//! SQLite and its file: deleted, replaced, damaged, not to be written, and a disk that is full. Nothing is acknowledged that
//! is not kept, and what can be read is read.
use crate::answers::sources;
use crate::figures;
use crate::service::{Service, command, succeeds};
use crate::support::{Folder, sqlite};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A database with a key to write to it.
struct Setting {
    folder: Folder,
    url: String,
    file: PathBuf,
    public_key: String,
    headers: String,
}

impl Setting {
    fn new(name: &str, folder: PathBuf) -> Self {
        let keep = Folder::new(name);
        let keys = keep.0.join("keys").to_str().unwrap().to_owned();
        succeeds(&["keygen", &keys]);
        let token = succeeds(&["token", "--scope", "admin", "--keys", &keys]);
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", token.trim());
        let file = folder.join("data.db");
        let url = format!("sqlite://{}", file.display());
        Self { folder: keep, url, file, public_key: format!("{keys}/public.pem"), headers }
    }

    fn start(&self, more: &[&str]) -> Service {
        Service::start(&self.url, &[&["--public-key", &self.public_key], more].concat())
    }

    /// Writes a row; gives the status and the answer.
    fn put(&self, service: &Service, id: &str, note: &str) -> (u16, String) {
        let body = serde_json::json!({ "title": "T", "publisher": "P", "kind": "report", "note": note }).to_string();
        let (head, answer) = service.ask("PUT", &format!("/v1/sources/{id}"), &self.headers, &body);
        (head[9..12].parse().unwrap(), answer)
    }
}

/// A database in a folder of its own, with the reference data, that nobody has open.
fn loaded(name: &str) -> Setting {
    let folder = Folder::new(&format!("{name}_data"));
    let path = folder.0.clone();
    let base = sqlite(name);
    let mut setting = Setting::new(name, path);
    let source = base.url.trim_start_matches("sqlite://").to_owned();
    drop(base.db.clone());
    // Without the log there is nothing to be found beside it.
    crate::support::directly(&base, |conn| {
        diesel::connection::SimpleConnection::batch_execute(conn, "PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    });
    fs::copy(source, &setting.file).unwrap();
    // The folder with the data goes with the setting.
    setting.folder = {
        fs::rename(setting.folder.0.join("keys"), folder.0.join("keys")).unwrap();
        folder
    };
    setting.public_key = setting.folder.0.join("keys/public.pem").to_str().unwrap().to_owned();
    setting
}

#[test]
fn a_file_that_is_deleted_or_replaced_is_noticed_before_anything_is_lost() {
    let setting = loaded("storage_gone");
    let service = setting.start(&[]);
    assert_eq!(setting.put(&service, "before", "kept").0, 201);
    let aside = setting.file.with_extension("aside");
    fs::rename(&setting.file, &aside).unwrap();
    let (status, answer) = setting.put(&service, "lost", "into nothing");
    assert!(status == 503 && answer.contains("/problems/storage-fault"), "{status} {answer}");
    let noticed = service.until_ready(|status, said| status == 503 && said["problem"] == "storage-fault");
    assert_eq!(service.ready().1["writes"], "unavailable");
    assert!(service.ask("GET", "/v1/sources/before", "", "").0.starts_with("HTTP/1.1 200"), "what is open is read");
    fs::rename(&aside, &setting.file).unwrap();
    service.until_ready(|status, _| status == 200);
    assert_eq!(setting.put(&service, "after", "kept").0, 201);

    fs::copy(&setting.file, &aside).unwrap();
    fs::rename(&aside, &setting.file).unwrap();
    assert_eq!(setting.put(&service, "lost", "into what another reads").0, 503);
    service.until_ready(|status, _| status == 503);
    figures::tell(
        "disk full, file removed, page damaged (SQLite)",
        format!("file removed: the next write is refused, ready says it after {} ms", noticed.as_millis()),
    );
    service.until_logged("was deleted or replaced");
    service.until_logged("is back");
}

/// What a service that does not start says, on one line.
fn refused(setting: &Setting, run: &mut Command) -> String {
    let before = fs::read(&setting.file).ok();
    let output = run.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(fs::read(&setting.file).ok(), before, "the file was changed");
    said
}

fn serve(setting: &Setting) -> Command {
    command(&["serve", "--database-url", &setting.url, "--bind", "127.0.0.1:0", "--admin-bind", "127.0.0.1:0"])
}

/// Writes over a part of a file.
fn damage(file: &Path, from: usize, to: usize) {
    let mut bytes = fs::read(file).unwrap();
    let to = to.min(bytes.len());
    bytes[from..to].fill(0xA5);
    // In place: it stays the same file.
    std::os::unix::fs::FileExt::write_all_at(&fs::OpenOptions::new().write(true).open(file).unwrap(), &bytes, 0)
        .unwrap();
}

#[test]
fn a_damaged_file_is_not_served_and_not_migrated() {
    let setting = loaded("storage_damaged");
    let whole = fs::read(&setting.file).unwrap();
    for (from, to, words) in [
        (0, 64, "not a database"),
        (whole.len() / 2, whole.len() / 2 + 400_000, "data.db: "),
        (4_096, 5_000, "data.db: "),
    ] {
        fs::write(&setting.file, &whole).unwrap();
        damage(&setting.file, from, to);
        let said = refused(&setting, &mut serve(&setting));
        assert!(said.contains(words), "{from}: {said}");
    }
    fs::write(&setting.file, &whole[..whole.len() / 2]).unwrap();
    let said = refused(&setting, &mut serve(&setting));
    assert!(said.contains("data.db: "), "{said}");
}

#[test]
fn a_large_file_is_looked_through_while_it_is_served_and_before_it_is_migrated() {
    let setting = loaded("storage_large");
    let mut conn = SqliteConnection::establish(setting.file.to_str().unwrap()).unwrap();
    conn.batch_execute(
        "CREATE TABLE ballast (b BLOB); INSERT INTO ballast VALUES (randomblob(36000000)), (randomblob(36000000))",
    )
    .unwrap();
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(conn);
    let length = fs::metadata(&setting.file).unwrap().len() as usize;
    assert!(length > 70_000_000, "{length}");
    // Where nobody reads.
    damage(&setting.file, length - 20_000_000, length - 10_000_000);
    let service = setting.start(&[]);
    let (status, said) = service.ready();
    assert_eq!(status, 200, "{said}: it looks before it serves");
    service.until_ready(|status, said| status == 503 && said["problem"] == "storage-fault");
    service.until_logged("is damaged");
    assert_eq!(setting.put(&service, "a", "b").0, 503);
    assert!(service.ask("GET", "/v1/sources?limit=1", "", "").0.starts_with("HTTP/1.1 200"), "what is sound is read");
    drop(service);

    let mut conn = SqliteConnection::establish(setting.file.to_str().unwrap()).unwrap();
    let older = "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT MAX(version) FROM __diesel_schema_migrations); \
                 PRAGMA wal_checkpoint(TRUNCATE)";
    conn.batch_execute(older).unwrap();
    drop(conn);
    let said = refused(&setting, &mut serve(&setting));
    assert!(said.contains("it is damaged"), "{said}");
}

#[test]
fn damage_that_is_met_while_it_serves_ends_writing() {
    let setting = loaded("storage_met");
    let service = setting.start(&["--cache-mib", "0"]);
    let length = fs::metadata(&setting.file).unwrap().len() as usize;
    damage(&setting.file, length / 4, length);
    let mut told = String::new();
    for path in [
        "/v1/observations?limit=5000",
        "/v1/municipalities",
        "/v1/changes?limit=5000",
        "/v1/budgets",
        "/v1/observations?sort=-value&limit=9000",
    ] {
        let (head, answer) = service.ask("GET", path, "", "");
        if head.starts_with("HTTP/1.1 503") {
            assert!(answer.contains("/problems/storage-fault"), "{answer}");
            told = answer;
            break;
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    }
    assert!(!told.is_empty(), "no damage was met");
    let (status, said) = service.ready();
    assert_eq!((status, &said["problem"], &said["writes"]), (503, &"storage-fault".into(), &"unavailable".into()));
    assert_eq!(setting.put(&service, "a", "b").0, 503);
    assert!(service.admin("/health/live").0.starts_with("HTTP/1.1 200"));
    let told = "page damaged: 503 storage-fault to reads that meet it and to all writes; ready turns";
    figures::tell("disk full, file removed, page damaged (SQLite)", told);
}

/// Runs as an account that may do nothing, where this is root, who may do everything; from a copy of the program.
fn as_nobody(command: &Command, program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !root {
        let mut same = Command::new(command.get_program());
        same.args(command.get_args());
        return same;
    }
    let mut other = Command::new("runuser");
    other.args(["-u", "nobody", "--"]).arg(program).args(command.get_args());
    other
}

#[test]
fn a_file_or_a_folder_that_cannot_be_written_is_told_at_once() {
    let mut setting = loaded("storage_readonly");
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    // Where the project lies may be its owner's alone.
    let open = tempfile::tempdir().unwrap();
    mode(open.path(), 0o755);
    let (program, folder) = (open.path().join("opptrapping"), open.path().join("data"));
    fs::copy(env!("CARGO_BIN_EXE_opptrapping"), &program).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::copy(&setting.file, folder.join("data.db")).unwrap();
    setting.file = folder.join("data.db");
    setting.url = format!("sqlite://{}", setting.file.display());
    for (of_folder, of_file) in [(0o777, 0o444), (0o555, 0o666)] {
        mode(&setting.file, of_file);
        mode(&folder, of_folder);
        let said = refused(&setting, &mut as_nobody(&serve(&setting), &program));
        assert!(said.contains("ermission denied"), "{of_folder:o} {of_file:o}: {said}");
    }
    mode(&folder, 0o755);
    fs::remove_file(&setting.file).unwrap();
    fs::create_dir(&setting.file).unwrap();
    let output = serve(&setting).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is no file"));
}

/// A small disk; none where this account may not make one.
pub struct Disk(pub PathBuf);

impl Disk {
    pub fn new(name: &str, size: &str) -> Option<Self> {
        let path = std::env::temp_dir().join(format!("opptrapping-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let mounted = |output: Output| output.status.success();
        let options = format!("size={size},mode=777");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&path).output();
        let disk = Self(path);
        done.is_ok_and(mounted).then_some(disk)
    }

    pub fn resize(&self, size: &str) {
        let sized = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0).status();
        assert!(sized.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
        drop(fs::remove_dir(&self.0));
    }
}

#[test]
fn on_a_full_disk_writes_are_refused_and_reads_go_on() {
    let Some(disk) = Disk::new("full", "6m") else {
        println!("no disk could be mounted: skipped");
        return;
    };
    let setting = Setting::new("storage_full", disk.0.clone());
    let service = setting.start(&["--empty", "--cache-mib", "0"]);
    let note = "x".repeat(3_000);
    let mut acknowledged = 0;
    let answer = loop {
        let (status, answer) = setting.put(&service, &format!("s-{acknowledged}"), &note);
        if status != 201 {
            assert_eq!(status, 503, "{answer}");
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 5_000, "the disk does not fill");
    };
    assert!(answer.contains("/problems/storage-full"), "{answer}");
    assert_eq!(sources(&service), acknowledged, "rows are not what was acknowledged");
    assert_eq!(setting.put(&service, "more", &note).0, 503);
    disk.resize("24m");
    assert_eq!(setting.put(&service, "more", &note).0, 201, "it recovers by itself");
    assert_eq!(sources(&service), acknowledged + 1);
    let told = format!(
        "disk full: {acknowledged} writes acknowledged, 0 lost, then 503 storage-full, reads 200; recovers by itself"
    );
    figures::tell("disk full, file removed, page damaged (SQLite)", told);
    drop(service);
    assert!(succeeds(&["check", "--database-url", &setting.url]).contains(": 0 found"));
}
