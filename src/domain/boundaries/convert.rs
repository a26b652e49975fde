//! The values of an indicator carried to a map.
use super::judge::Panel;
use super::map::Map;
use super::reason::{Explanation, Method, Quality, Reason};
use super::register::{Located, Register};
use crate::domain::vocabulary::{Aggregation, ObservationStatus};
use crate::domain::{Level, Period, Region};
use chrono::NaiveDate;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// One value of an indicator. There may be one for each region and period: of several vintages, the one asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reported<'a> {
    /// The region key.
    pub region: &'a str,
    pub period: Period,
    /// The day whose map the region is from, where it is not that of the period.
    pub mapped_on: Option<NaiveDate>,
    /// In the indicator's unit; none where the status says so.
    pub value: Option<f64>,
    pub status: ObservationStatus,
    /// The value of the indicator's weight for the same region and period, where it has one.
    pub weight: Option<f64>,
}

/// How the values of an indicator are carried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    pub aggregation: Aggregation,
    /// Whether published shares of the population may divide a place.
    pub estimate: bool,
}

/// The region of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// An area of the map.
    Area(usize),
    /// That of its only source, which is the same on this map: the nation, or a county that kept its area.
    Same,
}

/// A value on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub spot: Spot,
    pub period: Period,
    pub value: Option<f64>,
    pub status: ObservationStatus,
    pub quality: Quality,
    /// None where the quality is `not_comparable`.
    pub method: Option<Method>,
    /// Why there is no value, where the conversion is the cause.
    pub explanation: Option<Explanation>,
    /// What it was made from, in the order of the register.
    pub sources: Vec<Source>,
}

/// Something a row was made from: the arithmetic is the value of the observation times the share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// Position in what was reported; none for a place without a value.
    pub observation: Option<usize>,
    /// The place, and for several that were reported together the first of them.
    pub place: Option<usize>,
    /// The part of it that goes to the row's area; none where nobody published it.
    pub share: Option<f64>,
}

/// A value that is not, or not wholly, in a row of the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Position in what was reported.
    pub observation: usize,
    /// What of the value is not in any row.
    pub value: f64,
    pub reason: Reason,
    /// The places on which the reason turns, which need not be that of the value; none where it turns on its region.
    pub places: Vec<usize>,
}

/// What became of the values: the rows, and what could not be carried. For sums the two add up to what was reported.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Converted {
    /// By period, then by region.
    pub rows: Vec<Row>,
    /// In the order in which they were reported.
    pub left: Vec<Left>,
}

/// Carries the values of one indicator to a map. A row is made for every area that any of them touches.
pub fn convert(register: &Register, map: &Map, reported: &[Reported], rule: Rule) -> Converted {
    let mut done = Converted::default();
    let mut periods: BTreeMap<Period, Panel> = BTreeMap::new();
    let mut counties = Counties::new();
    for (observation, one) in reported.iter().enumerate() {
        match standing(register, map, one.region, &one.period, one.mapped_on, &mut counties) {
            Standing::On(located) => periods.entry(one.period).or_default().claim(observation, located),
            Standing::Same => done.rows.push(unmoved(observation, one)),
            Standing::Nowhere(reason) => {
                done.left.extend(one.value.map(|value| Left { observation, value, reason, places: vec![] }));
            }
        }
    }
    for (period, panel) in periods {
        panel.settle(register, map, reported, rule, period, &mut done);
    }
    let region = |row: &Row| row.sources.first().and_then(|s| s.observation).map(|o| reported[o].region);
    done.rows.sort_by(|a, b| {
        let same = || if a.spot == Spot::Same { region(a).cmp(&region(b)) } else { Ordering::Equal };
        (a.period, a.spot).cmp(&(b.period, b.spot)).then_with(same)
    });
    done.left.sort_by_key(|left| left.observation);
    done
}

/// What a value is of, as seen from a map.
pub(super) enum Standing {
    /// Places of the map it was reported on.
    On(Located),
    /// A region that is the same on this map.
    Same,
    Nowhere(Reason),
}

/// Whether a county, by the map a value was reported on and its two digits, is the same on the map converted to.
pub(super) type Counties = HashMap<(usize, String), bool>;

pub(super) fn standing(
    register: &Register,
    map: &Map,
    region: &str,
    period: &Period,
    mapped_on: Option<NaiveDate>,
    counties: &mut Counties,
) -> Standing {
    let on = |codes: &[&str]| match register.locate(codes, period, mapped_on) {
        Some(located) => Standing::On(located),
        None => Standing::Nowhere(Reason::NotInRegister),
    };
    let Ok(Region { level, code }) = Region::parse(region) else {
        return Standing::Nowhere(Reason::NotInRegister);
    };
    let epoch = || register.epoch(mapped_on.unwrap_or(period.start));
    let same = match level {
        Level::Municipality => return on(&[&code]),
        Level::Unit => return on(&code.split('.').collect::<Vec<_>>()),
        Level::Nation => true,
        Level::HealthRegion => map.is_own(epoch()),
        Level::County => {
            let county = (epoch(), code);
            let kept = counties.get(&county).copied();
            kept.unwrap_or_else(|| {
                let kept = map.keeps_county(register, county.0, &county.1);
                counties.insert(county, kept);
                kept
            })
        }
    };
    if same { Standing::Same } else { Standing::Nowhere(Reason::LevelNotConverted) }
}

fn unmoved(observation: usize, one: &Reported) -> Row {
    Row {
        spot: Spot::Same,
        period: one.period,
        value: one.value,
        status: one.status,
        quality: Quality::Exact,
        method: Some(Method::Unchanged),
        explanation: None,
        sources: vec![Source { observation: Some(observation), place: None, share: Some(1.0) }],
    }
}
