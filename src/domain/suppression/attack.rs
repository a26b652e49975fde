//! What can be told of hidden counts, by linear programming.
use super::rows::{Row, Rows};
use super::view::View;
use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, Variable};
use std::collections::{BTreeMap, HashMap};

/// Sums of counts are exact; what differs by less differs by the arithmetic of doubles.
const EXACT: f64 = 1e-6;

/// Relations between unknowns that hang together: what is known has been brought to the other side.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// In order; each with the least it can be.
    pub unknown: Vec<(usize, f64)>,
    pub rows: Vec<Known>,
}

/// A relation between unknowns.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Its number among the rows.
    pub row: usize,
    pub terms: Row,
    /// What the terms add up to.
    pub sum: f64,
}

impl Known {
    /// The range of an unknown by this relation alone; all of it where terms of both signs leave it open.
    pub fn range(&self, target: usize, least: impl Fn(usize) -> f64) -> (f64, f64) {
        let open = (least(target), f64::INFINITY);
        let Some(sign) = self.terms.first().map(|(_, sign)| *sign) else { return open };
        if self.terms.iter().any(|(_, other)| *other != sign) {
            return open;
        }
        let sum = self.sum / sign;
        let others: f64 = self.terms.iter().filter(|(v, _)| *v != target).map(|(v, _)| least(*v)).sum();
        (if self.terms.len() > 1 { least(target) } else { sum }, sum - others)
    }
}

/// What is unknown in a view when some cells are hidden, in parts that have nothing to do with one another. `least` is
/// what the count of a hidden cell is at least.
pub(super) fn parts(view: &View, rows: &Rows, hidden: &[bool], least: impl Fn(usize) -> f64) -> Vec<Part> {
    // What has no figure is taken to be nothing only beside something that is published: there it shows.
    let published = |(v, _): &(usize, f64)| view.value(*v).is_some() && !view.is_secret(*v, hidden);
    let mut nothing = vec![false; rows.variables];
    for row in rows.rows.iter().filter(|row| row.iter().any(published)) {
        row.iter().for_each(|(variable, _)| nothing[*variable] = view.nothing[*variable]);
    }
    let unknown =
        |variable: usize| view.is_secret(variable, hidden) || view.value(variable).is_none() && !nothing[variable];
    let solved = solved(view, rows, unknown, |variable| view.is_secret(variable, hidden));
    let known = |variable: usize| solved.get(&variable).copied().or(view.value(variable)).unwrap_or_default();
    let unknown = |variable: usize| unknown(variable) && !solved.contains_key(&variable);
    let of = |variable: usize| (variable, if view.is_secret(variable, hidden) { least(variable) } else { 0.0 });
    let mut joined: Vec<usize> = (0..rows.variables).collect();
    let mut open = vec![];
    for (n, row) in rows.rows.iter().enumerate() {
        let terms: Row = row.iter().filter(|(variable, _)| unknown(*variable)).copied().collect();
        let Some((first, _)) = terms.first().copied() else { continue };
        let published: f64 = row.iter().filter(|(v, _)| !unknown(*v)).map(|(v, sign)| sign * known(*v)).sum();
        for (other, _) in &terms {
            let (a, b) = (root(&mut joined, first), root(&mut joined, *other));
            joined[a.max(b)] = a.min(b);
        }
        open.push(Known { row: n, terms, sum: view.short[n] - published });
    }
    let mut found: BTreeMap<usize, Part> = BTreeMap::new();
    for variable in (0..rows.variables).filter(|variable| unknown(*variable)) {
        found.entry(root(&mut joined, variable)).or_default().unknown.push(of(variable));
    }
    for row in open {
        let of = root(&mut joined, row.terms[0].0);
        found.entry(of).or_default().rows.push(row);
    }
    found.into_values().collect()
}

/// What has no figure and is told by a relation in which all else is known. There may be hundreds of such, which would only
/// make the problems that are solved for what is hidden large.
fn solved(
    view: &View,
    rows: &Rows,
    unknown: impl Fn(usize) -> bool,
    secret: impl Fn(usize) -> bool,
) -> HashMap<usize, f64> {
    let mut solved: HashMap<usize, f64> = HashMap::new();
    loop {
        let before = solved.len();
        for (n, row) in rows.rows.iter().enumerate() {
            let mut open = row.iter().filter(|(v, _)| unknown(*v) && !solved.contains_key(v));
            let (Some((only, sign)), None) = (open.next(), open.next()) else { continue };
            if !secret(*only) {
                let known = |v: &usize| solved.get(v).copied().or(view.value(*v)).unwrap_or_default();
                let others: f64 = row.iter().filter(|(v, _)| v != only).map(|(v, sign)| sign * known(v)).sum();
                solved.insert(*only, (view.short[n] - others) / sign);
            }
        }
        if solved.len() == before {
            return solved;
        }
    }
}

fn root(joined: &mut [usize], mut of: usize) -> usize {
    while joined[of] != of {
        joined[of] = joined[joined[of]];
        of = joined[of];
    }
    of
}

impl Part {
    /// The least an unknown can be.
    pub fn least(&self, variable: usize) -> f64 {
        let at = self.unknown.binary_search_by_key(&variable, |(v, _)| *v);
        at.map_or(0.0, |at| self.unknown[at].1)
    }

