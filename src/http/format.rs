//! The forms an answer can have, and how one is chosen. A new form is a word here and a writer below.
use super::asked::Asked;
use crate::error::{Error, Kind, Mistake};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// A form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
}

/// The words of `format=`.
pub const WORDS: &[&str] = &["json", "csv"];

impl Format {
    const ALL: [Self; 2] = [Self::Json, Self::Csv];

    pub fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    fn media(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Csv => ("text", "csv"),
        }
    }

    /// Whether it holds every row at once.
    pub fn is_table(self) -> bool {
        self != Self::Json
    }

    /// By `format=`, else by `Accept` (RFC 9110 §12.5.1), else JSON.
    pub fn choose(asked: &Asked, accept: Option<&str>) -> Result<Self, Error> {
        if let Some(word) = asked.one("format") {
            return Ok(Self::ALL.into_iter().find(|f| f.word() == word).unwrap_or(Self::Json));
        }
        accepted(accept, &Self::ALL.map(|f| (f, f.media()))).ok_or_else(|| {
            let allowed: Vec<String> = Self::ALL.iter().map(|f| format!("{}/{}", f.media().0, f.media().1)).collect();
            let mistake = Mistake::header("Accept", "not_acceptable", "names no format there is");
            Error::because(Kind::NotAcceptable, mistake.allowing("", &allowed))
        })
    }
}

/// The offer an `Accept` header weighs most; the first of equals. An absent or unreadable header takes the first offer.
pub fn accepted<T: Copy>(accept: Option<&str>, offers: &[(T, (&str, &str))]) -> Option<T> {
    let ranges: Vec<(String, String, f64)> = accept.unwrap_or("").split(',').take(64).filter_map(range).collect();
    if ranges.is_empty() {
        return offers.first().map(|(offer, _)| *offer);
    }
    let mut best: Option<(f64, T)> = None;
    for (offer, (kind, sub)) in offers {
        // The most exact range decides, whatever stands before it.
        let weight = ranges
            .iter()
            .filter_map(|(k, s, q)| match (k == kind, s == sub) {
                (true, true) => Some((2, *q)),
                (true, false) if s == "*" => Some((1, *q)),
                _ if k == "*" && s == "*" => Some((0, *q)),
                _ => None,
            })
            .max_by_key(|(exactness, _)| *exactness)
            .map_or(0.0, |(_, q)| q);
        if weight > best.as_ref().map_or(0.0, |(w, _)| *w) {
            best = Some((weight, *offer));
        }
    }
    best.map(|(_, offer)| offer)
}

fn range(text: &str) -> Option<(String, String, f64)> {
    let mut parts = text.split(';');
    let (kind, sub) = parts.next()?.trim().split_once('/')?;
    let word = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic());
    if !word(kind) || !word(sub) {
        return None;
    }
    let q = parts.find_map(|p| p.trim().strip_prefix("q=").map(str::to_owned));
    let weight = q.map_or(Some(1.0), |q| q.parse::<f64>().ok().filter(|q| (0.0..=1.0).contains(q)))?;
    Some((kind.to_ascii_lowercase(), sub.to_ascii_lowercase(), weight))
}

/// A row with only some of its fields, in the order asked for.
pub struct Picked<'a> {
    pub row: &'a serde_json::Value,
    pub fields: &'a [String],
}

impl Serialize for Picked<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.fields.len()))?;
        for field in self.fields {
            map.serialize_entry(field, &self.row[field.as_str()])?;
        }
        map.end()
    }
}

/// Writes rows as CSV (RFC 4180 with LF): a header always, nothing for null, raw texts.
pub fn csv<T: Serialize>(header: &[String], rows: &[T]) -> Result<Vec<u8>, Error> {
    let mut out = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    out.write_record(header).map_err(Error::internal)?;
    for row in rows {
        out.serialize(row).map_err(Error::internal)?;
    }
    out.into_inner().map_err(Error::internal)
}

/// The same with only some of the fields.
pub fn csv_picked<T: Serialize>(fields: &[String], rows: &[T]) -> Result<Vec<u8>, Error> {
    let mut out = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    out.write_record(fields).map_err(Error::internal)?;
    for row in rows {
        let row = serde_json::to_value(row).map_err(Error::internal)?;
        let cells = fields.iter().map(|f| match &row[f.as_str()] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        out.write_record(cells).map_err(Error::internal)?;
    }
    out.into_inner().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(accept: &str) -> Option<Format> {
        Format::choose(&Asked::default(), Some(accept)).ok()
    }

    #[test]
    fn the_heaviest_range_wins_and_zero_excludes() {
        assert_eq!(choose("*/*"), Some(Format::Json));
        assert_eq!(choose("application/*;q=0.1, text/csv;q=0.9"), Some(Format::Csv));
        assert_eq!(choose("application/json;q=0, */*;q=0.5"), Some(Format::Csv));
        assert_eq!(choose("text/html"), None);
        assert_eq!(choose("application/json;q=0"), None);
        for garbage in ["", ";;;", "æøå", "json", "text/csv;q=2"] {
            assert_eq!(choose(garbage), Some(Format::Json), "{garbage}");
        }
    }
}
