//! The map of a day as something to carry values to: where each place of every other map goes on it.
use super::register::{Edge, Register};
use crate::domain::vocabulary::ChangeKind;
use chrono::NaiveDate;

/// How much of a place goes one way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// All of it.
    Whole,
    /// A published part of its population, between 0 and 1.
    Known(f64),
    /// A part, and nobody published how large.
    Unknown,
}

impl Share {
    /// The share of a share.
    fn of(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole, share) | (share, Self::Whole) => share,
            (Self::Known(a), Self::Known(b)) => Self::Known(a * b),
            _ => Self::Unknown,
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => Self::Known(a + b),
            _ => Self::Unknown,
        }
    }

    /// The fraction, where it is known.
    pub fn fraction(self) -> Option<f64> {
        match self {
            Self::Whole => Some(1.0),
            Self::Known(share) => Some(share),
            Self::Unknown => None,
        }
    }
}

/// That a place, or a part of it, goes to an area of a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Position in [`Map::areas`].
    pub area: usize,
    pub share: Share,
    /// Whether a boundary was adjusted on the way: an unpublished number of people came or went.
    pub adjusted: bool,
}

/// What a map has values for: a municipality, or a unit of several that can be compared through time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// The region key.
    pub key: String,
    pub name: String,
    /// The places it is, on the newest map it is on.
    pub places: Vec<usize>,
}

impl Area {
    /// The county it is in, by the codes of its places; none for a unit whose places are in several.
    pub fn county(&self, register: &Register) -> Option<String> {
        let mut counties = self.places.iter().map(|place| &register.places()[*place].code[..2]);
        let first = counties.next()?;
        counties.all(|county| county == first).then(|| format!("F-{first}"))
    }
}

/// A place of another map that goes to an area, wholly or in part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub place: usize,
    pub share: Share,
    pub adjusted: bool,
}

/// A map, and how the places of every other map lie on it.
#[derive(Debug, Clone)]
pub struct Map {
    pub(super) areas: Vec<Area>,
    /// For each place of the register, where it goes. Nothing where that is not recorded.
    pub(super) flows: Vec<Vec<Flow>>,
    /// For each map a value may be reported on and each area: what the area is made of there.
    pub(super) parts: Vec<Vec<Vec<Part>>>,
    /// The same, where all that the area is made of is recorded.
    pub(super) recorded: Vec<Vec<bool>>,
    /// The maps that are this very one.
    pub(super) own: std::ops::Range<usize>,
    /// Whether areas are units over a span of time, and not places of a day.
    pub(super) comparable: bool,
}

impl Map {
    /// The map of a day.
    pub fn on(register: &Register, day: NaiveDate) -> Self {
        let epoch = register.epoch(day);
        let places = register.places();
        let mut areas = vec![];
        let mut flows: Vec<Vec<Flow>> = vec![vec![]; places.len()];
        for (id, place) in places.iter().enumerate().filter(|(_, place)| place.valid_on(day)) {
            flows[id].push(Flow { area: areas.len(), share: Share::Whole, adjusted: false });
            areas.push(Area { key: place.key(), name: place.name.clone(), places: vec![id] });
        }
        // Every change leads from a place to one that begins when it ends, so each needs only those after it.
        let mut before: Vec<usize> =
            (0..places.len()).filter(|id| places[*id].valid_to.is_some_and(|to| to <= day)).collect();
        before.sort_by_key(|id| std::cmp::Reverse(places[*id].valid_to));
        for id in before {
            flows[id] = led(&flows, register.later(id), forward_shares(register.later(id)));
        }
        let mut after: Vec<usize> = (0..places.len()).filter(|id| places[*id].valid_from > day).collect();
        after.sort_by_key(|id| places[*id].valid_from);
        for id in after {
            let edges = register.earlier(id);
            // What part of a merged place each of those before it was, nobody publishes.
            let share = if edges.len() == 1 { Share::Whole } else { Share::Unknown };
            flows[id] = led(&flows, edges, vec![share; edges.len()]);
        }
        let recorded = (0..register.epochs())
            .map(|other| {
                let known = recorded(register, other, other < epoch);
                areas.iter().map(|area| known[area.places[0]]).collect()
            })
            .collect();
        Self::with(register, areas, flows, recorded, epoch..epoch + 1, false)
    }

