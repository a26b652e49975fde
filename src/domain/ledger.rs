//! The reckoning of a plan's money: which line is part of which, what adds up, and what remains.
//!
//! * Only lines of one flow and one stage are ever added: a planned and a paid krone are one krone seen twice, and free
//!   income and grants are different kinds of money.
//! * A line lies within another of its flow, stage and measure when its period and its region do; it is then a part of
//!   it, and is not added beside it.
//! * Parts and their remainder make the whole, to the krone. What nobody itemised is the remainder, never left out.
//! * A sum is not given where a line in it has no amount, or where two lines overlap without one holding the other: it
//!   would count money twice or miss some.
use super::vocabulary::{Flow, Stage};
use super::{Level, Period, Region};
use std::collections::BTreeMap;

/// What the reckoning needs to know of a line.
pub trait Money {
    fn amount_nok(&self) -> Option<i64>;
    fn flow(&self) -> Flow;
    fn stage(&self) -> Stage;
    fn period(&self) -> Period;
    /// A region key; `None` is the whole country.
    fn region(&self) -> Option<&str>;
    fn measure(&self) -> Option<&str>;
    /// Whether it counts within the frame of its plan; `None` where no source says.
    fn inside_frame(&self) -> Option<bool>;
}

/// A line with the lines that are part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch<L> {
    pub line: L,
    pub parts: Vec<Branch<L>>,
    /// The amount less its parts. `None` without parts, or where an amount is not known.
    pub remainder_nok: Option<i64>,
}

/// Lines of one flow, stage and measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Block<L> {
    pub lines: Vec<Branch<L>>,
    pub sum_nok: Option<i64>,
}

/// Lines of one period, flow and stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<L> {
    pub period: Period,
    pub flow: Flow,
    pub stage: Stage,
    pub block: Block<L>,
}

/// A frame set against what is itemised within it by lines of one flow and stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciled<L> {
    pub flow: Flow,
    pub stage: Stage,
    /// By measure; lines under no measure come first.
    pub measures: BTreeMap<Option<String>, Block<L>>,
    pub itemised_nok: Option<i64>,
    /// The frame less what is itemised; negative where more is itemised than the frame holds.
    pub remainder_nok: Option<i64>,
}

/// The lines of a plan, each in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<L> {
    /// What was said of the frame as a whole.
    pub frame: Vec<L>,
    pub inside: Vec<L>,
    pub outside: Vec<L>,
    /// Of a measure, where no source says whether it counts within the frame.
    pub by_measure: BTreeMap<String, Vec<L>>,
    /// Of no measure, where no source says so either.
    pub unplaced: Vec<L>,
}

/// Puts every line in its one place.
pub fn place<L: Money>(lines: Vec<L>) -> Placed<L> {
    let mut placed =
        Placed { frame: vec![], inside: vec![], outside: vec![], by_measure: BTreeMap::new(), unplaced: vec![] };
    for line in lines {
        match (line.flow(), line.inside_frame(), line.measure().map(str::to_owned)) {
            (Flow::Frame, ..) => placed.frame.push(line),
            (_, Some(true), _) => placed.inside.push(line),
            (_, Some(false), _) => placed.outside.push(line),
            (_, None, Some(measure)) => placed.by_measure.entry(measure).or_default().push(line),
            (_, None, None) => placed.unplaced.push(line),
        }
    }
    placed
}

/// Sets a frame against the lines within it, for each flow and stage by itself. Where no line is within it, the whole
/// frame remains of what was to be allotted.
pub fn reconcile<L: Money>(frame_nok: Option<i64>, inside: Vec<L>) -> Vec<Reconciled<L>> {
    let mut kinds: BTreeMap<(usize, usize), BTreeMap<Option<String>, Vec<L>>> = BTreeMap::new();
    for line in inside {
        let measures = kinds.entry((line.stage() as usize, line.flow() as usize)).or_default();
        measures.entry(line.measure().map(str::to_owned)).or_default().push(line);
    }
    if let (Some(_), true) = (frame_nok, kinds.is_empty()) {
        let (flow, stage, measures) = (Flow::Allocation, Stage::Planned, BTreeMap::new());
        return vec![Reconciled { flow, stage, measures, itemised_nok: Some(0), remainder_nok: frame_nok }];
    }
    kinds
        .into_values()
        .filter_map(|measures| {
            let (flow, stage) = measures.values().flatten().next().map(|line| (line.flow(), line.stage()))?;
            let measures: BTreeMap<_, _> = measures.into_iter().map(|(name, lines)| (name, block(lines))).collect();
            let itemised_nok = sum(measures.values().map(|block| block.sum_nok));
            let remainder_nok = difference(frame_nok, itemised_nok);
            Some(Reconciled { flow, stage, measures, itemised_nok, remainder_nok })
        })
        .collect()
}

