//! `layout=wide`: a column for each period, and a row for each of what else tells values apart.
use super::Labels;
use super::send::Opened;
use super::table::{Column, Cube, Source, Table};
use crate::db::rows::{Cell, Row, Rows};
use crate::domain::Period;
use crate::error::{Error, Kind, Mistake};
use std::collections::HashMap;

/// The most values that are turned: all of them are held in memory until the last is read.
const MOST_VALUES: usize = 500_000;
/// The most periods: a sheet has 16,384 columns, and a reader fewer.
const MOST_PERIODS: usize = 1_000;

/// Where the columns of a table stand that matter here.
struct Plan {
    /// What is shown of a row, in its order.
    shown: Vec<usize>,
    /// What tells rows apart.
    keys: Vec<usize>,
    period: usize,
    value: usize,
    id: Option<usize>,
}

impl Plan {
    fn of(table: &Table, cube: &Cube, labels: Labels) -> Option<Self> {
        let keys: Vec<usize> = cube.by.iter().filter_map(|name| table.position(name)).collect();
        let label = |name: &str| table.position(&format!("{name}_name"));
        let said = |column: &Column| {
            let code = column.name.strip_suffix("_name").unwrap_or(&column.name);
            let known = [cube.by.as_slice(), &cube.carries]
                .iter()
                .any(|all| all.iter().any(|name| *name == column.name || labels != Labels::Code && name == code));
            known && !(labels == Labels::Name && label(&column.name).is_some())
        };
        Some(Self {
            shown: (0..table.columns.len()).filter(|i| said(&table.columns[*i])).collect(),
            keys,
            period: table.position(cube.along.as_deref()?)?,
            value: table.position(&cube.value)?,
            id: table.position("id"),
        })
    }
}

/// One row of the wide table.
struct Line {
    /// The row that what is shown is taken from, that of the latest period: names change.
    latest: (usize, usize),
    latest_period: usize,
    /// For each period, which row has its value.
    values: HashMap<usize, (usize, usize)>,
}

/// Turns a table.
pub fn turned((table, mut source): Opened, labels: Labels) -> Result<Opened, Error> {
    let plan = table.cube.as_ref().and_then(|cube| Plan::of(&table, cube, labels));
    let plan = plan.ok_or_else(|| Error::internal(format!("{} has no wide layout", table.name)))?;
    let mut chunks: Vec<Rows> = vec![];
    let mut found = 0;
    while let Some(rows) = source.next()? {
        found += rows.len();
        if found > MOST_VALUES {
            return Err(refused(format!("wide turns at most {MOST_VALUES} values: ask with filters")));
        }
        chunks.push(rows);
    }
    let (periods, ranks) = periods(&chunks, plan.period)?;
    let mut lines: Vec<Line> = vec![];
    let mut known: HashMap<String, usize> = HashMap::new();
    for (chunk, rows) in chunks.iter().enumerate() {
        for (index, row) in rows.iter().enumerate() {
            let at = (chunk, index);
            let period = row.get(plan.period).text().and_then(|p| ranks.get(p)).copied().unwrap_or_default();
            let line = *known.entry(key(row, &plan.keys)).or_insert_with(|| {
                lines.push(Line { latest: at, latest_period: period, values: HashMap::new() });
                lines.len() - 1
            });
            let line = &mut lines[line];
            if let Some(other) = line.values.insert(period, at) {
                return Err(collision(&table, &plan, chunks[other.0].row(other.1), row));
            }
            if period >= line.latest_period {
                (line.latest, line.latest_period) = (at, period);
            }
        }
    }
    let value = &table.columns[plan.value];
    let mut columns: Vec<Column> = plan.shown.iter().map(|i| table.columns[*i].clone()).collect();
    let about = |period: &str| format!("{} ({period})", value.about);
    columns.extend(periods.iter().map(|period| Column::new(period, value.holds, about(period))));
    let mut wide = Rows::new(columns.len());
    for line in &lines {
        let said = chunks[line.latest.0].row(line.latest.1);
        let cell =
            |period: usize| line.values.get(&period).map_or(Cell::Null, |at| chunks[at.0].row(at.1).get(plan.value));
        wide.push(plan.shown.iter().map(|i| said.get(*i)).chain((0..periods.len()).map(cell)));
    }
    Ok((Table { columns, cube: None, ..table }, Box::new(Some(wide)) as Box<dyn Source>))
}

/// The periods there are, in the order of time, and the rank of each.
fn periods(chunks: &[Rows], column: usize) -> Result<(Vec<String>, HashMap<String, usize>), Error> {
    let mut ranks: HashMap<String, usize> = HashMap::new();
    for row in chunks.iter().flat_map(Rows::iter) {
        if let Some(period) = row.get(column).text()
            && !ranks.contains_key(period)
        {
            ranks.insert(period.to_owned(), 0);
        }
    }
    let mut periods: Vec<String> = ranks.keys().cloned().collect();
    if periods.len() > MOST_PERIODS {
        return Err(refused(format!("wide has at most {MOST_PERIODS} periods: ask with period_from and period_to")));
    }
    periods.sort_by_key(|period| (Period::parse(period).ok().map(|p| (p.start, p.end)), period.clone()));
    for (rank, period) in periods.iter().enumerate() {
        ranks.insert(period.clone(), rank);
    }
    Ok((periods, ranks))
}

/// What tells a row from others, with a length before each text so that no two keys are spelt alike.
fn key(row: Row, columns: &[usize]) -> String {
    let mut key = String::new();
    for column in columns {
        match row.get(*column) {
            Cell::Text(text) => key.push_str(&format!("{}:{text}", text.len())),
            other => key.push_str(&format!("{other:?};")),
        }
    }
    key
}

fn refused(why: String) -> Error {
    Error::because(Kind::InvalidParameter, Mistake::query("layout", "too_large", why))
}

fn collision(table: &Table, plan: &Plan, one: Row, other: Row) -> Error {
    let id = |row: Row| plan.id.and_then(|i| row.get(i).text()).unwrap_or("?").to_owned();
    let names: Vec<&str> = plan.keys.iter().map(|i| table.columns[*i].name.as_str()).collect();
    let why = format!(
        "`{}` and `{}` would stand in one cell: they have the same period and the same {}. Ask with filters that tell them apart, or leave layout=wide out",
        id(one),
        id(other),
        names.join(", "),
    );
    Error::because(Kind::InvalidParameter, Mistake::query("layout", "ambiguous", why))
}
