//! Observations of a cube: which axis is which, what is chosen on the others, and a row for each cell that is left.
use super::cube::{Cell, Cube, Dimension, Role};
use super::known::Known;
use super::options::Options;
use super::{Reading, code, content, sum, wrong};
use crate::db::bulk::{Origin, Row};
use crate::db::table::Table;
use crate::domain::{Region, vocabulary::Confidence};
use crate::error::{Error, Kind, Mistake};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Where a field of the rows comes from: an axis, or one value for all.
enum From {
    Axis(usize),
    Constant(String),
}

/// How the axes of a cube are read.
struct Plan {
    region: From,
    period: From,
    /// The axis that says of what a value is, and the indicator of each of its categories; none are left out.
    content: Option<usize>,
    indicators: Vec<Option<String>>,
    /// Categories that are chosen, by axis.
    only: Vec<(usize, u32)>,
    sum: Vec<usize>,
    published: String,
    source: String,
}

/// Makes rows of `observations`.
pub fn observations<'r>(table: &Table, mut cube: Cube, options: &Options, known: &Known) -> Result<Reading<'r>, Error> {
    if table.collection != "observations" {
        return Err(wrong("", "statistics go into observations, and into no other collection", None));
    }
    let plan = Plan::of(&cube, options, known)?;
    let mut warnings = vec![];
    let left_out: Vec<&str> = plan
        .content
        .into_iter()
        .flat_map(|axis| &cube.dimensions[axis].categories)
        .zip(&plan.indicators)
        .filter(|(_, indicator)| indicator.is_none())
        .map(|(c, _)| c.code.as_str())
        .collect();
    if !left_out.is_empty() {
        warnings.push(format!("left out, for want of --indicator CONTENT=ID: {}", left_out.join(", ")));
    }
    let cells = std::mem::take(&mut cube.cells);
    let chosen = |cell: &Cell| plan.only.iter().all(|(axis, category)| cell.at[*axis] == *category);
    let cells = sum::over(cells.into_iter().filter(chosen).collect(), &plan.sum);
    let mut maker = Maker::new(cube, plan, options);
    let cells: Vec<Result<Row, Error>> = cells.into_iter().filter_map(|cell| maker.row(cell, known)).collect();
    warnings.extend(maker.warnings());
    Ok(Reading { rows: Box::new(cells.into_iter()), warnings })
}

