//! Codes of regions and periods as Statistics Norway and spreadsheets write them, made ours.
use crate::domain::{Period, Region};

/// A region as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The key: `K-0301`.
    pub key: String,
    /// Whether a leading zero was put back that the file had lost.
    pub restored: bool,
}

/// What the nation is called in a table.
const NATION: [&str; 11] =
    ["0", "00", "EAK", "LANDET", "HELE LANDET", "HEILE LANDET", "NORGE", "NOREG", "NORWAY", "NO", "THE WHOLE COUNTRY"];

/// Reads `0301`, `K-0301`, `3001 Moss`, `301` (a zero was lost), `15`, `F-15`, `0 Hele landet`, `EAK`.
///
/// A number of one or three digits can only have lost a zero: codes have two digits or four. Whether the code was in
/// use is not known here; that is checked with the period, as for every row.
pub fn region(text: &str) -> Result<Place, String> {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or("");
    let key = |key: String, restored: bool| Ok(Place { key, restored });
    if NATION.contains(&text.to_uppercase().as_str()) || NATION[..3].contains(&first.to_uppercase().as_str()) {
        return key("NO".into(), false);
    }
    if let Ok(region) = Region::parse(first) {
        return key(region.key(), false);
    }
    match first.bytes().all(|b| b.is_ascii_digit()).then_some(first.len()) {
        Some(3) => key(format!("K-0{first}"), true),
        Some(1) => key(format!("F-0{first}"), true),
        _ if first.to_uppercase().ends_with("REST") => {
            Err(format!("`{text}` is what is left over and no place; --skip-unknown passes over such rows"))
        }
        _ if text.is_empty() => Err("is empty".into()),
        _ => Err(format!(
            "`{text}` is not a region: 0301, K-0301 or 0301 Oslo; F-03; 0 or EAK for the nation. --skip-unknown passes over such rows"
        )),
    }
}

/// Reads `2016`, `2016K1` (a quarter), `2016M03` (a month), `2016T2` (a tertial), and our own spellings.
pub fn period(text: &str) -> Result<String, String> {
    let text = text.trim();
    let ours = match text.split_at_checked(4) {
        Some((year, rest)) => match rest.split_at_checked(1) {
            Some(("K" | "Q", quarter)) => format!("{year}-Q{quarter}"),
            Some(("M", month)) => format!("{year}-{month}"),
            Some(("T", tertial)) => format!("{year}-T{tertial}"),
            _ => text.to_owned(),
        },
        None => text.to_owned(),
    };
    match Period::parse(&ours) {
        Ok(_) => Ok(ours),
        Err(_) => Err(format!("`{text}` is not a period: 2016, 2016K1, 2016M03, 2016T2 or 2016-2020")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_region_has_one_key() {
        for (text, wanted) in [
            ("0301", "K-0301"),
            ("K-0301", "K-0301"),
            ("0301 Oslo", "K-0301"),
            ("K-3001 Halden", "K-3001"),
            ("301", "K-0301"),
            ("15", "F-15"),
            ("3", "F-03"),
            ("F-15 Møre og Romsdal", "F-15"),
            ("0", "NO"),
            ("0 Hele landet", "NO"),
            ("EAK Hele landet", "NO"),
            ("Hele landet", "NO"),
        ] {
            assert_eq!(region(text).unwrap().key, wanted, "{text}");
        }
        assert!(region("301").unwrap().restored && !region("0301").unwrap().restored);
        for bad in ["K-Rest", "Moss", "", "30111", "٠٣٠١", "K-301", "Rest"] {
            assert!(region(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_spelling_of_a_period_has_one() {
        for (text, wanted) in [("2016", "2016"), ("2016K3", "2016-Q3"), ("2016M03", "2016-03"), ("2016T2", "2016-T2")] {
            assert_eq!(period(text).as_deref(), Ok(wanted));
        }
        assert!(period("2016K5").is_err() && period("16").is_err() && period("år").is_err());
    }
}
