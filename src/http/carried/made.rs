//! A row that was made of one or several that were reported: where each of its cells comes from.
use super::Sources;
use super::fields::CONVERSION;
use crate::domain::boundaries::{Area, Map, Method, Quality, Reason, Register};
use crate::domain::vocabulary::{Confidence, ObservationStatus};
use crate::domain::{Level, Region};
use crate::error::Error;
use crate::http::format::Column;
use crate::http::ordered::Value;
use crate::http::per::Per;

/// A region of a map, as a row has it.
#[derive(Debug, Clone)]
pub struct Spot {
    pub region: String,
    code: String,
    pub name: String,
    pub level: Level,
    pub county: Option<String>,
}

impl Spot {
    /// The areas of a map.
    pub fn all(register: &Register, map: &Map) -> Result<Vec<Self>, Error> {
        map.areas().iter().map(|area| Self::of(register, area)).collect()
    }

    fn of(register: &Register, area: &Area) -> Result<Self, Error> {
        let region = Region::parse(&area.key).map_err(Error::internal)?;
        let (level, code) = (region.level, region.code);
        Ok(Self { region: area.key.clone(), code, name: area.name.clone(), level, county: area.county(register) })
    }
}

/// Where a row lies.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// Where its first source lies: it was not moved.
    AsReported,
    /// On the area of the map with this number.
    At(usize),
    /// On no place of the map.
    Nowhere,
}

/// How a row came to be on a map.
#[derive(Debug, Clone, Default)]
pub struct Conversion {
    pub quality: Option<Quality>,
    pub method: Option<Method>,
    pub reason: Option<Reason>,
    pub source_regions: Option<String>,
    pub explanation: Option<String>,
}

/// A row that was made.
pub struct Made {
    /// The numbers of the rows it was made of; there is at least one.
    pub sources: Vec<usize>,
    pub place: Place,
    /// Its id, where that is not the id of its source.
    pub id: Option<String>,
    pub amount: Amount,
    pub conversion: Conversion,
    pub population: Option<f64>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    Value(Option<f64>, ObservationStatus),
    Kroner(i64),
}

impl Amount {
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Value(value, _) => value,
            Self::Kroner(amount) => Some(amount as f64),
        }
    }
}

/// Where the cells of a column come from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cells {
    Id,
    Region,
    Code,
    Name,
    Level,
    County,
    MappedOn,
    Amount,
    Status,
    /// The latest of all sources.
    Latest,
    /// What is furthest from its origin.
    Confidence,
    /// Whether any of the sources says so.
    Any,
    /// What the sources have, each once, with this between.
    Each(&'static str),
    /// What the first source has, and all the others.
    First,
    Boundaries,
    Quality,
    Method,
    Reason,
    SourceRegions,
    Explanation,
    Population,
    Divided,
}

/// Makes cells of rows.
pub struct Maker<'a> {
    sources: &'a Sources,
    /// The areas of the map.
    spots: &'a [Spot],
    cells: Vec<(Cells, usize)>,
    /// What the map is called.
    boundaries: Option<String>,
    per: Option<Per>,
}

impl<'a> Maker<'a> {
    /// For an answer with these columns, those of the sources first.
    pub fn new(
        (sources, spots): (&'a Sources, &'a [Spot]),
        columns: &[Column],
        boundaries: Option<String>,
        per: Option<Per>,
    ) -> Self {
        let of = |(number, column): (usize, &Column)| (cells(&column.name, number >= sources.columns.len()), number);
        Self { sources, spots, cells: columns.iter().enumerate().map(of).collect(), boundaries, per }
    }

