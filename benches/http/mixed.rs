//! Nineteen reads and a write, again and again: single grants, pages and years in turn, and a new grant each twentieth time.
//!
//! The service is as it is by default: it keeps answers, and each write makes those about grants old. A write is a `PUT` with
//! a token, checked, with a revision, its line in the log and its digest; PostgREST's is an insert by an anonymous role.
use crate::data::{Data, YEARS};
use crate::figures::{self, Pace};
use crate::peers::{POSTGREST, postgrest_write};
use crate::question::{Question, workloads};
use crate::service::{Service, With, credentials};
use crate::table::{Line, Table, Target, Unit};
use crate::wire::Request;
use crate::wrk::Load;

pub fn measure(data: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    let (secret, token) = credentials()?;
    let service = Service::start(data, With { secret: Some(&secret), ..With::default() })?;
    let questions = read(data);
    let reads: Vec<Request> = questions.iter().filter_map(Question::to_us).collect();
    let write = Request::with_body("PUT", "/v1/grants/new-@@@@@@@@@@@@", "application/json", row(data, ""))
        .header("Authorization", &format!("Bearer {token}"));
    let ours = Load::of(&data.folder, "mixed", &reads, Some(&write));
    let mut contenders = vec![(service.server.port, &ours)];
    let peer = if data.file().is_none() { POSTGREST.run(data, table) } else { None };
    let theirs = peer.as_ref().map(|running| {
        let reads: Vec<Request> = questions.iter().filter_map(|question| (running.peer.ask)(data, question)).collect();
        // Their table has every column to be filled; what the service works out is given.
        let given = r#""id":"other-@@@@@@@@@@@@","period_start":"2026-01-01","period_end":"2026-12-31","#;
        Load::of(&data.folder, "mixed-peer", &reads, Some(&postgrest_write(&row(data, given))))
    });
    contenders.extend(peer.iter().zip(&theirs).map(|(running, load)| (running.server.port, load)));
    let mut samples = figures::rates(pace, &contenders);
    let ours = samples.remove(0);
    let theirs = samples.pop();
    table.add(Line {
        workload: "mixed: 95 % reads, 5 % writes".into(),
        database: data.name,
        unit: Unit::Rate,
        ours,
        peer: if theirs.is_some() { POSTGREST.name } else { "" },
        target: Some(if theirs.is_some() { Target::Least(5.0) } else { Target::NoErrors }),
        theirs,
    });
    Ok(())
}

/// Grants, pages and years, one of each in turn.
fn read(data: &Data) -> Vec<Question> {
    let [grants, pages, years, _] = workloads(data).map(|workload| workload.questions);
    let all = grants.into_iter().zip(pages).zip(years);
    all.flat_map(|((grant, page), year)| [grant, page, year]).collect()
}

fn row(data: &Data, given: &str) -> String {
    let (region, year) = (data.towns()[0], YEARS.start + 2);
    format!(
        r#"{{{given}"plan":"rus-2016-2020","scheme":"kommunalt-rusarbeid","measure":null,"region":"{region}","recipient_name":null,"recipient_orgnr":null,"period":"{year}","amount_nok":250000,"stage":"paid","approximate":false,"source":"prop-15-s-2015-2016","note":null}}"#
    )
}
