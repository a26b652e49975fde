//! How far an indicator has come: from a baseline, towards a target, by the values that were measured.
//!
//! The method is linear: a target set for a day is expected to be approached by the same amount each year from the
//! baseline on. It is the plainest yardstick there is, and the one that needs no assumption beyond the two values.
//! What has no target has no attained share; what is not known is `None`, never zero.
use super::vocabulary::{Direction, vocabulary};
use super::{Number, Period};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A value and the period it is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    pub period: Period,
    pub value: f64,
}

vocabulary! {
    /// Which way an indicator has moved, judged by the way it should move.
    Movement {
        Improved => "improved",
        Worsened => "worsened",
        Unchanged => "unchanged",
        /// The indicator has no way it should move.
        NotJudged => "not_judged",
    }
}
vocabulary! {
    /// Why a figure of progress cannot be given.
    Lack {
        /// There is no value from before, to count from.
        Baseline => "no_baseline",
        /// No source sets a target.
        Target => "no_target",
        /// There is no value to set beside the baseline.
        Actual => "no_actual",
        /// The target is where the baseline was, so there is no way of which a share could have been covered.
        NoWay => "target_is_baseline",
        /// The day of the target lies behind the value: there is no time left to keep a pace in.
        NoTime => "no_time_left",
        /// The baseline is zero: a change has no percentage of it.
        ZeroBaseline => "baseline_is_zero",
    }
}

/// What can be said of the way from the baseline to the target.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Progress {
    /// The value less the baseline, in the unit of the indicator.
    #[schema(value_type = Option<f64>, example = -11)]
    pub change_absolute: Option<Number>,
    /// The same in percent of the baseline.
    #[schema(value_type = Option<f64>, example = -23.9)]
    pub change_percent: Option<Number>,
    /// Which way it moved, judged by the direction of the indicator.
    #[schema(inline, example = "improved")]
    pub movement: Option<Movement>,
    /// The share of the way from the baseline to the target that is covered: 1 at the target, negative after steps in
    /// the wrong direction. Null without a target.
    #[schema(value_type = Option<f64>, example = json!(null))]
    pub attained_share: Option<Number>,
    /// What the value would be if the way were covered evenly in time.
    #[schema(value_type = Option<f64>, example = json!(null))]
    pub expected_value: Option<Number>,
    /// Whether the value is at least as near the target as the one expected.
    #[schema(example = json!(null))]
    pub on_track: Option<bool>,
    /// The target less the value: what is left, in the unit of the indicator.
    #[schema(value_type = Option<f64>, example = json!(null))]
    pub gap: Option<Number>,
    /// The change each year since the baseline.
    #[schema(value_type = Option<f64>, example = -11)]
    pub pace_per_year: Option<Number>,
    /// The change each year that would reach the target in time; 0 once it is reached.
    #[schema(value_type = Option<f64>, example = json!(null))]
    pub needed_pace_per_year: Option<Number>,
    /// Why figures above are null.
    #[serde(skip)]
    #[schema(ignore)]
    pub lacking: Vec<Lack>,
}

