//! Groups as rows: the fields in their order, the rows in theirs.
use super::PLACES;
use super::cells::{Group, Read};
use super::question::Question;
use crate::db::rows::Rows;
use crate::db::{Database, Db, Statement};
use crate::domain::boundaries::Quality;
use crate::domain::region::NATION;
use crate::error::{Error, Kind, Mistake};
use crate::http::inquiry::Inquiry;
use crate::http::ordered::{self, Value};
use crate::http::population::Population;
use std::collections::HashMap;

/// What stands beside the groups, read for all of them at once.
#[derive(Default)]
struct Beside {
    /// Names of counties.
    counties: HashMap<String, String>,
    population: Option<Population>,
}

/// A row, in the order of the columns.
type Row = Vec<Value<'static>>;

/// The rows of a summary, in the order asked for.
pub fn of(
    db: &Database,
    conn: &mut Db,
    inquiry: &Inquiry,
    question: &Question,
    Read { groups, map, .. }: Read,
    at: i64,
) -> Result<Rows, Error> {
    let mut beside = Beside::default();
    if question.place() == Some("county") {
        let names = Statement::new("SELECT t.region, t.region_name FROM counties t").at(at);
        beside.counties = names.rows::<(String, String)>(conn)?.into_iter().collect();
    }
    if question.per.is_some() {
        let estimate = question.carried.is_some_and(|carried| carried.estimate);
        let periods = groups.iter().filter_map(|group| period(inquiry, question, group));
        beside.population = Some(Population::load(db, conn, periods, map, estimate, at)?);
    }
    let found = groups.into_iter().map(|group| values(inquiry, question, group, &beside));
    Ok(ordered::sorted(found.collect::<Result<Vec<Row>, Error>>()?, question.columns.len(), &question.order))
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
    let inhabitants =
        place(inquiry, question, &group).zip(period).and_then(|(p, year)| beside.population.as_ref()?.of(p, year));
    let mut values = Vec::with_capacity(question.columns.len());
    for column in &question.columns {
        let name = column.name.as_str();
        values.push(match name {
            "sum_nok" => Value::Integer(sum_nok),
            "count" => Value::Integer(Some(group.count as i64)),
            "count_without_amount" => Value::Integer(Some((group.count - group.amounts.count()) as i64)),
            "mean_nok" => Value::Number(mean),
            "median_nok" => Value::Number(median),
            "boundaries" => Value::Text(question.carried.and_then(|carried| carried.word()).map(Into::into)),
            "conversion_quality" => Value::text(group.conversion.quality.map(Quality::word)),
            "conversion_method" => listed(group.conversion.methods.iter().copied()),
            "source_regions" => listed(group.conversion.sources.keys().map(String::as_str)),
            "explanation" => text(group.conversion.arithmetic(sum).as_deref()),
            "population" => Value::Number(inhabitants),
            "region_name" => text(region_name(inquiry, question, &group, beside)),
            _ if name.starts_with("sum_nok_per_") => {
                let sum = sum.map(|sum| sum as f64);
                Value::Number(question.per.and_then(|per| per.divide(sum, inhabitants)))
            }
            field => text(shared(question, &group, field)),
        });
    }
    Ok(values)
}

/// Words with spaces between; null where there is none.
fn listed<'w>(words: impl Iterator<Item = &'w str>) -> Value<'static> {
    let all: Vec<&str> = words.collect();
    if all.is_empty() { Value::NULL } else { Value::owned(all.join(" ")) }
}

fn text(text: Option<&str>) -> Value<'static> {
    text.map_or(Value::NULL, Value::owned)
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
