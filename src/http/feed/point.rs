//! A place in the log of changes: what a reader has seen, and where it goes on.
use std::fmt;

/// After a whole revision (`42`), or after one of its changes (`42.1000`), so that a reader can stop within a large one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    pub revision: i64,
    /// The last position seen; [`Point::WHOLE`] where all of the revision was.
    pub position: i64,
}

impl Point {
    /// Beyond every position a revision can have.
    pub const WHOLE: i64 = i64::MAX;

    /// After a whole revision; after revision 0 lies everything.
    pub const fn after(revision: i64) -> Self {
        Self { revision, position: Self::WHOLE }
    }

    /// Reads `42` and `42.1000`. The error is a sentence for people.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let wrong = "must be a revision number, or a revision and a position such as 42.1000";
        let number = |digits: &str| {
            let plain = (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            let plain = plain && (digits == "0" || !digits.starts_with('0'));
            plain.then(|| digits.parse().ok()).flatten().ok_or(wrong)
        };
        match text.split_once('.') {
            None => Ok(Self::after(number(text)?)),
            Some((revision, position)) => Ok(Self { revision: number(revision)?, position: number(position)? }),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Self::WHOLE => write!(f, "{}", self.revision),
            position => write!(f, "{}.{position}", self.revision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_written_as_it_was_read() {
        for text in ["0", "42", "42.1000", "7.0", "999999999999999999"] {
            assert_eq!(Point::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "-1", "4.", ".4", "4.5.6", "04", "4.05", "x", "1e3", "٤", "9999999999999999999"] {
            assert!(Point::parse(bad).is_err(), "{bad}");
        }
        let order = ["41", "42.1", "42.2", "42", "43.1"].map(|text| Point::parse(text).unwrap());
        assert!(order.is_sorted());
    }
}
