//! JSON-stat 2.0 (json-stat.org/full): a cube with its dimensions, their labels, units and roles.
use super::table::{Cube, Table, Writer};
use super::words::title;
use crate::db::rows::{Cell, Row, Rows};
use crate::domain::Period;
use crate::error::{Error, Kind, Mistake};
use crate::http::LICENSE_URL;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::Write;

/// The most cells of a cube, empty ones included: all are held in memory, here and by the reader.
const MOST_CELLS: usize = 1_000_000;
/// What stands for null in a dimension: an id of a category is a text.
const NONE: &str = "none";
/// Dimensions whose codes are places.
const PLACES: [&str; 5] = ["region", "county", "health_region", "municipality", "level"];
/// The dimension of what is measured, where no column says it.
const CONTENTS: &str = "contents";

/// A category: what it is called, and in what it is counted.
struct Category {
    code: String,
    label: Option<String>,
    /// The period the label is from: the newest stands.
    labelled: Option<Period>,
    unit: Option<(String, Option<i64>)>,
}

struct Dimension {
    name: String,
    column: usize,
    label: Option<usize>,
    codes: HashMap<String, usize>,
    categories: Vec<Category>,
}

/// A value that was read.
struct Entry {
    categories: Vec<u32>,
    value: Option<Value>,
    status: Option<String>,
    /// Which row it is from, for the message.
    id: String,
}

pub struct JsonStat {
    table: Table,
    cube: Cube,
    dimensions: Vec<Dimension>,
    period: Option<usize>,
    entries: Vec<Entry>,
}

impl JsonStat {
    pub fn new(table: &Table) -> Result<Self, Error> {
        let cube = table.cube.clone();
        let cube = cube.ok_or_else(|| Error::internal(format!("{} makes no cube", table.name)))?;
        let names = cube.by.iter().chain(&cube.along);
        let dimensions = names.filter_map(|name| {
            let column = table.position(name)?;
            // What names a row itself is called by its title.
            let label = if name == "id" { "title".to_owned() } else { format!("{name}_name") };
            let label = table.position(&label);
            Some(Dimension { name: name.clone(), column, label, codes: HashMap::new(), categories: vec![] })
        });
        Ok(Self {
            dimensions: dimensions.collect(),
            period: cube.along.as_ref().and_then(|name| table.position(name)),
            table: table.clone(),
            cube,
            entries: vec![],
        })
    }

    fn take(&mut self, row: Row) -> Result<(), Error> {
        let cell = |name: Option<&str>| name.and_then(|n| self.table.position(n)).map_or(Cell::Null, |i| row.get(i));
        let period = self.period.and_then(|i| Period::parse(row.get(i).text()?).ok());
        let unit = cell(Some("unit")).text().map(|unit| match cell(Some("decimals")) {
            Cell::Integer(decimals) => (unit.to_owned(), Some(decimals)),
            _ => (unit.to_owned(), None),
        });
        let value = json(cell(Some(&self.cube.value)));
        let status = cell(self.cube.status.as_deref()).text().filter(|s| *s != "ok").map(str::to_owned);
        let id = cell(Some("id")).text().unwrap_or("?").to_owned();
        let mut categories = vec![];
        for dimension in &mut self.dimensions {
            let index = dimension.category(row);
            let category = &mut dimension.categories[index];
            let newer = |p: &Period| period.is_some_and(|q| (q.start, q.end) > (p.start, p.end));
            if category.label.is_none() || category.labelled.as_ref().is_some_and(newer) {
                category.label = dimension.label.and_then(|i| row.get(i).text()).map(str::to_owned);
                category.labelled = period;
            }
            if self.cube.metric.as_ref() == Some(&dimension.name) {
                category.unit.clone_from(&unit);
            }
            categories.push(index as u32);
        }
        self.entries.push(Entry { categories, value, status, id });
        if self.entries.len() > MOST_CELLS {
            return Err(refused("too_large", format!("there are more than {MOST_CELLS} values")));
        }
        Ok(())
    }

