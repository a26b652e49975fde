//! Which places of one day correspond to which of another.
use super::map::{Map, Share};
use super::reason::{Method, Quality};
use super::register::Register;
use chrono::NaiveDate;

/// That a place of one day, or a part of it, is a place of another day, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Positions in [`Register::places`].
    pub from: usize,
    pub to: usize,
    /// How a value of `from` reaches `to`: whole, by a published share, or not at all.
    pub quality: Quality,
    pub method: Option<Method>,
    /// The part of the population of `from` that is in `to`: 1 for the whole, none where nobody published it.
    pub share: Option<f64>,
    /// How many places of the first day `to` is made of.
    pub n_from: usize,
    /// How many places of the other day `from` went to.
    pub n_to: usize,
}

/// Every link between the places of a day and those of the map of another, which may be earlier or later; in the order of
/// the first. What became of the places returned beside them is not recorded.
pub fn correspondence(register: &Register, map: &Map, from: NaiveDate) -> (Vec<Link>, Vec<usize>) {
    let epoch = register.epoch(from);
    let places = register.places();
    let (mut links, mut lost) = (vec![], vec![]);
    for (id, place) in places.iter().enumerate().filter(|(_, place)| place.valid_on(from)) {
        let flows = map.flows(id);
        if flows.is_empty() {
            lost.push(id);
        }
        for flow in flows {
            let to = map.areas()[flow.area].places[0];
            let n_from = map.parts(epoch, flow.area).len();
            let (quality, method) = match flow.share {
                Share::Unknown => (Quality::NotComparable, None),
                Share::Known(_) => (Quality::Estimated, Some(Method::SplitShare)),
                Share::Whole if n_from == 1 => (Quality::Exact, Some(place.became(&places[to], flow.adjusted))),
                Share::Whole if map.is_after(epoch) => (Quality::Exact, Some(Method::Merged)),
                Share::Whole => (Quality::Exact, Some(Method::Reunited)),
            };
            links.push(Link { from: id, to, quality, method, share: flow.share.fraction(), n_from, n_to: flows.len() });
        }
    }
    (links, lost)
}
