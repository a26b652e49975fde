//! The command line. It parses arguments and calls the library, nothing else.
mod command;

use clap::Parser;
use opptrapping::error::{Error, Kind};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let _ = dotenvy::dotenv();
    let cli = command::Cli::parse();
    if let Err(wrong) = command::log::start() {
        eprintln!("opptrapping: {wrong}");
        return ExitCode::from(command::CONFIGURATION);
    }
    command::run(cli).unwrap_or_else(|e| {
        eprintln!("opptrapping: {e}");
        let storage = e.downcast_ref::<Error>().is_some_and(|e| e.kind == Kind::StorageFault);
        if storage { ExitCode::from(command::STORAGE) } else { ExitCode::FAILURE }
    })
}