    /// A dimension in which nothing is ever said, is none. One always stays.
    fn drop_empty(&mut self) {
        let said = |d: &Dimension| d.categories.iter().any(|c| c.code != NONE) || d.categories.is_empty();
        let kept: Vec<bool> = self.dimensions.iter().map(said).collect();
        let keep = |i: &usize| kept[*i];
        for entry in &mut self.entries {
            let all = entry.categories.iter().enumerate();
            entry.categories = all.filter(|(i, _)| keep(i)).map(|(_, category)| *category).collect();
        }
        let dimensions = std::mem::take(&mut self.dimensions).into_iter().enumerate();
        self.dimensions = dimensions.filter(|(i, _)| keep(i)).map(|(_, dimension)| dimension).collect();
    }

    /// The values in their cells, and what is to be remarked of them.
    fn cells(&self, ranks: &[Vec<usize>]) -> Result<(Vec<Value>, Map<String, Value>), Error> {
        let sizes: Vec<usize> = self.dimensions.iter().map(|d| d.categories.len()).collect();
        let size = sizes.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
        let size = size.filter(|size| *size <= MOST_CELLS).ok_or_else(|| {
            let shape: Vec<String> =
                self.dimensions.iter().map(|d| format!("{} {}", d.categories.len(), d.name)).collect();
            let message = format!(
                "the cube of {} has more than {MOST_CELLS} cells, for {} values",
                shape.join(" × "),
                self.entries.len()
            );
            refused("too_large", message)
        })?;
        let mut filled: Vec<Option<&Entry>> = vec![None; size];
        for entry in &self.entries {
            let place = entry.categories.iter().zip(ranks).zip(&sizes);
            let place = place.fold(0, |at, ((category, ranks), size)| at * size + ranks[*category as usize]);
            if let Some(other) = filled[place].replace(entry) {
                let names: Vec<&str> = self.dimensions.iter().map(|d| d.name.as_str()).collect();
                let message = format!("`{}` and `{}` have the same {}", other.id, entry.id, names.join(", "));
                return Err(refused("ambiguous", message));
            }
        }
        let value = |cell: &Option<&Entry>| cell.and_then(|e| e.value.clone()).unwrap_or(Value::Null);
        let status =
            filled.iter().enumerate().filter_map(|(at, cell)| Some((at.to_string(), json!((*cell)?.status.as_ref()?))));
        Ok((filled.iter().map(value).collect(), status.collect()))
    }

    fn dataset(&mut self) -> Result<Value, Error> {
        self.drop_empty();
        let language = self.table.meta.language;
        let ranks: Vec<Vec<usize>> =
            self.dimensions.iter().map(|d| d.ranks(self.cube.along.as_ref() == Some(&d.name))).collect();
        let (values, status) = self.cells(&ranks)?;
        let mut dimensions = Map::new();
        let mut size = vec![];
        for (dimension, ranks) in self.dimensions.iter().zip(&ranks) {
            size.push(dimension.categories.len());
            dimensions.insert(dimension.name.clone(), dimension.said(ranks, language));
        }
        let named = |any: &[&str]| -> Vec<&str> {
            self.dimensions.iter().map(|d| d.name.as_str()).filter(|name| any.contains(name)).collect()
        };
        let mut metric = named(&[self.cube.metric.as_deref().unwrap_or_default()]);
        let mut id: Vec<&str> = self.dimensions.iter().map(|d| d.name.as_str()).collect();
        if metric.is_empty() {
            // What is measured is one thing, and has its unit all the same.
            dimensions.insert(CONTENTS.into(), self.contents(language));
            id.push(CONTENTS);
            size.push(1);
            metric.push(CONTENTS);
        }
        let time = named(&[self.cube.along.as_deref().unwrap_or_default()]);
        let mut role = json!({ "metric": metric });
        for (name, dimensions) in [("time", time), ("geo", named(&PLACES))] {
            if !dimensions.is_empty() {
                role[name] = json!(dimensions);
            }
        }
        let meta = &self.table.meta;
        let mut dataset = json!({
            "version": "2.0", "class": "dataset", "label": title(&self.table.name, language),
            "source": meta.attribution, "updated": meta.updated_at,
            "id": id, "size": size, "role": role, "dimension": dimensions, "value": values, "status": status,
            // The schema has the relations of links that were registered when it was written, `cite-as` not among them. A
            // `memento` (RFC 7089) is this state for good.
            "link": { "license": [{ "href": LICENSE_URL }], "memento": [{ "href": meta.cite_as }] },
            "extension": {
                "license": meta.license, "attribution": meta.attribution, "revision": meta.revision,
                "language": language, "query": meta.query, "cite_as": meta.cite_as,
            },
        });
        if let Some(object) = dataset.as_object_mut() {
            object.retain(|name, value| match name.as_str() {
                "updated" => !value.is_null(),
                "status" => value.as_object().is_some_and(|all| !all.is_empty()),
                _ => true,
            });
        }
        Ok(dataset)
    }

