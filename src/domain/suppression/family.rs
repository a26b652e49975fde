//! Indicators that are judged together, as the figures of one may give away those of another.
use super::Policy;

/// An indicator by itself, or wholes and their parts.
#[derive(Debug, Clone, Default)]
pub struct Family {
    /// Of each indicator, how its small numbers are hidden.
    pub policies: Vec<Policy>,
    pub divisions: Vec<Division>,
}

/// One way in which an indicator is divided: by sex, say, or by cause. Nothing is in two of the parts; what is in none of
/// them is the rest.
#[derive(Debug, Clone)]
pub struct Division {
    /// Positions among the indicators.
    pub whole: usize,
    pub parts: Vec<usize>,
}

impl Family {
    /// An indicator that has nothing to do with others.
    pub fn alone(policy: Policy) -> Self {
        Self { policies: vec![policy], divisions: vec![] }
    }

    /// Whether others count the parts of an indicator.
    pub fn is_divided(&self, indicator: usize) -> bool {
        self.divisions.iter().any(|division| division.whole == indicator)
    }
}
