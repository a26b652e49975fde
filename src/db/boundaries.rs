//! The register of municipalities and its change graph as they were at a revision, for converting between maps.
use super::head::Head;
use super::{Db, Statement};
use crate::domain::boundaries::{Change, Map, Place, Register};
use crate::domain::date;
use crate::domain::vocabulary::ChangeKind;
use crate::error::Error;
use chrono::NaiveDate;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The collections the register is read from: a change in them is a change of every conversion.
pub const READS: [&str; 2] = ["municipalities", "municipality-changes"];

/// A map to carry values to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// That of a day.
    Day(NaiveDate),
    /// The finest that is comparable from a day to another.
    Comparable(NaiveDate, NaiveDate),
}

/// Registers, each with the maps that were made from it. Reading one takes milliseconds, and most requests ask for the
/// same.
#[derive(Default)]
pub struct Registers(Mutex<Vec<Held>>);

struct Held {
    revision: i64,
    register: Arc<Register>,
    maps: Vec<(Target, Arc<Map>)>,
}

impl Registers {
    /// The newest, and a few that citations ask for: a register has half a megabyte, and so has a map.
    const MOST: usize = 8;
    const MOST_MAPS: usize = 16;

    /// The register at a revision.
    pub fn register(&self, conn: &mut Db, head: &Head, at: i64) -> Result<Arc<Register>, Error> {
        // What came after the last change of a place does not matter, so that all later revisions share one.
        let newest = READS.iter().map(|collection| head.of(collection).revision).max().unwrap_or_default();
        let revision = at.min(newest);
        if let Some(held) = self.held().iter().find(|held| held.revision == revision) {
            return Ok(held.register.clone());
        }
        let register = Arc::new(load(conn, revision)?);
        let mut held = self.held();
        if held.len() >= Self::MOST {
            held.remove(0);
        }
        held.push(Held { revision, register: register.clone(), maps: vec![] });
        Ok(register)
    }

    /// A map of a register that was read here.
    pub fn map(&self, register: &Arc<Register>, target: Target) -> Arc<Map> {
        let of = |held: &Held| Arc::ptr_eq(&held.register, register);
        let known = self
            .held()
            .iter()
            .find(|held| of(held))
            .and_then(|held| held.maps.iter().find(|(other, _)| *other == target).map(|(_, map)| map.clone()));
        if let Some(map) = known {
            return map;
        }
        let map = Arc::new(match target {
            Target::Day(day) => Map::on(register, day),
            Target::Comparable(from, to) => Map::comparable(register, from, to),
        });
        if let Some(held) = self.held().iter_mut().find(|held| of(held)) {
            if held.maps.len() >= Self::MOST_MAPS {
                held.maps.remove(0);
            }
            held.maps.push((target, map.clone()));
        }
        map
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        // A panic elsewhere leaves what is held as it was: at worst a register is read again.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Version = (String, String, String, Option<String>);
type Edge = (String, ChangeKind, String, String, Option<f64>);

/// Reads the register as it was at a revision.
pub(super) fn load(conn: &mut Db, at: i64) -> Result<Register, Error> {
    let places = Statement::new("SELECT region_code, region_name, valid_from, valid_to FROM municipalities t").at(at);
    let mut register = vec![];
    for (code, name, from, to) in places.sql(" ORDER BY id").rows::<Version>(conn)? {
        let valid_to = to.as_deref().map(day).transpose()?;
        register.push(Place { code, name, valid_from: day(&from)?, valid_to });
    }
    let changes = Statement::new(
        "SELECT change_date, kind, old_region, new_region, population_share FROM municipality_changes t",
    )
    .at(at);
    let mut graph = vec![];
    for (date, kind, old, new, share) in changes.sql(" ORDER BY id").rows::<Edge>(conn)? {
        let code = |key: String| key.trim_start_matches("K-").to_owned();
        graph.push(Change { date: day(&date)?, kind, old_code: code(old), new_code: code(new), share });
    }
    Ok(Register::new(register, &graph))
}

fn day(text: &str) -> Result<NaiveDate, Error> {
    date::whole(text).map_err(|why| Error::internal(format!("`{text}` in the register: {why}")))
}
