//! Files into collections and out of them, what the public sent, and the check of the whole database.
use super::{Done, Export, Import, Submissions, entry};
use opptrapping::config::Storage;
use opptrapping::db::submission;
use opptrapping::http::{Settings, listing};
use opptrapping::import::command;
use opptrapping::import::progress::Progress;
use opptrapping::open;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::process::ExitCode;

pub fn import(arguments: &Import) -> Done {
    let (Some(collection), Some(file)) = (&arguments.collection, &arguments.file) else {
        return Err("name a collection and a file".into());
    };
    let (entry, db) = (entry(collection)?, open(&arguments.storage.database_url)?);
    let name = file.display().to_string();
    let input: Box<dyn Read> = match name.as_str() {
        "-" => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(file).map_err(|e| format!("{name}: {e}"))?),
    };
    let name = if name == "-" { "(standard input)" } else { &name };
    let dry_run = arguments.dry_run;
    match command::run(&db, entry, input, &arguments.options, arguments.reason.as_deref(), dry_run) {
        Ok(report) => {
            report.warnings.iter().for_each(|warning| eprintln!("{name}: {warning}"));
            println!("{}", report.summary(dry_run));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{}", command::complaints(name, &error));
            Ok(ExitCode::FAILURE)
        }
    }
}

pub fn export(arguments: &Export) -> Done {
    let collection = arguments.collection.as_ref().ok_or("name a collection")?;
    let collection = (entry(collection)?.collection)();
    let db = open(&arguments.storage.database_url)?;
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(std::io::BufWriter::new(std::fs::File::create(path)?)),
        None => Box::new(std::io::stdout().lock()),
    };
    let settings = Settings { license: arguments.license.clone(), ..Settings::default() };
    listing::export(&db, collection, &settings, &arguments.format, arguments.lang, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub fn check(storage: &Storage) -> Done {
    let db = open(&storage.database_url)?;
    let progress = RefCell::new(Progress::default());
    let wrong = db.check(&|what| progress.borrow_mut().tell(what))?;
    progress.borrow_mut().clear();
    wrong.iter().for_each(|line| println!("{line}"));
    println!("revision {}: {} found", db.head().revision, wrong.len());
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn submissions(what: &Submissions) -> Done {
    match what {
        Submissions::List { storage } => {
            for (consultation, state, count) in open(&storage.database_url)?.read(submission::tally)? {
                println!("{consultation}: {count} {state}");
            }
        }
        Submissions::Contact { id, storage } => {
            let (name, organisation, email) =
                open(&storage.database_url)?.read(|conn| submission::contact(conn, id))?;
            for (what, said) in [("name", name), ("organisation", organisation), ("email", email)] {
                println!("{what}: {}", said.as_deref().unwrap_or("not given"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