/// Measures the way. `decimals` is how precisely the indicator is published: differences are not given finer.
pub fn measure(
    direction: Direction,
    decimals: i64,
    baseline: Option<Mark>,
    target: Option<Mark>,
    actual: Option<Mark>,
) -> Progress {
    let digits = decimals.clamp(0, 6) as i32;
    let change = baseline.zip(actual).map(|(from, now)| now.value - from.value);
    let way = baseline.zip(target).map(|(from, to)| to.value - from.value).filter(|way| *way != 0.0);
    let passed = baseline.zip(actual).map(|(from, now)| years(from.period.end, now.period.end));
    let expected = baseline.zip(target).zip(actual).map(|((from, to), now)| on_the_line(from, to, now.period.end));
    let gap = target.zip(actual).map(|(to, now)| to.value - now.value);
    let reached = gap.zip(way).map(|(gap, way)| gap * way.signum() <= 0.0);
    let left = target.zip(actual).map(|(to, now)| years(now.period.end, to.period.end));
    let needed = match (reached, gap, left) {
        (Some(true), ..) => Some(0.0),
        (Some(false), Some(gap), Some(left)) if left > 0.0 => Some(gap / left),
        _ => None,
    };
    let base = baseline.map(|from| from.value);
    let mut lacking = vec![];
    let mut lacks = |is: bool, what: Lack| is.then(|| lacking.push(what));
    lacks(baseline.is_none(), Lack::Baseline);
    lacks(target.is_none(), Lack::Target);
    lacks(actual.is_none(), Lack::Actual);
    lacks(baseline.is_some() && target.is_some() && way.is_none(), Lack::NoWay);
    lacks(reached == Some(false) && needed.is_none(), Lack::NoTime);
    lacks(base == Some(0.0) && change.is_some(), Lack::ZeroBaseline);
    Progress {
        change_absolute: rounded(change, digits),
        change_percent: rounded(change.zip(base.filter(|b| *b != 0.0)).map(|(c, b)| 100.0 * c / b.abs()), 1),
        movement: change.map(|change| moved(direction, round(change, digits))),
        attained_share: rounded(change.zip(way).map(|(change, way)| change / way), 4),
        expected_value: rounded(expected, digits + 2),
        on_track: way.zip(expected).zip(actual).map(|((way, line), now)| (now.value - line) * way.signum() >= -1e-9),
        gap: rounded(gap, digits),
        pace_per_year: rounded(change.zip(passed.filter(|years| *years > 0.0)).map(|(c, y)| c / y), digits + 2),
        needed_pace_per_year: rounded(needed, digits + 2),
        lacking,
    }
}

/// Where the straight line from the baseline to the target is on a day; before and after, it is at its ends.
fn on_the_line(from: Mark, to: Mark, day: NaiveDate) -> f64 {
    let whole = years(from.period.end, to.period.end);
    // A target for the very period of the baseline is due at once.
    let share = if whole > 0.0 { (years(from.period.end, day) / whole).clamp(0.0, 1.0) } else { 1.0 };
    from.value + (to.value - from.value) * share
}

fn moved(direction: Direction, change: f64) -> Movement {
    match direction {
        Direction::Neutral => Movement::NotJudged,
        _ if change == 0.0 => Movement::Unchanged,
        Direction::Up if change > 0.0 => Movement::Improved,
        Direction::Down if change < 0.0 => Movement::Improved,
        _ => Movement::Worsened,
    }
}

/// Years between two days, negative where the second comes first.
fn years(from: NaiveDate, to: NaiveDate) -> f64 {
    (to - from).num_days() as f64 / 365.25
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    // Adding zero turns -0 into 0, which would print unlike itself.
    (value * scale).round() / scale + 0.0
}

