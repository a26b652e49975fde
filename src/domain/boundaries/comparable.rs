//! The finest map on which every value of a span of time is exact: places that exchanged anything are one unit.
use super::map::{Area, Flow, Map, Share};
use super::register::Register;
use chrono::NaiveDate;

/// The most codes in the key of a unit; more would not fit the longest a key may be.
const MOST_CODES: usize = 12;

impl Map {
    /// The connected components of the change graph over the changes after `from` and up to `to`.
    ///
    /// A unit that is one municipality on the map of `to` has its key and its name: Ålesund before the merger is
    /// comparable as `K-1507` over 2016–2020. Others are named for the municipalities that they are on that map:
    /// `U-1508.1580`. A key has at most twelve codes, of which the first alone tells the units of a map apart.
    pub fn comparable(register: &Register, from: NaiveDate, to: NaiveDate) -> Self {
        let places = register.places();
        let within = |id: usize| places[id].valid_from <= to && places[id].valid_to.is_none_or(|end| end > from);
        let mut units = Units((0..places.len()).collect());
        for id in (0..places.len()).filter(|id| within(*id)) {
            for edge in register.later(id).iter().filter(|edge| within(edge.place)) {
                units.join(id, edge.place);
            }
        }
        let mut members: Vec<Vec<usize>> = vec![vec![]; places.len()];
        for id in (0..places.len()).filter(|id| within(*id)) {
            let unit = units.of(id);
            members[unit].push(id);
        }
        let mut areas: Vec<(Area, Vec<usize>)> = members
            .into_iter()
            .filter(|members| !members.is_empty())
            .map(|members| (named(register, &members, to), members))
            .collect();
        areas.sort_by(|(a, _), (b, _)| a.key.cmp(&b.key));
        let mut flows: Vec<Vec<Flow>> = vec![vec![]; places.len()];
        let mut known = vec![true; areas.len()];
        for (area, (_, members)) in areas.iter().enumerate() {
            for id in members {
                flows[*id].push(Flow { area, share: Share::Whole, adjusted: false });
                let begun = places[*id].valid_from > from && register.earlier(*id).is_empty();
                let ended = places[*id].valid_to.is_some_and(|end| end <= to) && register.later(*id).is_empty();
                known[area] &= !begun && !ended;
            }
        }
        let recorded = vec![known; register.epochs()];
        let own = if register.epoch(from) == register.epoch(to) {
            register.epoch(from)..register.epoch(to) + 1
        } else {
            0..0
        };
        let areas = areas.into_iter().map(|(area, _)| area).collect();
        Self::with(register, areas, flows, recorded, own, true)
    }
}

fn named(register: &Register, members: &[usize], to: NaiveDate) -> Area {
    let mut newest: Vec<usize> = members.iter().copied().filter(|id| register.places()[*id].valid_on(to)).collect();
    if newest.is_empty() {
        // What became of it is not recorded: it keeps the name it had.
        newest = members.iter().copied().max_by_key(|id| register.places()[*id].valid_from).into_iter().collect();
    }
    let places = newest.iter().map(|id| &register.places()[*id]);
    let codes: Vec<&str> = places.clone().map(|place| place.code.as_str()).collect();
    let key = match codes.as_slice() {
        [only] => format!("K-{only}"),
        several => format!("U-{}", several[..several.len().min(MOST_CODES)].join(".")),
    };
    let name = places.map(|place| place.name.as_str()).collect::<Vec<_>>().join(" + ");
    Area { key, name, places: newest }
}

/// Union–find over places.
struct Units(Vec<usize>);

impl Units {
    fn of(&mut self, id: usize) -> usize {
        let mut root = id;
        while self.0[root] != root {
            self.0[root] = self.0[self.0[root]];
            root = self.0[root];
        }
        root
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        // The lower is the root, so that the order of joining does not matter.
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{day, graph, small};
    use super::*;

    fn keys(register: &Register, from: &str, to: &str) -> Vec<String> {
        Map::comparable(register, day(from), day(to)).areas().iter().map(|a| a.key.clone()).collect()
    }

    #[test]
    fn what_exchanged_anything_within_the_span_is_one_unit() {
        let register = small();
        assert_eq!(keys(&register, "2016-01-01", "2019-01-01"), ["K-0001", "K-0002", "K-0003", "K-0004"]);
        // 0001 and 0002 merged, 0003 was renumbered 0009, 0004 was divided between 0005 and 0006.
        assert_eq!(keys(&register, "2016-01-01", "2021-01-01"), ["K-0002", "K-0009", "U-0005.0006"]);
        // On the first day of the span the change has happened already.
        assert_eq!(keys(&register, "2020-01-01", "2021-01-01"), ["K-0002", "K-0005", "K-0006", "K-0009"]);
    }

    #[test]
    fn a_key_is_one_that_can_be_read_again() {
        let codes: Vec<String> = (1..=20).map(|n| format!("{n:04}")).collect();
        let mut places = vec!["0000 2000 2010".to_owned()];
        places.extend(codes.iter().map(|c| format!("{c} 2010 -")));
        let changes: Vec<String> = codes.iter().map(|c| format!("2010 split 0000 {c}")).collect();
        let register = graph(
            &places.iter().map(String::as_str).collect::<Vec<_>>(),
            &changes.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let keys = keys(&register, "2005-01-01", "2015-01-01");
        assert_eq!(keys.len(), 1);
        assert!(crate::domain::Region::parse(&keys[0]).is_ok(), "{}", keys[0]);
    }
}
