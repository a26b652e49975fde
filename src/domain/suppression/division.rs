//! The figures of a whole and those of its parts.
use super::Division;
use super::cells::{Key, Spot};
use super::rows::{Making, Row};
use crate::domain::Period;
use std::collections::{BTreeMap, BTreeSet};

impl<'a> Making<'a> {
    /// Wherever there is any figure, each whole is the sum of its parts, with or without figures, and a rest. There is a
    /// rest in a period where the figures do not add up without one: else the parts are taken to be all (women and men),
    /// which whoever knows what they are parts of may know without figures.
    pub fn divisions(&mut self) {
        let (family, cells) = (self.family, self.cells);
        let mut spots: BTreeMap<Period, BTreeSet<&'a Key>> = BTreeMap::new();
        let mut figures = Figures::default();
        for cell in &cells.all {
            spots.entry(cell.key.0).or_default().insert(&cell.key);
            figures.take(cell.indicator, &cell.key);
        }
        for division in &family.divisions {
            for (period, keys) in &spots {
                let all = self.are_all(division, keys);
                keys.iter().for_each(|key| self.divided(division, &figures, *period, key, all));
            }
        }
    }

    /// Whether the newest figures of a whole are the sum of those of its parts, wherever all of them have one.
    fn are_all(&self, division: &Division, keys: &BTreeSet<&'a Key>) -> bool {
        let newest = |indicator: usize, key: &'a Key| {
            let cell = &self.cells.all[*self.of.get(&(indicator, key))?];
            self.figures[*cell.figures.last()?].value
        };
        let rest = |key: &&'a Key| {
            let parts: Option<f64> = division.parts.iter().map(|part| newest(*part, key)).sum();
            Some(newest(division.whole, key)? - parts?)
        };
        keys.iter().filter_map(rest).all(|rest| rest.abs() < 1e-6)
    }

    fn divided(&mut self, division: &Division, figures: &Figures, period: Period, key: &'a Key, are_all: bool) {
        let Some(whole) = self.at(division.whole, figures, period, key) else { return };
        let parts = division.parts.iter().filter_map(|part| self.at(*part, figures, period, key));
        let mut row: Row = parts.map(|part| (part, -1.0)).collect();
        if row.is_empty() {
            return;
        }
        row.push((whole, 1.0));
        if !are_all || row.len() <= division.parts.len() {
            row.push((self.unknown(), -1.0));
        }
        self.rows.push(row);
    }

    /// The variable of an indicator somewhere. None where it would link nothing: a whole is no bound there, and a part is
    /// in the rest.
    fn at(&mut self, indicator: usize, figures: &Figures, period: Period, key: &'a Key) -> Option<usize> {
        if let Some(cell) = self.of.get(&(indicator, key)).or(self.derived.get(&(indicator, key))) {
            return Some(*cell);
        }
        // Without figures of its own it passes on what is told of it by the other ways in which it is divided, or divides.
        let links =
            self.family.divisions.iter().filter(|d| d.whole == indicator || d.parts.contains(&indicator)).count();
        match &key.1 {
            Spot::Places(places) if places.len() == 1 => {
                (links > 1 || figures.singly(indicator, period)).then(|| self.place(indicator, period, places[0]))
            }
            Spot::Places(_) | Spot::Nation if links > 1 || figures.any(indicator, period) => {
                let sum = self.unknown();
                self.derived.insert((indicator, key), sum);
                if self.family.policies[indicator].adds {
                    self.is_sum(sum, indicator, key);
                }
                Some(sum)
            }
            _ => None,
        }
    }
}

/// For which indicators and periods there are figures at all, and figures of single places.
#[derive(Default)]
struct Figures {
    any: BTreeSet<(usize, Period)>,
    singly: BTreeSet<(usize, Period)>,
}

impl Figures {
    fn take(&mut self, indicator: usize, (period, spot): &Key) {
        self.any.insert((indicator, *period));
        if matches!(spot, Spot::Places(places) if places.len() == 1) {
            self.singly.insert((indicator, *period));
        }
    }

    fn any(&self, indicator: usize, period: Period) -> bool {
        self.any.contains(&(indicator, period))
    }

    fn singly(&self, indicator: usize, period: Period) -> bool {
        self.singly.contains(&(indicator, period))
    }
}
