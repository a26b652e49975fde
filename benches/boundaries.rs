//! How long it takes to carry a whole panel to another map: 40 indicators of ten years, for every municipality.
use chrono::NaiveDate;
use criterion::{Criterion, criterion_group, criterion_main};
use opptrapping::domain::Period;
use opptrapping::domain::boundaries::{Map, Reported, Rule, convert};
use opptrapping::domain::vocabulary::Aggregation;

#[path = "../tests/it/shipped.rs"]
mod shipped;

const INDICATORS: usize = 40;

fn panel(criterion: &mut Criterion) {
    let (register, population) = (shipped::register(), shipped::Population::read());
    let (from, to) = (Period::parse("2015").unwrap(), Period::parse("2024").unwrap());
    let values: Vec<Reported> =
        population.reported().into_iter().filter(|v| (from..=to).contains(&v.period) && v.region != "NO").collect();
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let rule = Rule { aggregation: Aggregation::Sum, estimate: true };
    criterion.bench_function("the map of a day", |b| b.iter(|| Map::on(&register, day("2024-01-01"))));
    criterion.bench_function("the comparable map of ten years", |b| {
        b.iter(|| Map::comparable(&register, day("2015-01-01"), day("2024-01-01")))
    });
    for (name, map) in [
        ("2024", Map::on(&register, day("2024-01-01"))),
        ("2016", Map::on(&register, day("2016-01-01"))),
        ("comparable", Map::comparable(&register, day("2015-01-01"), day("2024-01-01"))),
    ] {
        criterion.bench_function(&format!("{INDICATORS} indicators × {} values, {name}", values.len()), |b| {
            b.iter(|| (0..INDICATORS).map(|_| convert(&register, &map, &values, rule).rows.len()).sum::<usize>())
        });
    }
}

criterion_group!(benches, panel);
criterion_main!(benches);
