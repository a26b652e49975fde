//! `per=`: a value or a sum divided by the population of its place, with both beside it.
use super::asked::Asked;
use super::parameter::{Parameter, Shape};

/// The words of `per=`.
pub const PER: &[&str] = &["capita", "1000", "10000", "100000"];

/// For how many inhabitants a value is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Per {
    word: &'static str,
    inhabitants: f64,
}

impl Per {
    pub fn parameter(about: &str) -> Parameter {
        Parameter::new("per", about, Shape::Word(PER))
    }

    /// What is asked for, if anything is.
    pub fn of(asked: &Asked) -> Option<Self> {
        let given = asked.one("per")?;
        let word = PER.iter().find(|word| **word == given)?;
        // `capita` is the one word that is no number.
        Some(Self { word, inhabitants: word.parse().unwrap_or(1.0) })
    }

    /// The field that holds a value divided: `sum_nok_per_1000`.
    pub fn field(self, value: &str) -> String {
        format!("{value}_per_{}", self.word)
    }

    /// A value divided by a population. A place without inhabitants has none.
    pub fn divide(self, value: Option<f64>, population: Option<f64>) -> Option<f64> {
        value.zip(population.filter(|n| *n > 0.0)).map(|(value, n)| value * self.inhabitants / n)
    }
}
