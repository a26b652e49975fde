//! The rows of a collection put into groups.
//!
//! The database puts them into *cells*, which are groups parted further by what a warning or a name needs, and hands over
//! the amounts of each cell as one text. Sums and medians are then taken here: exact, whatever their size, and the same on
//! both databases, of which one has no median and neither has a sum that the other would give in the same way.
use super::Summarised;
use super::placed::{self, Cell, Conversion, Placer};
use super::question::Question;
use crate::db::boundaries::Target;
use crate::db::table::Table;
use crate::db::{Database, Db, Statement};
use crate::domain::money::Amounts;
use crate::error::Error;
use crate::http::inquiry::Inquiry;
use crate::http::list;
use std::collections::{BTreeSet, HashMap};

/// A group of rows.
#[derive(Debug, Default)]
pub struct Group {
    /// What its rows have in common: a value for each of [`Question::groups`].
    pub key: Vec<Option<String>>,
    /// How many rows there are.
    pub count: usize,
    pub amounts: Amounts,
    /// The name of its place in the latest period, after that period.
    pub name: Option<(String, String)>,
    /// The values of each of [`Question::mixed`] in it.
    pub mixed: Vec<BTreeSet<String>>,
    /// The periods in it, where they were not grouped by.
    pub periods: BTreeSet<String>,
    /// How its rows came to be on the map that was asked for.
    pub conversion: Conversion,
}

/// Number of rows, their amounts with commas between, and the values they share.
type Found = (i64, Option<String>, Vec<Option<String>>);

/// What was read.
pub struct Read {
    pub groups: Vec<Group>,
    /// The map that was asked for.
    pub map: Option<Target>,
    /// What a reader should know of rows that are on no place of it.
    pub warnings: Vec<String>,
}

/// The groups of the rows that the filters leave at a revision, in no order.
pub fn read<R: Summarised>(
    db: &Database,
    conn: &mut Db,
    inquiry: &Inquiry,
    question: &Question,
    at: i64,
) -> Result<Read, Error> {
    let shared = shared(question, inquiry);
    let expressions: Vec<String> = shared.iter().map(|field| expression(R::table(), field)).collect();
    let columns = expressions.join(", ");
    let select =
        format!("SELECT COUNT(*), STRING_AGG(CAST(t.amount_nok AS TEXT), ','), {columns} FROM {} t", R::table().name);
    let asked = inquiry.asked.clone();
    let asked = if question.carried.is_some() { asked.without(&placed::AFTER) } else { asked };
    let mut sql = Statement::new(select).append(list::matching(R::collection(), &asked, at));
    if question.groups.contains(&"municipality") {
        sql = sql.sql(" AND t.level = 'municipality'");
    }
    // Kept plans are made without knowing the values: of a revision, PostgreSQL then expects a ninth of the rows, and
    // sorts where it should hash.
    let found: Vec<Found> = sql.sql(format!(" GROUP BY {columns}")).once().rows(conn)?;
    let cells = found.iter().map(|found| cell(&shared, found)).collect::<Result<Vec<_>, Error>>()?;
    let mut groups: HashMap<Vec<Option<String>>, Group> = HashMap::new();
    let (mut map, mut warnings) = (None, vec![]);
    match Placer::of(db, conn, inquiry, question, cells.iter().map(|cell| cell.period.as_str()), at)? {
        None => {
            for (cell, (.., values)) in cells.iter().zip(found) {
                put(&mut groups, question, &shared, (cell, &cell.amounts), values);
            }
        }
        Some(mut placer) => {
            placer.put(&cells, |cell, number, placed| {
                let values = &found[number].2;
                let reported = |field: &str| values[shared.iter().position(|name| *name == field)?].clone();
                if !placed.passes(&inquiry.asked, cell, &reported) {
                    return None;
                }
                let value = |(name, value): (&&str, &Option<String>)| match placed::is_of_places(name) {
                    true => placed.field(name, cell, &reported),
                    false => value.clone(),
                };
                let values = shared.iter().zip(values).map(value).collect();
                placed.note(put(&mut groups, question, &shared, (cell, &placed.amounts), values), cell);
                Some(())
            })?;
            (map, warnings) = (Some(placer.target), placer.warnings());
        }
    }
    let groups = groups.into_iter().map(|(key, group)| Group { key, ..group }).collect();
    Ok(Read { groups, map, warnings })
}

/// What is placed and added of a cell.
fn cell(shared: &[&'static str], (count, amounts, values): &Found) -> Result<Cell, Error> {
    let value = |field: &str| values[shared.iter().position(|name| *name == field)?].clone();
    let mut read = Amounts::default();
    if let Some(text) = amounts {
        read.read(text).map_err(Error::internal)?;
    }
    Ok(Cell {
        count: *count as usize,
        amounts: read,
        region: value("region"),
        name: value("region_name"),
        period: value("period").unwrap_or_default(),
    })
}

/// Adds a cell to the group of its values.
fn put<'g>(
    groups: &'g mut HashMap<Vec<Option<String>>, Group>,
    question: &Question,
    shared: &[&'static str],
    (cell, amounts): (&Cell, &Amounts),
    mut key: Vec<Option<String>>,
) -> &'g mut Group {
    let rest = key.split_off(question.groups.len());
    let group = groups.entry(key).or_default();
    group.count += cell.count;
    group.amounts.append(amounts);
    group.note(question, &shared[question.groups.len()..], rest);
    group
}

impl Group {
    /// Takes what a cell has beside the fields grouped by.
    fn note(&mut self, question: &Question, fields: &[&'static str], values: Vec<Option<String>>) {
        self.mixed.resize(question.mixed.len(), BTreeSet::new());
        let (mut period, mut name) = (String::new(), None);
        for (number, (field, value)) in fields.iter().zip(values).enumerate() {
            match (*field, value) {
                (_, Some(value)) if number < question.mixed.len() => drop(self.mixed[number].insert(value)),
                ("period", Some(value)) => period = value,
                ("region_name", value) => name = value,
                _ => {}
            }
        }
        if let Some(name) = name {
            self.name = self.name.take().max(Some((period.clone(), name)));
        }
        self.periods.insert(period);
    }
}

/// The fields of a cell: those grouped by, then those that may be mixed, then the period and the name of the place.
fn shared(question: &Question, inquiry: &Inquiry) -> Vec<&'static str> {
    let mut all = question.groups.clone();
    all.extend(&question.mixed);
    if !all.contains(&"period") && inquiry.asked.all("period").len() != 1 {
        all.push("period");
    }
    if matches!(question.place(), Some("region" | "municipality")) || question.carried.is_some() {
        all.push("region_name");
    }
    if question.carried.is_some() {
        // What cells are placed by, and filtered by when they are.
        let needed = ["region", "period", "level", "county"];
        let missing: Vec<&str> = needed.into_iter().filter(|field| !all.contains(field)).collect();
        all.extend(missing);
    }
    all
}

/// A field in SQL, of the table `t`.
fn expression(table: &Table, field: &str) -> String {
    match field {
        "municipality" => "t.region".into(),
        "county" if table.column("county").is_none() => {
            "CASE t.level WHEN 'county' THEN t.region WHEN 'municipality' THEN 'F-' || SUBSTR(t.region_code, 1, 2) END"
                .into()
        }
        other => format!("t.{other}"),
    }
}