impl Plan {
    fn of(cube: &Cube, options: &Options, known: &Known) -> Result<Self, Error> {
        let mut mistakes = vec![];
        let mut told = |result: Result<From, Mistake>| result.map_err(|m| mistakes.push(m)).ok();
        let region = told(axis(cube, Role::Region, "region", options.region.as_deref(), |text| {
            Region::parse(text).ok().map(|region| region.key())
        }));
        let period =
            told(axis(cube, Role::Period, "period", options.period.as_deref(), |text| code::period(text).ok()));
        let mut only = vec![];
        for text in &options.only {
            match choice(cube, text) {
                Ok(choice) => only.push(choice),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let mut sum = vec![];
        for name in &options.sum {
            match named(cube, "sum", name).and_then(|axis| addable(cube, axis)) {
                Ok(axis) => sum.push(axis),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let (content, indicators) = content::indicators(cube, options, known).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            (None, vec![])
        });
        let taken: Vec<usize> = [&region, &period]
            .into_iter()
            .filter_map(|from| match from {
                Some(From::Axis(axis)) => Some(*axis),
                _ => None,
            })
            .chain(content)
            .chain(sum.iter().copied())
            .chain(only.iter().map(|(axis, _)| *axis))
            .collect();
        for (_, dimension) in cube.dimensions.iter().enumerate().filter(|(i, _)| !taken.contains(i)) {
            mistakes.extend(undecided(dimension));
        }
        let mut keep = |result: Result<String, Mistake>| result.map_err(|m| mistakes.push(m)).ok();
        let published = keep(known.published(options, cube));
        let source = keep(known.source(options, &cube.origin));
        for id in indicators.iter().flatten() {
            keep(known.indicator(id));
        }
        match (region, period, published, source) {
            (Some(region), Some(period), Some(published), Some(source)) if mistakes.is_empty() => {
                Ok(Self { region, period, content, indicators, only, sum, published, source })
            }
            _ => {
                mistakes.iter_mut().for_each(|mistake| mistake.pointer = None);
                Err(Error::all(Kind::InvalidContent, mistakes))
            }
        }
    }
}

/// Finds the axis with a role: the one named, a constant, or the one that says so itself.
fn axis(
    cube: &Cube,
    role: Role,
    field: &str,
    told: Option<&str>,
    constant: impl Fn(&str) -> Option<String>,
) -> Result<From, Mistake> {
    if let Some(text) = told {
        return match (named(cube, field, text), constant(text)) {
            (Ok(axis), _) => Ok(From::Axis(axis)),
            (_, Some(constant)) => Ok(From::Constant(constant)),
            (Err(mistake), _) => Err(mistake),
        };
    }
    let found = cube.dimensions.iter().position(|dimension| dimension.guessed() == Some(role));
    found.map(From::Axis).ok_or_else(|| {
        let names: Vec<&str> = cube.dimensions.iter().map(|d| d.name.as_str()).collect();
        let message = format!(
            "no dimension is recognised as the {field}; say --{field} NAME, one of {}, or a {field} that holds for all",
            names.join(", ")
        );
        Mistake::field(field, "required", message)
    })
}

fn named(cube: &Cube, field: &str, name: &str) -> Result<usize, Mistake> {
    let names: Vec<&str> = cube.dimensions.iter().map(|d| d.name.as_str()).collect();
    let found = cube.dimensions.iter().position(|dimension| dimension.is(name));
    found.ok_or_else(|| {
        let message = format!("there is no dimension `{name}`; there are {}", names.join(", "));
        Mistake::field(field, "unknown", message).allowing(name, &names)
    })
}

/// `Kjonn=0`: the axis and the number of the category.
fn choice(cube: &Cube, text: &str) -> Result<(usize, u32), Mistake> {
    let (name, category) =
        text.split_once('=').ok_or_else(|| Mistake::field("only", "invalid", "must be NAME=CODE"))?;
    let axis = named(cube, "only", name)?;
    let categories = &cube.dimensions[axis].categories;
    let found = categories.iter().position(|c| c.is(category) || c.code.split(' ').next() == Some(category));
    found.map(|number| (axis, number as u32)).ok_or_else(|| {
        let message = format!("`{name}` has no category `{category}`; it has {}", listed(&cube.dimensions[axis]));
        Mistake::field("only", "unknown", message)
    })
}

fn addable(cube: &Cube, axis: usize) -> Result<usize, Mistake> {
    let dimension = &cube.dimensions[axis];
    match dimension.categories.iter().find(|c| c.is_total()) {
        Some(total) if dimension.categories.len() > 1 => {
            let (name, code) = (&dimension.name, &total.code);
            let message = format!(
                "`{name}` has a total, `{}`, which would be counted twice; take it with --only '{name}={code}'",
                total.label
            );
            Err(Mistake::field("sum", "invalid", message))
        }
        _ => Ok(axis),
    }
}

/// What is to be said of a dimension that nothing was said of: with several categories a cell would be one of many.
fn undecided(dimension: &Dimension) -> Option<Mistake> {
    let name = &dimension.name;
    let message = || {
        format!(
            "has {} categories ({}); add them with --sum '{name}', or take one with --only '{name}=CODE'",
            dimension.categories.len(),
            listed(dimension)
        )
    };
    (dimension.categories.len() > 1).then(|| Mistake::field(name, "ambiguous", message()))
}

fn listed(dimension: &Dimension) -> String {
    let mut words: Vec<String> = dimension
        .categories
        .iter()
        .take(5)
        .map(|c| if c.code == c.label { c.code.clone() } else { format!("{} {}", c.code, c.label) })
        .collect();
    if dimension.categories.len() > words.len() {
        words.push("…".into());
    }
    words.join(", ")
}

/// Makes rows, and counts what it passes over.
struct Maker {
    cube: Cube,
    plan: Plan,
    skip_unknown: bool,
    confidence: Confidence,
    publisher: Option<String>,
    number: usize,
    told: HashSet<(usize, u32)>,
    restored: HashSet<u32>,
    unknown: usize,
    unused: usize,
}

impl Maker {
    fn new(cube: Cube, plan: Plan, options: &Options) -> Self {
        Self {
            cube,
            plan,
            skip_unknown: options.skip_unknown,
            confidence: options.confidence.unwrap_or(Confidence::Primary),
            publisher: options.publisher.clone(),
            number: 0,
            told: HashSet::new(),
            restored: HashSet::new(),
            unknown: 0,
            unused: 0,
        }
    }

    fn category(&self, axis: usize, cell: &Cell) -> &str {
        &self.cube.dimensions[axis].categories[cell.at[axis] as usize].code
    }

    /// The row of a cell; none where it is passed over.
    fn row(&mut self, cell: Cell, known: &Known) -> Option<Result<Row, Error>> {
        let indicator = match self.plan.content {
            Some(axis) => self.plan.indicators.get(cell.at[axis] as usize)?.clone()?,
            None => self.plan.indicators.first()?.clone()?,
        };
        self.number += 1;
        let origin = self.origin(&cell);
        let mut mistakes = vec![];
        let region = match &self.plan.region {
            From::Constant(key) => Some(key.clone()),
            From::Axis(axis) => {
                let axis = *axis;
                match code::region(self.category(axis, &cell)) {
                    Ok(place) => {
                        if place.restored {
                            self.restored.insert(cell.at[axis]);
                        }
                        Some(place.key)
                    }
                    Err(_) if self.skip_unknown => {
                        self.unknown += 1;
                        return None;
                    }
                    // Once for each code, and not for each of its cells.
                    Err(_) if !self.told.insert((axis, cell.at[axis])) => return None,
                    Err(why) => {
                        mistakes.push(Mistake::field("region", "invalid", why));
                        None
                    }
                }
            }
        };
        let period = match &self.plan.period {
            From::Constant(period) => Some(period.clone()),
            From::Axis(axis) => code::period(self.category(*axis, &cell))
                .map_err(|why| mistakes.push(Mistake::field("period", "invalid", why)))
                .ok(),
        };
        let figure = cell.figure.map_err(|why| mistakes.push(Mistake::field("value", "invalid", why))).ok();
        let (Some(region), Some(period), Some(figure)) = (region, period, figure) else {
            return Some(Err(Error::all(Kind::InvalidContent, origin.stamp(self.number, mistakes))));
        };
        // Tables have a cell for every code and every year, and nothing, or 0, where there was no such place.
        let nothing = figure.value.is_none() || (self.skip_unknown && figure.value == Some(0.0));
        if nothing && known.places.find(&region, Some(&period), None, "region").is_err_and(|m| m.code == "not_valid") {
            self.unused += 1;
            return None;
        }
        let row = json!({
            "indicator": indicator, "region": region, "period": period, "published": self.plan.published,
            "value": figure.value, "status": figure.status, "confidence": self.confidence,
            "publisher": self.publisher, "source": self.plan.source,
        });
        let Value::Object(stored) = row else { return None };
        Some(Ok(Row { number: self.number, stored, claimed: Map::new(), origin }))
    }

    /// Where a cell and its keys stand in the file.
    fn origin(&self, cell: &Cell) -> Origin {
        let mut cells: Vec<(String, usize)> = cell.place.column.map(|c| ("value".to_owned(), c)).into_iter().collect();
        for (field, from) in [("region", &self.plan.region), ("period", &self.plan.period)] {
            let column = match from {
                // Years that stand in the heads of columns, and the axes of JSON, are where the value is.
                From::Axis(axis) => self.cube.dimensions[*axis].column.or(cell.place.column),
                From::Constant(_) => None,
            };
            cells.extend(column.map(|column| (field.to_owned(), column)));
        }
        Origin { line: cell.place.line, cells: Arc::new(cells) }
    }

    fn warnings(&self) -> Vec<String> {
        let mut all = vec![];
        if let (From::Axis(axis), Some(first)) = (&self.plan.region, self.restored.iter().min()) {
            let text = &self.cube.dimensions[*axis].categories[*first as usize].code;
            let key = code::region(text).map(|place| place.key).unwrap_or_default();
            all.push(format!(
                "{} codes had lost their leading zero, such as {text}, which is taken for {key}",
                self.restored.len()
            ));
        }
        if self.unknown > 0 {
            all.push(format!("{} cells of regions that are no place were passed over", self.unknown));
        }
        if self.unused > 0 {
            all.push(format!(
                "{} cells without a figure, of codes that were not in use in the period, were passed over",
                self.unused
            ));
        }
        all
    }
}
