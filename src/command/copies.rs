//! Full copies written and read, mirrors, and backups.
use super::{Done, Mirror};
use opptrapping::config::Storage;
use opptrapping::db::{Author, backup};
use opptrapping::http::copy::Copies;
use opptrapping::http::copy::files::Folder;
use opptrapping::import::copy::files::Files;
use opptrapping::import::copy::{self, Loaded};
use opptrapping::import::mirror;
use opptrapping::import::progress::Progress;
use opptrapping::import::remote::Remote;
use opptrapping::{api, open};
use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;

pub fn export(storage: &Storage, folder: &Path, license: &str) -> Done {
    let db = open(&storage.database_url)?;
    let files = Folder::new(folder.to_owned()).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mark = db.head().newest();
    let sums = Copies::of(&api::RESOURCES, license, api::document).write(&db, &mark, Box::new(files))?;
    let bytes: u64 = sums.iter().map(|sum| sum.bytes).sum();
    println!("revision {}: {} files, {bytes} bytes in {}", mark.revision, sums.len(), folder.display());
    Ok(ExitCode::SUCCESS)
}

pub fn import(storage: &Storage, from: &str, ca_file: Option<&Path>) -> Done {
    let db = open(&storage.database_url)?;
    let mut files = if from.starts_with("http://") || from.starts_with("https://") {
        fetched(from, ca_file)?
    } else {
        Files::open(Path::new(from))?
    };
    let Loaded { revision, rows } = copy::load(&db, &mut files, &Author::local(&format!("import of {from}")))?;
    for (name, count) in &rows {
        println!("{count:>10} {name}");
    }
    println!("revision {revision}: all sums, digests and references are right");
    Ok(ExitCode::SUCCESS)
}

/// The archive at an address: of a service, or of a copy itself.
fn fetched(url: &str, ca_file: Option<&Path>) -> Result<Files, Box<dyn std::error::Error>> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let remote = Remote::new(&format!("{scheme}://{host}"), ca_file)?;
    let path = match path.trim_end_matches('/') {
        copy if copy.ends_with(".zip") || copy.contains("v1/export") => format!("/{copy}"),
        "" => "/v1/export".to_owned(),
        // A service that is not at the root of its host.
        service => format!("/{service}/v1/export"),
    };
    let mut progress = Progress::default();
    let mut file = tempfile::tempfile()?;
    remote
        .download(&path, &mut file, |bytes| progress.tell(&format!("{} kB", bytes / 1_024)))
        .map_err(opptrapping::error::Error::from)?;
    progress.clear();
    Ok(Files::archive(file)?)
}

pub fn mirror(arguments: &Mirror) -> Done {
    let db = open(&arguments.storage.database_url)?;
    let remote = Remote::new(&arguments.url, arguments.ca_file.as_deref())?;
    mirror::Mirror::new(&db, &remote, arguments.once, &|line| println!("{line}")).run()?;
    Ok(ExitCode::SUCCESS)
}

pub fn backup(storage: &Storage, file: &Path) -> Done {
    let progress = RefCell::new(Progress::default());
    let made = backup::make(&storage.database_url, file, api::tables(), &|what| progress.borrow_mut().tell(what));
    progress.borrow_mut().clear();
    let made = made?;
    println!("revision {}: {} bytes in {}; it is sound", made.revision, made.bytes, file.display());
    Ok(ExitCode::SUCCESS)
}
