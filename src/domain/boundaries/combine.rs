//! Values of several places become the value of one, by the rule of their indicator.
use super::convert::Reported;
use super::reason::Reason;
use crate::domain::vocabulary::{Aggregation, ObservationStatus as Status};

/// What came of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Combined {
    pub value: Option<f64>,
    pub status: Status,
    /// Why there is no value, where that is due to one of the parts or to the rule.
    pub reason: Option<Reason>,
}

impl Combined {
    pub fn none(status: Status, reason: Reason) -> Self {
        Self { value: None, status, reason: Some(reason) }
    }
}

/// One value as it stands: nothing is added to it and nothing taken away.
pub(super) fn carried(one: &Reported) -> Combined {
    Combined { value: one.value.filter(|_| one.status.has_value()), status: one.status, reason: None }
}

/// A value, where there is one, and the share of its place that counts.
type Part<'a> = (Option<&'a Reported<'a>>, f64);

/// Several values as one. `estimated` where a share is an estimate.
pub(super) fn combined(parts: &[Part], rule: Aggregation, estimated: bool) -> Combined {
    if rule == Aggregation::None && parts.len() > 1 {
        return Combined::none(Status::NotComparable, Reason::NotAggregable);
    }
    if let Some(lacking) = lacking(parts) {
        return lacking;
    }
    let any = |status: Status| parts.iter().any(|(part, _)| part.is_some_and(|p| p.status == status));
    let status = match () {
        () if estimated || any(Status::Estimated) => Status::Estimated,
        () if any(Status::Provisional) => Status::Provisional,
        () => Status::Ok,
    };
    let mut values = parts.iter().filter_map(|(part, share)| Some(((*part)?.value?, *share, (*part)?.weight)));
    let value = match rule {
        Aggregation::Sum => Ok(values.map(|(value, share, _)| value * share).sum()),
        // A part of a place is taken to have the mean of the whole: no weight is needed for that.
        Aggregation::Mean if parts.len() == 1 => values.next().map(|(value, ..)| value).ok_or(Reason::MissingPart),
        Aggregation::Mean => mean(values),
        Aggregation::None => Err(Reason::NotAggregable),
    };
    match value.map(tidy) {
        Ok(value) if value.is_finite() => Combined { value: Some(value), status, reason: None },
        Ok(_) => Combined::none(Status::NotComparable, Reason::NotAggregable),
        Err(reason) => Combined::none(Status::NotComparable, reason),
    }
}

/// A part without a value leaves the whole without one. A suppressed part comes first: what could be said of the others
/// must not depend on what is hidden.
fn lacking(parts: &[Part]) -> Option<Combined> {
    let is = |part: &Part, status: Status| part.0.is_some_and(|p| p.status == status);
    let any = |status: Status| parts.iter().any(|part| is(part, status));
    if any(Status::Suppressed) {
        return Some(Combined::none(Status::Suppressed, Reason::SuppressedPart));
    }
    if any(Status::NotComparable) {
        return Some(Combined::none(Status::NotComparable, Reason::NotComparablePart));
    }
    if parts.iter().all(|part| is(part, Status::NotApplicable)) {
        return Some(Combined { value: None, status: Status::NotApplicable, reason: None });
    }
    let lacks = parts.iter().any(|(part, _)| part.and_then(|p| p.value.filter(|_| p.status.has_value())).is_none());
    lacks.then(|| Combined::none(Status::Missing, Reason::MissingPart))
}

/// Weighted, or none at all: a mean without its weights would count a village as a city.
fn mean(values: impl Iterator<Item = (f64, f64, Option<f64>)>) -> Result<f64, Reason> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (value, share, weight) in values {
        let weight = weight.filter(|w| w.is_finite() && *w >= 0.0).ok_or(Reason::MissingWeight)? * share;
        sum += value * weight;
        total += weight;
    }
    if total > 0.0 { Ok(sum / total) } else { Err(Reason::MissingWeight) }
}

/// Takes off what only the arithmetic of doubles put on, so that 0.1 and 0.2 make 0.3.
fn tidy(value: f64) -> f64 {
    const DIGITS: f64 = 1e6;
    // Beyond this a double has no such digits to lose.
    if value.abs() < 1e9 { (value * DIGITS).round() / DIGITS + 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{reported, weighted};
    use super::*;

    fn of(parts: &[Reported], rule: Aggregation) -> Combined {
        combined(&parts.iter().map(|p| (Some(p), 1.0)).collect::<Vec<_>>(), rule, false)
    }

    #[test]
    fn sums_are_sums_and_means_are_weighted() {
        let parts = [weighted("0001", 0.1, 300.0), weighted("0002", 0.2, 100.0)];
        assert_eq!(of(&parts, Aggregation::Sum).value, Some(0.3));
        assert_eq!(of(&parts, Aggregation::Mean).value, Some(0.125));
        assert_eq!(of(&parts, Aggregation::None).reason, Some(Reason::NotAggregable));
    }

    #[test]
    fn a_mean_without_a_weight_is_none() {
        for weight in [None, Some(f64::NAN), Some(-1.0)] {
            let parts = [weighted("0001", 1.0, 300.0), Reported { weight, ..weighted("0002", 2.0, 0.0) }];
            assert_eq!(of(&parts, Aggregation::Mean).reason, Some(Reason::MissingWeight), "{weight:?}");
        }
        let weightless = [weighted("0001", 1.0, 0.0), weighted("0002", 2.0, 0.0)];
        assert_eq!(of(&weightless, Aggregation::Mean).reason, Some(Reason::MissingWeight));
    }

    #[test]
    fn one_part_without_a_value_decides() {
        let with = |status| {
            let lacking = Reported { status, value: None, ..reported("0002", 0.0) };
            let done = of(&[reported("0001", 5.0), lacking, reported("0003", 5.0)], Aggregation::Sum);
            assert_eq!(done.value, None);
            (done.status, done.reason)
        };
        assert_eq!(with(Status::Suppressed), (Status::Suppressed, Some(Reason::SuppressedPart)));
        assert_eq!(with(Status::Missing), (Status::Missing, Some(Reason::MissingPart)));
        assert_eq!(with(Status::NotApplicable), (Status::Missing, Some(Reason::MissingPart)));
        assert_eq!(with(Status::NotComparable), (Status::NotComparable, Some(Reason::NotComparablePart)));
        let nowhere = Reported { status: Status::NotApplicable, value: None, ..reported("0001", 0.0) };
        assert_eq!(of(&[nowhere, nowhere], Aggregation::Sum).status, Status::NotApplicable);
    }

    #[test]
    fn the_least_certain_part_gives_the_status() {
        let provisional = Reported { status: Status::Provisional, ..reported("0001", 1.0) };
        let estimated = Reported { status: Status::Estimated, ..reported("0002", 1.0) };
        assert_eq!(of(&[reported("0003", 1.0), provisional], Aggregation::Sum).status, Status::Provisional);
        assert_eq!(of(&[estimated, provisional], Aggregation::Sum).status, Status::Estimated);
    }

    #[test]
    fn what_is_no_number_is_no_value() {
        let huge = [reported("0001", f64::MAX), reported("0002", f64::MAX)];
        assert_eq!(of(&huge, Aggregation::Sum).value, None);
    }
}
