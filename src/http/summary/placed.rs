//! Groups by the places of one map: cells are put where their region lies on it before they are grouped.
use super::PLACES;
use super::cells::Group;
use super::question::Question;
use crate::db::boundaries::Target;
use crate::db::{Database, Db};
use crate::domain::boundaries::{Landing, Map, Method, Placing, Quality, Register, place};
use crate::domain::money::Amounts;
use crate::domain::{Language, Period};
use crate::error::Error;
use crate::http::asked::Asked;
use crate::http::carried::made::Spot;
use crate::http::carried::said::Losses;
use crate::http::carried::{said, source};
use crate::http::inquiry::Inquiry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Filters for places: they are for places of the map, and hold of a cell when it has been placed.
pub const AFTER: [&str; 3] = ["region", "county", "level"];

/// How the rows of a group came to be on the map.
#[derive(Debug, Default)]
pub struct Conversion {
    /// The least good of its rows.
    pub quality: Option<Quality>,
    pub methods: BTreeSet<&'static str>,
    /// What its rows have, by the region they were reported for.
    pub sources: BTreeMap<String, i128>,
}

impl Conversion {
    /// How the sum was made: `K-1504 5000000 + K-1523 200000 = 5200000`.
    pub fn arithmetic(&self, sum: Option<i128>) -> Option<String> {
        let mut terms: Vec<String> = self.sources.iter().map(|(region, amount)| format!("{region} {amount}")).collect();
        // What was paid to no region is in the sum too.
        let rest = sum.unwrap_or_default() - self.sources.values().sum::<i128>();
        terms.extend(Some(rest.to_string()).filter(|_| rest != 0 && !terms.is_empty()));
        match terms.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(format!("{} = {}", several.join(" + "), sum.unwrap_or_default())),
        }
    }
}

/// A cell as the database gives it, before it is placed.
pub struct Cell {
    pub count: usize,
    pub amounts: Amounts,
    pub region: Option<String>,
    pub name: Option<String>,
    pub period: String,
}

/// A cell, or a part of it, where it lies.
pub struct Placed<'s> {
    pub amounts: Amounts,
    pub spot: At<'s>,
    pub landing: Option<Landing>,
}

/// Where a cell lies.
#[derive(Clone, Copy)]
pub enum At<'s> {
    /// Where it was reported, which is the same on the map, or nowhere in particular.
    Same,
    Area(&'s Spot),
    /// On no place of the map.
    Nowhere,
}

/// A map to place cells on.
pub struct Placer {
    pub target: Target,
    register: Arc<Register>,
    map: Arc<Map>,
    spots: Vec<Spot>,
    estimate: bool,
    language: Language,
    losses: Losses,
}

impl Placer {
    /// The map that is asked for; none where cells are left where they are.
    pub fn of<'p>(
        db: &Database,
        conn: &mut Db,
        inquiry: &Inquiry,
        question: &Question,
        periods: impl Iterator<Item = &'p str> + Clone,
        at: i64,
    ) -> Result<Option<Self>, Error> {
        let Some(carried) = question.carried else { return Ok(None) };
        let span = || {
            let periods: Vec<Period> = periods.clone().filter_map(|text| Period::parse(text).ok()).collect();
            source::span(&periods, &[])
        };
        let Some(target) = carried.target(&inquiry.asked, span) else { return Ok(None) };
        let register = db.register(conn, at)?;
        let map = db.map(&register, target);
        let spots = Spot::all(&register, &map)?;
        let (estimate, language) = (carried.estimate, inquiry.language);
        Ok(Some(Self { target, register, map, spots, estimate, language, losses: Losses::default() }))
    }

    /// Puts every cell into the groups it lies in.
    pub fn put(
        &mut self,
        cells: &[Cell],
        mut into: impl FnMut(&Cell, usize, Placed) -> Option<()>,
    ) -> Result<(), Error> {
        let mut placing = Placing::new(&self.register, &self.map, self.estimate);
        for (number, cell) in cells.iter().enumerate() {
            let stays = |spot| Placed { amounts: cell.amounts.clone(), spot, landing: None };
            let Some(region) = &cell.region else {
                into(cell, number, stays(At::Same));
                continue;
            };
            let period = Period::parse(&cell.period).map_err(Error::internal)?;
            match place(&mut placing, region, &period) {
                Ok(landings) => {
                    let shares: Vec<f64> = landings.iter().map(|landing| landing.share).collect();
                    for (landing, amounts) in landings.into_iter().zip(cell.amounts.divided(&shares)) {
                        let spot = landing.area.map_or(At::Same, |area| At::Area(&self.spots[area]));
                        into(cell, number, Placed { amounts, spot, landing: Some(landing) });
                    }
                }
                Err(why) => {
                    if into(cell, number, stays(At::Nowhere)).is_none() {
                        continue;
                    }
                    let named = said::named(region, cell.name.as_deref().unwrap_or_default());
                    let sum = cell.amounts.sum().unwrap_or_default() as f64;
                    self.losses.note("amount_nok", (why.reason, vec![]), sum, (&cell.period, &named));
                }
            }
        }
        Ok(())
    }

    /// What a reader should know of what lies nowhere.
    pub fn warnings(&self) -> Vec<String> {
        self.losses.warnings(|_| true, self.language)
    }
}

impl Placed<'_> {
    /// Whether it is where the filters want it.
    pub fn passes(&self, asked: &Asked, cell: &Cell, reported: &dyn Fn(&str) -> Option<String>) -> bool {
        AFTER.iter().all(|field| {
            let wanted = asked.all(field);
            wanted.is_empty() || self.field(field, cell, reported).is_some_and(|value| wanted.contains(&value))
        })
    }

    /// What a field for a place is where it lies. `reported` gives what it was.
    pub fn field(&self, field: &str, cell: &Cell, reported: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        match (self.spot, field) {
            (At::Nowhere, _) => None,
            (At::Area(spot), "region" | "municipality") => Some(spot.region.clone()),
            (At::Area(spot), "county") => spot.county.clone(),
            (At::Area(spot), "level") => Some(spot.level.word().to_owned()),
            (At::Area(spot), "region_name") => Some(spot.name.clone()),
            (At::Same, "region") => cell.region.clone(),
            (At::Same, "region_name") => cell.name.clone(),
            (At::Same, field) => reported(field),
            (At::Area(_), _) => None,
        }
    }

    /// Notes in a group how it came there.
    pub fn note(&self, group: &mut Group, cell: &Cell) {
        let (Some(region), conversion) = (&cell.region, &mut group.conversion) else { return };
        let quality = self.landing.as_ref().map_or(Quality::NotComparable, |landing| landing.quality);
        let rank = |quality: &Quality| Quality::WORDS.iter().position(|word| *word == quality.word());
        conversion.quality = [conversion.quality, Some(quality)].into_iter().flatten().max_by_key(rank);
        conversion.methods.extend(self.landing.as_ref().map(|landing| Method::word(landing.method)));
        *conversion.sources.entry(region.clone()).or_default() += self.amounts.sum().unwrap_or_default();
    }
}

/// Whether a field of a group is one that a map decides.
pub fn is_of_places(field: &str) -> bool {
    PLACES.contains(&field) || matches!(field, "level" | "region_name")
}