    pub(super) fn with(
        register: &Register,
        areas: Vec<Area>,
        flows: Vec<Vec<Flow>>,
        recorded: Vec<Vec<bool>>,
        own: std::ops::Range<usize>,
        comparable: bool,
    ) -> Self {
        let mut parts = vec![vec![vec![]; areas.len()]; register.epochs()];
        for (place, flows) in flows.iter().enumerate() {
            let spell = register.spell(place);
            for at in &mut parts[spell.start..spell.end.min(register.epochs())] {
                for flow in flows {
                    at[flow.area].push(Part { place, share: flow.share, adjusted: flow.adjusted });
                }
            }
        }
        Self { areas, flows, parts, recorded, own, comparable }
    }

    /// Its areas, in the order of their keys.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Where a place goes.
    pub fn flows(&self, place: usize) -> &[Flow] {
        &self.flows[place]
    }

    /// What an area is made of on another map.
    pub fn parts(&self, epoch: usize, area: usize) -> &[Part] {
        &self.parts[epoch][area]
    }

    /// Whether all that an area is made of on another map is recorded.
    pub fn is_recorded(&self, epoch: usize, area: usize) -> bool {
        self.recorded[epoch][area]
    }

    /// Whether the areas are units over a span of time.
    pub fn is_comparable(&self) -> bool {
        self.comparable
    }

    /// Whether another map is this one.
    pub fn is_own(&self, epoch: usize) -> bool {
        self.own.contains(&epoch)
    }

    /// Whether another map is older than this one.
    pub fn is_after(&self, epoch: usize) -> bool {
        epoch < self.own.start
    }

    /// Whether a county of another map covers the same area on this one, as its municipalities tell: all of them went
    /// to areas of that county, and those areas are made of nothing else. A county is never mapped to another.
    pub fn keeps_county(&self, register: &Register, epoch: usize, digits: &str) -> bool {
        let within = |place: &usize| register.places()[*place].code.starts_with(digits);
        let mut any = false;
        for place in (0..self.flows.len()).filter(|id| register.is_on(*id, epoch)).filter(within) {
            any = true;
            let kept = self.flows[place].iter().all(|flow| {
                self.is_recorded(epoch, flow.area)
                    && self.areas[flow.area].places.iter().all(within)
                    && self.parts(epoch, flow.area).iter().all(|part| within(&part.place))
            });
            if !kept || self.flows[place].is_empty() {
                return false;
            }
        }
        any
    }
}

/// The shares of a place that went to each of its successors. Shares that do not add up to the whole are no shares.
fn forward_shares(edges: &[Edge]) -> Vec<Share> {
    const ROUNDED: f64 = 0.005;
    if edges.len() == 1 {
        return vec![Share::Whole];
    }
    let published: Option<Vec<f64>> = edges.iter().map(|e| e.share).collect();
    match published.map(|shares| (shares.iter().sum::<f64>(), shares)) {
        Some((sum, shares)) if (sum - 1.0).abs() <= ROUNDED => {
            shares.into_iter().map(|share| Share::Known(share / sum)).collect()
        }
        _ => vec![Share::Unknown; edges.len()],
    }
}

/// Where a place goes by its edges, of which each leads to a place whose way is known.
fn led(flows: &[Vec<Flow>], edges: &[Edge], shares: Vec<Share>) -> Vec<Flow> {
    let mut all: Vec<Flow> = vec![];
    let mut lost = false;
    for (edge, share) in edges.iter().zip(shares) {
        lost |= flows[edge.place].is_empty();
        let adjusted = edge.kind == ChangeKind::Boundary;
        for onward in &flows[edge.place] {
            let share = share.of(onward.share);
            match all.iter_mut().find(|flow| flow.area == onward.area) {
                Some(known) => {
                    known.share = known.share.plus(share);
                    known.adjusted |= adjusted | onward.adjusted;
                }
                None => all.push(Flow { area: onward.area, share, adjusted: adjusted | onward.adjusted }),
            }
        }
    }
    match all.as_mut_slice() {
        // What became of a part is not recorded, so nobody knows how much the others got.
        flows if lost => flows.iter_mut().for_each(|flow| flow.share = Share::Unknown),
        // Parts that meet again are the whole, whatever their shares were.
        [only] => only.share = Share::Whole,
        _ => {}
    }
    all.sort_by_key(|flow| flow.area);
    all
}

