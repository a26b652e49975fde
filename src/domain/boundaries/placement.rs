//! Where something that happened in one place lies on another map. An amount that a municipality was paid is no series: it
//! lies in the area that the municipality became a part of, whether or not the other parts were paid anything.
use super::convert::{Counties, Standing, standing};
use super::map::{Flow, Map, Share};
use super::reason::{Explanation, Method, Quality, Reason};
use super::register::{Located, Register};
use crate::domain::Period;
use std::collections::HashMap;

/// A region of the map in which it lies, wholly or in part.
#[derive(Debug, Clone, PartialEq)]
pub struct Landing {
    /// An area of the map; none for the region itself, which is the same on the map.
    pub area: Option<usize>,
    /// The part that lies there: 1 for the whole.
    pub share: f64,
    pub quality: Quality,
    pub method: Method,
}

/// Places what happened on the maps of its days. It keeps what it found out of counties.
pub struct Placing<'a> {
    register: &'a Register,
    map: &'a Map,
    /// Whether published shares of the population may divide a place.
    estimate: bool,
    counties: Counties,
}

impl<'a> Placing<'a> {
    pub fn new(register: &'a Register, map: &'a Map, estimate: bool) -> Self {
        Self { register, map, estimate, counties: HashMap::new() }
    }
}

/// Where a region of a period lies, or why that cannot be said.
pub fn place(placing: &mut Placing, region: &str, period: &Period) -> Result<Vec<Landing>, Explanation> {
    let Placing { register, map, estimate, counties } = placing;
    match standing(register, map, region, period, None, counties) {
        Standing::Same => {
            Ok(vec![Landing { area: None, share: 1.0, quality: Quality::Exact, method: Method::Unchanged }])
        }
        Standing::Nowhere(reason) => Err(Explanation { reason, places: vec![] }),
        Standing::On(located) => landed(register, map, &located, *estimate)
            .map_err(|reason| Explanation { reason, places: located.places().collect() }),
    }
}

fn landed(register: &Register, map: &Map, located: &Located, estimate: bool) -> Result<Vec<Landing>, Reason> {
    let mut flows = located.places().flat_map(|place| map.flows(place));
    let first = flows.next().copied().ok_or(Reason::Unrecorded)?;
    let together = first.share == Share::Whole && flows.all(|f| f.share == Share::Whole && f.area == first.area);
    if together {
        let method = method(register, map, located, &first);
        return Ok(vec![Landing { area: Some(first.area), share: 1.0, quality: Quality::Exact, method }]);
    }
    let mut places = located.places();
    let (Some(only), None) = (places.next(), places.next()) else { return Err(Reason::PartOfWhole) };
    let divided = map.flows(only).iter().map(|flow| Some((flow.area, flow.share.fraction()?)));
    let Some(divided) = divided.collect::<Option<Vec<_>>>() else {
        return Err(if map.is_after(located.epoch) { Reason::SplitUnpublished } else { Reason::PartOfWhole });
    };
    if !estimate {
        return Err(Reason::SplitByShare);
    }
    let estimated =
        |(area, share)| Landing { area: Some(area), share, quality: Quality::Estimated, method: Method::SplitShare };
    Ok(divided.into_iter().map(estimated).collect())
}

/// How places that lie wholly in an area came to be there.
fn method(register: &Register, map: &Map, located: &Located, flow: &Flow) -> Method {
    let (now, parts) = (&map.areas()[flow.area].places, map.parts(located.epoch, flow.area));
    match (located.places().next(), now.as_slice()) {
        (Some(place), [now]) if parts.len() == 1 => {
            register.places()[place].became(&register.places()[*now], flow.adjusted)
        }
        _ if map.is_comparable() => Method::Combined,
        _ if map.is_after(located.epoch) => Method::Merged,
        _ => Method::Reunited,
    }
}

#[cfg(test)]
mod tests {
    use super::super::register::{Change, Place};
    use super::super::tests::{day, period};
    use super::*;
    use crate::domain::vocabulary::ChangeKind;

    /// In 2020 A and B became C; in 2024 C was divided into D and E by shares; F was divided into G and H by none.
    fn register() -> Register {
        let place = |code: &str, from: &str, to: Option<&str>| Place {
            code: code.into(),
            name: code.into(),
            valid_from: day(from),
            valid_to: to.map(day),
        };
        let change = |on: &str, kind, old: &str, new: &str, share| Change {
            date: day(on),
            kind,
            old_code: old.into(),
            new_code: new.into(),
            share,
        };
        Register::new(
            vec![
                place("0001", "2007-01-01", Some("2020-01-01")),
                place("0002", "2007-01-01", Some("2020-01-01")),
                place("0003", "2020-01-01", Some("2024-01-01")),
                place("0004", "2024-01-01", None),
                place("0005", "2024-01-01", None),
                place("0006", "2007-01-01", Some("2020-01-01")),
                place("0007", "2020-01-01", None),
                place("0008", "2020-01-01", None),
            ],
            &[
                change("2020-01-01", ChangeKind::Merge, "0001", "0003", None),
                change("2020-01-01", ChangeKind::Merge, "0002", "0003", None),
                change("2024-01-01", ChangeKind::Split, "0003", "0004", Some(0.75)),
                change("2024-01-01", ChangeKind::Split, "0003", "0005", Some(0.25)),
                change("2020-01-01", ChangeKind::Split, "0006", "0007", None),
                change("2020-01-01", ChangeKind::Split, "0006", "0008", None),
            ],
        )
    }

    /// Each landing as `key share method`, or the word of the reason.
    fn told(on: &str, region: &str, of: &str, estimate: bool) -> Vec<String> {
        let register = register();
        let map = Map::on(&register, day(on));
        match place(&mut Placing::new(&register, &map, estimate), region, &period(of)) {
            Err(why) => vec![why.reason.word().to_owned()],
            Ok(landings) => {
                let key = |l: &Landing| l.area.map_or(region.to_owned(), |area| map.areas()[area].key.clone());
                landings.iter().map(|l| format!("{} {} {}", key(l), l.share, l.method.word())).collect()
            }
        }
    }

    #[test]
    fn an_amount_lies_where_all_of_its_place_went() {
        assert_eq!(told("2020-06-01", "K-0001", "2019", false), ["K-0003 1 merged"]);
        assert_eq!(told("2020-06-01", "K-0003", "2021", false), ["K-0003 1 unchanged"]);
        assert_eq!(told("2020-06-01", "K-0004", "2025", false), ["K-0003 1 reunited"]);
        assert_eq!(told("2020-06-01", "NO", "2019", false), ["NO 1 unchanged"]);
        assert_eq!(told("2020-06-01", "U-0001.0002", "2019", false), ["K-0003 1 merged"]);
    }

    #[test]
    fn a_divided_place_is_an_estimate_that_was_asked_for_or_nowhere() {
        assert_eq!(told("2024-06-01", "K-0001", "2019", false), ["split_by_share"]);
        assert_eq!(told("2024-06-01", "K-0001", "2019", true), ["K-0004 0.75 split_share", "K-0005 0.25 split_share"]);
        assert_eq!(told("2020-06-01", "K-0006", "2019", true), ["split_unpublished"]);
        assert_eq!(told("2019-06-01", "K-0003", "2021", true), ["part_of_whole"]);
        assert_eq!(told("2024-06-01", "U-0001.0006", "2019", true), ["part_of_whole"]);
        assert_eq!(told("2024-06-01", "K-0009", "2019", true), ["not_in_register"]);
    }
}
