//! Whether the values of a period give an area of the map its value, and which.
use super::combine::{Combined, carried, combined};
use super::convert::{Converted, Left, Reported, Row, Rule, Source, Spot};
use super::map::{Map, Part, Share};
use super::reason::{Explanation, Method, Quality, Reason};
use super::register::{Located, Register};
use crate::domain::Period;
use crate::domain::vocabulary::{Aggregation, ObservationStatus};
use std::collections::{BTreeMap, HashMap};

/// The values of one period, and the places each of them is of.
#[derive(Default)]
pub(super) struct Panel {
    claims: Vec<Claim>,
    /// Which claims there are on a place. Two on one would count it twice.
    by_place: HashMap<usize, Vec<usize>>,
}

struct Claim {
    observation: usize,
    located: Located,
}

/// What is asked of a panel.
struct Question<'a> {
    register: &'a Register,
    map: &'a Map,
    reported: &'a [Reported<'a>],
    rule: Rule,
    period: Period,
}

/// Why an area has no value that means the same, and the places on which that turns.
type Refusal = (Reason, Vec<usize>);

impl Panel {
    pub fn claim(&mut self, observation: usize, located: Located) {
        for place in &located.places {
            self.by_place.entry(*place).or_default().push(self.claims.len());
        }
        self.claims.push(Claim { observation, located });
    }

    /// Makes a row of every area that is touched, and lists what of the values is in none.
    pub fn settle(
        &self,
        register: &Register,
        map: &Map,
        reported: &[Reported],
        rule: Rule,
        period: Period,
        done: &mut Converted,
    ) {
        let question = Question { register, map, reported, rule, period };
        let mut touched: BTreeMap<usize, Vec<&Claim>> = BTreeMap::new();
        for claim in &self.claims {
            for flow in claim.located.places.iter().flat_map(|place| map.flows(*place)) {
                touched.entry(flow.area).or_default().push(claim);
            }
        }
        let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
        for (area, claims) in touched {
            let row = match common(register, &claims) {
                Some(epoch) => self.judge(&question, area, epoch),
                None => self.mixed(&question, area, &claims),
            };
            rows.insert(area, row);
        }
        for claim in &self.claims {
            done.left.extend(self.left(&question, claim, &rows));
        }
        done.rows.extend(rows.into_values());
    }

    fn judge(&self, question: &Question, area: usize, epoch: usize) -> Row {
        let parts = question.map.parts(epoch, area);
        let sources = self.sources(parts);
        if let Err((reason, mut places)) = self.structure(question, area, epoch, parts) {
            places.sort_unstable();
            places.dedup();
            return refused(question, area, Explanation { reason, places }, sources);
        }
        let shared = parts.iter().any(|part| part.share != Share::Whole);
        let given: Vec<(&Reported, f64)> = sources
            .iter()
            .filter_map(|s| Some((&question.reported[s.observation?], s.share.unwrap_or_default())))
            .collect();
        let all_reported = given.len() == sources.len();
        let done = match given.as_slice() {
            _ if sources.len() > 1 && question.rule.aggregation == Aggregation::None => {
                Combined::none(ObservationStatus::NotComparable, Reason::NotAggregable)
            }
            _ if !all_reported => {
                // A suppressed part decides, also beside one that is missing.
                let hidden = given.iter().any(|(part, _)| part.status == ObservationStatus::Suppressed);
                if hidden {
                    Combined::none(ObservationStatus::Suppressed, Reason::SuppressedPart)
                } else {
                    Combined::none(ObservationStatus::Missing, Reason::MissingPart)
                }
            }
            [(only, _)] if !shared => carried(only),
            several => combined(several, question.rule.aggregation, shared),
        };
        let quality = match (done.status, done.reason) {
            (ObservationStatus::NotComparable, Some(_)) => Quality::NotComparable,
            _ if shared => Quality::Estimated,
            _ => Quality::Exact,
        };
        Row {
            spot: Spot::Area(area),
            period: question.period,
            value: done.value,
            status: done.status,
            quality,
            method: (quality != Quality::NotComparable).then(|| method(question, area, epoch, parts)),
            explanation: done.reason.map(|reason| self.because(question, reason, &sources)),
            sources,
        }
    }

    /// Whether the parts of an area can be put together at all, before their values are looked at.
    fn structure(&self, question: &Question, area: usize, epoch: usize, parts: &[Part]) -> Result<(), Refusal> {
        let map = question.map;
        let at = |share: &dyn Fn(Share) -> bool| -> Vec<usize> {
            parts.iter().filter(|part| share(part.share)).map(|part| part.place).collect()
        };
        if !map.is_recorded(epoch, area) {
            return Err((Reason::Unrecorded, map.areas()[area].places.clone()));
        }
        let unknown = at(&|share| share == Share::Unknown);
        if !unknown.is_empty() {
            let reason = if map.is_after(epoch) { Reason::SplitUnpublished } else { Reason::PartOfWhole };
            return Err((reason, unknown));
        }
        let divided = at(&|share| share != Share::Whole);
        if !divided.is_empty() && question.rule.aggregation == Aggregation::None {
            return Err((Reason::NotAggregable, divided));
        }
        if !divided.is_empty() && !question.rule.estimate {
            return Err((Reason::SplitByShare, divided));
        }
        for part in parts {
            let claims = self.by_place.get(&part.place).map_or(&[][..], Vec::as_slice);
            if claims.len() > 1 {
                return Err((Reason::ReportedTwice, vec![part.place]));
            }
            for claim in claims.iter().map(|claim| &self.claims[*claim]).filter(|c| c.located.places.len() > 1) {
                let inside = |place: &usize| parts.iter().any(|p| p.place == *place && p.share == Share::Whole);
                if !claim.located.places.iter().all(inside) {
                    return Err((Reason::ReportedTogether, claim.located.places.clone()));
                }
            }
        }
        Ok(())
    }

