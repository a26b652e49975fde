//! Rows as they are sent: typed cells in one buffer, without a struct and an allocation for each.
use super::statement::{Statement, Type};
use super::{Backend, Db, MultiRawValue};
use crate::error::Error;
use diesel::connection::LoadConnection;
use diesel::deserialize::FromSql;
use diesel::row::{Field, Row as _};
use diesel::sql_types::{BigInt, Bool, Double};

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Not known, or not applicable; never zero.
    Null,
    Text(&'a str),
    Integer(i64),
    /// Finite, and not −0.
    Number(f64),
    Boolean(bool),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<f64> for Cell<'_> {
    /// What is not finite has no spelling in JSON, and is null; −0 is 0.
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number + 0.0) } else { Self::Null }
    }
}
impl From<bool> for Cell<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}
impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'a> Cell<'a> {
    /// The text, where it is one.
    pub fn text(self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// A cell as it is held: texts lie one after another in the buffer of all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Held {
    Null,
    Text { start: u32, end: u32 },
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

/// About how many bytes of text a row has.
const TEXT: usize = 192;

/// Some rows of a table, all of one width.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    width: usize,
    /// How many of the columns are shown; those after them only say where a row stands.
    shown: usize,
    text: String,
    cells: Vec<Held>,
}

impl Rows {
    /// No rows yet, of so many columns.
    pub fn new(width: usize) -> Self {
        Self { width, shown: width, text: String::new(), cells: vec![] }
    }

    /// Adds a row; it must have a cell for each column.
    pub fn push<'a>(&mut self, row: impl IntoIterator<Item = Cell<'a>>) {
        for cell in row {
            self.put(cell);
        }
        debug_assert!(self.cells.len().is_multiple_of(self.width.max(1)), "a row of another width");
    }

    fn put(&mut self, cell: Cell) {
        self.cells.push(match cell {
            Cell::Null => Held::Null,
            Cell::Text(text) => {
                // Chunks of rows are far below the 4 GiB that an offset reaches.
                let start = self.text.len() as u32;
                self.text.push_str(text);
                Held::Text { start, end: self.text.len() as u32 }
            }
            Cell::Integer(number) => Held::Integer(number),
            Cell::Number(number) => Held::Number(number),
            Cell::Boolean(truth) => Held::Boolean(truth),
        });
    }

    /// Adds a text as the database has it, without a `String` of its own.
    fn put_text(&mut self, value: MultiRawValue) -> Result<(), Error> {
        match value {
            MultiRawValue::Sqlite(mut value) => self.put(Cell::Text(value.read_text())),
            MultiRawValue::Postgres(value) => {
                self.put(Cell::Text(std::str::from_utf8(value.as_bytes()).map_err(Error::internal)?));
            }
        }
        Ok(())
    }

    /// Hides the columns after the first so many from [`Rows::iter`].
    pub fn showing(mut self, columns: usize) -> Self {
        self.shown = columns.min(self.width);
        self
    }

    pub fn len(&self) -> usize {
        self.cells.len() / self.width.max(1)
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Keeps the first so many rows.
    pub fn truncate(&mut self, rows: usize) {
        self.cells.truncate(rows * self.width);
    }

    /// Keeps the rows for which `keep` says so, by their numbers from 0. Their texts stay where they are.
    pub fn keep(&mut self, keep: impl Fn(usize) -> bool) {
        let (width, mut kept) = (self.width.max(1), 0);
        for row in 0..self.len() {
            if keep(row) {
                self.cells.copy_within(row * width..(row + 1) * width, kept * width);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Puts the rows of another, of the same width, behind these.
    pub fn append(&mut self, other: &Rows) {
        let moved = self.text.len() as u32;
        self.text.push_str(&other.text);
        self.cells.extend(other.cells.iter().map(|held| match *held {
            Held::Text { start, end } => Held::Text { start: start + moved, end: end + moved },
            held => held,
        }));
    }

    /// One row with all its columns, counted from 0; a row that is not there has no cells.
    pub fn row(&self, index: usize) -> Row<'_> {
        let start = (index * self.width).min(self.cells.len());
        Row { text: &self.text, cells: &self.cells[start..(start + self.width).min(self.cells.len())] }
    }

    /// The rows, with the columns that are shown.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        self.cells.chunks_exact(self.width.max(1)).map(|cells| Row { text: &self.text, cells: &cells[..self.shown] })
    }

    /// All texts in one buffer, and for each cell of a column where its text lies in it.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = Option<(usize, usize)>> {
        self.cells.chunks_exact(self.width.max(1)).map(move |row| match row.get(column) {
            Some(Held::Text { start, end }) => Some((*start as usize, *end as usize)),
            _ => None,
        })
    }

    /// The buffer that [`Rows::texts`] points into.
    pub fn buffer(&self) -> &str {
        &self.text
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    text: &'a str,
    cells: &'a [Held],
}

impl<'a> Row<'a> {
    /// The cell of a column; null where there is no such column.
    pub fn get(&self, column: usize) -> Cell<'a> {
        self.cells.get(column).map_or(Cell::Null, |held| self.cell(held))
    }

    pub fn iter(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let row = *self;
        row.cells.iter().map(move |held| row.cell(held))
    }

    fn cell(&self, held: &Held) -> Cell<'a> {
        match *held {
            Held::Null => Cell::Null,
            Held::Text { start, end } => Cell::Text(&self.text[start as usize..end as usize]),
            Held::Integer(number) => Cell::Integer(number),
            Held::Number(number) => Cell::Number(number),
            Held::Boolean(truth) => Cell::Boolean(truth),
        }
    }
}

