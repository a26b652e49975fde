//! One summary over all grants, uncached: the wall time of a request, against the same sums elsewhere.
//!
//! The shell's time is that of its whole run, start and connection included, as someone has it who asks it instead. All but
//! the service give sums and numbers only; the service medians too. They take turns, so that all meet the same machine.
use crate::cold;
use crate::data::Data;
use crate::figures::{self, Pace};
use crate::peers::{self, POSTGREST, ROAPI, Running};
use crate::question::{CURRENT, Question};
use crate::table::{Line, Table, Target, Unit};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Contender<'a> = Box<dyn FnMut() -> Result<Duration, String> + 'a>;

pub fn measure(data: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    let service = cold::uncached(data)?;
    let ours = Question::Summary.to_us().ok_or("no request")?;
    let shell = if data.file().is_some() { "sqlite3, the same SQL" } else { "psql, the same SQL" };
    let peers: Vec<Running> = peers::of(data)
        .into_iter()
        .filter(|peer| (peer.ask)(data, &Question::Summary).is_some())
        .filter_map(|peer| peer.run(data, table))
        .collect();
    let mut contenders: Vec<Contender> =
        vec![Box::new(|| figures::timed(service.server.port, &ours, 200)), Box::new(|| in_shell(data))];
    let mut names = vec![(shell, Some(Target::Most(1.2)))];
    for running in &peers {
        let name = running.peer.name;
        let target = [POSTGREST.name, ROAPI.name].contains(&name).then_some(Target::Most(1.0));
        let request = (running.peer.ask)(data, &Question::Summary).ok_or("no request")?;
        match request.send(running.server.port).and_then(|answer| answer.expecting(200, "\"sum_nok\":", groups(data))) {
            Ok(_) => {
                names.push((name, target));
                contenders.push(Box::new(move || figures::timed(running.server.port, &request, 200)));
            }
            Err(why) => table.leave_out(&format!("{name}, a summary"), &why),
        }
    }
    let mut samples = figures::times(pace, &mut contenders);
    let ours = samples.remove(0);
    for ((peer, target), theirs) in names.into_iter().zip(samples) {
        table.add(Line {
            workload: format!("summary of {} grants by county and year", data.grants()),
            database: data.name,
            unit: Unit::Time,
            ours: ours.clone(),
            peer,
            theirs: Some(theirs),
            target,
        });
    }
    Ok(())
}

/// How many groups there are: a county and a year each, and the few grants of the reference data.
fn groups(data: &Data) -> usize {
    let sql = format!("SELECT COUNT(*) FROM (SELECT DISTINCT county, period FROM grants WHERE {CURRENT}) g");
    let counted = opptrapping::open(&data.url)
        .and_then(|db| db.read(|conn| Ok(opptrapping::db::Statement::new(sql.clone()).row::<(i64,)>(conn)?)));
    counted.ok().flatten().map_or(0, |(n,)| n as usize)
}

fn in_shell(data: &Data) -> Result<Duration, String> {
    let sql = Question::Summary.sql(CURRENT);
    let mut command = match data.file() {
        Some(file) => command("sqlite3", &[file, &sql]),
        None => command("psql", &["--no-psqlrc", "--quiet", &data.url, "--command", &sql]),
    };
    let begun = Instant::now();
    let status = command.status().map_err(|e| format!("the shell of the database: {e}"))?;
    if status.success() { Ok(begun.elapsed()) } else { Err(format!("the shell of the database: {status}")) }
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = crate::children::pinned(crate::children::SERVERS, program);
    command.args(arguments).stdout(Stdio::null());
    command
}