    /// Whether an unknown can be told more exactly than `width`. What cannot be solved counts as told.
    pub fn tells(&self, target: usize, width: f64) -> bool {
        let (low, high) = match self.rows.as_slice() {
            [] => return false,
            [only] => only.range(target, |variable| self.least(variable)),
            _ => match self.solved(target) {
                Some(range) => range,
                None => return true,
            },
        };
        high - low < width - EXACT
    }

    fn solved(&self, target: usize) -> Option<(f64, f64)> {
        let bound = |direction| {
            let mut problem = Problem::new(direction);
            let variables: BTreeMap<usize, Variable> = self
                .unknown
                .iter()
                .map(|(v, least)| (*v, problem.add_var(f64::from(u8::from(*v == target)), (*least, f64::INFINITY))))
                .collect();
            for row in &self.rows {
                let terms: Vec<(Variable, f64)> = row.terms.iter().map(|(v, sign)| (variables[v], *sign)).collect();
                problem.add_constraint(terms, ComparisonOp::Eq, row.sum);
            }
            problem.solve().map(|outcome| outcome.into_solution().ok().map(|solution| solution.objective()))
        };
        let high = match bound(OptimizationDirection::Maximize) {
            Ok(found) => found?,
            Err(Error::Unbounded) => return Some((0.0, f64::INFINITY)),
            Err(_) => return None,
        };
        Some((bound(OptimizationDirection::Minimize).ok()??, high))
    }
}

/// The variables that differ where one is larger by so much and all relations still hold, at the least cost; one that has
/// none may not differ. `room` is how much less one can be.
pub(super) fn moved(
    rows: &Rows,
    target: usize,
    by: f64,
    costs: &[Option<f64>],
    room: impl Fn(usize) -> f64,
) -> Vec<usize> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut changes: BTreeMap<usize, (Variable, Variable)> = BTreeMap::new();
    for (variable, cost) in costs.iter().enumerate() {
        let Some(cost) = cost else { continue };
        // By no way at no cost, or it would go in circles.
        let cost = cost.max(1e-2);
        let (up, down) =
            if variable == target { ((by, by), (0.0, 0.0)) } else { ((0.0, f64::INFINITY), (0.0, room(variable))) };
        changes.insert(variable, (problem.add_var(cost, up), problem.add_var(cost, down)));
    }
    for row in &rows.rows {
        let terms: Vec<(Variable, f64)> = row
            .iter()
            .filter_map(|(variable, sign)| Some((changes.get(variable)?, *sign)))
            .flat_map(|((up, down), sign)| [(*up, sign), (*down, -sign)])
            .collect();
        if !terms.is_empty() {
            problem.add_constraint(terms, ComparisonOp::Eq, 0.0);
        }
    }
    let Some(solution) = problem.solve().ok().and_then(|outcome| outcome.into_solution().ok()) else { return vec![] };
    let differs =
        |(up, down): &(Variable, Variable)| (solution.var_value(*up) - solution.var_value(*down)).abs() > EXACT;
    changes.iter().filter(|(_, change)| differs(change)).map(|(variable, _)| *variable).collect()
}

/// Finds by what relations fall short, and what may be taken to be nothing: what is unknown without being hidden is as
/// small as the figures allow.
pub(super) fn reconcile(view: &mut View, rows: &Rows) {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut unknown: BTreeMap<usize, Variable> = BTreeMap::new();
    let mut open = vec![];
    for (n, row) in rows.rows.iter().enumerate() {
        let known: f64 = row.iter().filter_map(|(v, sign)| Some(sign * view.value(*v)?)).sum();
        let rest: Row = row.iter().filter(|(v, _)| view.value(*v).is_none()).copied().collect();
        if rest.is_empty() {
            view.short[n] = if known.abs() < EXACT { 0.0 } else { known };
            continue;
        }
        let mut terms: Vec<(Variable, f64)> = vec![];
        for (variable, sign) in rest {
            let added = unknown.entry(variable).or_insert_with(|| problem.add_var(1.0, (0.0, f64::INFINITY)));
            terms.push((*added, sign));
        }
        // So dear that what is unknown takes up as much as it can.
        const DEAR: f64 = 1e4;
        let (over, under) = (problem.add_var(DEAR, (0.0, f64::INFINITY)), problem.add_var(DEAR, (0.0, f64::INFINITY)));
        terms.extend([(over, -1.0), (under, 1.0)]);
        problem.add_constraint(terms, ComparisonOp::Eq, -known);
        open.push((n, over, under));
    }
    if open.is_empty() {
        return;
    }
    // Where it cannot be solved the unknown stay as open as they are, and what can be told is told of them.
    let Some(solution) = problem.solve().ok().and_then(|outcome| outcome.into_solution().ok()) else { return };
    let tidy = |value: f64| if value.abs() < EXACT { 0.0 } else { value };
    for (row, over, under) in open {
        view.short[row] = tidy(solution.var_value(over) - solution.var_value(under));
    }
    for (variable, added) in unknown {
        view.guess[variable] = tidy(solution.var_value(added)).max(0.0);
        view.nothing[variable] = !view.is_suppressed(variable) && view.guess[variable] == 0.0;
    }
}