fn read<ST, T: FromSql<ST, Backend>>(value: <Backend as diesel::backend::Backend>::RawValue<'_>) -> Result<T, Error> {
    T::from_sql(value).map_err(Error::internal)
}

impl Statement {
    /// Loads every row as cells of the given types, one for each column of the SELECT.
    ///
    /// A list of 1.4 million rows is then not one of 20 million small texts.
    /// Room is made for `ready` rows at once: growing by and by would leave behind as much again.
    pub fn cells(self, conn: &mut Db, types: &[Type], ready: usize) -> Result<Rows, Error> {
        let mut rows = Rows::new(types.len());
        rows.cells.reserve_exact(ready.saturating_mul(types.len()));
        rows.text.reserve(ready.saturating_mul(TEXT));
        for row in LoadConnection::load(conn, self)? {
            let row = row?;
            for (index, holds) in types.iter().enumerate() {
                let field = row.get(index).ok_or_else(|| Error::internal("a row has too few columns"))?;
                let Some(value) = field.value() else {
                    rows.put(Cell::Null);
                    continue;
                };
                match holds {
                    Type::Text => rows.put_text(value)?,
                    Type::Integer => rows.put(Cell::Integer(read::<BigInt, _>(value)?)),
                    Type::Number => rows.put(Cell::from(read::<Double, f64>(value)?)),
                    Type::Boolean => rows.put(Cell::Boolean(read::<Bool, _>(value)?)),
                }
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_out_as_they_went_in() {
        let mut rows = Rows::new(4);
        rows.push(["æ".into(), 5.into(), Cell::from(None::<f64>), true.into()]);
        rows.push([Cell::Null, Cell::Null, Cell::from(-0.0), Cell::from(f64::NAN)]);
        assert_eq!(rows.len(), 2);
        let first: Vec<Cell> = rows.row(0).iter().collect();
        assert_eq!(first, [Cell::Text("æ"), Cell::Integer(5), Cell::Null, Cell::Boolean(true)]);
        assert_eq!(rows.row(1).get(2), Cell::Number(0.0));
        assert_eq!((rows.row(1).get(3), rows.row(1).get(9), rows.row(7).get(0)), (Cell::Null, Cell::Null, Cell::Null));
        rows.truncate(1);
        assert_eq!(rows.iter().count(), 1);
    }

    #[test]
    fn rows_are_kept_and_put_together() {
        let of = |names: &[&str]| {
            let mut rows = Rows::new(2);
            names.iter().for_each(|name| rows.push([Cell::Text(name), Cell::Integer(name.len() as i64)]));
            rows
        };
        let mut rows = of(&["a", "bb", "ccc", "dddd"]);
        rows.keep(|row| row % 2 == 1);
        rows.append(&of(&["eeeee"]));
        let all: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().collect()).collect();
        let cells = |name: &'static str| vec![Cell::Text(name), Cell::Integer(name.len() as i64)];
        assert_eq!(all, ["bb", "dddd", "eeeee"].map(cells));
    }
}
