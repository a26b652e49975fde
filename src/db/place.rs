//! The register of places as it stands, for checking that a region existed in the period a figure is about; and the
//! periods of the plans, for checking that the figure belongs to its plan.
use super::{CURRENT, Db, Statement};
use crate::domain::region::NATION;
use crate::domain::{Level, Period, Region, date};
use crate::error::{Error, Mistake};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One version of a place: its name, and when it was so.
#[derive(Debug, Clone)]
struct Place {
    name: String,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

/// What a row says of its region beside the key.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    pub region: String,
    pub region_code: String,
    pub region_name: String,
    pub level: Level,
    pub county: Option<String>,
}

/// Every place of the current revision, by key.
pub struct Places {
    versions: HashMap<String, Vec<Place>>,
    successors: HashMap<String, Vec<(String, String, String)>>,
    /// First and last day of each plan.
    plans: HashMap<String, (String, String)>,
}

type Row = (String, String, Option<String>, Option<String>);

/// The collection of plans.
pub(super) const PLANS: &str = "plans";
/// The collections that all of it is read from: those of the register of places, and the plans.
pub(super) const FROM: [&str; 5] = ["municipalities", "counties", "health-regions", "municipality-changes", PLANS];

/// A collection as it is: its name, its revision, and the digest of its current rows.
type Version = (String, i64, Option<String>);

/// Those that were read last, under the versions of their collections. By what they are and not by the database they are
/// from: a process may have several.
static LAST: Mutex<Option<(Vec<Version>, Arc<Places>)>> = Mutex::new(None);

