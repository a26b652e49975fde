//! Calendar dates as text: whole (`2020-01-01`) or as precise as the source was (`2021`, `2021-06`).
//!
//! Kept as text because ISO 8601 dates sort as they stand, on both databases.
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The first day a date may name. Registers write 1838-01-01 for "since the municipalities began".
pub const EARLIEST_YEAR: i32 = 1800;
/// The last year a date may name; a larger one is a slip of the keyboard.
pub const LATEST_YEAR: i32 = 2200;

/// Reads a whole date, `YYYY-MM-DD`.
pub fn whole(text: &str) -> Result<NaiveDate, String> {
    let shaped = text.len() == 10 && text.is_ascii();
    let date = shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    match date {
        // chrono accepts " 2020-1-1"-like looseness in places; the round trip does not.
        Some(d) if d.to_string() == text && in_reach(d) => Ok(d),
        _ => Err("must be a date written YYYY-MM-DD".into()),
    }
}

/// Reads a date as precise as it was given: a year, a month or a day. Returns its first and its last day.
pub fn partial(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    let wrong = || "must be a year (2021), a month (2021-06) or a day (2021-06-23)".to_string();
    if !text.is_ascii() {
        return Err(wrong());
    }
    let (first, last) = match text.len() {
        4 => (format!("{text}-01-01"), format!("{text}-12-31")),
        7 => {
            let first = whole(&format!("{text}-01")).map_err(|_| wrong())?;
            return Ok((first, month_end(first)));
        }
        _ => (text.to_string(), text.to_string()),
    };
    Ok((whole(&first).map_err(|_| wrong())?, whole(&last).map_err(|_| wrong())?))
}

/// Whether a text is a time in the one spelling times are stored in: RFC 3339, UTC, milliseconds.
pub fn is_stamp(text: &str) -> bool {
    let written = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    DateTime::parse_from_rfc3339(text).is_ok_and(|time| written(time.to_utc()) == text)
}

/// The last day of the month that `day` is in.
pub fn month_end(day: NaiveDate) -> NaiveDate {
    let (year, month) = if day.month() == 12 { (day.year() + 1, 1) } else { (day.year(), day.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).and_then(|d| d.pred_opt()).unwrap_or(day)
}

/// The day it is in Norway: an hour ahead of UTC, two from the last Sunday of March to that of October, from one o'clock
/// UTC (Directive 2000/84/EC, which Norway follows).
pub fn norwegian(at: DateTime<Utc>) -> NaiveDate {
    let turn = |month: u32| {
        let end = NaiveDate::from_ymd_opt(at.year(), month, 31).unwrap_or_default();
        let sunday = end - TimeDelta::days(i64::from(end.weekday().num_days_from_sunday()));
        sunday.and_time(NaiveTime::MIN) + TimeDelta::hours(1)
    };
    let summer = (turn(3)..turn(10)).contains(&at.naive_utc());
    (at.naive_utc() + TimeDelta::hours(if summer { 2 } else { 1 })).date()
}

fn in_reach(day: NaiveDate) -> bool {
    (EARLIEST_YEAR..=LATEST_YEAR).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_in_one_spelling() {
        assert!(whole("2020-02-29").is_ok());
        for bad in ["2021-02-29", "2020-1-1", "20200101", "", "2020-01-01 ", "٢٠٢٠-٠١-٠١", "9999-01-01", "1799-12-31"]
        {
            assert!(whole(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_begins_in_norway_before_it_does_in_greenwich() {
        for (at, day) in [
            ("2026-01-31T22:59:59Z", "2026-01-31"),
            ("2026-01-31T23:00:00Z", "2026-02-01"),
            ("2026-07-31T21:59:59Z", "2026-07-31"),
            ("2026-07-31T22:00:00Z", "2026-08-01"),
            // The days on which the clocks were turned: 29 March and 25 October.
            ("2026-03-28T22:59:59Z", "2026-03-28"),
            ("2026-03-29T21:59:59Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:59:59Z", "2026-10-25"),
            ("2026-12-31T23:00:00Z", "2027-01-01"),
        ] {
            let at_utc = DateTime::parse_from_rfc3339(at).unwrap().to_utc();
            assert_eq!(norwegian(at_utc).to_string(), day, "{at}");
        }
    }

    #[test]
    fn a_partial_date_spans_what_it_leaves_open() {
        let span = |t: &str| partial(t).map(|(a, b)| (a.to_string(), b.to_string()));
        assert_eq!(span("2021"), Ok(("2021-01-01".into(), "2021-12-31".into())));
        assert_eq!(span("2020-02"), Ok(("2020-02-01".into(), "2020-02-29".into())));
        assert_eq!(span("2021-06-23"), Ok(("2021-06-23".into(), "2021-06-23".into())));
        assert!(span("2021-13").is_err() && span("21").is_err() && span("2021-6").is_err());
    }
}
