//! When a consultation takes submissions.

/// Whether it certainly does on `day` (`YYYY-MM-DD`): from the day it opens to the day it closes, both included.
///
/// A date that is not known says nothing, so a consultation without both takes none: one of 2014 whose end no source
/// tells must not be open for ever. Of a month or a year it is not known which day is meant, so one that opens in
/// `2026-03` is open from 1 April, and one that closes in `2026-06` is open to 31 May.
pub fn is_open(opens: Option<&str>, closes: Option<&str>, day: &str) -> bool {
    let (Some(opens), Some(closes)) = (opens, closes) else { return false };
    // ISO 8601 sorts as it stands, and a shorter date before every day within it.
    opens <= day && (opens == day || !day.starts_with(opens)) && day <= closes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::date;

    #[test]
    fn both_days_are_included_and_both_must_be_known() {
        let open = |day| is_open(Some("2026-03-01"), Some("2026-03-31"), day);
        assert!(open("2026-03-01") && open("2026-03-31"));
        assert!(!open("2026-02-28") && !open("2026-04-01"));
        assert!(!is_open(Some("2014"), None, "2026-03-01"));
        assert!(!is_open(None, Some("2030-01-01"), "2026-03-01") && !is_open(None, None, "2026-03-01"));
    }

    #[test]
    fn an_imprecise_date_opens_nothing_on_a_day_it_may_not_mean() {
        let dates = ["2025", "2025-12", "2025-12-31", "2026", "2026-01", "2026-02", "2026-02-28", "2027"];
        let days = date::whole("2024-12-30").unwrap().iter_days().take(1_200);
        for day in days {
            for (opens, closes) in dates.iter().flat_map(|o| dates.iter().map(move |c| (*o, *c))) {
                let span = |text| date::partial(text).unwrap();
                let whole = |text: &str| text.len() == 10;
                let begun = if whole(opens) { span(opens).0 <= day } else { span(opens).1 < day };
                let ended = if whole(closes) { span(closes).1 < day } else { span(closes).0 <= day };
                let open = is_open(Some(opens), Some(closes), &day.to_string());
                assert_eq!(open, begun && !ended, "{opens} to {closes} on {day}");
            }
        }
    }
}
