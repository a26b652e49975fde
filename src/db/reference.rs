//! References between tables: what a row points to must be there, and what is pointed to may not be deleted.
use super::place::Places;
use super::table::{Reference, Table};
use super::{CURRENT, Db, Statement};
use crate::domain::id;
use crate::error::{Error, Mistake, Place};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Both databases take at least 32,000 values in a statement.
const CHUNK: usize = 10_000;

/// How many that refer to a thing are named when it cannot be deleted.
const NAMED: usize = 20;

/// The first place that named an id: the number of the row, where that is in a file, and the field.
type First = (Option<usize>, Option<Place>, &'static str);

/// The references of rows written so far in a transaction, checked together at its end, so that rows may refer to
/// others of the same request in any order.
#[derive(Default)]
pub struct Pending {
    /// For each table, the ids that must be there, each with the first place that named it.
    wanted: HashMap<&'static str, HashMap<String, First>>,
}

impl Pending {
    /// Notes what a row refers to. `row` is its number in a table sent, and `places` where its fields stand in a file.
    pub fn note(
        &mut self,
        references: &[Reference],
        object: &serde_json::Value,
        row: Option<usize>,
        places: &[(&'static str, Place)],
    ) {
        for reference in references {
            let Some(text) = object[reference.field].as_str() else { continue };
            let ids: Vec<&str> = if reference.many { id::listed(text).collect() } else { vec![text] };
            let wanted = self.wanted.entry(reference.table).or_default();
            for target in ids {
                if !wanted.contains_key(target) {
                    let place = places.iter().find(|(field, _)| *field == reference.field).map(|(_, place)| *place);
                    wanted.insert(target.to_owned(), (row, place, reference.field));
                }
            }
        }
    }

    /// Finds every reference to nothing.
    pub fn check(self, conn: &mut Db, tables: &[&'static Table]) -> Result<Vec<Mistake>, Error> {
        let mut wrong = vec![];
        for (name, wanted) in self.wanted {
            let Some(table) = tables.iter().find(|t| t.collection == name) else {
                return Err(Error::internal(format!("a reference to `{name}`, which is no collection")));
            };
            let ids: Vec<&String> = wanted.keys().collect();
            let mut there: HashSet<String> = HashSet::new();
            for chunk in ids.chunks(CHUNK) {
                let found = Statement::new(format!("SELECT id FROM {} WHERE ended = ", table.name))
                    .bind(CURRENT)
                    .sql(" AND id IN ")
                    .bind_list(chunk.iter().map(|id| id.as_str()))
                    .rows::<(String,)>(conn)?;
                there.extend(found.into_iter().map(|(id,)| id));
            }
            for (id, (row, place, field)) in wanted.into_iter().filter(|(id, _)| !there.contains(id)) {
                let message = format!("there is no `{id}` in {name}");
                let mistake = Mistake::field(field, "reference", message);
                wrong.push(match row {
                    Some(row) => mistake.in_row(row, place),
                    None => mistake,
                });
            }
        }
        wrong.sort_by(|a, b| (a.row, &a.name, &a.message).cmp(&(b.row, &b.name, &b.message)));
        Ok(wrong)
    }
}

/// What refers to a thing, for the refusal to delete it.
pub fn pointing_at(conn: &mut Db, tables: &[&'static Table], target: &Table, id: &str) -> Result<Vec<Mistake>, Error> {
    let mut found = vec![];
    for table in tables {
        for reference in table.references.iter().filter(|r| r.table == target.collection) {
            let statement = Statement::new(format!("SELECT id FROM {} WHERE ended = ", table.name)).bind(CURRENT);
            let statement = if reference.many {
                let column = format!(" AND (' ' || {} || ' ') LIKE ", reference.field);
                // Ids hold neither `%` nor `_`, so the pattern needs no escape.
                statement.sql(column).bind(format!("% {id} %"))
            } else {
                statement.sql(format!(" AND {} = ", reference.field)).bind(id)
            };
            for (pointer,) in statement.sql(format!(" ORDER BY id LIMIT {NAMED}")).rows::<(String,)>(conn)? {
                let message = format!("/v1/{}/{pointer} refers to it by `{}`", table.collection, reference.field);
                found.push(Mistake {
                    r#in: "path",
                    name: "id".into(),
                    code: "referenced",
                    message,
                    ..Mistake::default()
                });
            }
        }
    }
    found.truncate(NAMED);
    Ok(found)
}

/// Rows in one of the places named whose region was not valid in their period any more.
pub fn stranded(
    conn: &mut Db,
    tables: &[&'static Table],
    places: &Places,
    moved: &BTreeSet<String>,
) -> Result<Vec<Mistake>, Error> {
    let mut found = vec![];
    for table in tables.iter().filter(|t| t.column("region").is_some() && t.column("period").is_some()) {
        let mapped_on = if table.column("mapped_on").is_some() { "mapped_on" } else { "NULL" };
        for region in moved {
            let code = region.split_once('-').map_or(region.as_str(), |(_, code)| code);
            let rows =
                Statement::new(format!("SELECT id, region, period, {mapped_on} FROM {} WHERE ended = ", table.name))
                    .bind(CURRENT)
                    .sql(" AND (region = ")
                    .bind(region.as_str())
                    .sql(" OR region LIKE ")
                    .bind(format!("U-%{code}%"))
                    .sql(") ORDER BY id")
                    .rows::<(String, String, String, Option<String>)>(conn)?;
            for (id, region, period, mapped_on) in rows {
                if let Err(why) = places.find(&region, Some(&period), mapped_on.as_deref(), "region") {
                    let message = format!("/v1/{}/{id} lies in it: {}", table.collection, why.message);
                    found.push(Mistake {
                        r#in: "path",
                        name: "id".into(),
                        code: "referenced",
                        message,
                        ..Mistake::default()
                    });
                }
                if found.len() >= NAMED {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}
