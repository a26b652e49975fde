//! Groups as rows: the fields in their order, the rows in theirs.
use super::PLACES;
use super::cells::Group;
use super::population::Population;
use super::question::Question;
use crate::db::rows::{Cell, Rows};
use crate::db::{Db, Statement};
use crate::domain::region::NATION;
use crate::domain::text;
use crate::error::{Error, Kind, Mistake};
use crate::http::inquiry::Inquiry;
use std::cmp::Ordering;
use std::collections::HashMap;

/// What stands beside the groups, read for all of them at once.
#[derive(Default)]
struct Beside {
    /// Names of counties.
    counties: HashMap<String, String>,
    population: Population,
}

/// A row, in the order of the columns.
type Row = Vec<Value>;

/// The rows of a summary, in the order asked for.
pub fn of(conn: &mut Db, inquiry: &Inquiry, question: &Question, groups: Vec<Group>, at: i64) -> Result<Rows, Error> {
    let mut beside = Beside::default();
    if question.place() == Some("county") {
        let names = Statement::new("SELECT t.region, t.region_name FROM counties t").at(at);
        beside.counties = names.rows::<(String, String)>(conn)?.into_iter().collect();
    }
    if question.per.is_some() {
        let periods = groups.iter().filter_map(|group| period(inquiry, question, group));
        beside.population = Population::load(conn, periods, at)?;
    }
    let found = groups.into_iter().map(|group| values(inquiry, question, group, &beside));
    let mut found = found.collect::<Result<Vec<Row>, Error>>()?;
    found.sort_by_cached_key(|row| Place::of(question, row));
    let mut rows = Rows::new(question.columns.len());
    found.iter().for_each(|row| rows.push(row.iter().map(Value::cell)));
    Ok(rows)
}

/// The value a group has for a field grouped by.
fn shared<'g>(question: &Question, group: &'g Group, field: &str) -> Option<&'g str> {
    let number = question.groups.iter().position(|grouped| *grouped == field)?;
    group.key[number].as_deref()
}

/// A field of a group: one that it was grouped by, or one that a filter leaves a single value of.
fn one<'a>(inquiry: &'a Inquiry, question: &Question, group: &'a Group, field: &str) -> Option<&'a str> {
    if question.groups.contains(&field) {
        return shared(question, group, field);
    }
    match inquiry.asked.all(field) {
        [single] => Some(single),
        _ => None,
    }
}

fn period<'a>(inquiry: &'a Inquiry, question: &Question, group: &'a Group) -> Option<&'a str> {
    one(inquiry, question, group, "period")
}

/// The place whose population a group is divided by: the most exact there is. A filter for one region is more exact than
/// the county of the group.
fn place<'a>(inquiry: &'a Inquiry, question: &Question, group: &'a Group) -> Option<&'a str> {
    let known = |field: &str| question.groups.contains(&field) || inquiry.asked.all(field).len() == 1;
    PLACES.into_iter().find(|field| known(field)).and_then(|field| one(inquiry, question, group, field))
}

fn values(inquiry: &Inquiry, question: &Question, mut group: Group, beside: &Beside) -> Result<Row, Error> {
    let sum = group.amounts.sum();
    let sum_nok = sum.map(i64::try_from).transpose().map_err(|_| too_much())?;
    let (mean, median) = (group.amounts.mean(), group.amounts.median());
    let period = period(inquiry, question, &group);
    let inhabitants = place(inquiry, question, &group).zip(period).and_then(|(p, year)| beside.population.of(p, year));
    let mut values = Vec::with_capacity(question.columns.len());
    for column in &question.columns {
        let name = column.name.as_str();
        values.push(match name {
            "sum_nok" => Value::Integer(sum_nok),
            "count" => Value::Integer(Some(group.count as i64)),
            "count_without_amount" => Value::Integer(Some((group.count - group.amounts.count()) as i64)),
            "mean_nok" => Value::Number(mean),
            "median_nok" => Value::Number(median),
            "population" => Value::Number(inhabitants),
            "region_name" => Value::text(region_name(inquiry, question, &group, beside)),
            _ if name.starts_with("sum_nok_per_") => {
                let per = question.per.map_or(1.0, |per| per.0);
                Value::Number(sum.zip(inhabitants.filter(|n| *n > 0.0)).map(|(sum, n)| sum as f64 * per / n))
            }
            field => Value::text(shared(question, &group, field)),
        });
    }
    Ok(values)
}

/// A value of a row.
enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Number(Option<f64>),
}

impl Value {
    fn text(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }

    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => text.as_deref().into(),
            Self::Integer(number) => (*number).into(),
            Self::Number(number) => (*number).into(),
        }
    }
}

fn too_much() -> Error {
    let message = format!(
        "the amounts of one group add up to more than {} kroner, which no field holds; filter, or group by more",
        i64::MAX
    );
    Error::because(Kind::InvalidParameter, Mistake::query("group_by", "too_large", message))
}

fn region_name<'a>(inquiry: &Inquiry, question: &Question, group: &'a Group, beside: &'a Beside) -> Option<&'a str> {
    if question.place() == Some("county") {
        return beside.counties.get(shared(question, group, "county")?).map(String::as_str);
    }
    if shared(question, group, "region") == Some("NO") {
        return Some(NATION.to(inquiry.language));
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
            let value = match &row[*number] {
                Value::Text(Some(name)) if question.columns[*number].name == "region_name" => {
                    Sorted::Text(text::sort_key(name))
                }
                Value::Text(Some(text)) => Sorted::Text(text.clone()),
                Value::Integer(Some(number)) => Sorted::Integer(*number),
                Value::Number(Some(number)) => Sorted::Number(*number),
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
