//! "Did you mean": the allowed name nearest to the one given.

/// The nearest of `allowed`, unless even that is too far to be a slip.
pub fn nearest<'a>(given: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // A hostile name of kilobytes must not buy a quadratic comparison.
    if given.len() > 64 {
        return None;
    }
    let given = given.to_lowercase();
    allowed
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given, name), name))
        .min()
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(2))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        assert_eq!(nearest("regoin", ["region", "period"]), Some("region".into()));
        assert_eq!(nearest("xyzzyplugh", ["region", "period"]), None);
    }
}
