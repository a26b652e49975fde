//! The query string, read strictly: what is not understood is refused by name, all of it at once.
use super::carried;
use super::feed::point::Point;
use super::parameter::{Parameter, Shape};
use crate::domain::{Language, Period, Region, date};
use crate::error::{Error, Kind, Mistake};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The parameters of a request, each checked against what the document says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    given: BTreeMap<String, Vec<String>>,
}

impl Asked {
    /// Reads a query string against the parameters there are.
    pub fn read(query: &str, allowed: &[Parameter]) -> Result<Self, Error> {
        let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut unknown = vec![];
        let mut wrong = vec![];
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            let Some(parameter) = allowed.iter().find(|p| p.name == name) else {
                let names: Vec<&str> = allowed.iter().map(|p| p.name.as_str()).collect();
                unknown
                    .push(Mistake::query(&name, "unknown", "there is no such parameter here").allowing(&name, &names));
                continue;
            };
            let values = given.entry(name.clone()).or_default();
            if !parameter.list && !values.is_empty() {
                wrong.push(Mistake::query(&name, "repeated", "may stand once only"));
                continue;
            }
            if parameter.list {
                values.extend(value.split(',').map(str::to_owned));
            } else {
                values.push(value);
            }
        }
        let count = |parameter: &Parameter| given.get(&parameter.name).map_or(0, Vec::len);
        if let Some(parameter) = allowed.iter().find(|p| count(p) > p.most_values()) {
            let message = format!("may have at most {} values", parameter.most_values());
            return Err(Error::because(Kind::QueryTooComplex, Mistake::query(&parameter.name, "too_many", message)));
        }
        let mut asked = Self { given };
        for parameter in allowed {
            for value in asked.given.get_mut(&parameter.name).into_iter().flatten() {
                match checked(&parameter.shape, value) {
                    Ok(normal) => *value = normal,
                    Err(mistake) => wrong.push(mistake.named(&parameter.name, value)),
                }
            }
        }
        wrong.extend(allowed.iter().filter_map(|p| asked.inverted(p)));
        let missing = |p: &&Parameter| p.required && !asked.given.contains_key(&p.name);
        wrong.extend(allowed.iter().filter(missing).map(needed));
        if !unknown.is_empty() {
            unknown.extend(wrong);
            return Err(Error::all(Kind::UnknownParameter, unknown));
        }
        if wrong.is_empty() { Ok(asked) } else { Err(Error::all(Kind::InvalidParameter, wrong)) }
    }

    /// A range whose end lies before its beginning can hold nothing: a slip, and not a question.
    fn inverted(&self, end: &Parameter) -> Option<Mistake> {
        let (stem, beginning) = match (end.name.strip_suffix("_to"), end.name.strip_suffix("_max")) {
            (Some(stem), _) => (stem, "_from"),
            (_, Some(stem)) => (stem, "_min"),
            _ => return None,
        };
        let beginning = format!("{stem}{beginning}");
        let (first, last) = (self.one(&beginning)?, self.one(&end.name)?);
        let inverted = match &end.shape {
            Shape::Integer(..) => self.integer(&beginning)? > self.integer(&end.name)?,
            Shape::Period => Period::parse(first).ok()?.start > Period::parse(last).ok()?.end,
            Shape::PartialDate => date::partial(first).ok()?.0 > date::partial(last).ok()?.1,
            _ => false,
        };
        inverted.then(|| Mistake::query(&end.name, "invalid", format!("must not be before {beginning}")))
    }

    /// The same with one more parameter, whose value was said elsewhere.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.given.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    /// The value of a parameter that stands once.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.given.get(name)?.first().map(String::as_str)
    }

    /// The values of a parameter that may have several; none where it was not given.
    pub fn all(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.one(name)?.parse().ok()
    }

    /// The parameters in one order and one spelling, but for those named: the same question has the same text.
    pub fn canonical(&self, without: &[&str]) -> String {
        let mut text = String::new();
        for (name, values) in self.given.iter().filter(|(name, _)| !without.contains(&name.as_str())) {
            let glue = if text.is_empty() { "" } else { "&" };
            let values: Vec<String> = values.iter().map(|v| encode(v)).collect();
            let _ = write!(text, "{glue}{name}={}", values.join(","));
        }
        text
    }

    /// The same without some of the parameters.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.given.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// The language asked for by `lang`.
    pub fn language(&self) -> Option<Language> {
        self.one("lang").and_then(Language::from_code)
    }
}

/// The refusal of a request without a parameter it needs.
fn needed(parameter: &Parameter) -> Mistake {
    let mistake = Mistake::query(&parameter.name, "required", "is needed");
    match &parameter.shape {
        Shape::Word(words) => Mistake { allowed: words.iter().map(|w| (*w).to_owned()).collect(), ..mistake },
        _ => mistake,
    }
}

/// What is wrong with a value, before it is known which parameter it is of.
struct Refusal(String, Vec<String>);

impl Refusal {
    fn named(self, name: &str, given: &str) -> Mistake {
        let mistake = Mistake::query(name, "invalid", self.0);
        if self.1.is_empty() { mistake } else { mistake.allowing(given, &self.1) }
    }
}

