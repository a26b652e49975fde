//! Whether the values of a period give an area of the map its value, and which.
use super::combine::{carried, combined};
use super::convert::{Converted, Left, Reported, Row, Rule, Source, Spot};
use super::map::{Map, Part, Share};
use super::reason::{Explanation, Method, Quality, Reason};
use super::register::{Located, Register};
use crate::domain::Period;
use crate::domain::vocabulary::{Aggregation, ObservationStatus};

/// The values of one period, and the places each of them is of.
#[derive(Default)]
pub(super) struct Panel(Vec<Claim>);

/// That a value is of some places.
struct Claim {
    observation: usize,
    located: Located,
}

/// The claims on each place. Two on one would count it twice.
struct Holders<'a> {
    claims: &'a [Claim],
    /// For each place of the register, the claim on it.
    of: Vec<Option<usize>>,
    /// Further claims on a place that has one already: nearly always none.
    further: Vec<(usize, usize)>,
}

impl<'a> Holders<'a> {
    fn of(claims: &'a [Claim], places: usize) -> Self {
        let mut holders = Self { claims, of: vec![None; places], further: vec![] };
        for (id, claim) in claims.iter().enumerate() {
            for place in claim.located.places() {
                match holders.of[place] {
                    None => holders.of[place] = Some(id),
                    Some(_) => holders.further.push((place, id)),
                }
            }
        }
        holders
    }

    fn on(&self, place: usize) -> impl Iterator<Item = &'a Claim> {
        let further = self.further.iter().filter(move |(other, _)| *other == place).map(|(_, claim)| *claim);
        self.of[place].into_iter().chain(further).map(|id| &self.claims[id])
    }
}

/// What is asked of a panel.
struct Question<'a> {
    register: &'a Register,
    map: &'a Map,
    reported: &'a [Reported<'a>],
    rule: Rule,
    period: Period,
    holders: Holders<'a>,
}

/// Why an area has no value that means the same, and the places on which that turns.
type Refusal = (Reason, Vec<usize>);

impl Panel {
    pub fn claim(&mut self, observation: usize, located: Located) {
        self.0.push(Claim { observation, located });
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
        let holders = Holders::of(&self.0, register.places().len());
        let question = Question { register, map, reported, rule, period, holders };
        let mut touched: Vec<(usize, usize)> = Vec::with_capacity(self.0.len());
        for (id, claim) in self.0.iter().enumerate() {
            touched.extend(claim.located.places().flat_map(|place| map.flows(place)).map(|flow| (flow.area, id)));
        }
        touched.sort_unstable();
        let first = done.rows.len();
        // Where the row of an area is, among those made here.
        let mut at = vec![None; map.areas().len()];
        for claims in touched.chunk_by(|a, b| a.0 == b.0) {
            let area = claims[0].0;
            at[area] = Some(done.rows.len() - first);
            done.rows.push(match common(register, &self.0, claims) {
                Some(epoch) => question.judge(area, epoch),
                None => question.mixed(area, claims.iter().map(|(_, claim)| &self.0[*claim])),
            });
        }
        let rows = &done.rows[first..];
        let row = |area: usize| at[area].map(|at: usize| &rows[at]);
        done.left.extend(self.0.iter().filter_map(|claim| question.left(claim, &row)));
    }
}