    /// The dimension of the one thing that is measured.
    fn contents(&self, language: &str) -> Value {
        let value = self.cube.value.as_str();
        let unit = self.table.position(value).and_then(|i| self.table.columns[i].unit());
        let mut category = json!({ "index": [value], "label": { value: title(value, language) } });
        if unit.is_some() {
            category["unit"] = json!({ value: { "label": title("nok", language), "decimals": 0 } });
        }
        json!({ "label": title(CONTENTS, language), "category": category })
    }
}

impl Dimension {
    fn category(&mut self, row: Row) -> usize {
        let text;
        let code = match row.get(self.column) {
            Cell::Null => NONE,
            Cell::Text(code) => code,
            other => {
                text = json(other).map(|v| v.to_string()).unwrap_or_default();
                &text
            }
        };
        if let Some(known) = self.codes.get(code) {
            return *known;
        }
        self.categories.push(Category { code: code.to_owned(), label: None, labelled: None, unit: None });
        self.codes.insert(code.to_owned(), self.categories.len() - 1);
        self.categories.len() - 1
    }

    /// Where each category stands: periods by time, all else by code.
    fn ranks(&self, time: bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.categories.len()).collect();
        let code = |i: &usize| self.categories[*i].code.clone();
        match time {
            true => order.sort_by_key(|i| (Period::parse(&code(i)).ok().map(|p| (p.start, p.end)), code(i))),
            false => order.sort_by_key(code),
        }
        let mut ranks = vec![0; order.len()];
        for (rank, index) in order.into_iter().enumerate() {
            ranks[index] = rank;
        }
        ranks
    }

    fn said(&self, ranks: &[usize], language: &str) -> Value {
        let mut ordered: Vec<(&usize, &Category)> = ranks.iter().zip(&self.categories).collect();
        ordered.sort_by_key(|(rank, _)| **rank);
        let index: Vec<&str> = ordered.iter().map(|(_, c)| c.code.as_str()).collect();
        let label = |c: &Category| match &c.label {
            Some(label) => label.clone(),
            None => title(&c.code, language).to_owned(),
        };
        let labels: Map<String, Value> = ordered.iter().map(|(_, c)| (c.code.clone(), label(c).into())).collect();
        let mut category = json!({ "index": index, "label": labels });
        let units = ordered.iter().filter_map(|(_, c)| {
            let (unit, decimals) = c.unit.as_ref()?;
            let mut said = json!({ "label": title(unit, language) });
            if let Some(decimals) = decimals {
                said["decimals"] = json!(decimals);
            }
            Some((c.code.clone(), said))
        });
        let units: Map<String, Value> = units.collect();
        if !units.is_empty() {
            category["unit"] = Value::Object(units);
        }
        json!({ "label": title(&self.name, language), "category": category })
    }
}

fn json(cell: Cell) -> Option<Value> {
    match cell {
        Cell::Null => None,
        Cell::Text(text) => Some(text.into()),
        Cell::Integer(number) => Some(number.into()),
        Cell::Number(number) => serde_json::to_value(crate::domain::Number(number)).ok(),
        Cell::Boolean(truth) => Some(truth.into()),
    }
}

fn refused(code: &'static str, why: String) -> Error {
    let message = why + ": ask with filters, or for another format";
    Error::because(Kind::InvalidParameter, Mistake::query("format", code, message))
}

impl Writer for JsonStat {
    fn rows(&mut self, rows: &Rows, _: &mut dyn Write) -> Result<(), Error> {
        rows.iter().try_for_each(|row| self.take(row))
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        let dataset = self.dataset()?;
        serde_json::to_writer(out, &dataset).map_err(Error::internal)
    }
}
