//! Ids: readable, URL-safe, the same in a path, a file name and a spreadsheet.

/// The longest an id may be, in characters.
pub const LONGEST: usize = 120;

/// Checks an id: letters a–z (upper case in region keys only), digits, `-`, `.`; it begins with a letter or a digit.
pub fn check(id: &str) -> Result<(), String> {
    let shaped = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    match id.bytes().next() {
        Some(first) if shaped && first.is_ascii_alphanumeric() && id.len() <= LONGEST => Ok(()),
        _ => {
            Err(format!("must be 1 to {LONGEST} characters of a–z, 0–9, `-` and `.`, beginning with a letter or digit"))
        }
    }
}

/// The ids in a list written with one space between them, as `goals` is.
pub fn listed(ids: &str) -> impl Iterator<Item = &str> {
    ids.split(' ').filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_in_a_url() {
        for good in ["rus-2016-2020-g3", "K-0301.1838-01-01", "overdose-deaths.NO.2020.2021-06"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a b", "a/b", "æ", "a\0", "..", &"x".repeat(121)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
