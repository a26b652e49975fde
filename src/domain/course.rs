//! The course of an indicator: where it began, what was measured since, where it was to go, and how far it came.
use super::progress::{self, Lack, Mark, Progress};
use super::vocabulary::{Direction, ObservationStatus, vocabulary};
use super::{Language, Number, Period};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

/// A value of a series: the newest vintage of one period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// The observation.
    #[schema(example = "waiting-time-mean-tsb.NO.2016-T2.2016")]
    pub observation: String,
    /// The period the value is for.
    #[schema(example = "2016-T2")]
    pub period: String,
    /// First day of the period.
    #[schema(example = "2016-05-01")]
    pub period_start: String,
    /// Last day of the period.
    #[schema(example = "2016-08-31")]
    pub period_end: String,
    /// The value; null where the status says there is none.
    #[schema(value_type = Option<f64>, example = 35)]
    pub value: Option<Number>,
    /// Whether there is a value, and what to think of it.
    #[schema(inline, example = "ok")]
    pub status: ObservationStatus,
    /// When the source gave this value: the newest vintage there is.
    #[schema(example = "2016")]
    pub published: String,
    /// How many vintages were published; all are at `/v1/observations?published=all`.
    #[schema(example = 1, minimum = 1)]
    pub vintages: i64,
    /// Whether it can be compared with the baseline: it is for the same part of a year, or for as many years.
    #[schema(example = true)]
    pub like_baseline: bool,
    /// The value less the baseline, where the two can be compared.
    #[schema(value_type = Option<f64>, example = -11)]
    pub change_absolute: Option<Number>,
    /// The same in percent of the baseline.
    #[schema(value_type = Option<f64>, example = -23.9)]
    pub change_percent: Option<Number>,
    /// Whether the source says that the series breaks here; null where it says nothing of it.
    #[schema(example = json!(null))]
    pub series_break: Option<bool>,
    /// Who made the figure.
    #[schema(example = "Helsedirektoratet/NPR")]
    pub publisher: Option<String>,
    /// The source the value was read from.
    #[schema(example = "hdir-waiting-2016-t2")]
    pub source: String,
    /// What a reader should know of the value.
    #[schema(example = json!(null))]
    pub note: Option<String>,
}

impl Point {
    /// Where it stands in time; none where it has no value.
    fn mark(&self) -> Option<Mark> {
        mark(&self.period, self.value)
    }
}

fn mark(period: &str, value: Option<Number>) -> Option<Mark> {
    Some(Mark { period: Period::parse(period).ok()?, value: value?.0 })
}

vocabulary! {
    /// Why a value is taken for the baseline.
    Basis {
        /// A source names it.
        Stated => "stated",
        /// It is the last known value for a period that was over when the plan began, and not long before.
        LastBeforePlan => "last_before_plan",
        /// Nothing is known from shortly before the plan: it is the first known value after.
        FirstInPlan => "first_in_plan",
        /// There is no plan, or no value since it began: it is the first value there is.
        FirstKnown => "first_known",
    }
}

/// The value that changes are counted from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Baseline {
    /// Why this value.
    #[schema(inline, example = "last_before_plan")]
    pub basis: Basis,
    /// The same in words.
    pub basis_label: &'static str,
    /// The period it is for.
    #[schema(example = "2015-T2")]
    pub period: String,
    /// The value, in the unit of the indicator.
    #[schema(value_type = f64, example = 46)]
    pub value: Number,
    /// The observation it is, where it is one.
    #[schema(example = "waiting-time-mean-tsb.NO.2015-T2.2016")]
    pub observation: Option<String>,
    /// The source it was read from.
    #[schema(example = "hdir-waiting-2016-t2")]
    pub source: String,
    /// What a reader should know of it.
    #[schema(example = json!(null))]
    pub note: Option<String>,
}

/// Where the indicator was to be.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Target {
    /// The period it is set for.
    #[schema(example = "2020")]
    pub period: String,
    /// The value, in the unit of the indicator.
    #[schema(value_type = f64, example = 30)]
    pub value: Number,
    /// The source that sets it.
    pub source: String,
}

/// Why a figure cannot be given.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Lacking {
    /// As a word for programs.
    #[schema(inline, example = "no_target")]
    pub code: Lack,
    /// As a sentence for people, in the language asked for.
    pub text: &'static str,
}

