//! Amounts of money put together: their sum, their mean, their middle. All from exact whole kroner.

/// The amounts of a group, in whole kroner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Amounts(Vec<i64>);

impl Amounts {
    /// Adds the amounts of a text that has them with commas between. What is no whole number is told.
    pub fn read(&mut self, text: &str) -> Result<(), std::num::ParseIntError> {
        for amount in text.split(',') {
            self.0.push(amount.parse()?);
        }
        Ok(())
    }

    /// Adds all of others.
    pub fn append(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    /// Each of them divided by shares, see [`divide`]: for each share, the parts that go there.
    pub fn divided(&self, shares: &[f64]) -> Vec<Self> {
        let mut all = vec![Self::default(); shares.len()];
        for amount in &self.0 {
            all.iter_mut().zip(divide(*amount, shares)).for_each(|(part, amount)| part.0.push(amount));
        }
        all
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Their sum; nothing where there is no amount, which is not the same as 0. It may lie beyond a BIGINT.
    pub fn sum(&self) -> Option<i128> {
        (!self.0.is_empty()).then(|| self.0.iter().map(|amount| i128::from(*amount)).sum())
    }

    /// Their arithmetic mean, as the double nearest to it.
    pub fn mean(&self) -> Option<f64> {
        self.sum().map(|sum| sum as f64 / self.0.len() as f64)
    }

    /// The middle one in the order of their size; halfway between the two in the middle where they are even in number.
    /// Puts them into another order.
    pub fn median(&mut self) -> Option<f64> {
        let middle = self.0.len() / 2;
        if self.0.is_empty() {
            return None;
        }
        let even = self.0.len().is_multiple_of(2);
        let (below, upper, _) = self.0.select_nth_unstable(middle);
        let upper = i128::from(*upper);
        let lower = below.iter().max().filter(|_| even).map_or(upper, |lower| i128::from(*lower));
        Some((lower + upper) as f64 / 2.0)
    }
}

/// An amount divided by shares into whole kroner that add up to it: each part is rounded down, and the kroner that are left
/// go to the parts that lost most by that, the first of them first. Shares that were rounded when they were published are
/// taken in proportion.
pub fn divide(amount: i64, shares: &[f64]) -> Vec<i64> {
    let whole: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| amount as f64 * share / whole).collect();
    let mut parts: Vec<i64> = exact.iter().map(|part| part.floor() as i64).collect();
    let mut by_loss: Vec<usize> = (0..parts.len()).collect();
    by_loss.sort_by(|a, b| (exact[*b].fract()).total_cmp(&exact[*a].fract()));
    let left = i128::from(amount) - parts.iter().map(|part| i128::from(*part)).sum::<i128>();
    for part in by_loss.into_iter().cycle().take(left.unsigned_abs() as usize) {
        parts[part] += left.signum() as i64;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(text: &str) -> Amounts {
        let mut all = Amounts::default();
        all.read(text).unwrap();
        all
    }

    #[test]
    fn nothing_has_no_sum_and_no_middle() {
        let mut none = Amounts::default();
        assert_eq!((none.count(), none.sum(), none.mean(), none.median()), (0, None, None, None));
    }

    #[test]
    fn the_middle_is_one_of_an_odd_number_and_between_two_of_an_even() {
        assert_eq!(amounts("5,1,100").median(), Some(5.0));
        assert_eq!(amounts("4,1,100,5").median(), Some(4.5));
        assert_eq!(amounts("7").median(), Some(7.0));
    }

    #[test]
    fn a_sum_beyond_a_bigint_is_exact() {
        let most = i64::MAX;
        let mut all = amounts(&format!("{most},{most},{most}"));
        assert_eq!(all.sum(), Some(3 * i128::from(most)));
        assert_eq!((all.mean(), all.median()), (Some(most as f64), Some(most as f64)));
    }

    #[test]
    fn what_is_no_whole_number_is_refused() {
        for bad in ["", "1,", "1.5", "a", "9223372036854775808"] {
            assert!(Amounts::default().read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_are_whole_kroner() {
        assert_eq!(divide(100, &[0.862125, 0.137875]), [86, 14]);
        assert_eq!(divide(1, &[0.5, 0.5]), [1, 0]);
        assert_eq!(divide(10, &[0.333, 0.333, 0.333]), [4, 3, 3]);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_amount(amount in 0i64..5_000_000_000_000, shares in prop::collection::vec(0.001f64..1.0, 1..6)) {
            let parts = divide(amount, &shares);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            let whole: f64 = shares.iter().sum();
            for (part, share) in parts.iter().zip(&shares) {
                prop_assert!((*part as f64 - amount as f64 * share / whole).abs() < 2.0);
            }
        }

        #[test]
        fn order_and_parts_do_not_matter(mut all in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 1..60)) {
            let text = |all: &[i64]| all.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
            let mut whole = amounts(&text(&all));
            all.sort_unstable();
            let mut parts = Amounts::default();
            for part in all.chunks(7) {
                parts.read(&text(part)).unwrap();
            }
            let n = all.len();
            let middle = (all[(n - 1) / 2] + all[n / 2]) as f64 / 2.0;
            prop_assert_eq!((whole.median(), parts.median()), (Some(middle), Some(middle)));
            prop_assert_eq!((whole.sum(), whole.mean()), (parts.sum(), parts.mean()));
            prop_assert_eq!(whole.sum(), Some(all.iter().map(|a| i128::from(*a)).sum()));
        }
    }
}
