//! Figures as cells: all vintages of a place in a period are one.
use super::Figure;
use crate::domain::boundaries::Register;
use crate::domain::{Level, Period, Region};
use chrono::NaiveDate;
use std::collections::HashMap;

/// The places there are, and the health region of each.
pub struct Geography<'a> {
    pub register: &'a Register,
    /// For each place of the register the key of its health region, where it has one.
    pub health_regions: &'a [Option<String>],
}

/// What a figure is of. A county of one municipality is that municipality.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spot {
    Nation,
    /// Places of the register, in its order.
    Places(Vec<usize>),
    /// A region that the register does not know on its map.
    Unknown(String),
}

/// A cell: what it is of, and when.
pub type Key = (Period, Spot);

impl Geography<'_> {
    /// What a figure for a region is of, and the map it was reported on, where that matters.
    pub fn spot(&self, region: &str, period: &Period, mapped_on: Option<NaiveDate>) -> (Spot, Option<usize>) {
        let register = self.register;
        let unknown = || (Spot::Unknown(region.to_owned()), None);
        let Ok(Region { level, code }) = Region::parse(region) else { return unknown() };
        let epoch = register.epoch(mapped_on.unwrap_or(period.start));
        let on_map = |belongs: &dyn Fn(usize) -> bool| {
            (0..register.places().len()).filter(|id| register.is_on(*id, epoch) && belongs(*id)).collect::<Vec<_>>()
        };
        let (mut places, epoch) = match level {
            Level::Nation => return (Spot::Nation, None),
            Level::Municipality | Level::Unit => {
                match register.locate(&code.split('.').collect::<Vec<_>>(), period, mapped_on) {
                    Some(located) => (located.places().collect(), located.epoch),
                    None => return unknown(),
                }
            }
            Level::County => (on_map(&|id| register.places()[id].code.starts_with(&code)), epoch),
            Level::HealthRegion => (on_map(&|id| self.health_regions[id].as_deref() == Some(region)), epoch),
        };
        places.sort_unstable();
        places.dedup();
        if places.is_empty() { unknown() } else { (Spot::Places(places), Some(epoch)) }
    }
}

/// All figures of one indicator, place and period.
pub(super) struct Cell {
    pub indicator: usize,
    pub key: Key,
    /// Positions of its figures, by vintage.
    pub figures: Vec<usize>,
    /// The larger, the worse it is to hide: how much of the nation it covers.
    pub rank: usize,
}

/// The cells of some figures.
pub(super) struct Cells {
    /// In the order of their indicators and keys.
    pub all: Vec<Cell>,
    /// The cell of each figure.
    pub of: Vec<usize>,
    /// The maps that figures of a period were reported on.
    pub epochs: Vec<(Period, usize)>,
}

impl Cells {
    pub fn of(geography: &Geography, figures: &[Figure]) -> Self {
        let mut found: HashMap<(usize, Key), Vec<usize>> = HashMap::new();
        let mut epochs = vec![];
        for (i, figure) in figures.iter().enumerate() {
            let (spot, epoch) = geography.spot(figure.region, &figure.period, figure.mapped_on);
            epochs.extend(epoch.map(|epoch| (figure.period, epoch)));
            found.entry((figure.indicator, (figure.period, spot))).or_default().push(i);
        }
        epochs.sort_unstable();
        epochs.dedup();
        let mut all: Vec<Cell> = found
            .into_iter()
            .map(|((indicator, key), mut of)| {
                of.sort_by_key(|i| (figures[*i].published, figures[*i].region, figures[*i].mapped_on));
                let rank = of.iter().map(|i| rank(figures[*i].region)).max().unwrap_or_default();
                Cell { indicator, key, figures: of, rank }
            })
            .collect();
        all.sort_by(|a, b| (a.indicator, &a.key).cmp(&(b.indicator, &b.key)));
        let mut of = vec![0; figures.len()];
        for (cell, figure) in all.iter().enumerate().flat_map(|(n, cell)| cell.figures.iter().map(move |i| (n, *i))) {
            of[figure] = cell;
        }
        Self { all, of, epochs }
    }
}

fn rank(region: &str) -> usize {
    match Region::parse(region).map(|region| region.level) {
        Ok(Level::Municipality) => 0,
        Ok(Level::Unit) => 1,
        Ok(Level::County) => 2,
        Ok(Level::HealthRegion) => 3,
        _ => 4,
    }
}
