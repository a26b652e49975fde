//! The regions that cells can be of, with the times in which each had its code and its name.
use crate::db::{Db, Statement};
use crate::domain::boundaries::Register;
use crate::domain::region::NATION;
use crate::domain::{Level, Period};
use crate::error::Error;
use crate::http::carried::Asking;
use crate::http::carried::made::Spot;
use std::collections::BTreeMap;

/// A version of a region: its name, its first day, and its first day no longer.
#[derive(Debug)]
struct Version {
    name: String,
    from: Option<String>,
    to: Option<String>,
}

/// A region.
#[derive(Debug)]
pub struct Ground {
    pub level: Level,
    pub county: Option<String>,
    /// Oldest first.
    versions: Vec<Version>,
}

impl Ground {
    fn always(level: Level, county: Option<String>, name: &str) -> Self {
        Self { level, county, versions: vec![Version { name: name.to_owned(), from: None, to: None }] }
    }

    /// The name it had in a period; none where its code was not valid on any day of it.
    pub fn name_in(&self, period: &Period) -> Option<&str> {
        let (start, end) = (period.start.to_string(), period.end.to_string());
        let valid = |version: &&Version| {
            version.from.as_ref().is_none_or(|from| *from <= end) && version.to.as_ref().is_none_or(|to| *to > start)
        };
        self.versions.iter().rev().find(valid).map(|version| version.name.as_str())
    }

    /// That, or else the last name it had.
    pub fn latest(&self, period: &Period) -> &str {
        self.name_in(period).or_else(|| Some(self.versions.last()?.name.as_str())).unwrap_or_default()
    }
}

/// Regions by their keys.
pub struct Grounds(pub BTreeMap<String, Ground>);

/// Key, name, first day, first day no longer.
type Row = (String, String, Option<String>, Option<String>);

impl Grounds {
    /// Every region of the register, or the areas of a map in the place of the municipalities.
    pub fn of(conn: &mut Db, register: &Register, asking: &Asking, spots: &[Spot]) -> Result<Self, Error> {
        let mut all = Self(BTreeMap::new());
        all.note("NO", NATION.to(asking.inquiry.language), Level::Nation);
        let regions = Statement::new("SELECT t.region, t.region_name FROM health_regions t").at(asking.at);
        for (region, name) in regions.rows::<(String, String)>(conn)? {
            all.note(&region, &name, Level::HealthRegion);
        }
        let counties =
            Statement::new("SELECT t.region, t.region_name, t.valid_from, t.valid_to FROM counties t").at(asking.at);
        for (region, name, from, to) in counties.sql(" ORDER BY t.id").rows::<Row>(conn)? {
            all.version(&region, Level::County, Some(region.clone()), Version { name, from, to });
        }
        if asking.question.boundaries.is_some() {
            for spot in spots {
                all.0.insert(spot.region.clone(), Ground::always(spot.level, spot.county.clone(), &spot.name));
            }
            return Ok(all);
        }
        for place in register.places() {
            let (from, to) = (Some(place.valid_from.to_string()), place.valid_to.map(|day| day.to_string()));
            let county = Some(format!("F-{}", &place.code[..2]));
            all.version(&place.key(), Level::Municipality, county, Version { name: place.name.clone(), from, to });
        }
        Ok(all)
    }

    fn version(&mut self, region: &str, level: Level, county: Option<String>, version: Version) {
        let ground = self.0.entry(region.to_owned()).or_insert(Ground { level, county, versions: vec![] });
        ground.versions.push(version);
    }

    /// Takes a region that values are for, where the register does not have it: several that were reported together.
    pub fn note(&mut self, region: &str, name: &str, level: Level) {
        self.0.entry(region.to_owned()).or_insert_with(|| Ground::always(level, None, name));
    }
}
