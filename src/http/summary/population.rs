//! The population of places by year, for sums per inhabitant.
use crate::db::{Db, Statement};
use crate::domain::{Level, Region, population};
use crate::error::Error;
use crate::http::filter;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The indicator that populations are values of.
const INDICATOR: &str = "population";

/// A municipality of the register: key, county, first day, first day after.
type Member = (String, String, String, Option<String>);

/// The figures of some years, at a revision.
#[derive(Debug, Default)]
pub struct Population {
    /// For each year, the figure of each region that has one.
    years: HashMap<String, BTreeMap<String, f64>>,
    members: Vec<Member>,
}

impl Population {
    /// Reads the newest figures of the years among these periods. A figure on the map of another day is not of the place
    /// that has its code in the year.
    pub fn load<'p>(conn: &mut Db, periods: impl Iterator<Item = &'p str>, at: i64) -> Result<Self, Error> {
        let years: BTreeSet<&str> = periods.filter(|period| is_year(period)).collect();
        if years.is_empty() {
            return Ok(Self::default());
        }
        let select = Statement::new("SELECT t.period, t.region, t.value FROM observations t")
            .at(at)
            .sql(" AND t.value IS NOT NULL AND t.mapped_on IS NULL AND t.indicator = ")
            .bind(INDICATOR)
            .sql(" AND t.period IN ")
            .bind_list(years);
        let mut found = Self::default();
        for (year, region, value) in filter::vintage("latest", at, select).rows::<(String, String, f64)>(conn)? {
            found.years.entry(year).or_default().insert(region, value);
        }
        let register =
            Statement::new("SELECT t.region, t.county, t.valid_from, t.valid_to FROM municipalities t").at(at);
        found.members = register.rows(conn)?;
        Ok(found)
    }

    /// The population of a region in a period, where that is one year: the figure of the region, else, of a county, the
    /// sum over the municipalities it had on 1 January, which is the day the figures are of.
    pub fn of(&self, region: &str, period: &str) -> Option<f64> {
        let figures = self.years.get(period)?;
        if let Some(figure) = figures.get(region) {
            return Some(*figure);
        }
        Region::parse(region).ok().filter(|place| place.level == Level::County)?;
        let day = format!("{period}-01-01");
        let there = |member: &&Member| {
            member.1 == region && member.2 <= day && member.3.as_ref().is_none_or(|until| *until > day)
        };
        let municipalities = self.members.iter().filter(there).map(|member| member.0.as_str()).collect();
        population::whole(&municipalities, figures)
    }
}

/// Periods are checked when they are written, so four characters are a year.
fn is_year(period: &str) -> bool {
    period.len() == 4
}
