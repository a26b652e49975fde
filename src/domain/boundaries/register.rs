//! The register of municipalities and the change graph between its places.
use super::reason::Method;
use crate::domain::{Period, vocabulary::ChangeKind};
use chrono::NaiveDate;
use std::collections::HashMap;
use std::ops::Range;

/// The first day on which the register has every municipality: it has the versions valid after it, and no others
/// (`data/SOURCES.md`). Maps of earlier days would lack places in silence.
pub const BEGINS: NaiveDate = NaiveDate::from_ymd_opt(2007, 1, 1).unwrap();

/// A municipality as it was between two days. Codes are reused, so a place is its code and the day it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Four digits.
    pub code: String,
    pub name: String,
    pub valid_from: NaiveDate,
    /// The first day it was no longer so; none while it is.
    pub valid_to: Option<NaiveDate>,
}

impl Place {
    /// The region key: `K-0301`.
    pub fn key(&self) -> String {
        format!("K-{}", self.code)
    }

    /// The id of the version: `K-0301.1948-01-01`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.key(), self.valid_from)
    }

    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|to| to > day)
    }

    /// How a place that stayed one place became another version of itself.
    pub fn became(&self, other: &Self, adjusted: bool) -> Method {
        match () {
            () if self == other => Method::Unchanged,
            () if adjusted => Method::BoundaryAdjusted,
            () if self.code != other.code => Method::Renumbered,
            () if self.name != other.name => Method::Renamed,
            () => Method::Unchanged,
        }
    }
}

/// What became of a municipality, or of a part of it, on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub date: NaiveDate,
    pub kind: ChangeKind,
    pub old_code: String,
    pub new_code: String,
    /// The part of the old place's population that went this way, between 0 and 1, where it was published.
    pub share: Option<f64>,
}

/// A change as seen from the place at one of its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The place at the other end.
    pub place: usize,
    pub kind: ChangeKind,
    /// The part of the older place that became the newer one, where it was published.
    pub share: Option<f64>,
}

/// Every place, and what became of each. Places are named by their position in [`Register::places`].
#[derive(Debug, Clone, Default)]
pub struct Register {
    places: Vec<Place>,
    by_code: HashMap<String, Vec<usize>>,
    later: Vec<Vec<Edge>>,
    earlier: Vec<Vec<Edge>>,
    /// The days on which the map changed, in order. Between two of them it is one and the same.
    days: Vec<NaiveDate>,
    spells: Vec<Range<usize>>,
}

/// Where a value lies: on which map it was reported, and the places of that map it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The number of the map, see [`Register::epoch`].
    pub epoch: usize,
    first: usize,
    /// The others of several that were reported together. Nearly every value is of one place, and needs no list.
    others: Vec<usize>,
}