fn rounded(value: Option<f64>, digits: i32) -> Option<Number> {
    value.filter(|v| v.is_finite()).map(|v| Number(round(v, digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(period: &str, value: f64) -> Option<Mark> {
        Some(Mark { period: Period::parse(period).unwrap(), value })
    }

    /// direction, baseline, target, actual → change, percent, share, expected, on track, gap, needed: worked out by hand.
    #[test]
    fn the_table_that_was_worked_out_by_hand() {
        use Direction::{Down, Up};
        type Row = (Direction, Option<Mark>, Option<Mark>, Option<Mark>, [Option<f64>; 6], Option<bool>);
        let table: [Row; 9] = [
            // Half the way in two of four years: just on the line.
            (
                Up,
                mark("2016", 100.0),
                mark("2020", 200.0),
                mark("2018", 150.0),
                [Some(50.0), Some(50.0), Some(0.5), Some(149.97), Some(50.0), Some(24.98)],
                Some(true),
            ),
            // A tenth of the way in two of four years.
            (
                Up,
                mark("2016", 100.0),
                mark("2020", 200.0),
                mark("2018", 110.0),
                [Some(10.0), Some(10.0), Some(0.1), Some(149.97), Some(90.0), Some(44.97)],
                Some(false),
            ),
            // Down is good: 40 of the 50 in half the time.
            (
                Down,
                mark("2016", 250.0),
                mark("2020", 200.0),
                mark("2018", 210.0),
                [Some(-40.0), Some(-16.0), Some(0.8), Some(225.02), Some(-10.0), Some(-5.0)],
                Some(true),
            ),
            // The wrong way: a negative share, and the whole way and more to go.
            (
                Down,
                mark("2016", 250.0),
                mark("2020", 200.0),
                mark("2018", 260.0),
                [Some(10.0), Some(4.0), Some(-0.2), Some(225.02), Some(-60.0), Some(-29.98)],
                Some(false),
            ),
            // Reached before time: nothing more is needed.
            (
                Up,
                mark("2016", 100.0),
                mark("2020", 200.0),
                mark("2018", 230.0),
                [Some(130.0), Some(130.0), Some(1.3), Some(149.97), Some(-30.0), Some(0.0)],
                Some(true),
            ),
            // Not reached, and the time is up.
            (
                Up,
                mark("2016", 100.0),
                mark("2020", 200.0),
                mark("2021", 190.0),
                [Some(90.0), Some(90.0), Some(0.9), Some(200.0), Some(10.0), None],
                Some(false),
            ),
            // No target: no share, no line, no gap; never 0 %.
            (
                Down,
                mark("2015-T2", 46.0),
                None,
                mark("2016-T2", 35.0),
                [Some(-11.0), Some(-23.9), None, None, None, None],
                None,
            ),
            // No baseline.
            (Down, None, mark("2020", 200.0), mark("2018", 210.0), [None, None, None, None, Some(-10.0), None], None),
            // From zero there is no percentage.
            (
                Up,
                mark("2016", 0.0),
                mark("2020", 8.0),
                mark("2020", 6.0),
                [Some(6.0), None, Some(0.75), Some(8.0), Some(2.0), None],
                Some(false),
            ),
        ];
        for (n, (direction, baseline, target, actual, figures, on_track)) in table.into_iter().enumerate() {
            let got = measure(direction, 0, baseline, target, actual);
            let numbers = [
                got.change_absolute,
                got.change_percent,
                got.attained_share,
                got.expected_value,
                got.gap,
                got.needed_pace_per_year,
            ];
            assert_eq!(numbers.map(|n| n.map(|n| n.0)), figures, "row {n}");
            assert_eq!(got.on_track, on_track, "row {n}");
        }
    }

    #[test]
    fn what_is_lacking_is_named() {
        let lacking = |b, t, a| measure(Direction::Up, 0, b, t, a).lacking;
        assert_eq!(lacking(None, None, None), [Lack::Baseline, Lack::Target, Lack::Actual]);
        assert_eq!(lacking(mark("2016", 5.0), mark("2020", 5.0), mark("2018", 5.0)), [Lack::NoWay]);
        assert_eq!(lacking(mark("2016", 5.0), mark("2020", 9.0), mark("2020", 8.0)), [Lack::NoTime]);
        assert_eq!(lacking(mark("2016", 5.0), mark("2020", 9.0), mark("2020", 9.0)), []);
    }

    #[test]
    fn differences_are_no_finer_than_the_figures() {
        let got = measure(Direction::Down, 1, mark("2015-T2", 4.5), None, mark("2016-T2", 1.4));
        assert_eq!(got.change_absolute, Some(Number(-3.1)));
        assert_eq!(got.movement, Some(Movement::Improved));
        let still = measure(Direction::Down, 0, mark("2015", 6.0), None, mark("2016", 6.0));
        assert_eq!((still.movement, still.change_percent), (Some(Movement::Unchanged), Some(Number(0.0))));
    }

    proptest::proptest! {
        #[test]
        fn the_share_and_the_gap_tell_one_story(b in -1e6..1e6f64, t in -1e6..1e6f64, a in -1e6..1e6f64) {
            let got = measure(Direction::Up, 6, mark("2016", b), mark("2020", t), mark("2018", a));
            if let Some(share) = got.attained_share {
                let gap = got.gap.unwrap().0;
                let way = t - b;
                proptest::prop_assert!((share.0 - (1.0 - gap / way)).abs() < 1e-3 + 1e-3 / way.abs());
                proptest::prop_assert_eq!(got.needed_pace_per_year == Some(Number(0.0)), gap * way.signum() <= 0.0 || gap.abs() < 1e-6);
            }
            proptest::prop_assert!(got.change_absolute.is_some() && got.movement.is_some());
        }
    }
}