fn checked(shape: &Shape, value: &str) -> Result<String, Refusal> {
    let refuse = |why: String| Refusal(why, vec![]);
    let same = || value.to_owned();
    match shape {
        Shape::Word(words) if words.contains(&value) => Ok(same()),
        Shape::Word(words) => Err(Refusal(
            format!("must be one of {}", words.join(", ")),
            words.iter().map(|w| (*w).to_owned()).collect(),
        )),
        Shape::Field(names) if names.iter().any(|n| n == value) => Ok(same()),
        Shape::Field(names) => Err(Refusal(format!("must be among {}", names.join(", ")), names.clone())),
        Shape::Order(names) if names.contains(&value.strip_prefix('-').unwrap_or(value)) => Ok(same()),
        Shape::Order(names) => {
            let allowed = names.iter().map(|n| (*n).to_owned()).collect();
            Err(Refusal(format!("must be among {}, each with `-` before it or not", names.join(", ")), allowed))
        }
        Shape::Text(longest) => match value.chars().count() {
            0 => Err(refuse("must not be empty".into())),
            n if n > *longest => Err(refuse(format!("must be at most {longest} characters"))),
            _ => Ok(same()),
        },
        Shape::Integer(least, most) => {
            let digits = value.strip_prefix('-').unwrap_or(value);
            let plain = !digits.is_empty() && digits.len() <= 19 && digits.bytes().all(|b| b.is_ascii_digit());
            match plain.then(|| value.parse::<i64>().ok()).flatten() {
                Some(n) if (*least..=*most).contains(&n) => Ok(n.to_string()),
                _ => Err(refuse(format!("must be a whole number between {least} and {most}"))),
            }
        }
        Shape::Truth if matches!(value, "true" | "false") => Ok(same()),
        Shape::Truth => Err(Refusal("must be true or false".into(), vec!["true".into(), "false".into()])),
        Shape::Region => Region::parse(value).map(|r| r.key()).map_err(refuse),
        Shape::County => match Region::parse(value) {
            Ok(r) if r.level == crate::domain::Level::County => Ok(r.key()),
            _ => Err(refuse("must be a county: F-15 or 15".into())),
        },
        Shape::Period => Period::parse(value).map(|_| same()).map_err(refuse),
        Shape::Date => date::whole(value).map(|_| same()).map_err(refuse),
        Shape::PartialDate => date::partial(value).map(|_| same()).map_err(refuse),
        Shape::Vintage => match value {
            "latest" | "all" | "first" => Ok(same()),
            _ => date::partial(value).map(|_| same()).map_err(|_| {
                refuse("must be latest, all, first, or a date: the newest value published by then".into())
            }),
        },
        Shape::Boundaries => carried::spelled(value).map_err(refuse),
        Shape::Moment => moment(value).map_err(refuse),
        Shape::Point => Point::parse(value).map(|_| same()).map_err(|why| refuse(why.into())),
    }
}

/// A revision number, or a time in RFC 3339, which is put into the one spelling times are stored in.
fn moment(value: &str) -> Result<String, String> {
    let plain = (1..=18).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if plain && (value == "0" || !value.starts_with('0')) {
        return Ok(value.to_owned());
    }
    // A `+` before the offset arrives as a space unless it was encoded.
    chrono::DateTime::parse_from_rfc3339(&value.replace(' ', "+"))
        .map(|t| t.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        .map_err(|_| "must be a revision number, or a time such as 2026-11-22T10:00:00Z".into())
}

/// Percent-decodes, strictly: an incomplete escape, a NUL or what is not UTF-8 is refused, where the framework
/// would put U+FFFD in silence. `+` is a space, as HTML forms and Python's `requests` write it.
pub fn decode(text: &str) -> Result<String, Error> {
    let wrong = || Error::new(Kind::InvalidEncoding).detail("percent-encode UTF-8, without NUL");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else { return Err(wrong()) };
                bytes.push((high * 16 + low) as u8);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(wrong()),
    }
}

/// Percent-encodes a value for a query.
pub fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> Vec<Parameter> {
        vec![
            Parameter::new("region", "", Shape::Region).list(),
            Parameter::new("limit", "", Shape::Integer(1, 10_000)),
            Parameter::new("as_of", "", Shape::Moment),
        ]
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let wrong = Asked::read("regoin=0301&limt=3&as_of=x", &allowed()).unwrap_err();
        assert_eq!((wrong.kind, wrong.mistakes.len()), (Kind::UnknownParameter, 3));
        assert_eq!(wrong.mistakes[0].did_you_mean.as_deref(), Some("region"));
        assert_eq!(wrong.mistakes[1].did_you_mean.as_deref(), Some("limit"));
    }

    #[test]
    fn a_limit_is_plain_digits_within_bounds() {
        for bad in ["0", "-1", "abc", "10001", "4294967296", "%2B1", "1e3", "", "+1", "1.0", "99999999999999999999"] {
            let wrong = Asked::read(&format!("limit={bad}"), &allowed()).unwrap_err();
            assert_eq!((wrong.kind, wrong.mistakes[0].name.as_str()), (Kind::InvalidParameter, "limit"), "{bad}");
        }
        assert!(Asked::read("limit=1&limit=2", &allowed()).is_err());
    }

    #[test]
    fn bad_encoding_is_refused_and_not_replaced() {
        for bad in ["%00", "%ff", "%ed%a0%80", "%", "%u00e5", "%4"] {
            assert_eq!(
                Asked::read(&format!("region={bad}"), &allowed()).unwrap_err().kind,
                Kind::InvalidEncoding,
                "{bad}"
            );
        }
    }

    #[test]
    fn the_same_question_has_one_spelling() {
        let text = |q| Asked::read(q, &allowed()).unwrap().canonical(&[]);
        assert_eq!(text("region=0301,15&limit=5"), text("limit=05&region=K-0301&region=F-15"));
        assert_eq!(text("as_of=2026-11-22T11:00:00%2B01:00"), text("as_of=2026-11-22T10:00:00Z"));
    }
}
