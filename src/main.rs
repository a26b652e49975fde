//! The command line. It parses arguments and calls the library, nothing else.
mod command;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let _ = dotenvy::dotenv();
    // What strangers send that is not HTTP is no error of ours, and must not fill the log.
    let filter = env_logger::Env::default().default_filter_or("info,actix_server=warn,actix_http=off");
    // The solver logs the bounds it finds: whatever is asked for, those of hidden counts are in no log.
    env_logger::Builder::from_env(filter).filter_module("microlp", log::LevelFilter::Off).init();
    command::run(command::Cli::parse()).unwrap_or_else(|e| {
        eprintln!("opptrapping: {e}");
        ExitCode::FAILURE
    })
}