/// The course of an indicator in one region.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Course {
    /// Where it began; null where nothing is known.
    pub baseline: Option<Baseline>,
    /// Where it was to be; null where no source says.
    pub target: Option<Target>,
    /// The value that is set beside them: the newest, up to the day asked for, that can be compared with the baseline.
    pub actual: Option<Point>,
    /// Every known value for periods after the baseline, in the order of time.
    pub values: Vec<Point>,
    /// The last of them.
    pub latest: Option<Point>,
    /// How far it came.
    pub progress: Progress,
    /// Which way it moved, in words.
    pub movement_label: Option<&'static str>,
    /// The periods after the baseline, up to the actual value, at which a source says that the series breaks.
    pub series_breaks: Vec<String>,
    /// Why figures of the progress are null.
    pub lacking: Vec<Lacking>,
}

/// What is known of an indicator beside its values. Baseline and target are those of the region the course is of.
#[derive(Debug, Clone)]
pub struct Definition<'a> {
    pub direction: Direction,
    pub decimals: i64,
    pub baseline: Option<(&'a str, Number)>,
    pub target: Option<(&'a str, Number)>,
    /// The source of both.
    pub source: &'a str,
    /// First day of the plan the indicator follows up.
    pub plan_start: Option<NaiveDate>,
}

impl Course {
    /// Follows a series, the values in the order of time, up to a day, or to its end where none is given.
    pub fn of(definition: &Definition, series: Vec<Point>, on: Option<NaiveDate>, language: Language) -> Self {
        let baseline = baseline(definition, &series, language);
        let from = baseline.as_ref().and_then(|b| mark(&b.period, Some(b.value)));
        let to = definition.target.and_then(|(period, value)| mark(period, Some(value)));
        let (direction, decimals) = (definition.direction, definition.decimals);
        let later = |point: &Point| match (from, Period::parse(&point.period)) {
            (Some(from), Ok(period)) => period.end > from.period.end,
            _ => true,
        };
        let values: Vec<Point> = series
            .into_iter()
            .filter(later)
            .map(|point| {
                let like = from.zip(Period::parse(&point.period).ok()).is_some_and(|(f, p)| f.period.is_like(&p));
                let change = progress::measure(direction, decimals, from, None, point.mark().filter(|_| like));
                Point {
                    like_baseline: like,
                    change_absolute: change.change_absolute,
                    change_percent: change.change_percent,
                    ..point
                }
            })
            .collect();
        let in_time = |point: &&Point| {
            let end = Period::parse(&point.period).map(|p| p.end);
            end.is_ok_and(|end| on.is_none_or(|on| end <= on)) && point.value.is_some()
        };
        // Without a baseline any value may be set beside a target.
        let actual = values.iter().filter(in_time).rfind(|p| p.like_baseline || from.is_none()).cloned();
        let progress = progress::measure(direction, decimals, from, to, actual.as_ref().and_then(Point::mark));
        let broken = |point: &&Point| {
            let reached = actual.as_ref().is_some_and(|actual| point.period_end <= actual.period_end);
            point.series_break == Some(true) && reached
        };
        Self {
            target: definition.target.map(|(period, value)| Target {
                period: period.to_owned(),
                value,
                source: definition.source.to_owned(),
            }),
            series_breaks: values.iter().filter(broken).map(|point| point.period.clone()).collect(),
            movement_label: progress.movement.map(|movement| movement.label(language)),
            lacking: progress.lacking.iter().map(|&code| Lacking { code, text: code.label(language) }).collect(),
            latest: values.iter().rfind(|point| point.value.is_some()).cloned(),
            baseline,
            actual,
            values,
            progress,
        }
    }
}

/// How many years before a plan a value may lie and still say where the plan began.
const RECENT_YEARS: i32 = 3;

/// The stated baseline; else the last value from shortly before the plan; else the first after; else the first there is.
fn baseline(definition: &Definition, series: &[Point], language: Language) -> Option<Baseline> {
    let anchor = |basis: Basis, period: &str, value: Number, source: &str| Baseline {
        basis,
        basis_label: basis.label(language),
        period: period.to_owned(),
        value,
        observation: None,
        source: source.to_owned(),
        note: None,
    };
    if let Some((period, value)) = definition.baseline {
        return Some(anchor(Basis::Stated, period, value, definition.source));
    }
    let begun = definition.plan_start;
    let recent = begun.and_then(|day| day.with_year(day.year() - RECENT_YEARS));
    let end = |point: &Point| Period::parse(&point.period).ok().map(|period| period.end);
    let before = |point: &&Point| end(point).is_some_and(|end| begun > Some(end) && recent <= Some(end));
    let since = |point: &&Point| end(point).is_some_and(|end| begun.is_some_and(|begun| end >= begun));
    let known = || series.iter().filter(|point| point.value.is_some());
    let (point, basis) = match (known().rfind(before), known().find(since)) {
        (Some(point), _) => (point, Basis::LastBeforePlan),
        (None, Some(point)) => (point, Basis::FirstInPlan),
        (None, None) => (known().next()?, Basis::FirstKnown),
    };
    let found = anchor(basis, &point.period, point.value?, &point.source);
    Some(Baseline { observation: Some(point.observation.clone()), note: point.note.clone(), ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(period: &str, value: Option<f64>) -> Point {
        let span = Period::parse(period).unwrap();
        Point {
            observation: format!("o.{period}"),
            period: period.into(),
            period_start: span.start.to_string(),
            period_end: span.end.to_string(),
            value: value.map(Number),
            status: if value.is_some() { ObservationStatus::Ok } else { ObservationStatus::Missing },
            published: "2021".into(),
            vintages: 1,
            like_baseline: false,
            change_absolute: None,
            change_percent: None,
            series_break: None,
            publisher: None,
            source: "s".into(),
            note: None,
        }
    }

    fn definition() -> Definition<'static> {
        let plan_start = NaiveDate::from_ymd_opt(2016, 1, 1);
        Definition { direction: Direction::Down, decimals: 0, baseline: None, target: None, source: "d", plan_start }
    }

    #[test]
    fn a_tertial_is_compared_with_the_same_tertial() {
        let series =
            [("2015-T2", 46.0), ("2016-T1", 44.0), ("2016-T2", 35.0), ("2017", 34.0)].map(|(p, v)| point(p, Some(v)));
        let course = Course::of(&definition(), series.into(), None, Language::En);
        let baseline = course.baseline.unwrap();
        assert_eq!((baseline.basis, baseline.period.as_str()), (Basis::LastBeforePlan, "2015-T2"));
        assert_eq!(course.actual.unwrap().period, "2016-T2");
        assert_eq!(course.progress.change_absolute, Some(Number(-11.0)));
        assert_eq!(course.latest.unwrap().period, "2017");
        let changes: Vec<_> = course.values.iter().map(|p| p.change_absolute.map(|n| n.0)).collect();
        assert_eq!(changes, [None, Some(-11.0), None]);
        assert_eq!(course.lacking.iter().map(|l| l.code).collect::<Vec<_>>(), [Lack::Target]);
    }

    #[test]
    fn the_day_asked_for_bounds_the_value_and_a_missing_one_is_no_value() {
        let series =
            vec![point("2015", Some(5.0)), point("2016", Some(4.0)), point("2017", None), point("2018", Some(2.0))];
        let on = |day: &str| Course::of(&definition(), series.clone(), day.parse().ok(), Language::Nb).actual;
        assert_eq!(on("2018-12-30").unwrap().period, "2016");
        assert_eq!(on("2018-12-31").unwrap().period, "2018");
        assert_eq!(on("2016-12-30"), None);
    }

    #[test]
    fn a_stated_baseline_goes_before_one_that_is_found() {
        let stated =
            Definition { baseline: Some(("2016", Number(9.0))), target: Some(("2020", Number(5.0))), ..definition() };
        let course = Course::of(&stated, vec![point("2015", Some(8.0)), point("2018", Some(7.0))], None, Language::Nb);
        assert_eq!(course.baseline.as_ref().unwrap().basis, Basis::Stated);
        assert_eq!(course.progress.attained_share, Some(Number(0.5)));
        assert_eq!(course.values.len(), 1);
    }

    #[test]
    fn a_value_long_before_the_plan_does_not_say_where_it_began() {
        let basis = |periods: &[&str]| {
            let series = periods.iter().map(|p| point(p, Some(1.0))).collect();
            let baseline = Course::of(&definition(), series, None, Language::Nb).baseline.unwrap();
            (baseline.basis, baseline.period)
        };
        assert_eq!(basis(&["2001", "2012", "2018"]), (Basis::FirstInPlan, "2018".into()));
        assert_eq!(basis(&["2001", "2013", "2018"]), (Basis::LastBeforePlan, "2013".into()));
        assert_eq!(basis(&["2001", "2012"]), (Basis::FirstKnown, "2001".into()));
    }

    #[test]
    fn breaks_up_to_the_value_are_named() {
        let broken = Point { series_break: Some(true), ..point("2020", Some(4.0)) };
        let series = vec![point("2015", Some(5.0)), point("2019", Some(4.0)), broken];
        let course = |day: &str| Course::of(&definition(), series.clone(), day.parse().ok(), Language::Nb);
        assert_eq!(course("2020-12-31").series_breaks, ["2020"]);
        assert!(course("2019-12-31").series_breaks.is_empty());
    }

    #[test]
    fn without_a_value_there_is_nothing_to_tell() {
        let course = Course::of(&definition(), vec![], None, Language::Nb);
        assert_eq!((course.baseline, course.actual, course.latest), (None, None, None));
        assert_eq!(course.progress.attained_share, None);
    }
}
