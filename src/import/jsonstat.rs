//! JSON-stat 2, as the API of Statistics Norway answers: a dataset with dimensions, their roles, and values in row-major
//! order, in a list or, where most are empty, by their place in it.
use super::cube::{Category, Cell, Cube, Dimension, Role};
use super::lines::Lines;
use super::{figure, wrong};
use crate::error::{Error, Place};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// The most values of a dataset. Statistics Norway gives at most 800,000 at once.
const MOST: usize = 2_000_000;

#[derive(Deserialize)]
struct Dataset<'t> {
    class: Option<String>,
    label: Option<String>,
    source: Option<String>,
    updated: Option<String>,
    id: Vec<String>,
    size: Vec<usize>,
    #[serde(default)]
    role: HashMap<String, Vec<String>>,
    dimension: HashMap<String, Axis>,
    #[serde(borrow)]
    value: &'t RawValue,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    extension: Value,
}

#[derive(Deserialize)]
struct Axis {
    label: Option<String>,
    category: Categories,
}

#[derive(Deserialize)]
struct Categories {
    #[serde(default)]
    index: Value,
    #[serde(default)]
    label: serde_json::Map<String, Value>,
}

/// Reads a dataset.
pub fn read(text: &str) -> Result<Cube, Error> {
    let malformed = |e: serde_json::Error| {
        let place = Place { line: e.line(), column: Some(e.column()) };
        wrong("", format!("is not a JSON-stat 2 dataset: {}", first_words(&e.to_string())), Some(place))
    };
    let dataset: Dataset = serde_json::from_str(text).map_err(malformed)?;
    if dataset.class.as_deref() != Some("dataset") {
        return Err(wrong("class", "must be `dataset`: other classes of JSON-stat hold no values", None));
    }
    let dimensions = dimensions(&dataset)?;
    let cells = cells(text, &dataset, &dimensions)?;
    let table = dataset.extension["px"]["tableid"].as_str().map(str::to_owned);
    Ok(Cube {
        dimensions,
        cells,
        updated: dataset.updated.and_then(|at| at.get(..10).map(str::to_owned)),
        origin: [dataset.label, table, dataset.source].into_iter().flatten().collect(),
    })
}

/// What serde says without where, which stands before it.
fn first_words(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

fn dimensions(dataset: &Dataset) -> Result<Vec<Dimension>, Error> {
    if dataset.id.len() != dataset.size.len() {
        return Err(wrong("size", "must have a number for each dimension of `id`", None));
    }
    let role = |name: &String| {
        let is = |role: &str| dataset.role.get(role).is_some_and(|names| names.contains(name));
        [("geo", Role::Region), ("time", Role::Period), ("metric", Role::Content)]
            .into_iter()
            .find(|(word, _)| is(word))
            .map(|(_, role)| role)
    };
    let one = |(name, size): (&String, &usize)| {
        let axis = dataset.dimension.get(name);
        let axis = axis.ok_or_else(|| wrong("dimension", format!("`{name}` of `id` is not described"), None))?;
        let categories = categories(&axis.category);
        match categories {
            Some(categories) if categories.len() == *size => Ok(Dimension {
                name: name.clone(),
                label: axis.label.clone().unwrap_or_else(|| name.clone()),
                role: role(name),
                categories,
                column: None,
            }),
            _ => {
                Err(wrong("dimension", format!("`{name}` does not have the {size} categories that `size` says"), None))
            }
        }
    };
    dataset.id.iter().zip(&dataset.size).map(one).collect()
}

/// The categories in their order: a list of codes, an object of codes with their numbers, or a single label.
fn categories(axis: &Categories) -> Option<Vec<Category>> {
    let named = |code: &str| Category {
        code: code.to_owned(),
        label: axis.label.get(code).and_then(Value::as_str).unwrap_or(code).to_owned(),
    };
    match &axis.index {
        Value::Array(codes) => codes.iter().map(|code| code.as_str().map(named)).collect(),
        Value::Object(numbers) => {
            let order: Option<BTreeMap<u64, &String>> =
                numbers.iter().map(|(code, number)| Some((number.as_u64()?, code))).collect();
            let order = order.filter(|order| order.len() == numbers.len())?;
            (order.keys().copied().eq(0..order.len() as u64)).then(|| order.values().map(|code| named(code)).collect())
        }
        _ => Some(axis.label.keys().map(|code| named(code)).collect()),
    }
}

fn cells(text: &str, dataset: &Dataset, dimensions: &[Dimension]) -> Result<Vec<Cell>, Error> {
    let size = dataset.size.iter().try_fold(1_usize, |all, n| all.checked_mul(*n)).filter(|size| *size <= MOST);
    let size = size.ok_or_else(|| wrong("size", format!("the dataset has more than {MOST} values"), None))?;
    let values: Vec<(usize, &RawValue)> = match serde_json::from_str::<Vec<&RawValue>>(dataset.value.get()) {
        Ok(all) if all.len() == size => all.into_iter().enumerate().collect(),
        Ok(all) => {
            let message = format!("has {} values where the dimensions make {size}", all.len());
            return Err(wrong("value", message, Some(Lines::of(text).place(dataset.value.get()))));
        }
        Err(_) => {
            let sparse: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(dataset.value.get());
            let sparse =
                sparse.map_err(|_| wrong("value", "must be a list, or an object of places and values", None))?;
            let placed = sparse.into_iter().map(|(at, raw)| Some((at.parse().ok().filter(|at| *at < size)?, raw)));
            let placed: Option<Vec<_>> = placed.collect();
            let mut placed =
                placed.ok_or_else(|| wrong("value", format!("names a place that is not below {size}"), None))?;
            placed.sort_by_key(|(at, _)| *at);
            placed
        }
    };
    let lines = Lines::of(text);
    let cell = |(at, raw): (usize, &RawValue)| {
        let value: Result<Option<f64>, _> = serde_json::from_str(raw.get());
        let figure = match value {
            Ok(value) => figure::said(value, symbol(&dataset.status, at)),
            // A symbol among the values, as some files have it.
            Err(_) => match serde_json::from_str::<String>(raw.get()) {
                Ok(text) => figure::cell(&text),
                Err(_) => Err("is neither a number nor null".to_owned()),
            },
        };
        Cell { at: coordinates(at, dimensions), figure, place: lines.place(raw.get()) }
    };
    Ok(values.into_iter().map(cell).collect())
}

/// The status of a value: one for all, a list, or an object of places.
fn symbol(status: &Value, at: usize) -> Option<&str> {
    match status {
        Value::String(all) => Some(all),
        Value::Array(list) => list.get(at).and_then(Value::as_str),
        Value::Object(places) => places.get(&at.to_string()).and_then(Value::as_str),
        _ => None,
    }
}

/// The categories of a value, the last dimension the fastest.
fn coordinates(mut at: usize, dimensions: &[Dimension]) -> Vec<u32> {
    let mut all: Vec<u32> = dimensions
        .iter()
        .rev()
        .map(|dimension| {
            let size = dimension.categories.len().max(1);
            let number = (at % size) as u32;
            at /= size;
            number
        })
        .collect();
    all.reverse();
    all
}