    /// One source for each value, and for each place without one.
    fn sources(&self, parts: &[Part]) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::with_capacity(parts.len());
        for part in parts {
            let (place, share) = (Some(part.place), part.share.fraction());
            let claims = self.by_place.get(&part.place).map_or(&[][..], Vec::as_slice);
            if claims.is_empty() {
                sources.push(Source { observation: None, place, share });
            }
            for observation in claims.iter().map(|claim| Some(self.claims[*claim].observation)) {
                if !sources.iter().any(|source| source.observation == observation) {
                    sources.push(Source { observation, place, share });
                }
            }
        }
        sources
    }

    /// The places of one period's values are of several maps: adding them might count one twice.
    fn mixed(&self, question: &Question, area: usize, claims: &[&Claim]) -> Row {
        let mut parts: Vec<Part> = claims
            .iter()
            .flat_map(|claim| question.map.parts(claim.located.epoch, area))
            .filter(|part| self.by_place.contains_key(&part.place))
            .copied()
            .collect();
        parts.sort_by_key(|part| part.place);
        parts.dedup_by_key(|part| part.place);
        let places = parts.iter().map(|part| part.place).collect();
        refused(question, area, Explanation { reason: Reason::MixedMaps, places }, self.sources(&parts))
    }

    fn because(&self, question: &Question, reason: Reason, sources: &[Source]) -> Explanation {
        let of = |source: &&Source| {
            let status = source.observation.map(|o| question.reported[o].status);
            match reason {
                Reason::SuppressedPart => status == Some(ObservationStatus::Suppressed),
                Reason::NotComparablePart => status == Some(ObservationStatus::NotComparable),
                Reason::MissingPart => status.is_none_or(|s| !s.has_value()),
                Reason::MissingWeight => source.observation.is_none_or(|o| question.reported[o].weight.is_none()),
                _ => true,
            }
        };
        let mut places: Vec<usize> = sources.iter().filter(of).filter_map(|source| source.place).collect();
        places.sort_unstable();
        Explanation { reason, places }
    }

    /// What of a value is in no row: the shares of its places that went to areas without a value.
    fn left(&self, question: &Question, claim: &Claim, rows: &BTreeMap<usize, Row>) -> Option<Left> {
        let one = &question.reported[claim.observation];
        let value = one.value?;
        let lost = |reason| Some(Left { observation: claim.observation, value, reason });
        let flows: Vec<_> = claim.located.places.iter().flat_map(|place| question.map.flows(*place)).collect();
        if flows.is_empty() {
            return lost(Reason::Unrecorded);
        }
        let without = |area: usize| rows.get(&area).filter(|row| row.value.is_none());
        let reason = flows.iter().find_map(|flow| Some(without(flow.area)?.explanation.as_ref()?.reason))?;
        if claim.located.places.len() > 1 {
            return lost(reason);
        }
        let carried: f64 = flows.iter().filter(|f| without(f.area).is_none()).filter_map(|f| f.share.fraction()).sum();
        Some(Left { observation: claim.observation, value: value - value * carried, reason })
    }
}

/// A map that has all of the places some values are of, of the maps they were reported on.
fn common(register: &Register, claims: &[&Claim]) -> Option<usize> {
    let has_all = |epoch: &usize| claims.iter().all(|c| c.located.places.iter().all(|p| register.is_on(*p, *epoch)));
    let first = claims.first()?.located.epoch;
    if claims.iter().all(|claim| claim.located.epoch == first) {
        return Some(first);
    }
    claims.iter().map(|claim| claim.located.epoch).filter(has_all).min()
}

fn refused(question: &Question, area: usize, explanation: Explanation, sources: Vec<Source>) -> Row {
    Row {
        spot: Spot::Area(area),
        period: question.period,
        value: None,
        status: ObservationStatus::NotComparable,
        quality: Quality::NotComparable,
        method: None,
        explanation: Some(explanation),
        sources,
    }
}

/// How a value came about, by comparing the place it was reported for with the one it is for now.
fn method(question: &Question, area: usize, epoch: usize, parts: &[Part]) -> Method {
    let (map, places) = (question.map, question.register.places());
    let [only] = parts else {
        return match parts {
            _ if parts.iter().any(|part| part.share != Share::Whole) => Method::SplitShare,
            _ if map.is_comparable() => Method::Combined,
            _ if map.is_after(epoch) => Method::Merged,
            _ => Method::Reunited,
        };
    };
    if only.share != Share::Whole {
        return Method::SplitShare;
    }
    let [now] = map.areas()[area].places.as_slice() else { return Method::Combined };
    places[only.place].became(&places[*now], only.adjusted)
}
