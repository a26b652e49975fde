//! `cargo bench --bench http`: the service against its peers, over loopback, in turn, in one run.
//!
//! Every workload is measured A B C A B C, and medians are compared, so that a machine that is slower for a while is slower
//! for all. Servers have one core and one worker each, the load another core. SQLite always; PostgreSQL where
//! TEST_DATABASE_URL names a server (`./test --with cargo bench --bench http`). Peers that are not there are told and left
//! out. `--help` has the rest; `children` says what starts and ends, `data` what is asked for, `peers` whom.
mod children;
mod cold;
mod data;
mod figures;
mod hot;
mod mixed;
mod panel;
mod peers;
mod question;
mod readme;
mod service;
mod start;
mod summary;
mod table;
mod wire;
mod wrk;

use clap::{Parser, ValueEnum};
use data::Data;
use figures::Pace;
use std::process::ExitCode;
use std::time::Instant;
use table::Table;

/// That of the service, so that the bare servers have no worse one.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Kept answers, against a bare actix server and nginx with the same bytes
    Hot,
    /// Objects and lists without the cache, against a bare actix + Diesel handler, PostgREST, FastAPI, datasette and roapi
    Cold,
    /// All grants summed up by county and year, against the databases' shells and those peers
    Summary,
    /// Ten years carried to another municipal map, against the same as reported
    Panel,
    /// 95 % reads and 5 % writes, against PostgREST
    Mixed,
    /// The time to the first answer, and memory
    Start,
}

/// The service against its peers: medians and ratios, by workload.
///
/// Needs wrk; nginx, sqlite3, psql, python3 and npm for the peers. TEST_DATABASE_URL names a PostgreSQL server.
#[derive(Parser)]
#[command(bin_name = "cargo bench --bench http --")]
struct Options {
    /// What to measure; everything, where nothing is named and the scale is 1
    groups: Vec<Group>,
    /// How many times as large the databases are. From 2 on they are compared with those of the usual size
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    scale: u8,
    /// One round of a second each: whether it works, not what it comes to
    #[arg(long)]
    quick: bool,
    /// Put the table into the README
    #[arg(long)]
    write: bool,
    /// Only install the peers, into target/peers; a run does that too where they are missing
    #[arg(long)]
    install: bool,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(served) = peers::be(&arguments) {
        return served.map_or_else(|e| fail(&e.to_string()), |()| ExitCode::SUCCESS);
    }
    let options = Options::parse();
    peers::install::all();
    if options.install {
        return ExitCode::SUCCESS;
    }
    if let Some(why) = wrk::missing() {
        return fail(why);
    }
    children::end_at_signals();
    let _ends = children::AtTheEnd;
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn run(options: &Options) -> Result<(), String> {
    let begun = Instant::now();
    let pace = match options.quick {
        true => Pace { rounds: 1, seconds: 1, requests: 5, starts: 2 },
        false => Pace { rounds: 5, seconds: 2, requests: 25, starts: 5 },
    };
    let (folder, scale) = (children::folder(), options.scale.into());
    let all = data::load_all(&folder, scale)?;
    let usual = if scale > 1 { data::load_all(&folder, 1)? } else { vec![] };
    let mut table = Table::default();
    let everything = options.groups.is_empty() && scale == 1;
    let wanted = |group| everything || options.groups.contains(&group);
    let mut measure = |group, data: &Data, work: fn(&Data, Pace, &mut Table) -> Result<(), String>| {
        if wanted(group)
            && let Err(why) = work(data, pace, &mut table)
        {
            let group = group.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            table.leave_out(&format!("{group}, {}", data.name), &why);
        }
    };
    measure(Group::Hot, &all[0], hot::measure);
    for data in &all {
        measure(Group::Cold, data, cold::measure);
        measure(Group::Summary, data, summary::measure);
        measure(Group::Panel, data, panel::measure);
        measure(Group::Start, data, start::measure);
    }
    for (large, usual) in all.iter().zip(&usual) {
        cold::scaled(large, usual, pace, &mut table)?;
    }
    // Last, since it writes.
    let mut measure = |data: &Data| if wanted(Group::Mixed) { mixed::measure(data, pace, &mut table) } else { Ok(()) };
    all.iter().try_for_each(&mut measure)?;
    if table.is_empty() {
        return Err("nothing could be measured".into());
    }
    println!("\n{}\n\n{}\nin {} s", readme::machine(), table.markdown(), begun.elapsed().as_secs());
    if options.write { readme::write(&table.markdown()) } else { Ok(()) }
}
