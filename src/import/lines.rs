//! Where a part of a text is, as a line and a character of it.
use crate::error::Place;

/// A text and where its lines begin.
pub struct Lines<'t> {
    text: &'t str,
    begins: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        Self { text, begins: std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect() }
    }

    /// The place of `part`, which is a part of the text and no copy of one.
    pub fn place(&self, part: &str) -> Place {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        let line = self.begins.partition_point(|begin| *begin <= at);
        let begin = self.begins.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Place { line, column: self.text.get(begin..at).map(|before| before.chars().count() + 1) }
    }
}
