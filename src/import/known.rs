//! What the database has that a reader needs to know: ids to guess from, and the register to go on from.
use super::cube::Cube;
use super::options::Options;
use crate::db::place::Places;
use crate::db::statement::Type;
use crate::db::table::Table;
use crate::db::{CURRENT, Database, Db, Statement};
use crate::domain::date;
use crate::domain::nearest::nearest;
use crate::error::{Error, Mistake};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A source as it can be recognised.
#[derive(Debug, Clone)]
pub struct Source {
    pub id: String,
    pub title: String,
    pub url: Option<String>,
}

/// What is there before the import.
pub struct Known {
    pub indicators: Vec<(String, String)>,
    pub sources: Vec<Source>,
    pub places: Places,
    /// The rows of a register of places as it stands, by their id, where one is imported.
    pub register: HashMap<String, Map<String, Value>>,
    /// The health region of each county.
    pub health_regions: HashMap<String, String>,
}

impl Known {
    /// Reads it for an import into a table.
    pub fn load(db: &Database, table: &'static Table) -> Result<Self, Error> {
        db.read(|conn| {
            let indicators = Statement::new("SELECT id, title_nb FROM indicators WHERE ended = ").bind(CURRENT);
            let sources = Statement::new("SELECT id, title, url FROM sources WHERE ended = ").bind(CURRENT);
            let sources: Vec<(String, String, Option<String>)> = sources.rows(conn)?;
            let counties =
                Statement::new("SELECT id, health_region FROM counties WHERE health_region IS NOT NULL AND ended = ");
            Ok(Self {
                indicators: indicators.rows(conn)?,
                sources: sources.into_iter().map(|(id, title, url)| Source { id, title, url }).collect(),
                places: Places::load(conn)?,
                register: register(conn, table)?,
                health_regions: counties.bind(CURRENT).rows(conn)?.into_iter().collect(),
            })
        })
    }

    /// The vintage: the one named, or the day the file was updated.
    pub fn published(&self, options: &Options, cube: &Cube) -> Result<String, Mistake> {
        let day = options.published.clone().or_else(|| cube.updated.clone()).ok_or_else(|| {
            let message = "the file does not say when it was published; say --published DATE";
            Mistake::field("published", "required", message)
        })?;
        date::partial(&day).map_err(|why| Mistake::field("published", "invalid", why))?;
        Ok(day)
    }

    /// An indicator that is there. Said once, and not for each of a million values.
    pub fn indicator(&self, id: &str) -> Result<String, Mistake> {
        let ids: Vec<&str> = self.indicators.iter().map(|(id, _)| id.as_str()).collect();
        there("indicator", "indicators", id, &ids)
    }

    /// The source: the one named, or the one a file speaks of by its title or address, or by the number of a table that
    /// its id has.
    pub fn source(&self, options: &Options, origin: &[String]) -> Result<String, Mistake> {
        let ids: Vec<&str> = self.sources.iter().map(|source| source.id.as_str()).collect();
        if let Some(id) = &options.source {
            return there("source", "sources", id, &ids);
        }
        let names = |source: &&Source| {
            origin.iter().any(|text| {
                let number = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 5);
                *text == source.title
                    || Some(text) == source.url.as_ref()
                    || number.is_some_and(|number| source.id == format!("ssb-{number}"))
            })
        };
        self.sources.iter().find(names).map(|source| source.id.clone()).ok_or_else(|| {
            let message = "the file names no source that is known; say --source ID, the id of a row in sources";
            Mistake::field("source", "required", message)
        })
    }
}

fn there(field: &str, collection: &str, id: &str, ids: &[&str]) -> Result<String, Mistake> {
    match ids.contains(&id) {
        true => Ok(id.to_owned()),
        false => {
            let mistake = Mistake::field(field, "reference", format!("there is no `{id}` in {collection}"));
            Err(Mistake { did_you_mean: nearest(id, ids.iter().copied()), ..mistake })
        }
    }
}

fn register(conn: &mut Db, table: &'static Table) -> Result<HashMap<String, Map<String, Value>>, Error> {
    if !matches!(table.collection, "municipalities" | "counties" | "municipality-changes") {
        return Ok(HashMap::new());
    }
    // As text: these registers are small, and what is read is only carried over.
    let texts: Vec<String> = table.columns.iter().map(|c| format!("CAST({} AS TEXT)", c.name)).collect();
    let sql = format!("SELECT {} FROM {} WHERE ended = ", texts.join(", "), table.name);
    let rows: Vec<Vec<Option<String>>> = Statement::new(sql).bind(CURRENT).rows(conn)?;
    let object = |cells: Vec<Option<String>>| {
        let members = table.columns.iter().zip(cells).filter(|(column, _)| !column.read_only || column.name == "id");
        let typed = members.filter_map(|(column, cell)| {
            let cell = cell?;
            // SQLite has no booleans, and writes 1 where PostgreSQL writes true.
            let value = match (column.holds, cell.as_str()) {
                (Type::Boolean, "1") => true.into(),
                (Type::Boolean, "0") => false.into(),
                _ => crate::http::rows::value(column, &cell)?,
            };
            Some((column.name.clone(), value))
        });
        typed.collect::<Map<String, Value>>()
    };
    let keyed = rows.into_iter().map(object).filter_map(|row| Some((row.get("id")?.as_str()?.to_owned(), row)));
    Ok(keyed.collect())
}
