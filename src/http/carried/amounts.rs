//! Amounts on a map: each row stays, and lies where its region lies. One that lies nowhere keeps its amount and has no
//! region, so that what is added over any map is what was paid.
use super::made::{Amount, Conversion, Made, Place, Spot};
use super::said::{self, Losses};
use super::source::span;
use super::{Asking, Outcome, Sources};
use crate::db::Db;
use crate::db::rows::Cell;
use crate::domain::Period;
use crate::domain::boundaries::{Explanation, Landing, Placing, Quality, Register, place};
use crate::domain::money;
use crate::error::Error;
use crate::http::population::Population;

/// A row as it was reported.
struct Paid<'a> {
    number: usize,
    id: &'a str,
    region: Option<&'a str>,
    period: &'a Period,
    amount_nok: i64,
}

/// Carries amounts.
pub fn carry(asking: &Asking, conn: &mut Db, sources: &Sources) -> Result<Outcome, Error> {
    let Asking { db, question, inquiry, at } = *asking;
    let periods = sources.periods()?;
    let target = question.target(&inquiry.asked, || span(&periods, &[]));
    let (ids, regions, names) = (sources.texts("id"), sources.texts("region"), sources.texts("region_name"));
    let (texts, column) = (sources.texts("period"), sources.position("amount_nok"));
    let paid = |number: usize| Paid {
        number,
        id: ids[number].unwrap_or_default(),
        region: regions[number],
        period: &periods[number],
        amount_nok: if let Cell::Integer(amount) = sources.row(number).get(column) { amount } else { 0 },
    };
    let (mut made, mut spots, mut warnings) = (vec![], vec![], vec![]);
    if let Some(target) = target {
        let register = db.register(conn, at)?;
        let map = db.map(&register, target);
        spots = Spot::all(&register, &map)?;
        let mut placing = Placing::new(&register, &map, question.estimate);
        let mut losses = Losses::default();
        for one in (0..sources.rows.len()).map(paid) {
            let Some(region) = one.region else {
                made.push(stays(&one, Conversion::default()));
                continue;
            };
            let explain = |text: String| question.explain.then_some(text);
            match place(&mut placing, region, one.period) {
                Ok(landings) => made.extend(landed(&one, region, &landings, &spots, &explain)),
                Err(why) => {
                    let named = said::named(region, names[one.number].unwrap_or_default());
                    let period = texts[one.number].unwrap_or_default();
                    losses.note("amount_nok", (why.reason, vec![]), one.amount_nok as f64, (period, &named));
                    let sentence = sentence(&why, &register, &named, inquiry.language);
                    made.push(nowhere(&one, region, &why, explain(sentence)));
                }
            }
        }
        warnings = losses.warnings(|_| true, inquiry.language);
    } else {
        made.extend((0..sources.rows.len()).map(|number| stays(&paid(number), Conversion::default())));
    }
    if question.per.is_some() {
        let wanted = texts.iter().flatten().copied();
        let population = Population::load(db, conn, wanted, target, question.estimate, at)?;
        for made in &mut made {
            let number = made.sources.first().copied().unwrap_or_default();
            let region = match made.place {
                Place::AsReported => regions[number],
                Place::At(area) => Some(spots[area].region.as_str()),
                Place::Nowhere => None,
            };
            made.population = region.and_then(|region| population.of(region, texts[number].unwrap_or_default()));
        }
    }
    Ok(Outcome { made, spots, warnings })
}

/// A row that is not moved.
fn stays(one: &Paid, conversion: Conversion) -> Made {
    Made {
        sources: vec![one.number],
        id: None,
        place: Place::AsReported,
        amount: Amount::Kroner(one.amount_nok),
        conversion,
        population: None,
    }
}

/// A row for each area that a place went to; the amounts add up to what was paid.
fn landed(
    one: &Paid,
    region: &str,
    landings: &[Landing],
    spots: &[Spot],
    explain: &dyn Fn(String) -> Option<String>,
) -> Vec<Made> {
    let shares: Vec<f64> = landings.iter().map(|landing| landing.share).collect();
    let amounts = money::divide(one.amount_nok, &shares);
    let made = |(landing, amount): (&Landing, i64)| {
        let spot = landing.area.and_then(|area| spots.get(area));
        let divided = landings.len() > 1;
        let arithmetic = match divided {
            true => format!("{region} {} × {} = {amount}", one.amount_nok, landing.share),
            false => format!("{region} {amount}"),
        };
        let conversion = Conversion {
            quality: Some(landing.quality),
            method: Some(landing.method),
            reason: None,
            source_regions: Some(region.to_owned()),
            explanation: explain(arithmetic),
        };
        Made {
            id: spot.filter(|_| divided).map(|spot| format!("{}.{}", one.id, spot.region)),
            place: landing.area.map_or(Place::AsReported, Place::At),
            amount: Amount::Kroner(amount),
            ..stays(one, conversion)
        }
    };
    landings.iter().zip(amounts).map(made).collect()
}

fn nowhere(one: &Paid, region: &str, why: &Explanation, explanation: Option<String>) -> Made {
    let conversion = Conversion {
        quality: Some(Quality::NotComparable),
        method: None,
        reason: Some(why.reason),
        source_regions: Some(region.to_owned()),
        explanation,
    };
    Made { place: Place::Nowhere, ..stays(one, conversion) }
}

/// Why a row lies nowhere; what is not in the register is named as its row names it.
fn sentence(why: &Explanation, register: &Register, named: &str, language: crate::domain::Language) -> String {
    if why.places.is_empty() { why.reason.sentence(named, language) } else { why.sentence(register, language) }
}
