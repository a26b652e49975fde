//! Groups as rows: the fields in their order, the rows in theirs.
use super::PLACES;
use super::cells::Group;
use super::population::Population;
use super::question::Question;
use crate::db::table::Column;
use crate::db::{Db, Statement};
use crate::domain::region::nation_name;
use crate::domain::{Number, text};
use crate::error::{Error, Kind, Mistake};
use crate::http::list::List;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// A row of a summary. It is written as a struct is, so that every form takes it.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[&'static Column]>,
    values: Vec<Value>,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut row = out.serialize_struct("Summary", self.values.len())?;
        for (column, value) in self.columns.iter().zip(&self.values) {
            row.serialize_field(column.name.as_str(), value)?;
        }
        row.end()
    }
}

/// What stands beside the groups, read for all of them at once.
#[derive(Default)]
struct Beside {
    /// Names of counties.
    counties: HashMap<String, String>,
    population: Population,
}

/// The rows of a summary, in the order asked for.
pub fn of(conn: &mut Db, list: &List, question: &Question, groups: Vec<Group>, at: i64) -> Result<Vec<Row>, Error> {
    let mut beside = Beside::default();
    if question.place() == Some("county") {
        let names = Statement::new("SELECT t.region, t.region_name FROM counties t").at(at);
        beside.counties = names.rows::<(String, String)>(conn)?.into_iter().collect();
    }
    if question.per.is_some() {
        let periods = groups.iter().filter_map(|group| period(list, question, group));
        beside.population = Population::load(conn, periods, at)?;
    }
    let columns: Arc<[&'static Column]> = question.columns.clone().into();
    let mut rows = groups
        .into_iter()
        .map(|group| Ok(Row { columns: columns.clone(), values: values(list, question, group, &beside)? }))
        .collect::<Result<Vec<_>, Error>>()?;
    rows.sort_by_cached_key(|row| Place::of(question, row));
    Ok(rows)
}

/// The value a group has for a field grouped by.
fn shared<'g>(question: &Question, group: &'g Group, field: &str) -> Option<&'g str> {
    let number = question.groups.iter().position(|grouped| *grouped == field)?;
    group.key[number].as_deref()
}

/// A field of a group: one that it was grouped by, or one that a filter leaves a single value of.
fn one<'a>(list: &'a List, question: &Question, group: &'a Group, field: &str) -> Option<&'a str> {
    if question.groups.contains(&field) {
        return shared(question, group, field);
    }
    match list.asked.all(field) {
        [single] => Some(single),
        _ => None,
    }
}

fn period<'a>(list: &'a List, question: &Question, group: &'a Group) -> Option<&'a str> {
    one(list, question, group, "period")
}

/// The place whose population a group is divided by: the most exact there is. A filter for one region is more exact than
/// the county of the group.
fn place<'a>(list: &'a List, question: &Question, group: &'a Group) -> Option<&'a str> {
    let known = |field: &str| question.groups.contains(&field) || list.asked.all(field).len() == 1;
    PLACES.into_iter().find(|field| known(field)).and_then(|field| one(list, question, group, field))
}

fn values(list: &List, question: &Question, mut group: Group, beside: &Beside) -> Result<Vec<Value>, Error> {
    let sum = group.amounts.sum();
    let sum_nok = sum.map(i64::try_from).transpose().map_err(|_| too_much())?;
    let (mean, median) = (group.amounts.mean(), group.amounts.median());
    let period = period(list, question, &group);
    let inhabitants = place(list, question, &group).zip(period).and_then(|(p, year)| beside.population.of(p, year));
    let mut values = Vec::with_capacity(question.columns.len());
    for column in &question.columns {
        let name = column.name.as_str();
        values.push(match name {
            "sum_nok" => sum_nok.into(),
            "count" => group.count.into(),
            "count_without_amount" => (group.count - group.amounts.count()).into(),
            "mean_nok" => number(mean),
            "median_nok" => number(median),
            "population" => number(inhabitants),
            "region_name" => region_name(list, question, &group, beside).into(),
            _ if name.starts_with("sum_nok_per_") => {
                let per = question.per.map_or(1.0, |per| per.0);
                number(sum.zip(inhabitants.filter(|n| *n > 0.0)).map(|(sum, n)| sum as f64 * per / n))
            }
            field => shared(question, &group, field).into(),
        });
    }
    Ok(values)
}

/// A number in the one spelling that both databases and every form have of it.
fn number(value: Option<f64>) -> Value {
    value.and_then(|value| serde_json::to_value(Number(value)).ok()).unwrap_or(Value::Null)
}

fn too_much() -> Error {
    let message = format!(
        "the amounts of one group add up to more than {} kroner, which no field holds; filter, or group by more",
        i64::MAX
    );
    Error::because(Kind::InvalidParameter, Mistake::query("group_by", "too_large", message))
}

fn region_name<'a>(list: &List, question: &Question, group: &'a Group, beside: &'a Beside) -> Option<&'a str> {
    if question.place() == Some("county") {
        return beside.counties.get(shared(question, group, "county")?).map(String::as_str);
    }
    if shared(question, group, "region") == Some("NO") {
        return Some(nation_name(list.language));
    }
    group.name.as_ref().map(|(_, name)| name.as_str())
}

/// Where a row stands in the order. What is null comes before all that is not, as in the lists.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place(Vec<Key>);

#[derive(PartialEq)]
struct Key {
    value: Sorted,
    descending: bool,
}

#[derive(PartialEq, PartialOrd)]
enum Sorted {
    Nothing,
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Place {
    fn of(question: &Question, row: &Row) -> Self {
        let key = |(number, descending): &(usize, bool)| {
            let (column, value) = (row.columns[*number], &row.values[*number]);
            let value = match value {
                Value::String(name) if column.name == "region_name" => Sorted::Text(text::sort_key(name)),
                Value::String(text) => Sorted::Text(text.clone()),
                Value::Number(_) if column.name == "sum_nok" => Sorted::Integer(value.as_i64().unwrap_or(0)),
                Value::Number(number) => Sorted::Number(number.as_f64().unwrap_or(0.0)),
                _ => Sorted::Nothing,
            };
            Key { value, descending: *descending }
        };
        Self(question.order.iter().map(key).collect())
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        // No number here is not a number, so any two compare.
        let order = self.value.partial_cmp(&other.value).unwrap_or(Ordering::Equal);
        if self.descending { order.reverse() } else { order }
    }
}
