//! A panel carried to another municipal map, against the same panel as it was reported: one indicator, ten years, uncached.
//!
//! It is the population that ships with the program, from 2015 to 2024: the years in which 428 municipalities became 356 and
//! 357. What the bench makes lies in years without a reform, where there would be nothing to carry.
use crate::cold;
use crate::data::Data;
use crate::figures::{self, Pace};
use crate::question::IN_EACH_ROW;
use crate::table::{Line, Table, Target, Unit};
use crate::wire::Request;

const PANEL: &str =
    "/v1/observations?indicator=population&level=municipality&period_from=2015&period_to=2024&limit=10000";

pub fn measure(data: &Data, pace: Pace, table: &mut Table) -> Result<(), String> {
    let service = cold::uncached(data)?;
    let port = service.server.port;
    let plain = Request::get(PANEL);
    let carried = ["2024", "comparable"].map(|map| (map, Request::get(format!("{PANEL}&boundaries={map}"))));
    for request in carried.iter().map(|(_, request)| request).chain([&plain]) {
        let rows = request.send(port)?.expecting(200, "", 0)?.count(IN_EACH_ROW);
        if rows < 3_400 {
            return Err(format!("{}: a panel of {rows} rows", request.path()));
        }
    }
    let mut contenders: Vec<Box<dyn FnMut() -> _>> = vec![Box::new(|| figures::timed(port, &plain, 200))];
    for (_, request) in &carried {
        contenders.push(Box::new(|| figures::timed(port, request, 200)));
    }
    let samples = figures::times(pace, &mut contenders);
    for ((map, _), ours) in carried.iter().zip(&samples[1..]) {
        table.add(Line {
            workload: format!("panel of ten years, boundaries={map}"),
            database: data.name,
            unit: Unit::Time,
            ours: ours.clone(),
            peer: "the service, as reported",
            theirs: Some(samples[0].clone()),
            target: Some(Target::Most(2.0)),
        });
    }
    Ok(())
}
