//! The population of a whole from the figures of its parts.
use super::{Level, Region};
use std::collections::{BTreeMap, BTreeSet};

/// The sum over the municipalities of an area in one year: from their own figures, and from those of units of several
/// that lie wholly inside it. Nothing unless each municipality is counted, and counted once: part of a population would
/// make money for each inhabitant look like more than it is.
pub fn whole(municipalities: &BTreeSet<&str>, figures: &BTreeMap<String, f64>) -> Option<f64> {
    let own = |region: &&str| figures.contains_key(*region);
    let mut sum: f64 = municipalities.iter().filter_map(|region| figures.get(*region)).sum();
    let mut left: BTreeSet<String> = municipalities.iter().filter(|r| !own(r)).map(|r| (*r).to_owned()).collect();
    for (key, figure) in figures {
        let Some(unit) = Region::parse(key).ok().filter(|region| region.level == Level::Unit) else { continue };
        let parts: BTreeSet<String> = unit.code.split('.').map(|code| format!("K-{code}")).collect();
        if parts.is_subset(&left) {
            left.retain(|region| !parts.contains(region));
            sum += figure;
        }
    }
    (left.is_empty() && !municipalities.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(municipalities: &[&str], figures: &[(&str, f64)]) -> Option<f64> {
        let figures = figures.iter().map(|(region, figure)| ((*region).to_owned(), *figure)).collect();
        whole(&municipalities.iter().copied().collect(), &figures)
    }

    #[test]
    fn a_unit_stands_for_its_parts() {
        let figures = [("K-0701", 5.0), ("U-0706.0719", 7.0), ("K-0801", 100.0), ("F-07", 1.0), ("NO", 1.0)];
        assert_eq!(sum(&["K-0701", "K-0706", "K-0719"], &figures), Some(12.0));
    }

    #[test]
    fn a_part_of_the_whole_is_no_whole() {
        assert_eq!(sum(&["K-0701", "K-0702"], &[("K-0701", 5.0)]), None);
        assert_eq!(sum(&["K-0701", "K-0706"], &[("K-0701", 5.0), ("U-0706.0801", 7.0)]), None);
        assert_eq!(sum(&[], &[("K-0701", 5.0)]), None);
    }

    #[test]
    fn nobody_is_counted_twice() {
        let figures = [("K-0706", 3.0), ("K-0719", 4.0), ("U-0706.0719", 7.0)];
        assert_eq!(sum(&["K-0706", "K-0719"], &figures), Some(7.0));
    }
}
