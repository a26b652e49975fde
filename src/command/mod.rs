//! The commands and their arguments, and what each of them calls.
mod copies;
mod data;
mod ending;
mod keys;
pub mod log;
mod opening;
mod serve;

use clap::{Args, Parser, Subcommand, ValueEnum};
use opptrapping::api;
use opptrapping::config::{Service, Signing, Storage};
use opptrapping::db::Database;
use opptrapping::domain::Language;
use opptrapping::http::resource::Entry;
use opptrapping::http::{Settings, openapi30};
use opptrapping::import::options::{self, Options};
use opptrapping::open;
use std::path::PathBuf;
use std::process::ExitCode;

/// An open-data API for Norwegian public escalation plans.
#[derive(Parser)]
#[command(version, after_help = "Settings are read from flags, then from the environment, then from the file .env.")]
pub struct Cli {
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
    /// Write a file (or - for standard input) into a collection: all of it as one revision, or nothing. With --all, a full
    /// copy into an empty database
    #[command(after_long_help = options::EXAMPLES)]
    Import(Import),
    /// Read a whole collection, every vintage included. With --all, everything that is published, as a full copy
    Export(Export),
    /// Keep an instance in step with another
    #[command(after_long_help = MIRRORING)]
    Mirror(Mirror),
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
        /// indicators:write, observations:write, evaluations:write, sources:write, submissions:moderate,
        /// indicators:read-unsuppressed, admin. Several with a space between
        #[arg(long)]
        scope: String,
        /// How long it is good for: 90s, 15m, 1h; an hour at most
        #[arg(long, default_value = "1h")]
        ttl: String,
        /// Whom it is for; kept with every revision written with it
        #[arg(long, default_value = "operator")]
        subject: String,
        #[command(flatten)]
        signing: Signing,
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
    /// Copy an SQLite database into a new file, also while it is served, and check the copy
    Backup {
        /// The file; one that exists is not overwritten
        file: PathBuf,
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

#[derive(Args)]
struct Import {
    /// The collection: grants, observations, …
    #[arg(required_unless_present = "all")]
    collection: Option<String>,
    /// The file, packed with gzip or not
    #[arg(required_unless_present = "all")]
    file: Option<PathBuf>,
    /// A full copy: the folder or the zip file that `export --all` or /v1/export made, or the address of a service. Only
    /// into an empty database
    #[arg(long, value_name = "FOLDER|FILE.zip|URL", conflicts_with_all = ["collection", "file", "Options", "reason", "dry_run"])]
    all: Option<String>,
    /// With --all and an https address: the certificates to trust (PEM), instead of those built in
    #[arg(long, env = "OPPTRAPPING_CA_FILE")]
    ca_file: Option<PathBuf>,
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
}

#[derive(Args)]
struct Export {
    /// The collection: grants, observations, …
    #[arg(required_unless_present = "all")]
    collection: Option<String>,
    /// Write a full copy into this folder, which is made: every version of every row, as /v1/export has it
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["collection", "format", "lang", "output"])]
    all: Option<PathBuf>,
    /// The form: csv, ndjson, xlsx, parquet, json-stat2
    #[arg(long, default_value = "csv")]
    format: String,
    /// The language of titles and descriptions: nb, nn, en
    #[arg(long, default_value = "nb", value_parser = language)]
    lang: Language,
    /// The licence of the data, as an SPDX identifier
    #[arg(long, env = "OPPTRAPPING_LICENSE", default_value = "NLOD-2.0")]
    license: String,
    #[command(flatten)]
    storage: Storage,
    /// Where to; standard output unless named
    #[arg(short, long)]
    output: Option<PathBuf>,
}

#[derive(Args)]
struct Mirror {
    /// The address of the service to follow: https://opptrapping.example.no
    url: String,
    #[command(flatten)]
    storage: Storage,
    /// Stop when everything there is has come over: exit code 0 where the digests agree, else 1
    #[arg(long)]
    once: bool,
    /// The certificates to trust (PEM), instead of those built in
    #[arg(long, env = "OPPTRAPPING_CA_FILE")]
    ca_file: Option<PathBuf>,
}

/// What `mirror --help` teaches.
const MIRRORING: &str = "\
An empty database begins with a full copy (/v1/export); after that the feed of changes is followed. Every revision of the
source becomes one revision here, with its number, time and reason, so that every address with `as_of`, and every ETag, is
that of the source. Kill it and start it again as you like: the newest revision here is where it goes on.

  opptrapping mirror https://opptrapping.example.no --database-url sqlite://mirror.db &
  opptrapping serve --empty --database-url sqlite://mirror.db       # --empty: without the reference data

  opptrapping mirror https://opptrapping.example.no --once          # from cron; exit code 1 where the digests differ

Nothing else may write to the database of a mirror: serve it without a key for tokens. When it has caught up, the digest
of each collection is compared with /v1/about. While the source is away it is asked again after 1, 2, 4 … up to 60 seconds.
If the source has gone back behind what is here (it was restored from a backup), the mirror stops: begin with an empty
database again.";

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
    Rs256,
}

#[derive(Clone, Copy, ValueEnum)]
enum OpenapiVersion {
    #[value(name = "3.1")]
    V31,
    #[value(name = "3.0")]
    V30,
}

/// What a wrong setting exits with (sysexits.h, EX_CONFIG).
pub const CONFIGURATION: u8 = 78;
/// What exits with a database whose file is damaged, or cannot be read and written (EX_IOERR).
pub const STORAGE: u8 = 74;

type Done = Result<ExitCode, Box<dyn std::error::Error>>;

/// Does what was asked for.
pub fn run(cli: Cli) -> Done {
    match cli.command {
        Command::Serve { storage, service } => serve::serve(&storage, &service),
        Command::Migrate { storage, status } => {
            if !status {
                open(&storage.database_url)?;
            }
            for (name, applied) in Database::migrations(&storage.database_url)? {
                println!("{} {name}", if applied { "applied" } else { "pending" });
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(import) => match &import.all {
            Some(from) => copies::import(&import.storage, from, import.ca_file.as_deref()),
            None => data::import(&import),
        },
        Command::Export(export) => match &export.all {
            Some(folder) => copies::export(&export.storage, folder, &export.license),
            None => data::export(&export),
        },
        Command::Mirror(mirror) => copies::mirror(&mirror),
        Command::Submissions { what } => data::submissions(&what),
        Command::Keygen { folder, algorithm } => keys::keygen(&folder, algorithm),
        Command::Token { scope, ttl, subject, signing } => keys::token(&scope, &ttl, &subject, &signing),
        Command::Openapi { version } => {
            let document = api::document(&Settings::default());
            let document = match version {
                OpenapiVersion::V31 => document,
                OpenapiVersion::V30 => openapi30::downgrade(document),
            };
            println!("{}", serde_json::to_string_pretty(&document)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { storage } => data::check(&storage),
        Command::Backup { file, storage } => copies::backup(&storage, &file),
        Command::Healthcheck { admin_bind } => serve::healthcheck(&admin_bind),
    }
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
