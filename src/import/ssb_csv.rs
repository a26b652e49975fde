//! CSV from Statistics Norway's statistics bank: long, with a value on each line, or wide, with years, sexes or ages as
//! columns. Both become the same cube.
use super::cube::{Category, Cell, Cube, Dimension, Role};
use super::separated::{self, Table};
use super::{code, figure, wrong};
use crate::error::{Error, Kind, Mistake, Place};
use std::collections::HashMap;

/// What the dimension is called that is made of the heads of columns.
pub const COLUMNS: &str = "columns";

/// Reads a table. `value` names the column with the value, where it is told; `axes` are names that are told to be
/// dimensions, so that a column of ages is not taken for figures.
pub fn read(text: &str, value: Option<&str>, axes: &[&str]) -> Result<Cube, Error> {
    let table = separated::read(text)?;
    let values = match value {
        Some(name) => vec![column(&table, name)?],
        None => value_columns(&table, axes)?,
    };
    let columns: Vec<usize> = (0..table.header.cells.len()).filter(|i| !values.contains(i)).collect();
    let mut axes: Vec<Axis> = columns.iter().map(|i| Axis::of_column(&table, *i)).collect();
    let keys = axes.len();
    let heads: Vec<(String, Option<String>)> = values.iter().map(|i| head(&table.header.cells[*i])).collect();
    let dated = heads.iter().any(|(_, period)| period.is_some());
    if dated && !heads.iter().all(|(_, period)| period.is_some()) {
        return Err(wrong("", "some columns of values have a year in their head and some have not", None));
    }
    axes.push(Axis::new(COLUMNS, None, None));
    if dated {
        axes.push(Axis::new("Tid", Some(Role::Period), None));
    }
    let mut cells = vec![];
    for record in &table.records {
        let fixed: Vec<u32> = axes.iter_mut().zip(&columns).map(|(axis, i)| axis.number(&record.cells[*i])).collect();
        for (i, (label, period)) in values.iter().zip(&heads) {
            let mut at = fixed.clone();
            at.push(axes[keys].number(label));
            at.extend(period.as_ref().map(|period| axes[keys + 1].number(period)));
            let place = Place { line: record.line, column: Some(i + 1) };
            cells.push(Cell { at, figure: figure::cell(&record.cells[*i]), place });
        }
    }
    let origin = table.titles.into_iter().filter(|title| !title.is_empty()).collect();
    Ok(Cube { dimensions: axes.into_iter().map(|axis| axis.dimension).collect(), cells, updated: None, origin })
}

fn column(table: &Table, name: &str) -> Result<usize, Error> {
    let found = table.header.cells.iter().position(|head| head.to_lowercase() == name.to_lowercase());
    found.ok_or_else(|| {
        let place = Some(Place { line: table.header.line, column: None });
        let mistake = Mistake::field(name, "unknown", "there is no such column").allowing(name, &table.header.cells);
        Error::because(Kind::InvalidContent, Mistake { place, pointer: None, ..mistake })
    })
}

/// The columns with figures: those at the end whose cells are all figures, but not a column of years or codes.
fn value_columns(table: &Table, axes: &[&str]) -> Result<Vec<usize>, Error> {
    let width = table.header.cells.len();
    let named = |i: usize| {
        let axis = Axis::of_column(table, i);
        axis.dimension.guessed().is_some() || axes.iter().any(|name| axis.dimension.is(name))
    };
    let figures = |i: usize| {
        let some = table.records.iter().take(200).map(|record| figure::cell(&record.cells[i]).is_ok());
        let (good, all) = some.fold((0, 0), |(good, all), is| (good + usize::from(is), all + 1));
        // A slip in one cell must be told of as a slip, and not make a dimension of the column.
        good * 2 > all
    };
    let first = (1..width).rev().take_while(|i| !named(*i) && figures(*i)).last();
    match first {
        Some(first) => Ok((first..width).collect()),
        // Then each of its cells is told of as no figure, which says more than that none was found.
        None if !named(width - 1) => Ok(vec![width - 1]),
        None => {
            let place = Place { line: table.header.line, column: None };
            Err(wrong("", "no column at the end has figures; say --value NAME", Some(place)))
        }
    }
}

/// The head of a column of values: what is counted, and the period where it names one (`Personer 2015`, `2015`).
fn head(text: &str) -> (String, Option<String>) {
    match text.rsplit_once(' ').unwrap_or(("", text)) {
        (label, last) if code::period(last).is_ok() => (label.trim().to_owned(), Some(last.to_owned())),
        _ => (text.to_owned(), None),
    }
}

/// A dimension under construction.
struct Axis {
    dimension: Dimension,
    numbers: HashMap<String, u32>,
}

impl Axis {
    fn new(name: &str, role: Option<Role>, column: Option<usize>) -> Self {
        let dimension = Dimension { name: name.into(), label: name.into(), role, categories: vec![], column };
        Self { dimension, numbers: HashMap::new() }
    }

    fn of_column(table: &Table, i: usize) -> Self {
        Self::new(&table.header.cells[i], None, Some(i + 1))
    }

    /// The number of a category, which is added where it is new.
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.dimension.categories.len() as u32;
        self.dimension.categories.push(Category { code: text.to_owned(), label: text.to_owned() });
        self.numbers.insert(text.to_owned(), number);
        number
    }
}
