//! A figure as Statistics Norway writes it: a number in Norwegian or a symbol that says why there is none.
use crate::domain::vocabulary::ObservationStatus;

/// A value with its status; there is a value exactly where the status has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    pub value: Option<f64>,
    pub status: ObservationStatus,
}

impl Figure {
    fn ok(value: f64) -> Self {
        Self { value: Some(value), status: ObservationStatus::Ok }
    }
}

/// The status a symbol of Statistics Norway stands for:
///
/// | symbol | in their words | here |
/// |---|---|---|
/// | `.` | cannot occur | `not_applicable` |
/// | `..`, `...`, an empty cell | missing, not yet available | `missing` |
/// | `:` | not shown for confidentiality | `suppressed` |
/// | `*` | provisional | `provisional`, with its value |
pub fn status(symbol: &str) -> Option<ObservationStatus> {
    match symbol.trim() {
        "." => Some(ObservationStatus::NotApplicable),
        "" | ".." | "..." => Some(ObservationStatus::Missing),
        ":" => Some(ObservationStatus::Suppressed),
        "*" => Some(ObservationStatus::Provisional),
        _ => None,
    }
}

/// Reads a cell: `1 234,5`, `1234.5`, `17*`, or a symbol.
pub fn cell(text: &str) -> Result<Figure, String> {
    let text = text.trim();
    match status(text) {
        Some(status) if !status.has_value() => return Ok(Figure { value: None, status }),
        _ => {}
    }
    if matches!(text, "-" | "–" | "−") {
        // Zero in the tables of Statistics Norway, a gap in those of others: guessing would make figures of nothing.
        return Err("`-` is zero in some tables and no figure in others; write 0 or .. instead".into());
    }
    let (digits, provisional) = text.strip_suffix('*').map_or((text, false), |digits| (digits.trim_end(), true));
    let value =
        number(digits).ok_or_else(|| format!("`{text}` is not a number, nor one of the symbols . .. ... : *"))?;
    let status = if provisional { ObservationStatus::Provisional } else { ObservationStatus::Ok };
    Ok(Figure { value: Some(value), status })
}

/// A value of JSON-stat with the status beside it. A status that has no value wins over a value: it is often written 0.
pub fn said(value: Option<f64>, symbol: Option<&str>) -> Result<Figure, String> {
    match (symbol.filter(|s| !s.is_empty()), value) {
        (None, Some(value)) => Ok(Figure::ok(value)),
        (None, None) => Ok(Figure { value: None, status: ObservationStatus::Missing }),
        (Some("-"), Some(value)) => Ok(Figure::ok(value)),
        (Some(symbol), value) => match (status(symbol), value) {
            (Some(status), _) if !status.has_value() => Ok(Figure { value: None, status }),
            (Some(status), Some(value)) => Ok(Figure { value: Some(value), status }),
            (Some(_), None) => Ok(Figure { value: None, status: ObservationStatus::Missing }),
            (None, _) => Err(format!("the status `{symbol}` is none of . .. ... : * -")),
        },
    }
}

/// A number with a decimal comma or point; spaces, also those that do not break, may stand between thousands.
fn number(text: &str) -> Option<f64> {
    let space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}');
    let (whole, _) = text.split_once([',', '.']).unwrap_or((text, ""));
    let mut groups = whole.split(space);
    let head = groups.next()?.trim_start_matches(['-', '+', '−']);
    let grouped = whole.contains(space);
    if grouped && (head.is_empty() || head.len() > 3 || !groups.all(|g| g.len() == 3)) {
        return None;
    }
    let plain: String = text
        .chars()
        .filter(|c| !space(*c))
        .map(|c| match c {
            ',' => '.',
            '−' => '-',
            c => c,
        })
        .collect();
    let shaped = plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    plain.parse::<f64>().ok().filter(|n| shaped && n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_norwegians_write_them() {
        for (text, wanted) in [
            ("1234", 1234.0),
            ("1 234", 1234.0),
            ("1\u{a0}234\u{a0}567,5", 1_234_567.5),
            ("12,5", 12.5),
            ("12.5", 12.5),
            ("-3", -3.0),
            ("−3,5", -3.5),
            ("0", 0.0),
        ] {
            assert_eq!(cell(text).unwrap().value, Some(wanted), "{text}");
        }
        assert_eq!(cell("17*").unwrap(), Figure { value: Some(17.0), status: ObservationStatus::Provisional });
        for bad in ["1 2", "12 34", "1,2,3", "1.234.567", "abc", "1e5", "inf", "NaN", "=1+1", "-", "1 234 5"] {
            assert!(cell(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_symbol_is_never_a_zero() {
        for (text, wanted) in [
            (".", ObservationStatus::NotApplicable),
            ("..", ObservationStatus::Missing),
            ("", ObservationStatus::Missing),
            (":", ObservationStatus::Suppressed),
        ] {
            assert_eq!(cell(text).unwrap(), Figure { value: None, status: wanted });
            assert_eq!(
                said(Some(0.0), Some(text).filter(|t| !t.is_empty())).unwrap().value.is_none(),
                !text.is_empty()
            );
        }
        assert_eq!(said(Some(0.0), Some("-")).unwrap(), Figure::ok(0.0));
        assert_eq!(said(None, Some("-")).ok(), None);
    }
}
