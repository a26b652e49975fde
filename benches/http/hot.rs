//! Kept answers: against a bare actix server that has the same bytes and headers in memory, and nginx that has them in files.
//!
//! A kept answer costs neither a query nor a look at the database, so one database is enough. What is asked is what a
//! dashboard asks again and again: 64 grants, pages or years in turn. The 304 is compared with the bare server's full
//! answer, which is what a client without `If-None-Match` costs at the least, and with nginx's 304.
use crate::children::Server;
use crate::data::Data;
use crate::figures::{self, Pace, Sample};
use crate::peers::{bytes, nginx};
use crate::question::{IN_EACH_ROW, Workload, workloads};
use crate::service::{Service, With};
use crate::table::{Line, Table, Target, Unit};
use crate::wire::{Answer, Request};
use crate::wrk::Load;

const ASKED: usize = 64;
const BARE: &str = "bare actix, same bytes";
const BARE_IN_FULL: &str = "bare actix, 200 in full";
const NGINX: &str = "nginx, same bytes";
const NGINX_304: &str = "nginx, 304";

pub fn measure(data: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    let service = Service::start(data, With::default())?;
    for workload in workloads(data).into_iter().take(3) {
        let asked = ask(&service, &workload)?;
        let peers = Peers::start(data, &asked, table)?;
        let requests: Vec<Request> = asked.iter().map(|(request, _)| request.clone()).collect();
        let load = Load::of(&data.folder, "hot", &requests, None);
        let mut contenders = vec![(service.server.port, &load), (peers.bare.port, &load)];
        contenders.extend(peers.nginx.as_ref().map(|nginx| (nginx.port, &load)));
        let name = format!("hot: {}", workload.name);
        add(table, &name, figures::rates(pace, &contenders), [(BARE, 0.95), (NGINX, 0.9)]);
        if workload.rows == 357 {
            not_modified(data, &service, &asked, &peers, &load, pace, table)?;
        }
    }
    Ok(())
}

/// Asks each question once, so that all answers are kept, and gives them.
fn ask(service: &Service, workload: &Workload) -> Result<Vec<(Request, Answer)>, String> {
    let questions = workload.questions.iter().take(ASKED).filter_map(|question| question.to_us());
    questions
        .map(|request| {
            let answer = request.send(service.server.port)?.expecting(200, IN_EACH_ROW, workload.rows)?;
            Ok((request, answer))
        })
        .collect()
}

struct Peers {
    bare: Server,
    nginx: Option<Server>,
}

impl Peers {
    fn start(data: &Data, asked: &[(Request, Answer)], table: &mut Table) -> Result<Self, String> {
        let again = |(request, answer): &(Request, Answer)| {
            let (headers, body) = (answer.headers.clone(), answer.body.clone());
            (request.path().to_owned(), Answer { headers, body, ..*answer })
        };
        let answers: Vec<(String, Answer)> = asked.iter().map(again).collect();
        let nginx = nginx::start(&data.folder, &answers).map_err(|why| table.leave_out("nginx", &why)).ok();
        Ok(Self { bare: bytes::start(&data.folder, &answers[0].1)?, nginx })
    }
}

/// The same questions from clients that have the answers already.
fn not_modified(
    data: &Data,
    service: &Service,
    asked: &[(Request, Answer)],
    peers: &Peers,
    in_full: &Load,
    pace: Pace,
    table: &mut Table,
) -> Result<(), String> {
    let known = |tag: Option<&str>, request: &Request| request.clone().header("If-None-Match", tag.unwrap_or_default());
    let ours: Vec<Request> = asked.iter().map(|(request, answer)| known(answer.header("etag"), request)).collect();
    ours[0].send(service.server.port)?.expecting(304, "", 0)?;
    let ours = Load::of(&data.folder, "known", &ours, None);
    let mut contenders = vec![(service.server.port, &ours), (peers.bare.port, in_full)];
    let theirs;
    if let Some(nginx) = &peers.nginx {
        let file = &asked[0].0;
        let request = known(file.send(nginx.port)?.header("etag"), file);
        request.send(nginx.port)?.expecting(304, "", 0)?;
        theirs = Load::of(&data.folder, "known-nginx", &[request], None);
        contenders.push((nginx.port, &theirs));
    }
    let samples = figures::rates(pace, &contenders);
    add(table, "hot: 304 of 357 observations", samples, [(BARE_IN_FULL, 1.2), (NGINX_304, 0.9)]);
    Ok(())
}

fn add(table: &mut Table, workload: &str, samples: Vec<Sample>, peers: [(&'static str, f64); 2]) {
    let (ours, theirs) = samples.split_first().expect("a sample");
    for (theirs, (peer, target)) in theirs.iter().zip(peers) {
        table.add(Line {
            workload: workload.into(),
            database: "",
            unit: Unit::Rate,
            ours: ours.clone(),
            peer,
            theirs: Some(theirs.clone()),
            target: Some(Target::Least(target)),
        });
    }
}
