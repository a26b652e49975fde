//! What is asked for of rows beside which there are: the map they are carried to, and what they are divided by.
use super::fields;
use crate::db::boundaries::Target;
use crate::db::table::Column;
use crate::domain::boundaries::BEGINS;
use crate::domain::{Period, date};
use crate::error::{Error, Kind, Mistake};
use crate::http::asked::Asked;
use crate::http::parameter::{Parameter, Shape};
use crate::http::per::Per;
use chrono::NaiveDate;

/// A map, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Boundaries {
    Day(NaiveDate),
    /// The finest that is comparable over the periods asked for.
    Comparable,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The map; none for that of each row's own time.
    pub boundaries: Option<Boundaries>,
    /// Whether published shares of the population may divide a place.
    pub estimate: bool,
    /// Whether the arithmetic is wanted.
    pub explain: bool,
    pub per: Option<Per>,
}

/// The parameters of conversion.
pub fn parameters() -> [Parameter; 3] {
    let about = format!(
        "The municipal map that rows are carried to: that of a day (a year or a month means its first), from {BEGINS} on, or `comparable`, the finest on which every value of the periods asked for is exact. `original` leaves each as it was reported. Filters for places are for places of this map."
    );
    [
        Parameter::new("boundaries", about, Shape::Boundaries).default("original"),
        Parameter::new(
            "estimate",
            "`shares` lets published shares of the population divide what belongs to a municipality that was divided; such rows are `estimated`. Without it they are `not_comparable`.",
            Shape::Word(&["shares"]),
        ),
        Parameter::new("explain", "`1` puts the arithmetic of each row beside it.", Shape::Word(&["0", "1"]))
            .default("0"),
    ]
}

/// Reads the value of `boundaries`, and gives the one spelling of it.
pub fn spelled(value: &str) -> Result<String, String> {
    if matches!(value, "original" | "comparable") {
        return Ok(value.to_owned());
    }
    match date::partial(value) {
        Ok((day, _)) if day >= BEGINS => Ok(day.to_string()),
        Ok(_) => Err(format!("must not be before {BEGINS}, when the register begins")),
        Err(_) => Err("must be original, comparable, or a day, a month or a year".into()),
    }
}

impl Question {
    /// Rows as they are.
    pub const ORIGINAL: Self = Self { boundaries: None, estimate: false, explain: false, per: None };

    /// Reads it; none where rows are wanted as they are.
    pub fn of(asked: &Asked) -> Result<Option<Self>, Error> {
        let boundaries = match asked.one("boundaries") {
            None | Some("original") => None,
            Some("comparable") => Some(Boundaries::Comparable),
            Some(day) => Some(Boundaries::Day(date::whole(day).map_err(Error::internal)?)),
        };
        let per = Per::of(asked);
        if boundaries.is_some() || per.is_some() {
            let explain = asked.one("explain") == Some("1");
            let question = Self { boundaries, estimate: asked.one("estimate").is_some(), explain, per };
            question.alone(asked)?;
            return Ok(Some(question));
        }
        Self::ORIGINAL.alone(asked)?;
        Ok(None)
    }

    /// A parameter that would be ignored in silence answers another question than the one asked.
    fn alone(&self, asked: &Asked) -> Result<(), Error> {
        let idle = |name: &&&str| self.boundaries.is_none() && asked.one(name).is_some_and(|value| value != "0");
        let wrong: Vec<Mistake> = ["estimate", "explain"]
            .iter()
            .filter(idle)
            .map(|name| Mistake::query(name, "invalid", "is of a conversion: name a map with boundaries"))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::all(Kind::InvalidParameter, wrong)) }
    }

    /// The fields that rows have beside their own, with their value in this field.
    pub fn fields(&self, value: &str) -> Vec<&'static Column> {
        let divided = self.per.map(|per| per.field(value));
        let wanted = |name: &str| match name {
            "population" => self.per.is_some(),
            "explanation" => self.boundaries.is_some() && self.explain,
            _ if fields::CONVERSION.contains(&name) => self.boundaries.is_some(),
            other => divided.as_deref() == Some(other),
        };
        fields::table().columns.iter().filter(|column| wanted(&column.name)).collect()
    }

    /// What the map is called in its rows.
    pub fn word(&self) -> Option<String> {
        self.boundaries.map(|boundaries| match boundaries {
            Boundaries::Day(day) => day.to_string(),
            Boundaries::Comparable => "comparable".to_owned(),
        })
    }

    /// The map. One that is comparable spans the periods asked for, and where none were, those of the rows.
    pub fn target(&self, asked: &Asked, rows: impl Fn() -> Option<(NaiveDate, NaiveDate)>) -> Option<Target> {
        match self.boundaries? {
            Boundaries::Day(day) => Some(Target::Day(day)),
            Boundaries::Comparable => {
                let period = |name: &str| asked.one(name).and_then(|text| Period::parse(text).ok());
                let (first, last) = (period("period_from").map(|p| p.start), period("period_to").map(|p| p.end));
                let found = if first.is_some() && last.is_some() { None } else { rows() };
                let (from, to) = (first.or(found.map(|f| f.0))?, last.or(found.map(|f| f.1))?);
                Some(Target::Comparable(from.max(BEGINS), to.max(BEGINS)))
            }
        }
    }
}

/// Fields asked for that this answer does not have, though another could.
pub fn strangers(asked: &Asked, question: Option<&Question>, value: &str) -> Result<(), Error> {
    let has = |name: &str| question.is_some_and(|q| q.fields(value).iter().any(|column| column.name == name));
    let lacks = |name: &&String| fields::table().column(name).is_some() && !has(name);
    let why = |name: &String| match name.as_str() {
        "explanation" => "explain=1 with boundaries",
        name if fields::CONVERSION.contains(&name) => "boundaries",
        _ => "per",
    };
    let refuse = |name: &String| {
        Mistake::query("fields", "invalid", format!("`{name}` is there only when asked for: add {}", why(name)))
    };
    let wrong: Vec<Mistake> = asked.all("fields").iter().filter(lacks).map(refuse).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::all(Kind::InvalidParameter, wrong)) }
}