impl Places {
    /// Every place before the revision that is being written: a thousand rows, which are read again only when one of them
    /// has changed. A revision that has changed some itself must [`load`](Self::load) them.
    pub fn known(conn: &mut Db) -> Result<Arc<Self>, Error> {
        let names = FROM.join("', '");
        let sql = format!("SELECT collection, revision, digest FROM collections WHERE collection IN ('{names}')");
        let versions: Vec<Version> = Statement::new(sql).sql(" ORDER BY collection").rows(conn)?;
        let has_digests = versions.iter().all(|(_, _, digest)| digest.is_some());
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, places)) = last.filter(|(of, _)| has_digests && *of == versions) {
            return Ok(places);
        }
        let places = Arc::new(Self::load(conn)?);
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((versions, places.clone()));
        Ok(places)
    }

    /// Every place as it is now, also within a revision.
    pub fn load(conn: &mut Db) -> Result<Self, Error> {
        let mut versions: HashMap<String, Vec<Place>> = HashMap::new();
        for table in ["municipalities", "counties"] {
            let sql = format!("SELECT region, region_name, valid_from, valid_to FROM {table} WHERE ended = ");
            for (region, name, valid_from, valid_to) in
                Statement::new(sql).bind(CURRENT).sql(" ORDER BY id").rows::<Row>(conn)?
            {
                versions.entry(region).or_default().push(Place { name, valid_from, valid_to });
            }
        }
        let regions = Statement::new("SELECT region, region_name FROM health_regions WHERE ended = ").bind(CURRENT);
        for (region, name) in regions.rows::<(String, String)>(conn)? {
            versions.entry(region).or_default().push(Place { name, valid_from: None, valid_to: None });
        }
        let mut successors: HashMap<String, Vec<_>> = HashMap::new();
        let changes = Statement::new(
            "SELECT old_region, change_date, new_region, new_name FROM municipality_changes WHERE old_region <> new_region AND ended = ",
        );
        for (old, day, new, name) in
            changes.bind(CURRENT).sql(" ORDER BY id").rows::<(String, String, String, String)>(conn)?
        {
            successors.entry(old).or_default().push((day, new, name));
        }
        let plans = Statement::new("SELECT id, period_start, period_end FROM plans WHERE ended = ").bind(CURRENT);
        let plans = plans.rows::<(String, String, String)>(conn)?;
        let plans = plans.into_iter().map(|(id, start, end)| (id, (start, end))).collect();
        Ok(Self { versions, successors, plans })
    }

    /// First and last day of a plan.
    pub fn plan(&self, id: &str) -> Option<(&str, &str)> {
        self.plans.get(id).map(|(start, end)| (start.as_str(), end.as_str()))
    }

    /// Finds a region in a period: it must have been valid on some day of it, or on the day of the map it was
    /// reported on, where that is given.
    pub fn find(
        &self,
        key: &str,
        period: Option<&str>,
        mapped_on: Option<&str>,
        field: &'static str,
    ) -> Result<Located, Mistake> {
        let region = Region::parse(key).map_err(|why| Mistake::field(field, "invalid", why))?;
        let days = match (mapped_on.and_then(|d| date::whole(d).ok()), period.and_then(|p| Period::parse(p).ok())) {
            (Some(day), _) => Some((day.to_string(), day.to_string())),
            (None, Some(p)) => Some((p.start.to_string(), p.end.to_string())),
            (None, None) => None,
        };
        let region_name = match region.level {
            Level::Nation => NATION.nb.to_owned(),
            Level::Unit => {
                let parts: Result<Vec<_>, _> =
                    region.code.split('.').map(|code| self.name(&format!("K-{code}"), days.as_ref(), field)).collect();
                parts?.join(" + ")
            }
            _ => self.name(&region.key(), days.as_ref(), field)?,
        };
        Ok(Located {
            region: region.key(),
            county: region.county(),
            region_code: region.code,
            region_name,
            level: region.level,
        })
    }

    fn name(&self, key: &str, days: Option<&(String, String)>, field: &'static str) -> Result<String, Mistake> {
        let versions = self
            .versions
            .get(key)
            .ok_or_else(|| Mistake::field(field, "reference", format!("{key} is not in the register of places")))?;
        let valid = |p: &&Place| {
            days.is_none_or(|(start, end)| {
                p.valid_from.as_ref().is_none_or(|from| from <= end) && p.valid_to.as_ref().is_none_or(|to| to > start)
            })
        };
        if let Some(place) = versions.iter().rev().find(valid) {
            return Ok(place.name.clone());
        }
        let (start, end) = days.cloned().unwrap_or_default();
        let later: Vec<String> = self
            .successors
            .get(key)
            .into_iter()
            .flatten()
            .filter(|(day, ..)| *day <= end)
            .map(|(day, new, name)| format!("{new} {name} from {day}"))
            .collect();
        let hint = if later.is_empty() { String::new() } else { format!("; it was followed by {}", later.join(", ")) };
        let span = if start == end { format!("on {start}") } else { format!("between {start} and {end}") };
        Err(Mistake::field(field, "not_valid", format!("{key} was not a valid code {span}{hint}")))
    }
}

/// The name a place had last, as the register of a revision has it; none where it is not in the register.
pub fn name(conn: &mut Db, at: i64, region: &Region) -> Result<Option<String>, Error> {
    let table = match region.level {
        Level::Nation => return Ok(Some(NATION.nb.to_owned())),
        Level::Unit => {
            let mut names = vec![];
            for code in region.code.split('.') {
                let part = Region { level: Level::Municipality, code: code.to_owned() };
                match name(conn, at, &part)? {
                    Some(name) => names.push(name),
                    None => return Ok(None),
                }
            }
            return Ok(Some(names.join(" + ")));
        }
        Level::Municipality => "municipalities",
        Level::County => "counties",
        Level::HealthRegion => "health_regions",
    };
    let sql = Statement::new(format!("SELECT t.region_name FROM {table} t")).at(at);
    let found: Option<(String,)> =
        sql.sql(" AND t.region = ").bind(region.key()).sql(" ORDER BY t.id DESC").row(conn)?;
    Ok(found.map(|(name,)| name))
}
