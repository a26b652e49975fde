//! Where places came from and what became of them, through every reform there is a record of.
use super::register::{Edge, Register};
use crate::domain::vocabulary::ChangeKind;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// One change on the way: an older place, or a part of it, became a newer one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub day: NaiveDate,
    pub kind: ChangeKind,
    /// Positions in [`Register::places`].
    pub old: usize,
    pub new: usize,
    /// The part of the old place's population, where it was published.
    pub share: Option<f64>,
}

/// Every change by which places became these, oldest first.
pub fn came_from(register: &Register, places: &[usize]) -> Vec<Step> {
    walked(register, places, |place| register.earlier(place), |at, edge| (edge.place, at))
}

/// Every change by which these became others, oldest first.
pub fn became(register: &Register, places: &[usize]) -> Vec<Step> {
    walked(register, places, |place| register.later(place), |at, edge| (at, edge.place))
}

fn walked<'r>(
    register: &Register,
    places: &[usize],
    edges: impl Fn(usize) -> &'r [Edge],
    ends: impl Fn(usize, &Edge) -> (usize, usize),
) -> Vec<Step> {
    let mut seen: BTreeSet<usize> = places.iter().copied().collect();
    let mut next: Vec<usize> = seen.iter().copied().collect();
    let mut steps = vec![];
    while let Some(at) = next.pop() {
        for edge in edges(at) {
            let (old, new) = ends(at, edge);
            let day = register.places()[new].valid_from;
            steps.push(Step { day, kind: edge.kind, old, new, share: edge.share });
            if seen.insert(edge.place) {
                next.push(edge.place);
            }
        }
    }
    steps.sort_by_key(|step| (step.day, step.old, step.new));
    steps
}

#[cfg(test)]
mod tests {
    use super::super::tests::{graph, small};
    use super::*;

    fn told(register: &Register, steps: Vec<Step>) -> Vec<String> {
        let code = |id: usize| register.places()[id].code.as_str();
        steps.iter().map(|s| format!("{} {} {} {}", s.day, s.kind.word(), code(s.old), code(s.new))).collect()
    }

    #[test]
    fn a_place_has_its_whole_descent_and_all_that_became_of_it() {
        let register = graph(
            &["0001 2000 2010", "0002 2000 2010", "0003 2010 2015", "0004 2015 -", "0005 2015 -"],
            &["2010 merge 0001 0003", "2010 merge 0002 0003", "2015 split 0003 0004", "2015 split 0003 0005"],
        );
        let merges = ["2010-01-01 merge 0001 0003", "2010-01-01 merge 0002 0003"];
        assert_eq!(told(&register, came_from(&register, register.versions("0003"))), merges);
        let whole = told(&register, came_from(&register, register.versions("0004")));
        assert_eq!(whole, [&merges[..], &["2015-01-01 split 0003 0004"]].concat());
        let later = told(&register, became(&register, register.versions("0001")));
        assert_eq!(later, [merges[0], "2015-01-01 split 0003 0004", "2015-01-01 split 0003 0005"]);
        assert!(became(&register, register.versions("0005")).is_empty());
    }

    #[test]
    fn of_a_code_that_was_used_again_every_place_is_followed() {
        let register = small();
        let merges = ["2020-01-01 merge 0001 0002", "2020-01-01 merge 0002 0002"];
        assert_eq!(told(&register, came_from(&register, register.versions("0002"))), merges);
        assert_eq!(told(&register, became(&register, register.versions("0002"))), merges[1..]);
    }
}
