//! Answers that are computed: the service without its cache, and every peer that can serve the same rows.
//!
//! Questions from all over the database, so that each is another row or page; the database itself is in memory, as it is on
//! any server that has some. All ask the same files, or the same server.
use crate::data::Data;
use crate::figures::{self, Pace};
use crate::peers::{self, Running};
use crate::question::{IN_EACH_ROW, workloads};
use crate::service::{Service, With};
use crate::table::{Line, Table, Target, Unit};
use crate::wire::Request;
use crate::wrk::Load;

/// The service, keeping nothing.
pub fn uncached(data: &Data) -> Result<Service, String> {
    Service::start(data, With { cache_mib: Some(0), ..With::default() })
}

pub fn measure(data: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    let service = uncached(data)?;
    let peers: Vec<Running> = peers::of(data).into_iter().filter_map(|peer| peer.run(data, table)).collect();
    for (kind, workload) in workloads(data).into_iter().enumerate() {
        let ours: Vec<Request> = workload.questions.iter().filter_map(|question| question.to_us()).collect();
        ours[0].send(service.server.port)?.expecting(200, IN_EACH_ROW, workload.rows)?;
        let ours = Load::of(&data.folder, "ours", &ours, None);
        let theirs: Vec<(&Running, Load)> = peers
            .iter()
            .enumerate()
            .filter_map(|(n, peer)| {
                let requests = peer.requests(data, &workload, table)?;
                Some((peer, Load::of(&data.folder, &format!("peer-{n}"), &requests, None)))
            })
            .collect();
        let mut contenders = vec![(service.server.port, &ours)];
        contenders.extend(theirs.iter().map(|(peer, load)| (peer.server.port, load)));
        let mut samples = figures::rates(pace, &contenders);
        let ours = samples.remove(0);
        for ((running, _), theirs) in theirs.iter().zip(samples) {
            table.add(Line {
                workload: format!("cold: {}", workload.name),
                database: data.name,
                unit: Unit::Rate,
                ours: ours.clone(),
                peer: running.peer.name,
                theirs: Some(theirs),
                target: running.target(kind),
            });
        }
    }
    Ok(())
}

/// A database ten times as large, or whatever it is, against one of the usual size: kept answers do not depend on it, and
/// objects and pages may take little longer.
pub fn scaled(data: &Data, usual: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    for (cold, most) in [(false, 1.05), (true, 1.3)] {
        let start = |data| if cold { uncached(data) } else { Service::start(data, With::default()) };
        let (large, small) = (start(data)?, start(usual)?);
        for (kind, (of_large, of_small)) in workloads(data).into_iter().zip(workloads(usual)).take(3).enumerate() {
            let load = |name, questions: &[crate::question::Question]| {
                let some = if cold { questions } else { &questions[..64] };
                let requests: Vec<Request> = some.iter().filter_map(|question| question.to_us()).collect();
                Load::of(&data.folder, name, &requests, None)
            };
            let (a, b) = (load("large", &of_large.questions), load("small", &of_small.questions));
            let samples = figures::rates(pace, &[(large.server.port, &a), (small.server.port, &b)]);
            let heat = if cold { "cold" } else { "hot" };
            table.add(Line {
                workload: format!("{heat}, ×{}: {}", data.scale, of_large.name),
                database: data.name,
                unit: Unit::Rate,
                ours: samples[0].clone(),
                peer: "the service, ×1",
                theirs: Some(samples[1].clone()),
                target: (!cold || kind < 2).then_some(Target::Least(1.0 / most)),
            });
        }
    }
    Ok(())
}
