//! Rules that many rows share. Each adds what is wrong, with the field it is wrong in, and goes on.
use crate::db::place::{Located, Places};
use crate::domain::{Level, Period, Region, date, organisation};
use crate::error::Mistake;

type Wrong = Vec<Mistake>;

fn refuse(wrong: &mut Wrong, field: &str, message: impl Into<String>) {
    wrong.push(Mistake::field(field, "invalid", message));
}

/// A text that must say something.
pub fn text(wrong: &mut Wrong, field: &str, value: &str) {
    if value.trim().is_empty() {
        wrong.push(Mistake::field(field, "required", "must not be empty"));
    }
}

/// A period; gives its first and its last day.
pub fn period(wrong: &mut Wrong, value: &str, start: &mut String, end: &mut String) {
    match Period::parse(value) {
        Ok(period) => (*start, *end) = (period.start.to_string(), period.end.to_string()),
        Err(why) => refuse(wrong, "period", why),
    }
}

/// A period in another field than `period`.
pub fn period_in(wrong: &mut Wrong, field: &str, value: &str) {
    if let Err(why) = Period::parse(value) {
        refuse(wrong, field, why);
    }
}

pub fn date(wrong: &mut Wrong, field: &str, value: &str) {
    if let Err(why) = date::whole(value) {
        refuse(wrong, field, why);
    }
}

pub fn partial_date(wrong: &mut Wrong, field: &str, value: Option<&str>) {
    if let Some(Err(why)) = value.map(date::partial) {
        refuse(wrong, field, why);
    }
}

/// Dates are texts that sort as they stand.
pub fn after(wrong: &mut Wrong, field: &str, value: &str, earlier_field: &str, earlier: &str) {
    if value <= earlier {
        refuse(wrong, field, format!("must be after {earlier_field}"));
    }
}

pub fn year(wrong: &mut Wrong, field: &str, value: i64) {
    if !(i64::from(date::EARLIEST_YEAR)..=i64::from(date::LATEST_YEAR)).contains(&value) {
        refuse(wrong, field, "must be a year");
    }
}

pub fn not_negative(wrong: &mut Wrong, field: &str, value: Option<i64>) {
    if value.is_some_and(|v| v < 0) {
        refuse(wrong, field, "must not be negative");
    }
}

pub fn at_least_one(wrong: &mut Wrong, field: &str, value: i64) {
    if value < 1 {
        refuse(wrong, field, "must be at least 1");
    }
}

pub fn not_itself(wrong: &mut Wrong, field: &str, id: &str, value: Option<&str>) {
    if value == Some(id) {
        refuse(wrong, field, "must not be the thing itself");
    }
}

pub fn both_or_neither(wrong: &mut Wrong, one: &str, has_one: bool, other: &str, has_other: bool) {
    if has_one != has_other {
        let (lacking, there) = if has_one { (other, one) } else { (one, other) };
        wrong.push(Mistake::field(lacking, "required", format!("is needed where there is a {there}")));
    }
}

/// A language tag of two or three letters (ISO 639).
pub fn language(wrong: &mut Wrong, field: &str, value: &str) {
    if !(2..=3).contains(&value.len()) || !value.bytes().all(|b| b.is_ascii_lowercase()) {
        refuse(wrong, field, "must be a language code of two or three letters, such as nb");
    }
}

pub fn web_address(wrong: &mut Wrong, field: &str, value: Option<&str>) {
    let plain = |v: &str| !v.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '<' || c == '>');
    if value.is_some_and(|v| !(v.starts_with("https://") || v.starts_with("http://")) || !plain(v)) {
        refuse(wrong, field, "must be a web address that begins with https:// or http://");
    }
}

/// An address that mail may be sent to, as far as its form tells.
pub fn email(wrong: &mut Wrong, field: &str, value: Option<&str>) {
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
    let shaped = |v: &str| v.rsplit_once('@').is_some_and(|(to, at)| plain(to) && plain(at) && at.contains('.'));
    if value.is_some_and(|v| v.len() > 254 || !shaped(v)) {
        refuse(wrong, field, "must be an e-mail address");
    }
}

/// A text of at most so many characters that says something and has no control characters; lines and tabs only where it
/// may have `lines`.
pub fn said(wrong: &mut Wrong, field: &str, value: Option<&str>, longest: usize, lines: bool) {
    let Some(value) = value else { return };
    text(wrong, field, value);
    if value.chars().count() > longest {
        refuse(wrong, field, format!("must be at most {longest} characters"));
    }
    if value.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        refuse(wrong, field, "must not contain control characters");
    }
}

/// The number of an organisation.
pub fn organisation_number(wrong: &mut Wrong, field: &str, value: Option<&str>) {
    if value.is_some_and(|value| !organisation::is_number(value)) {
        refuse(wrong, field, "must be an organisation number: nine digits with a correct check digit");
    }
}

/// A region of one level; gives it taken apart.
pub fn region(wrong: &mut Wrong, field: &str, value: &str, level: Level) -> Option<Region> {
    match Region::parse(value) {
        Ok(region) if region.level == level => return Some(region),
        Ok(_) => refuse(wrong, field, format!("must be a {}", level.word())),
        Err(why) => refuse(wrong, field, why),
    }
    None
}

/// Finds the region of a row in the register of places, with any mistake put where mistakes go.
pub fn located(
    wrong: &mut Wrong,
    places: &Places,
    region: Option<&str>,
    period: &str,
    mapped_on: Option<&str>,
) -> Option<Located> {
    match places.find(region?, Some(period), mapped_on, "region") {
        Ok(located) => Some(located),
        Err(mistake) => {
            // A malformed key has been told already, by the row's own check.
            if !wrong.iter().any(|m| m.name == mistake.name) {
                wrong.push(mistake);
            }
            None
        }
    }
}

/// Money of a plan is for the plan's time: its period must have a day in common with that of the plan.
pub fn within_plan(wrong: &mut Wrong, places: &Places, plan: Option<&str>, start: &str, end: &str) {
    let Some((first, last)) = plan.and_then(|id| places.plan(id)) else { return };
    if !start.is_empty() && (start > last || end < first) {
        let message = format!("lies outside the period of the plan, {first} to {last}");
        wrong.push(Mistake::field("period", "domain_rule", message));
    }
}