impl Located {
    pub fn places(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Whether several places were reported together.
    pub fn is_several(&self) -> bool {
        !self.others.is_empty()
    }
}

impl Register {
    /// Joins places by the changes between them: a change leads from the place whose last day is the day before to
    /// the one that begins on the day. A boundary change for which the register begins no new version is no break,
    /// as Statistics Norway treats it, and joins nothing.
    pub fn new(mut places: Vec<Place>, changes: &[Change]) -> Self {
        places.sort_by(|a, b| (&a.code, a.valid_from).cmp(&(&b.code, b.valid_from)));
        let mut by_code: HashMap<String, Vec<usize>> = HashMap::new();
        for (id, place) in places.iter().enumerate() {
            by_code.entry(place.code.clone()).or_default().push(id);
        }
        let mut days: Vec<NaiveDate> =
            changes.iter().map(|c| c.date).chain(places.iter().filter_map(|p| p.valid_to)).collect();
        days.sort_unstable();
        days.dedup();
        let epoch = |day: NaiveDate| days.partition_point(|d| *d <= day);
        let spells =
            places.iter().map(|p| epoch(p.valid_from)..p.valid_to.map_or(usize::MAX, epoch)).collect::<Vec<_>>();
        let (mut later, mut earlier) = (vec![vec![]; places.len()], vec![vec![]; places.len()]);
        for change in changes {
            let of = |code: &str, ends: &dyn Fn(&Place) -> bool| {
                by_code.get(code).and_then(|ids| ids.iter().copied().find(|id| ends(&places[*id])))
            };
            let old = of(&change.old_code, &|p| p.valid_to == Some(change.date));
            let new = of(&change.new_code, &|p| p.valid_from == change.date);
            if let (Some(old), Some(new)) = (old, new) {
                later[old].push(Edge { place: new, kind: change.kind, share: change.share });
                earlier[new].push(Edge { place: old, kind: change.kind, share: change.share });
            }
        }
        // The order in which changes were read must not show in a result.
        for edges in later.iter_mut().chain(&mut earlier) {
            edges.sort_by_key(|e| e.place);
        }
        Self { places, by_code, later, earlier, days, spells }
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Places by key and name, as people read them.
    pub fn named(&self, places: &[usize]) -> String {
        let named = places.iter().map(|id| &self.places[*id]).map(|place| format!("{} {}", place.key(), place.name));
        named.collect::<Vec<_>>().join(", ")
    }

    /// What became of a place.
    pub fn later(&self, place: usize) -> &[Edge] {
        &self.later[place]
    }

    /// What a place was made of.
    pub fn earlier(&self, place: usize) -> &[Edge] {
        &self.earlier[place]
    }

    /// The versions of a code, oldest first.
    pub fn versions(&self, code: &str) -> &[usize] {
        self.by_code.get(code).map_or(&[], Vec::as_slice)
    }

    /// The place that bore a code on a day.
    pub fn on(&self, code: &str, day: NaiveDate) -> Option<usize> {
        self.versions(code).iter().copied().find(|id| self.places[*id].valid_on(day))
    }

    /// The number of the map of a day: two days have the same where nothing changed between them.
    pub fn epoch(&self, day: NaiveDate) -> usize {
        self.days.partition_point(|d| *d <= day)
    }

    /// The first day of a map; of the oldest, a day before every change.
    pub fn first_day(&self, epoch: usize) -> NaiveDate {
        match epoch.checked_sub(1).and_then(|before| self.days.get(before)) {
            Some(day) => *day,
            None => self.days.first().and_then(|day| day.pred_opt()).unwrap_or(BEGINS),
        }
    }

    /// How many maps there are.
    pub fn epochs(&self) -> usize {
        self.days.len() + 1
    }

    /// Whether a place is on a map.
    pub fn is_on(&self, place: usize, epoch: usize) -> bool {
        self.spells[place].contains(&epoch)
    }

    /// The maps a place is on.
    pub fn spell(&self, place: usize) -> Range<usize> {
        self.spells[place].clone()
    }

    /// The map a value was reported on: that of the day `mapped_on` where the source says one; else that of the first
    /// day of the period; else, for codes that began later, of the first day of the period on which all of them were
    /// valid. None where there is no such day.
    pub fn locate(&self, codes: &[&str], period: &Period, mapped_on: Option<NaiveDate>) -> Option<Located> {
        let on = |day: NaiveDate| -> Option<Located> {
            let (first, others) = codes.split_first()?;
            let first = self.on(first, day)?;
            let others = others.iter().map(|code| self.on(code, day)).collect::<Option<_>>()?;
            Some(Located { epoch: self.epoch(day), first, others })
        };
        match mapped_on {
            Some(day) => on(day),
            None => on(period.start).or_else(|| {
                let mut begun: Vec<NaiveDate> = codes
                    .iter()
                    .flat_map(|code| self.versions(code))
                    .map(|id| self.places[*id].valid_from)
                    .filter(|day| (period.start..=period.end).contains(day))
                    .collect();
                begun.sort_unstable();
                begun.into_iter().find_map(on)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{day, period, small};
    use super::*;

    #[test]
    fn a_reused_code_is_the_place_of_the_day() {
        let register = small();
        let (old, new) = (register.on("0002", day("2019-12-31")), register.on("0002", day("2020-01-01")));
        assert_ne!(old, new);
        assert_eq!(register.on("0001", day("2020-01-01")), None);
    }

    #[test]
    fn a_value_lies_on_the_map_its_source_names_else_of_its_first_day_else_of_the_first_that_has_its_code() {
        let register = small();
        let place = |code: &str, of: &str, mapped_on: Option<&str>| {
            let found = register.locate(&[code], &period(of), mapped_on.map(day));
            found.map(|l| register.places()[l.first].valid_from.to_string())
        };
        assert_eq!(place("0002", "2019", None).as_deref(), Some("2000-01-01"));
        assert_eq!(place("0002", "2019", Some("2020-01-01")).as_deref(), Some("2020-01-01"));
        assert_eq!(place("0002", "2018-2020", None).as_deref(), Some("2000-01-01"));
        assert_eq!(place("0009", "2018-2020", None).as_deref(), Some("2020-01-01"));
        assert_eq!(place("0009", "2019", None), None);
        assert_eq!(place("0001", "2021", None), None);
        assert_eq!(place("0001", "2019", Some("2020-01-01")), None);
    }

    #[test]
    fn a_boundary_change_without_a_new_version_is_no_break() {
        let place =
            |code: &str| Place { code: code.into(), name: code.into(), valid_from: day("2000-01-01"), valid_to: None };
        let change = Change {
            date: day("2015-01-01"),
            kind: ChangeKind::Boundary,
            old_code: "0001".into(),
            new_code: "0001".into(),
            share: None,
        };
        let register = Register::new(vec![place("0001")], &[change]);
        assert!(register.later(0).is_empty() && register.earlier(0).is_empty());
    }
}
