//! Small numbers: which counts of persons are not published, because they are small or would give away one that is.
//!
//! A count below the threshold of its indicator is hidden (`primary`). What is left must not give it away: who subtracts
//! the other municipalities of a county from the county has it. So further counts are hidden (`complementary`) until no
//! hidden one can be told more exactly than the threshold from all that is published. The verdict is that of the attack
//! itself: for every hidden count its least and its largest possible value are found by linear programming over
//!
//! * municipality ⊂ county ⊂ nation, municipality ⊂ health region, and several municipalities reported together;
//! * one period on the maps of several days: what exchanged anything is one unit on both, and has one sum;
//! * periods that add up to a longer one, where the figures show that they do;
//! * an indicator that others count the parts of: all deaths, and those of women and of men;
//! * every state that the vintages of the figures have been in;
//! * that no count is negative, and that a hidden one is at least 1 where zeros are published.
//!
//! A figure that is not there may be nothing: where what is there adds up to its whole, it is taken to be. A figure that
//! its source hides is protected like one that we hide.
//!
//! The rules, each decided here once:
//!
//! * A count is one cell over all its vintages: hidden in one, it is hidden in all.
//! * What has been hidden stays hidden for as long as it is connected with a small count: no verdict takes turns.
//! * Of the cells that could be hidden beside a small one, those that nobody has seen go first, then municipalities before
//!   counties before the nation, then the smaller.
mod attack;
mod cells;
mod choose;
mod division;
mod family;
mod policy;
mod rows;
mod view;

pub use cells::{Geography, Key, Spot};
pub use family::{Division, Family};
pub use policy::{DEFAULT_THRESHOLD, FLOOR, Policy, default_threshold};

use crate::domain::Period;
use crate::domain::vocabulary::vocabulary;
use cells::Cells;
use chrono::NaiveDate;
use std::collections::HashSet;

vocabulary! {
    /// Why a figure is not published.
    Withheld {
        /// It counts fewer than the threshold.
        Primary => "primary",
        /// It would give away one that does.
        Complementary => "complementary",
        /// It is a rate of a count that is not published.
        Rate => "rate",
    }
}

/// A figure as it is judged: one vintage of a count, with its true value.
#[derive(Debug, Clone)]
pub struct Figure<'a> {
    /// Which of the indicators that are judged together it is of.
    pub indicator: usize,
    /// The region key.
    pub region: &'a str,
    pub period: Period,
    /// The day whose map the region is from, where it is not that of the period.
    pub mapped_on: Option<NaiveDate>,
    /// The vintage.
    pub published: &'a str,
    /// The true value; none where there is none, or nobody here knows it.
    pub value: Option<f64>,
    /// Whether the source itself hides it.
    pub suppressed: bool,
    /// Whether it was hidden before.
    pub hidden: bool,
    /// Whether a value of it has been published, so that there may be copies.
    pub seen: bool,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// For each figure, why it is not published; none where it is.
    pub withheld: Vec<Option<Withheld>>,
    /// What is hidden of each indicator: every figure of these, of whatever vintage and version.
    pub hidden: HashSet<(usize, Key)>,
}

/// That no choice of further figures protects the hidden ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    /// The indicator of a figure that could be told.
    pub indicator: usize,
    /// Its period.
    pub period: Period,
}

/// Judges all figures of some indicators for periods that have anything to do with one another.
pub fn judge(geography: &Geography, figures: &[Figure], family: &Family) -> Result<Verdict, Exposed> {
    let policy = |i: &usize| &family.policies[figures[*i].indicator];
    let cells = Cells::of(geography, figures);
    let small = |i: &usize| figures[*i].value.is_some_and(|value| policy(i).is_small(value));
    let primary: Vec<bool> = cells.all.iter().map(|cell| cell.figures.iter().any(small)).collect();
    let mut hidden = primary.clone();
    // Most periods have no small count, and nothing to ask of the register.
    let secret = |i: &usize| policy(i).hides() && figures[*i].suppressed || small(i);
    if cells.all.iter().any(|cell| cell.figures.iter().any(secret)) {
        let rows = rows::of(geography, figures, &cells, family);
        let views = view::all(figures, &cells, &rows);
        choose::protect(figures, &cells, &rows, views, family, &mut hidden)?;
    }
    let why = |cell: usize| match (hidden[cell], primary[cell]) {
        (false, _) => None,
        (true, true) => Some(Withheld::Primary),
        (true, false) => Some(Withheld::Complementary),
    };
    Ok(Verdict {
        withheld: cells.of.iter().map(|cell| why(*cell)).collect(),
        hidden: cells
            .all
            .iter()
            .zip(&hidden)
            .filter(|(_, hidden)| **hidden)
            .map(|(cell, _)| (cell.indicator, cell.key.clone()))
            .collect(),
    })
}

#[cfg(test)]
mod tests;