/// For each place whether its whole descent from (`back`), or to, another map is recorded.
fn recorded(register: &Register, epoch: usize, back: bool) -> Vec<bool> {
    let count = register.places().len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|id| register.places()[*id].valid_from);
    if !back {
        order.reverse();
    }
    let mut known = vec![false; count];
    for id in order {
        let spell = register.spell(id);
        let reached = if back { spell.start <= epoch } else { spell.end > epoch };
        let edges = if back { register.earlier(id) } else { register.later(id) };
        known[id] = reached || !edges.is_empty() && edges.iter().all(|edge| known[edge.place]);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::super::tests::{day, flows_of, graph, small};
    use super::*;

    #[test]
    fn merged_places_go_whole_to_the_new_one_and_nobody_knows_their_part_backward() {
        let register = small();
        assert_eq!(flows_of(&register, "2021-01-01", "0001", "2019-01-01"), [("K-0002".into(), Share::Whole)]);
        let back = flows_of(&register, "2019-01-01", "0002", "2020-01-01");
        assert_eq!(back, [("K-0001".into(), Share::Unknown), ("K-0002".into(), Share::Unknown)]);
    }

    #[test]
    fn parts_that_meet_again_are_the_whole() {
        let register = graph(
            &["0001 2000 2010", "0002 2010 2015", "0003 2010 2015", "0004 2015 -"],
            &["2010 split 0001 0002", "2010 split 0001 0003", "2015 merge 0002 0004", "2015 merge 0003 0004"],
        );
        assert_eq!(flows_of(&register, "2015-01-01", "0001", "2009-01-01"), [("K-0004".into(), Share::Whole)]);
        let on_2010 = flows_of(&register, "2010-01-01", "0001", "2009-01-01");
        assert!(on_2010.iter().all(|(_, share)| *share == Share::Unknown));
        // Backward it was one place too.
        assert_eq!(flows_of(&register, "2000-01-01", "0004", "2015-01-01"), [("K-0001".into(), Share::Whole)]);
    }

    #[test]
    fn shares_multiply_along_the_way_and_those_that_do_not_add_up_are_none() {
        let places = ["0001 2000 2010", "0002 2010 2015", "0003 2010 -", "0004 2015 -", "0005 2015 -"];
        let register = graph(
            &places,
            &[
                "2010 split 0001 0002 0.5",
                "2010 split 0001 0003 0.5",
                "2015 split 0002 0004 0.25",
                "2015 split 0002 0005 0.75",
            ],
        );
        let found = flows_of(&register, "2015-01-01", "0001", "2009-01-01");
        assert_eq!(found[0], ("K-0003".into(), Share::Known(0.5)));
        assert_eq!(found[1], ("K-0004".into(), Share::Known(0.125)));
        let bent = graph(&places[..3], &["2010 split 0001 0002 0.5", "2010 split 0001 0003 0.9"]);
        assert!(flows_of(&bent, "2011-01-01", "0001", "2009-01-01").iter().all(|(_, s)| *s == Share::Unknown));
    }

    #[test]
    fn where_the_fate_of_one_part_is_not_recorded_the_others_are_of_unknown_size() {
        let register = graph(
            &["0001 2000 2010", "0002 2010 -", "0003 2010 2015"],
            &["2010 split 0001 0002 0.5", "2010 split 0001 0003 0.5"],
        );
        // 0003 ended, and nothing says what became of it.
        assert_eq!(flows_of(&register, "2016-01-01", "0001", "2009-01-01"), [("K-0002".into(), Share::Unknown)]);
    }

    #[test]
    fn a_place_of_unknown_origin_is_not_recorded() {
        let register = graph(&["0001 2000 2010", "0002 2010 -", "0003 2010 -"], &["2010 renumber 0001 0002"]);
        let map = Map::on(&register, day("2011-01-01"));
        let before = register.epoch(day("2009-01-01"));
        assert_eq!((map.is_recorded(before, 0), map.is_recorded(before, 1)), (true, false));
    }
}
