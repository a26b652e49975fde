//! How soon a service on a loaded database answers, and what memory it takes: at rest, and with its cache full.
use crate::data::Data;
use crate::figures::{Pace, Sample};
use crate::question::workloads;
use crate::service::{Service, With};
use crate::table::{Line, Table, Target, Unit};
use crate::wire::Request;
use crate::wrk::Load;

/// A cap that answers soon fill, and what may come on top of it.
const CAP_MIB: u64 = 64;
const BESIDE_MB: f64 = 60.0;

pub fn measure(data: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    let (mut started, mut rest) = (Sample::default(), Sample::default());
    for _ in 0..pace.starts {
        let (service, took) = Service::timed(data, With::default())?;
        started.add(took.as_secs_f64() * 1_000.0);
        rest.add(service.server.memory_mb());
    }
    let line = |workload: &str, unit, ours, most| Line {
        workload: workload.into(),
        database: data.name,
        unit,
        ours,
        peer: "",
        theirs: None,
        target: Some(Target::Below(most)),
    };
    table.add(line("start, to the first answer", Unit::Time, started, 300.0));
    table.add(line("memory at rest", Unit::Megabytes, rest, 40.0));
    let full = Sample::one(filled(data)?);
    table.add(line(
        &format!("memory, {CAP_MIB} MB of answers kept"),
        Unit::Megabytes,
        full,
        CAP_MIB as f64 + BESIDE_MB,
    ));
    Ok(())
}

/// The memory of a service that keeps as much as it may.
fn filled(data: &Data) -> Result<f64, String> {
    let service = Service::start(data, With { cache_mib: Some(CAP_MIB), ..With::default() })?;
    let lists = workloads(data).into_iter().skip(1).flat_map(|workload| workload.questions);
    let requests: Vec<Request> = lists.filter_map(|question| question.to_us()).collect();
    let load = Load::of(&data.folder, "filling", &requests, None);
    for _ in 0..30 {
        load.run(service.server.port, 1, 0)?;
        if service.figure("opptrapping_cache_evictions_total")? > 0.0 {
            return Ok(service.server.memory_mb());
        }
    }
    Err("the cache did not fill".into())
}