/// Groups lines by period, flow and stage, the earliest first.
pub fn by_period<L: Money>(lines: Vec<L>) -> Vec<Group<L>> {
    let mut groups: BTreeMap<_, Vec<L>> = BTreeMap::new();
    for line in lines {
        let period = line.period();
        groups.entry((period.start, period.end, line.flow() as usize, line.stage() as usize)).or_default().push(line);
    }
    groups
        .into_values()
        .filter_map(|lines| {
            let (period, flow, stage) = lines.first().map(|line| (line.period(), line.flow(), line.stage()))?;
            Some(Group { period, flow, stage, block: block(lines) })
        })
        .collect()
}

/// Nests lines of one flow, stage and measure, and adds up the outermost.
fn block<L: Money>(lines: Vec<L>) -> Block<L> {
    let crossing = (0..lines.len()).any(|i| lines[..i].iter().any(|other| crosses(&lines[i], other)));
    let lines = nest(lines);
    let sum_nok = if crossing { None } else { sum(lines.iter().map(|branch| branch.line.amount_nok())) };
    Block { lines, sum_nok }
}

/// Puts each line under the nearest that holds it.
fn nest<L: Money>(lines: Vec<L>) -> Vec<Branch<L>> {
    let holders: Vec<Option<usize>> = (0..lines.len())
        .map(|i| {
            let holding = (0..lines.len()).filter(|&j| holds(&lines[j], &lines[i]));
            // The nearest is the one that all others hold.
            holding.min_by_key(|&j| {
                let period = lines[j].period();
                (std::cmp::Reverse(breadth(lines[j].region())), period.end - period.start, j)
            })
        })
        .collect();
    let mut branches: Vec<Option<Branch<L>>> =
        lines.into_iter().map(|line| Some(Branch { line, parts: vec![], remainder_nok: None })).collect();
    // Inner lines are put away before those that hold them: a line is held by fewer than its own parts are.
    let depth = |mut i: usize| {
        let mut depth = 0;
        while let Some(holder) = holders[i] {
            (i, depth) = (holder, depth + 1);
        }
        depth
    };
    let mut order: Vec<usize> = (0..branches.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(depth(i)), i));
    for i in order {
        if let (Some(holder), Some(branch)) = (holders[i], branches[i].as_mut()) {
            branch.settle();
            let branch = branches[i].take();
            if let (Some(whole), Some(part)) = (branches[holder].as_mut(), branch) {
                whole.parts.push(part);
            }
        }
    }
    let mut outermost: Vec<Branch<L>> = branches.into_iter().flatten().collect();
    outermost.iter_mut().for_each(Branch::settle);
    outermost
}

impl<L: Money> Branch<L> {
    fn settle(&mut self) {
        if !self.parts.is_empty() {
            let crossing = (0..self.parts.len())
                .any(|i| self.parts[..i].iter().any(|other| crosses(&self.parts[i].line, &other.line)));
            let itemised = sum(self.parts.iter().map(|part| part.line.amount_nok())).filter(|_| !crossing);
            self.remainder_nok = difference(self.line.amount_nok(), itemised);
        }
    }
}

/// Whether the first holds the second: they are of one measure, and its period and its region hold the other's.
fn holds<L: Money>(whole: &L, part: &L) -> bool {
    let (outer, inner) = (whole.period(), part.period());
    let same = outer == inner && within(whole.region(), part.region());
    whole.measure() == part.measure() && inner.within(&outer) && within(part.region(), whole.region()) && !same
}

/// Whether two lines share time and place without one holding the other: added, they would count money twice.
fn crosses<L: Money>(one: &L, other: &L) -> bool {
    let (a, b) = (one.period(), other.period());
    let apart = a.end < b.start || b.end < a.start;
    let (inner, outer) = (within(one.region(), other.region()), within(other.region(), one.region()));
    let same = a == b && inner && outer;
    let meet = !apart && (inner || outer) && one.measure() == other.measure();
    meet && !same && !holds(one, other) && !holds(other, one)
}

fn breadth(region: Option<&str>) -> usize {
    match region.and_then(|key| Region::parse(key).ok()).map(|region| region.level) {
        None | Some(Level::Nation) => 0,
        Some(Level::HealthRegion) => 1,
        Some(Level::County) => 2,
        Some(Level::Unit | Level::Municipality) => 3,
    }
}

/// Whether a region lies within another, by the codes of one day; a region lies within itself.
fn within(inner: Option<&str>, outer: Option<&str>) -> bool {
    match (inner, outer) {
        (_, None | Some("NO")) => true,
        (None | Some("NO"), _) => false,
        (Some(inner), Some(outer)) => {
            let county = || Region::parse(inner).ok().and_then(|region| region.county());
            inner == outer || county().is_some_and(|county| county == outer)
        }
    }
}

/// The sum, where every part is known and the sum is a number of kroner.
fn sum(parts: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    parts.map(|part| part.map(i128::from)).sum::<Option<i128>>().and_then(|sum| i64::try_from(sum).ok())
}

fn difference(whole: Option<i64>, part: Option<i64>) -> Option<i64> {
    whole.zip(part).and_then(|(whole, part)| whole.checked_sub(part))
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
