//! What can be seen of the cells: a value for each, by one choice among the vintages.
use super::Figure;
use super::attack;
use super::cells::{Cell, Cells};
use super::rows::Rows;
use std::collections::BTreeSet;

/// One state that the figures have been in, as it would be without anything hidden.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    /// The true value of each cell; none where there is none, or nobody here knows it.
    pub values: Vec<Option<f64>>,
    /// Cells that the source hides.
    pub suppressed: Vec<bool>,
    /// For each relation what it falls short of zero by. Figures of several sources or with persons of unknown residence
    /// do not add up exactly; who attacks is taken to know by how much.
    pub short: Vec<f64>,
    /// What a variable without a value is at least, as the others have it: no more than that can be taken from it.
    pub guess: Vec<f64>,
    /// Variables without a figure that are taken to be nothing, since what is there adds up without them.
    pub nothing: Vec<bool>,
}

/// The states that the vintages of the figures have been in: as published by the day of each, and the first of each.
pub(super) fn all(figures: &[Figure], cells: &Cells, rows: &Rows) -> Vec<View> {
    let days: BTreeSet<&str> = figures.iter().map(|figure| figure.published).collect();
    let by = |day: &str| {
        let newest = |cell: &Cell| cell.figures.iter().rev().find(|i| figures[**i].published <= day).copied();
        cells.all.iter().map(newest).collect::<Vec<_>>()
    };
    let first: Vec<Option<usize>> = cells.all.iter().map(|cell| cell.figures.first().copied()).collect();
    let mut shown: Vec<Vec<Option<usize>>> = days.into_iter().map(by).chain([first]).collect();
    shown.sort();
    shown.dedup();
    shown.into_iter().map(|shown| View::of(figures, &shown, rows)).collect()
}

impl View {
    fn of(figures: &[Figure], shown: &[Option<usize>], rows: &Rows) -> Self {
        let values = shown.iter().map(|figure| figures[(*figure)?].value).collect();
        let suppressed = shown.iter().map(|figure| figure.is_some_and(|i| figures[i].suppressed)).collect();
        let (short, guess) = (vec![0.0; rows.rows.len()], vec![0.0; rows.variables]);
        let mut view = Self { values, suppressed, short, guess, nothing: vec![false; rows.variables] };
        attack::reconcile(&mut view, rows);
        view
    }

    /// The true value of a variable.
    pub fn value(&self, variable: usize) -> Option<f64> {
        self.values.get(variable).copied().flatten()
    }

    /// Whether the source hides it.
    pub fn is_suppressed(&self, variable: usize) -> bool {
        self.suppressed.get(variable).copied().unwrap_or(false)
    }

    /// Whether it has a value that must not be told. A hidden cell that has none here is no secret here.
    pub fn is_secret(&self, variable: usize, hidden: &[bool]) -> bool {
        let hidden = hidden.get(variable).copied().unwrap_or(false);
        hidden && self.value(variable).is_some() || self.is_suppressed(variable)
    }
}
