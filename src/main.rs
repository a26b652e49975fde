//! The command line. It parses arguments and calls the library, nothing else.
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{App, HttpServer, web};
use clap::{Parser, Subcommand, ValueEnum};
use opptrapping::config::{Service, Storage};
use opptrapping::db::{Database, submission, verify};
use opptrapping::domain::Language;
use opptrapping::http::resource::Entry;
use opptrapping::http::{Settings, admin, connection, listing, openapi30, token};
use opptrapping::import::{self, command, options, options::Options};
use opptrapping::{Shared, api, app, open};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a wrong setting exits with (sysexits.h, EX_CONFIG).
const CONFIGURATION: u8 = 78;

/// An open-data API for Norwegian public escalation plans.
#[derive(Parser)]
#[command(version, after_help = "Settings are read from flags, then from the environment, then from the file .env.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Migrate, load the reference data into an empty database, and serve
    Serve {
        #[command(flatten)]
        storage: Storage,
        #[command(flatten)]
        service: Service,
    },
    /// Bring the schema of the database up to date
    Migrate {
        #[command(flatten)]
        storage: Storage,
        /// Only show which migrations have been applied
        #[arg(long)]
        status: bool,
    },
    /// Write a file (or - for standard input) into a collection: all of it as one revision, or nothing
    #[command(after_long_help = options::EXAMPLES)]
    Import {
        /// The collection: grants, observations, …
        collection: String,
        /// The file, packed with gzip or not
        file: PathBuf,
        #[command(flatten)]
        storage: Storage,
        #[command(flatten)]
        options: Options,
        /// Why; kept with the revision
        #[arg(long)]
        reason: Option<String>,
        /// Check everything, report the same, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Read a whole collection, every vintage included
    Export {
        /// The collection: grants, observations, …
        collection: String,
        /// The form: csv, ndjson, xlsx, parquet, json-stat2
        #[arg(long, default_value = "csv")]
        format: String,
        /// The language of titles and descriptions: nb, nn, en
        #[arg(long, default_value = "nb", value_parser = language)]
        lang: Language,
        #[command(flatten)]
        storage: Storage,
        /// Where to; standard output unless named
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Look after what the public sent to consultations
    Submissions {
        #[command(subcommand)]
        what: Submissions,
    },
    /// Make a key pair for tokens: private.pem and public.pem
    Keygen {
        /// The folder to put them in
        #[arg(default_value = "keys")]
        folder: PathBuf,
        #[arg(long, value_enum, default_value_t = Algorithm::Eddsa)]
        algorithm: Algorithm,
    },
    /// Make a token to write with
    Token {
        /// What it may do: plans:write, goals:write, measures:write, budgets:write, grants:write, municipalities:write,
        /// indicators:write, observations:write, evaluations:write, sources:write, submissions:moderate, indicators:read-unsuppressed, admin.
        /// Several with a space between
        #[arg(long)]
        scope: String,
        /// How long it is good for: 90s, 15m, 1h; an hour at most
        #[arg(long, default_value = "1h")]
        ttl: String,
        /// Whom it is for; kept with every revision written with it
        #[arg(long, default_value = "operator")]
        subject: String,
        /// The folder with private.pem and public.pem
        #[arg(long, default_value = "keys")]
        keys: PathBuf,
    },
    /// Print the OpenAPI document
    Openapi {
        #[arg(long, value_enum, default_value_t = OpenapiVersion::V31)]
        version: OpenapiVersion,
    },
    /// Check references, versions and the log of changes over the whole database
    Check {
        #[command(flatten)]
        storage: Storage,
    },
    /// Ask a running service whether it is ready; for containers
    Healthcheck {
        /// Its admin address
        #[arg(long, env = "OPPTRAPPING_ADMIN_BIND", default_value = "127.0.0.1:8081")]
        admin_bind: String,
    },
}

#[derive(Subcommand)]
enum Submissions {
    /// How many there are to each consultation in each state, the erased ones too
    List {
        #[command(flatten)]
        storage: Storage,
    },
    /// How the sender of one is reached; the service tells this to nobody
    Contact {
        id: String,
        #[command(flatten)]
        storage: Storage,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Algorithm {
    Eddsa,
    Es256,
}

#[derive(Clone, Copy, ValueEnum)]
enum OpenapiVersion {
    #[value(name = "3.1")]
    V31,
    #[value(name = "3.0")]
    V30,
}

type Done = Result<ExitCode, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let _ = dotenvy::dotenv();
    // What strangers send that is not HTTP is no error of ours, and must not fill the log.
    let filter = env_logger::Env::default().default_filter_or("info,actix_server=warn,actix_http=off");
    // The solver logs the bounds it finds: whatever is asked for, those of hidden counts are in no log.
    env_logger::Builder::from_env(filter).filter_module("microlp", log::LevelFilter::Off).init();
    run(Cli::parse().command).unwrap_or_else(|e| {
        eprintln!("opptrapping: {e}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Done {
    match command {
        Command::Serve { storage, service } => serve(&storage, &service),
        Command::Migrate { storage, status } => {
            if !status {
                open(&storage.database_url)?;
            }
            for (name, applied) in Database::migrations(&storage.database_url)? {
                println!("{} {name}", if applied { "applied" } else { "pending" });
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Import { collection, file, storage, options, reason, dry_run } => {
            let (entry, db) = (entry(&collection)?, open(&storage.database_url)?);
            import_file(&db, entry, &file, &options, reason.as_deref(), dry_run)
        }
        Command::Export { collection, format, lang, storage, output } => {
            let collection = (entry(&collection)?.collection)();
            let db = open(&storage.database_url)?;
            let mut out: Box<dyn Write> = match output {
                Some(path) => Box::new(std::io::BufWriter::new(std::fs::File::create(path)?)),
                None => Box::new(std::io::stdout().lock()),
            };
            listing::export(&db, collection, &Settings::default(), &format, lang, &mut out)?;
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Submissions { what } => submissions(&what),
        Command::Keygen { folder, algorithm } => keygen(&folder, algorithm),
        Command::Token { scope, ttl, subject, keys } => {
            let read = |name: &str| {
                let path = keys.join(name);
                std::fs::read_to_string(&path)
                    .map_err(|e| format!("{}: {e}; make keys with `opptrapping keygen`", path.display()))
            };
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() as i64;
            println!(
                "{}",
                token::make(&read("private.pem")?, &read("public.pem")?, &subject, &scope, now, lifetime(&ttl)?)?
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi { version } => {
            let document = api::document(&Settings::default());
            let document = match version {
                OpenapiVersion::V31 => document,
                OpenapiVersion::V30 => openapi30::downgrade(document),
            };
            println!("{}", serde_json::to_string_pretty(&document)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { storage } => {
            let db = open(&storage.database_url)?;
            let wrong = db.read(|conn| verify::whole(conn, db.tables()))?;
            wrong.iter().for_each(|line| println!("{line}"));
            println!("revision {}: {} found", db.head().revision, wrong.len());
            Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Healthcheck { admin_bind } => healthcheck(&admin_bind),
    }
}

fn serve(storage: &Storage, service: &Service) -> Done {
    let checked = match service.check() {
        Ok(checked) => checked,
        Err(wrong) => {
            eprintln!("opptrapping: these settings are wrong:\n{wrong}");
            return Ok(ExitCode::from(CONFIGURATION));
        }
    };
    let db = open(&storage.database_url)?;
    if !service.empty {
        let begun = Instant::now();
        match import::reference::load(&db)? {
            0 => {}
            rows => log::info!("loaded the reference data: {rows} rows in {:.1} s", begun.elapsed().as_secs_f64()),
        }
    }
    db.watch();
    if checked.issuers.0.is_empty() {
        log::warn!("no key for tokens (OPPTRAPPING_PUBLIC_KEY): the service is read-only");
    }
    let shared = Shared::new(db.clone(), checked.settings, checked.issuers);
    let (bind, admin_bind, workers) = (checked.bind, checked.admin_bind, service.workers);
    actix_web::rt::System::new().block_on(async move {
        let (database, issuers) = (web::Data::new(db.clone()), shared.issuers());
        let health = HttpServer::new(move || {
            App::new().app_data(database.clone()).app_data(issuers.clone()).configure(admin::routes)
        })
        .workers(1)
        .disable_signals()
        .bind(admin_bind)
        .map_err(|e| format!("{admin_bind}: {e}"))?
        .run();
        let revision = db.head().revision;
        let feed = shared.feed();
        let mut told_to_end = signal(SignalKind::terminate())?;
        actix_web::rt::spawn(async move {
            // Clients that wait for changes would hold the end up.
            told_to_end.recv().await;
            feed.waiting.close();
        });
        let public = HttpServer::new(move || app(&shared))
            .workers(workers)
            .shutdown_timeout(10)
            .client_request_timeout(Duration::from_secs(5))
            .on_connect(connection::bound)
            .bind(bind)
            .map_err(|e| format!("{bind}: {e}"))?
            .run();
        log::info!("serving revision {revision} on http://{bind} (health on http://{admin_bind}/health/ready)");
        let health_handle = health.handle();
        actix_web::rt::spawn(health);
        public.await?;
        health_handle.stop(false).await;
        Ok(ExitCode::SUCCESS)
    })
}

fn language(code: &str) -> Result<Language, String> {
    Language::from_code(code).ok_or_else(|| format!("must be one of {}", Language::CODES.join(", ")))
}

fn entry(collection: &str) -> Result<&'static Entry, String> {
    let names: Vec<&str> = api::tables().iter().map(|t| t.collection).collect();
    api::RESOURCES
        .iter()
        .find(|e| (e.table)().collection == collection)
        .ok_or_else(|| format!("there is no collection `{collection}`; there are {}", names.join(", ")))
}

fn import_file(
    db: &Database,
    entry: &Entry,
    file: &Path,
    options: &Options,
    reason: Option<&str>,
    dry_run: bool,
) -> Done {
    let name = file.display().to_string();
    let input: Box<dyn Read> = match name.as_str() {
        "-" => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(file).map_err(|e| format!("{name}: {e}"))?),
    };
    let name = if name == "-" { "(standard input)" } else { &name };
    match command::run(db, entry, input, options, reason, dry_run) {
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

fn submissions(what: &Submissions) -> Done {
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

fn keygen(folder: &Path, algorithm: Algorithm) -> Done {
    let (private_path, public_path) = (folder.join("private.pem"), folder.join("public.pem"));
    if private_path.exists() || public_path.exists() {
        return Err(format!("{} has keys already; they are not overwritten", folder.display()).into());
    }
    let (private, public) = token::generate(match algorithm {
        Algorithm::Eddsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
    })?;
    std::fs::create_dir_all(folder)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&private_path)?.write_all(private.as_bytes())?;
    std::fs::write(&public_path, public)?;
    println!("{} (keep it secret) and {} (give it to the service)", private_path.display(), public_path.display());
    Ok(ExitCode::SUCCESS)
}

/// `90s`, `15m`, `1h` in seconds.
fn lifetime(text: &str) -> Result<i64, String> {
    let wrong = || format!("--ttl: `{text}` must be 1s to {}s, such as 90s, 15m or 1h", token::MOST_LIFETIME);
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        _ => return Err(wrong()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = count.checked_mul(unit).ok_or_else(wrong)?;
    if (1..=token::MOST_LIFETIME).contains(&seconds) { Ok(seconds) } else { Err(wrong()) }
}

fn healthcheck(address: &str) -> Done {
    // A wildcard address is listened on, and asked by loopback.
    let address = address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]");
    let target: std::net::SocketAddr = address.parse()?;
    let patience = Duration::from_secs(3);
    let mut stream = std::net::TcpStream::connect_timeout(&target, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let ready = answer.starts_with("HTTP/1.1 200");
    println!("{}", answer.lines().last().unwrap_or("no answer"));
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
