//! Periods: `2019`, `2016-T2` (tertial), `2019-Q1`, `2019-03`, `2016-2020`.
use super::date::{EARLIEST_YEAR, LATEST_YEAR, month_end};
use chrono::{Datelike, NaiveDate};

/// A span of whole months, with both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    pub start: NaiveDate,
    pub end: NaiveDate,
}

/// The longest span of years a period may have; a longer one is a slip.
const LONGEST_YEARS: i32 = 100;

impl Period {
    /// Every day there is.
    pub const ALWAYS: Self = Self { start: NaiveDate::MIN, end: NaiveDate::MAX };

    /// Reads a period, or says which spellings there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| "must be a period: 2019, 2016-T2, 2019-Q1, 2019-03 or 2016-2020".to_string())
    }

    fn read(text: &str) -> Option<Self> {
        let year = |t: &str| -> Option<i32> {
            let y: i32 = (t.len() == 4 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok()).flatten()?;
            (EARLIEST_YEAR..=LATEST_YEAR).contains(&y).then_some(y)
        };
        let months = |y: i32, first: u32, last: u32| {
            let start = NaiveDate::from_ymd_opt(y, first, 1)?;
            Some(Self { start, end: month_end(NaiveDate::from_ymd_opt(y, last, 1)?) })
        };
        let Some((head, tail)) = text.split_once('-') else {
            return months(year(text)?, 1, 12);
        };
        let y = year(head)?;
        match tail {
            "T1" | "T2" | "T3" => {
                let n = u32::from(tail.as_bytes()[1] - b'0');
                months(y, n * 4 - 3, n * 4)
            }
            "Q1" | "Q2" | "Q3" | "Q4" => {
                let n = u32::from(tail.as_bytes()[1] - b'0');
                months(y, n * 3 - 2, n * 3)
            }
            _ if tail.len() == 2 && tail.bytes().all(|b| b.is_ascii_digit()) => {
                let month: u32 = tail.parse().ok().filter(|m| (1..=12).contains(m))?;
                months(y, month, month)
            }
            _ => {
                let last = year(tail)?;
                (last > y && last - y <= LONGEST_YEARS).then_some(())?;
                Some(Self { start: months(y, 1, 12)?.start, end: months(last, 1, 12)?.end })
            }
        }
    }

    /// Whether values for the two can be compared: the same part of a year, or as many whole years. A tertial and a year
    /// cannot, nor can the first tertial and the second: many series have seasons.
    pub fn is_like(&self, other: &Self) -> bool {
        self.start.month() == other.start.month() && self.months() == other.months()
    }

    /// How many months it has.
    pub fn months(&self) -> i32 {
        let month = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
        month(self.end) - month(self.start) + 1
    }

    /// Whether this period lies within the other.
    pub fn within(&self, other: &Self) -> bool {
        other.start <= self.start && self.end <= other.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_has_its_days() {
        let span = |t: &str| Period::parse(t).map(|p| format!("{}/{}", p.start, p.end)).unwrap_or_default();
        assert_eq!(span("2019"), "2019-01-01/2019-12-31");
        assert_eq!(span("2016-T2"), "2016-05-01/2016-08-31");
        assert_eq!(span("2019-Q1"), "2019-01-01/2019-03-31");
        assert_eq!(span("2020-02"), "2020-02-01/2020-02-29");
        assert_eq!(span("2016-2020"), "2016-01-01/2020-12-31");
    }

    #[test]
    fn like_is_compared_with_like() {
        let like = |a: &str, b: &str| Period::parse(a).unwrap().is_like(&Period::parse(b).unwrap());
        assert!(like("2015", "2020") && like("2015-T2", "2016-T2") && like("2016-2017", "2018-2019"));
        assert!(!like("2015", "2016-T2") && !like("2015-T2", "2016-T1") && !like("2016-2020", "2020"));
        assert!(!like("2016-T1", "2016-01") && like("2016-Q1", "2017-Q1"));
    }

    #[test]
    fn everything_else_is_refused() {
        for bad in [
            "",
            "19",
            "2019-13",
            "2019-00",
            "2019-T4",
            "2019-Q5",
            "2020-2016",
            "2019-2019",
            "1900-2100",
            "9999",
            "2019-1",
            "２０１９",
            "2019-",
        ] {
            assert!(Period::parse(bad).is_err(), "{bad}");
        }
    }
}
