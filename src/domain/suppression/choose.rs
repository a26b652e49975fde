//! Which further cells are hidden beside the small ones.
use super::attack::{Part, moved, parts};
use super::cells::Cells;
use super::rows::Rows;
use super::view::View;
use super::{Exposed, Family, Figure, Policy};
use std::collections::HashSet;

/// Hides further cells until no hidden one is told more exactly than the threshold in any view.
pub(super) fn protect(
    figures: &[Figure],
    cells: &Cells,
    rows: &Rows,
    views: Vec<View>,
    family: &Family,
    hidden: &mut [bool],
) -> Result<(), Exposed> {
    let safe = vec![HashSet::new(); views.len()];
    let mut choice = Choice { figures, cells, rows, views, family, safe };
    let small = hidden.to_vec();
    choice.keep(&small, hidden);
    let kept = hidden.to_vec();
    let mut added = vec![];
    loop {
        let before = added.len();
        for view in 0..choice.views.len() {
            while let Some(told) = choice.told(view, hidden).into_iter().next() {
                let mut cover = choice.cover(view, hidden, &told);
                if cover.is_empty() && !choice.doubt(view, &told) {
                    let next = choice.any(view, hidden, &told);
                    cover.push(next.ok_or_else(|| exposed(cells, told.cell))?);
                }
                cover.iter().for_each(|cell| hidden[*cell] = true);
                added.extend(cover);
            }
        }
        if added.len() == before {
            break;
        }
    }
    // The first that was found may have been too little, and be too much beside those after it.
    for cell in added.into_iter().rev().filter(|cell| !kept[*cell]) {
        hidden[cell] = false;
        if (0..choice.views.len()).any(|view| !choice.told(view, hidden).is_empty()) {
            hidden[cell] = true;
        }
    }
    Ok(())
}

fn exposed(cells: &Cells, cell: usize) -> Exposed {
    let cell = &cells.all[cell];
    Exposed { indicator: cell.indicator, period: cell.key.0 }
}

/// A cell that can be told, and the part of the unknown it is in.
struct Told {
    cell: usize,
    part: Part,
}

struct Choice<'a> {
    figures: &'a [Figure<'a>],
    cells: &'a Cells,
    rows: &'a Rows,
    views: Vec<View>,
    family: &'a Family,
    /// For each view, sets of unknowns that were found not to tell.
    safe: Vec<HashSet<Vec<usize>>>,
}