impl Question<'_> {
    fn judge(&self, area: usize, epoch: usize) -> Row {
        let parts = self.map.parts(epoch, area);
        let sources = self.sources(parts);
        if let Err((reason, mut places)) = self.structure(area, epoch, parts) {
            places.sort_unstable();
            places.dedup();
            return self.refused(area, Explanation { reason, places }, sources);
        }
        let shared = parts.iter().any(|part| part.share != Share::Whole);
        let done = match sources.as_slice() {
            [Source { observation: Some(only), .. }] if !shared => carried(&self.reported[*only]),
            several => {
                let of = |s: &Source| (s.observation.map(|o| &self.reported[o]), s.share.unwrap_or_default());
                combined(&several.iter().map(of).collect::<Vec<_>>(), self.rule.aggregation, shared)
            }
        };
        let quality = match (done.status, done.reason) {
            (ObservationStatus::NotComparable, Some(_)) => Quality::NotComparable,
            _ if shared => Quality::Estimated,
            _ => Quality::Exact,
        };
        Row {
            spot: Spot::Area(area),
            period: self.period,
            value: done.value,
            status: done.status,
            quality,
            method: (quality != Quality::NotComparable).then(|| self.method(area, epoch, parts)),
            explanation: done.reason.map(|reason| self.because(reason, &sources)),
            sources,
        }
    }

    /// Whether the parts of an area can be put together at all, before their values are looked at.
    fn structure(&self, area: usize, epoch: usize, parts: &[Part]) -> Result<(), Refusal> {
        let map = self.map;
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
        if !divided.is_empty() && self.rule.aggregation == Aggregation::None {
            return Err((Reason::NotAggregable, divided));
        }
        if !divided.is_empty() && !self.rule.estimate {
            return Err((Reason::SplitByShare, divided));
        }
        for part in parts {
            if self.holders.on(part.place).nth(1).is_some() {
                return Err((Reason::ReportedTwice, vec![part.place]));
            }
            for claim in self.holders.on(part.place).filter(|claim| claim.located.is_several()) {
                let inside = |place: usize| parts.iter().any(|p| p.place == place && p.share == Share::Whole);
                if !claim.located.places().all(inside) {
                    return Err((Reason::ReportedTogether, claim.located.places().collect()));
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
            let mut claimed = false;
            for observation in self.holders.on(part.place).map(|claim| Some(claim.observation)) {
                claimed = true;
                // A value for several places is one source.
                if !sources.iter().any(|source| source.observation == observation) {
                    sources.push(Source { observation, place, share });
                }
            }
            if !claimed {
                sources.push(Source { observation: None, place, share });
            }
        }
        sources
    }

    /// The places of one period's values are of several maps: adding them might count one twice.
    fn mixed<'c>(&self, area: usize, claims: impl Iterator<Item = &'c Claim>) -> Row {
        let mut parts: Vec<Part> = claims
            .flat_map(|claim| self.map.parts(claim.located.epoch, area))
            .filter(|part| self.holders.of[part.place].is_some())
            .copied()
            .collect();
        parts.sort_by_key(|part| part.place);
        parts.dedup_by_key(|part| part.place);
        let places = parts.iter().map(|part| part.place).collect();
        self.refused(area, Explanation { reason: Reason::MixedMaps, places }, self.sources(&parts))
    }

    fn because(&self, reason: Reason, sources: &[Source]) -> Explanation {
        let of = |source: &&Source| {
            let status = source.observation.map(|o| self.reported[o].status);
            match reason {
                Reason::SuppressedPart => status == Some(ObservationStatus::Suppressed),
                Reason::NotComparablePart => status == Some(ObservationStatus::NotComparable),
                Reason::MissingPart => status.is_none_or(|s| !s.has_value()),
                Reason::MissingWeight => source.observation.is_none_or(|o| self.reported[o].weight.is_none()),
                _ => true,
            }
        };
        let mut places: Vec<usize> = sources.iter().filter(of).filter_map(|source| source.place).collect();
        places.sort_unstable();
        Explanation { reason, places }
    }

    /// What of a value is in no row: the shares of its places that went to areas without a value.
    fn left<'r>(&self, claim: &Claim, row: &dyn Fn(usize) -> Option<&'r Row>) -> Option<Left> {
        let value = self.reported[claim.observation].value?;
        let lost = |value, reason, places| Some(Left { observation: claim.observation, value, reason, places });
        let flows = || claim.located.places().flat_map(|place| self.map.flows(place));
        if flows().next().is_none() {
            return lost(value, Reason::Unrecorded, claim.located.places().collect());
        }
        let without = |area: usize| row(area).filter(|row| row.value.is_none());
        let Explanation { reason, places } = flows().find_map(|flow| without(flow.area)?.explanation.clone())?;
        if claim.located.is_several() {
            return lost(value, reason, places);
        }
        let carried: f64 = flows().filter(|f| without(f.area).is_none()).filter_map(|f| f.share.fraction()).sum();
        lost(value - value * carried, reason, places)
    }

    fn refused(&self, area: usize, explanation: Explanation, sources: Vec<Source>) -> Row {
        Row {
            spot: Spot::Area(area),
            period: self.period,
            value: None,
            status: ObservationStatus::NotComparable,
            quality: Quality::NotComparable,
            method: None,
            explanation: Some(explanation),
            sources,
        }
    }

    /// How a value came about, by comparing the place it was reported for with the one it is for now.
    fn method(&self, area: usize, epoch: usize, parts: &[Part]) -> Method {
        let (map, places) = (self.map, self.register.places());
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
}

/// A map that has all of the places some values are of, of the maps they were reported on.
fn common(register: &Register, all: &[Claim], claims: &[(usize, usize)]) -> Option<usize> {
    let located = || claims.iter().map(|(_, claim)| &all[*claim].located);
    let first = located().next()?.epoch;
    if located().all(|located| located.epoch == first) {
        return Some(first);
    }
    let has_all = |epoch: &usize| located().all(|l| l.places().all(|place| register.is_on(place, *epoch)));
    located().map(|located| located.epoch).filter(has_all).min()
}
