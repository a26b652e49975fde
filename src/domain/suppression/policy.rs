//! What an indicator says of its small numbers.
use crate::domain::vocabulary::Unit;

/// Counts of persons below this are hidden, unless their indicator says otherwise.
pub const DEFAULT_THRESHOLD: i64 = 5;
/// The least a threshold may be: a lower one would leave a hidden count only two values to have.
pub const FLOOR: i64 = 3;

/// The threshold of an indicator that names none. One of an indicator that does not count persons is none at all.
pub fn default_threshold(unit: Unit) -> Option<i64> {
    matches!(unit, Unit::Persons | Unit::Deaths | Unit::Patients).then_some(DEFAULT_THRESHOLD)
}

/// How the small numbers of an indicator are hidden.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Counts below it are hidden; 0 where none is.
    pub threshold: f64,
    /// Whether 0 is hidden too.
    pub zero_hidden: bool,
    /// Whether the figures of places add up to that of the whole.
    pub adds: bool,
}

impl Policy {
    /// Whether any figure may be hidden.
    pub fn hides(&self) -> bool {
        self.threshold > 0.0
    }

    /// Whether a count is too small to be published.
    pub fn is_small(&self, value: f64) -> bool {
        self.hides() && value < self.threshold && (value != 0.0 || self.zero_hidden)
    }
}
