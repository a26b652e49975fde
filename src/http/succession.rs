//! A code that was not valid on the day asked for is answered with what its area is on that day.
use super::asked::Asked;
use crate::db::boundaries::Target;
use crate::db::{Database, Db};
use crate::domain::boundaries::{Succession, succession};
use crate::domain::{Language, Region, date};
use crate::error::{Error, Mistake};

/// What is to be said of a region on the day of `valid_on`.
fn find(db: &Database, conn: &mut Db, at: i64, region: &str, day: &str) -> Result<Option<Succession>, Error> {
    let (Ok(region), Ok(day)) = (Region::parse(region), date::whole(day)) else { return Ok(None) };
    let register = db.register(conn, at)?;
    Ok(succession(&register, &db.map(&register, Target::Day(day)), &region, day))
}

/// Why there is nothing under a code on a day, with the codes to ask for instead.
pub fn mistake(db: &Database, conn: &mut Db, at: i64, region: &str, asked: &Asked) -> Result<Option<Mistake>, Error> {
    let Some(day) = asked.one("valid_on") else { return Ok(None) };
    let found = find(db, conn, at, region, day)?;
    Ok(found.map(|found| {
        let only = if let [only] = found.regions.as_slice() { Some(only.clone()) } else { None };
        let told = Mistake::query("valid_on", "not_valid", found.sentence(Language::En));
        Mistake { allowed: found.regions, did_you_mean: only, ..told }
    }))
}

/// What a reader of a list should know of the regions that were asked for by code.
pub fn warnings(
    db: &Database,
    conn: &mut Db,
    at: i64,
    asked: &Asked,
    language: Language,
) -> Result<Vec<String>, Error> {
    let Some(day) = asked.one("valid_on") else { return Ok(vec![]) };
    let mut warnings = vec![];
    for region in asked.all("region") {
        warnings.extend(find(db, conn, at, region, day)?.map(|found| found.sentence(language)));
    }
    Ok(warnings)
}
