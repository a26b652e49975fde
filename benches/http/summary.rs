//! One summary over all grants, uncached, against the same sums by the database's own shell.
//!
//! The shell's time is that of its whole run, start and connection included, as someone has it who asks it instead; it gives
//! sums and numbers only, the service medians too. They take turns, so that both meet the same machine.
use crate::{SERVICE, load, median};
use std::process::{Command, Stdio};
use std::time::Instant;

const REQUESTS: usize = 40;
const PATH: &str = "/v1/grants/summary?group_by=county,period";

pub fn compare(name: &str, url: &str, newest: i64) {
    let sql = format!(
        "SELECT county, period, SUM(amount_nok), COUNT(*) FROM grants WHERE revision <= {newest} AND ended > {newest} GROUP BY county, period"
    );
    let mut shell = match url.strip_prefix("sqlite://") {
        Some(file) => command("sqlite3", &[file, &sql]),
        None => command("psql", &["--no-psqlrc", "--quiet", url, "--command", &sql]),
    };
    let mut theirs = vec![];
    let ours = load::seconds(SERVICE, PATH, REQUESTS, || {
        let begun = Instant::now();
        let status = shell.status().expect("the shell of the database, on the PATH");
        assert!(status.success(), "{status}");
        theirs.push(begun.elapsed().as_secs_f64());
    });
    let (ours, theirs) = (median(ours) * 1_000.0, median(theirs) * 1_000.0);
    println!("{name:<12} {:<24} {ours:>7.1} ms {theirs:>7.1} ms {:>7.2}", "a summary, and its SQL", ours / theirs);
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null());
    command
}
