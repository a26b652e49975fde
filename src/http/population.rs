//! The population of places by year, as the denominator of what is given for each inhabitant.
use super::filter;
use crate::db::boundaries::Target;
use crate::db::{Database, Db, Statement};
use crate::domain::boundaries::{Register, Reported, Rule, Spot, convert};
use crate::domain::vocabulary::{Aggregation, ObservationStatus};
use crate::domain::{Level, Number, Period, Region, date, population};
use crate::error::Error;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The indicator that populations are values of.
const INDICATOR: &str = "population";

/// The collections a population is read from.
pub const READS: [&str; 3] = ["observations", "municipalities", "municipality-changes"];

/// For each year, the figure of each region that has one.
type Years = HashMap<String, BTreeMap<String, f64>>;

/// Year, region, value, status, the map it was reported on.
type Figure = (String, String, Option<Number>, ObservationStatus, Option<String>);

/// The figures of some years, at a revision, on the map of each year or on one map.
pub struct Population {
    years: Years,
    register: Arc<Register>,
    /// The map all of them were carried to; none where each year has its own.
    on: Option<Target>,
}

impl Population {
    /// Reads the newest figures of the years among these periods, and carries them to a map where one is named: then a part
    /// of a place has a population only where `estimate` lets published shares divide it.
    pub fn load<'p>(
        db: &Database,
        conn: &mut Db,
        periods: impl Iterator<Item = &'p str>,
        on: Option<Target>,
        estimate: bool,
        at: i64,
    ) -> Result<Self, Error> {
        let years: BTreeSet<&str> = periods.filter(|period| is_year(period)).collect();
        let register = db.register(conn, at)?;
        let mut found = Self { years: HashMap::new(), register, on };
        if years.is_empty() {
            return Ok(found);
        }
        let select = Statement::new("SELECT t.period, t.region, t.value, t.status, t.mapped_on FROM observations t")
            .at(at)
            .sql(" AND t.indicator = ")
            .bind(INDICATOR)
            .sql(" AND t.period IN ")
            .bind_list(years);
        let figures: Vec<Figure> = filter::vintage("latest", at, select).rows(conn)?;
        match on {
            None => found.take(figures),
            Some(target) => found.carry(db, &figures, target, estimate)?,
        }
        Ok(found)
    }

    /// A figure on the map of another day is not of the place that has its code in the year.
    fn take(&mut self, figures: Vec<Figure>) {
        for (year, region, value, _, mapped_on) in figures {
            if let (Some(value), None) = (value, mapped_on) {
                self.years.entry(year).or_default().insert(region, value.0);
            }
        }
    }

    fn carry(&mut self, db: &Database, figures: &[Figure], target: Target, estimate: bool) -> Result<(), Error> {
        let map = db.map(&self.register, target);
        let reported = figures.iter().map(|(year, region, value, status, mapped_on)| {
            let mapped_on = mapped_on.as_deref().map(date::whole).transpose().map_err(Error::internal)?;
            let period = Period::parse(year).map_err(Error::internal)?;
            let value = value.map(|v| v.0);
            Ok(Reported { region, period, mapped_on, value, status: *status, weight: None })
        });
        let reported = reported.collect::<Result<Vec<_>, Error>>()?;
        let rule = Rule { aggregation: Aggregation::Sum, estimate };
        for row in convert(&self.register, &map, &reported, rule).rows {
            let source = row.sources.first().and_then(|source| source.observation);
            let (Some(value), Some((year, region, ..))) = (row.value, source.map(|source| &figures[source])) else {
                continue;
            };
            let region = if let Spot::Area(area) = row.spot { &map.areas()[area].key } else { region };
            self.years.entry(year.clone()).or_default().insert(region.clone(), value);
        }
        Ok(())
    }

    /// The population of a region in a period, where that is one year: the figure of the region, else, of a county, the
    /// sum over the municipalities it has on its map. Without a map of its own that is the one of 1 January, which is the
    /// day the figures are of.
    pub fn of(&self, region: &str, period: &str) -> Option<f64> {
        let figures = self.years.get(period)?;
        if let Some(figure) = figures.get(region) {
            return Some(*figure);
        }
        let county = Region::parse(region).ok().filter(|place| place.level == Level::County)?;
        let day = match self.on {
            None => Period::parse(period).ok()?.start,
            Some(Target::Day(day)) => day,
            Some(Target::Comparable(..)) => return None,
        };
        let municipalities = municipalities(&self.register, &county.code, day);
        population::whole(&municipalities.iter().map(String::as_str).collect(), figures)
    }
}

/// The keys of the municipalities of a county on a day.
fn municipalities(register: &Register, digits: &str, day: NaiveDate) -> BTreeSet<String> {
    let within = register.places().iter().filter(|place| place.code.starts_with(digits) && place.valid_on(day));
    within.map(|place| place.key()).collect()
}

/// Periods are checked when they are written, so four characters are a year.
fn is_year(period: &str) -> bool {
    period.len() == 4
}