impl Choice<'_> {
    /// Hides what was hidden before, where it hangs together with something small.
    fn keep(&self, small: &[bool], hidden: &mut [bool]) {
        for (cell, of) in self.cells.all.iter().enumerate() {
            hidden[cell] |= of.figures.iter().any(|i| self.figures[*i].hidden);
        }
        let mut connected = small.to_vec();
        for view in 0..self.views.len() {
            let secret = |v: &usize| self.views[view].is_secret(*v, small);
            for part in self.parts(view, hidden) {
                if part.unknown.iter().any(|(v, _)| secret(v)) {
                    part.unknown.iter().for_each(|(v, _)| {
                        if let Some(cell) = connected.get_mut(*v) {
                            *cell = true
                        }
                    });
                }
            }
        }
        hidden.iter_mut().zip(connected).for_each(|(hidden, connected)| *hidden &= connected);
    }

    fn parts(&self, view: usize, hidden: &[bool]) -> Vec<Part> {
        let mut may_be_nothing: Vec<bool> = self.family.policies.iter().map(|policy| policy.zero_hidden).collect();
        for ((value, cell), hidden) in self.views[view].values.iter().zip(&self.cells.all).zip(hidden) {
            may_be_nothing[cell.indicator] |= *hidden && value.is_some_and(|value| value < 1.0);
        }
        let least = |cell: usize| if may_be_nothing[self.cells.all[cell].indicator] { 0.0 } else { 1.0 };
        parts(&self.views[view], self.rows, hidden, least)
    }

    /// The first cell of each part that can be told.
    fn told(&mut self, view: usize, hidden: &[bool]) -> Vec<Told> {
        let mut all = vec![];
        for part in self.parts(view, hidden) {
            let of: Vec<usize> = part.unknown.iter().map(|(variable, _)| *variable).collect();
            if self.safe[view].contains(&of) {
                continue;
            }
            let secret = |v: &&usize| self.views[view].is_secret(**v, hidden);
            match of.iter().filter(secret).find(|v| part.tells(**v, self.policy(**v).threshold)) {
                Some(cell) => all.push(Told { cell: *cell, part }),
                None => drop(self.safe[view].insert(of)),
            }
        }
        all
    }

    /// The cells that are best hidden to protect one: those that would have to differ, at the least cost, if it were larger
    /// by the threshold and all that stays published were as it is. None where nothing would do.
    fn cover(&self, view: usize, hidden: &[bool], told: &Told) -> Vec<usize> {
        let values = &self.views[view].values;
        let free = |variable: usize| {
            let open = self.views[view].value(variable).is_none() && !self.views[view].nothing[variable];
            open || self.views[view].is_secret(variable, hidden)
        };
        let costs: Vec<Option<f64>> = (0..self.rows.variables)
            .map(|variable| match values.get(variable).copied().flatten() {
                _ if free(variable) => Some(0.0),
                // Nothing is no cover: it takes from no other what can be told of it.
                Some(value) if value != 0.0 && self.policy(variable).hides() => Some(self.cost(variable, value)),
                _ => None,
            })
            .collect();
        let room = |variable: usize| match self.views[view].value(variable) {
            Some(value) => (value - 1.0).max(0.0),
            None => self.views[view].guess[variable],
        };
        let moved = moved(self.rows, told.cell, self.policy(told.cell).threshold, &costs, room);
        moved.into_iter().filter(|variable| !free(*variable)).collect()
    }

    /// Any cell that hangs together with one: what is left where it cannot be larger by as much, whatever is hidden.
    fn any(&self, view: usize, hidden: &[bool], told: &Told) -> Option<usize> {
        let within = told.part.rows.iter().flat_map(|known| &self.rows.rows[known.row]).map(|(variable, _)| *variable);
        let published =
            within.filter(|cell| hidden.get(*cell).is_some_and(|hidden| !hidden) && self.policy(*cell).hides());
        let priced = published
            .filter_map(|cell| Some((self.cost(cell, self.views[view].value(cell).filter(|v| *v != 0.0)?), cell)));
        priced.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, cell)| cell)
    }

    /// How the indicator of a cell hides.
    fn policy(&self, cell: usize) -> &Policy {
        &self.family.policies[self.cells.all[cell].indicator]
    }

    /// What it costs to hide a cell, by how much of the nation it covers, by its value, and more for a whole than for a part. Who has a copy of what was
    /// published is not stopped by hiding that: what has been seen is hidden where nothing else will do.
    fn cost(&self, cell: usize, value: f64) -> f64 {
        const SEEN: f64 = 1_000.0;
        let of = &self.cells.all[cell];
        let seen = of.figures.iter().any(|i| self.figures[*i].seen);
        // A count of a whole county weighs more than the largest of a municipality; beyond a million all are large.
        let rank = [1.0, 1.5, 8.0, 12.0, 40.0][of.rank.min(4)];
        const DIVIDED: f64 = 3.0;
        let whole = if self.family.is_divided(of.indicator) { DIVIDED } else { 1.0 };
        let cost = whole * rank * (1.0 + value.abs().clamp(1.0, 1e6).log10());
        if seen { cost * SEEN } else { cost }
    }

    /// Takes what has no figure near a cell to be open, where it was taken to be nothing: where no figure is left to hide,
    /// that is no more than a guess. Says whether there was any.
    fn doubt(&mut self, view: usize, told: &Told) -> bool {
        let mut any = false;
        for known in told.part.rows.iter().filter(|known| known.terms.iter().any(|(v, _)| *v == told.cell)) {
            for (variable, _) in &self.rows.rows[known.row] {
                any |= std::mem::take(&mut self.views[view].nothing[*variable]);
            }
        }
        any
    }
}