    pub fn row(&self, made: &Made) -> Vec<Value<'a>> {
        self.cells.iter().map(|(cells, column)| self.cell(*cells, *column, made)).collect()
    }

    fn cell(&self, cells: Cells, column: usize, made: &Made) -> Value<'a> {
        let first = made.sources.first().map(|number| self.sources.row(*number));
        let reported = || first.map_or(Value::NULL, |row| Value::from(row.get(column)));
        let placed = |of: &dyn Fn(&'a Spot) -> Value<'a>| match made.place {
            Place::AsReported => reported(),
            Place::At(area) => self.spots.get(area).map_or(Value::NULL, of),
            Place::Nowhere => Value::NULL,
        };
        let conversion = &made.conversion;
        match cells {
            Cells::Id => made.id.as_deref().map_or_else(reported, Value::owned),
            Cells::Region => placed(&|spot| Value::text(Some(&spot.region))),
            Cells::Code => placed(&|spot| Value::text(Some(&spot.code))),
            Cells::Name => placed(&|spot| Value::text(Some(&spot.name))),
            Cells::Level => placed(&|spot| Value::text(Some(spot.level.word()))),
            Cells::County => placed(&|spot| Value::text(spot.county.as_deref())),
            Cells::MappedOn => match (made.place, &self.boundaries) {
                (Place::At(_), Some(day)) if day != "comparable" => Value::owned(day.as_str()),
                (Place::At(_), _) => Value::NULL,
                _ => reported(),
            },
            Cells::Amount => match made.amount {
                Amount::Value(value, _) => Value::Number(value),
                Amount::Kroner(amount) => Value::Integer(Some(amount)),
            },
            Cells::Status => match made.amount {
                Amount::Value(_, status) => Value::text(Some(status.word())),
                Amount::Kroner(_) => reported(),
            },
            Cells::Latest => Value::text(self.texts(column, made).max()),
            Cells::Confidence => {
                let rank = |word: &&str| Confidence::WORDS.iter().position(|known| known == word);
                Value::text(self.texts(column, made).max_by_key(rank))
            }
            Cells::Any => {
                let mut said = made.sources.iter().map(|number| Value::from(self.sources.row(*number).get(column)));
                let all: Vec<Value> = said.by_ref().filter(|value| matches!(value, Value::Boolean(_))).collect();
                if all.is_empty() { Value::NULL } else { Value::Boolean(all.contains(&Value::Boolean(true))) }
            }
            Cells::Each(between) => self.each(column, between, made),
            Cells::First => reported(),
            Cells::Boundaries => Value::Text(self.boundaries.clone().map(Into::into)),
            Cells::Quality => Value::text(conversion.quality.map(Quality::word)),
            Cells::Method => Value::text(conversion.method.map(Method::word)),
            Cells::Reason => Value::text(conversion.reason.map(Reason::word)),
            Cells::SourceRegions => Value::Text(conversion.source_regions.clone().map(Into::into)),
            Cells::Explanation => Value::Text(conversion.explanation.clone().map(Into::into)),
            Cells::Population => Value::Number(made.population),
            Cells::Divided => {
                let divided = self.per.and_then(|per| per.divide(made.amount.number(), made.population));
                Value::Number(divided)
            }
        }
    }

    fn texts(&self, column: usize, made: &Made) -> impl Iterator<Item = &'a str> {
        let rows: Vec<_> = made.sources.iter().map(|number| self.sources.row(*number)).collect();
        rows.into_iter().filter_map(move |row| row.get(column).text())
    }

    fn each(&self, column: usize, between: &str, made: &Made) -> Value<'a> {
        let mut all: Vec<&str> = vec![];
        for text in self.texts(column, made) {
            if !all.contains(&text) {
                all.push(text);
            }
        }
        match all.as_slice() {
            [] => Value::NULL,
            [only] => Value::text(Some(only)),
            several => Value::owned(several.join(between)),
        }
    }
}

fn cells(name: &str, added: bool) -> Cells {
    match name {
        "id" => Cells::Id,
        "region" => Cells::Region,
        "region_code" => Cells::Code,
        "region_name" => Cells::Name,
        "level" => Cells::Level,
        "county" => Cells::County,
        "mapped_on" => Cells::MappedOn,
        "value" | "amount_nok" => Cells::Amount,
        "status" => Cells::Status,
        "published" => Cells::Latest,
        "confidence" => Cells::Confidence,
        "series_break" => Cells::Any,
        "source" => Cells::Each(" "),
        "source_name" | "publisher" | "note" => Cells::Each("; "),
        "population" if added => Cells::Population,
        "explanation" if added => Cells::Explanation,
        _ if added && !CONVERSION.contains(&name) => Cells::Divided,
        "boundaries" if added => Cells::Boundaries,
        "conversion_quality" if added => Cells::Quality,
        "conversion_method" if added => Cells::Method,
        "conversion_reason" if added => Cells::Reason,
        "source_regions" if added => Cells::SourceRegions,
        _ => Cells::First,
    }
}
