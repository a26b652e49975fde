//! Computed rows and their order: what the database would do for rows that it has.
use crate::db::rows::{Cell, Rows};
use crate::domain::text;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value of a computed row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Integer(Option<i64>),
    Number(Option<f64>),
    Boolean(bool),
}

impl<'a> Value<'a> {
    pub const NULL: Self = Self::Text(None);

    pub fn text(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }

    pub fn owned(text: impl Into<String>) -> Self {
        Self::Text(Some(Cow::Owned(text.into())))
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { text.as_deref() } else { None }
    }

    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => text.as_deref().into(),
            Self::Integer(number) => (*number).into(),
            Self::Number(number) => (*number).into(),
            Self::Boolean(truth) => (*truth).into(),
        }
    }
}

impl<'a> From<Cell<'a>> for Value<'a> {
    fn from(cell: Cell<'a>) -> Self {
        match cell {
            Cell::Null => Self::NULL,
            Cell::Text(text) => Self::text(Some(text)),
            Cell::Integer(number) => Self::Integer(Some(number)),
            Cell::Number(number) => Self::Number(Some(number)),
            Cell::Boolean(truth) => Self::Boolean(truth),
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct By {
    /// The number of a column.
    pub column: usize,
    pub descending: bool,
    /// Whether its texts sort as Norwegians sort.
    pub collated: bool,
}

impl By {
    /// The keys of an order by names of columns, with `-` before those that are turned round. A name that is no column, and
    /// one that stands twice, is none.
    pub fn of<'n>(
        names: impl Iterator<Item = &'n str>,
        position: impl Fn(&str) -> Option<usize>,
        collated: &[&str],
    ) -> Vec<Self> {
        let mut order: Vec<Self> = vec![];
        for name in names {
            let (name, descending) = name.strip_prefix('-').map_or((name, false), |bare| (bare, true));
            if let Some(column) = position(name).filter(|column| order.iter().all(|by| by.column != *column)) {
                order.push(Self { column, descending, collated: collated.contains(&name) });
            }
        }
        order
    }
}

/// Rows in an order. What is null comes before all that is not, as in the lists.
pub fn sorted(mut rows: Vec<Vec<Value>>, width: usize, order: &[By]) -> Rows {
    rows.sort_by_cached_key(|row| order.iter().map(|by| Key::of(&row[by.column], by)).collect::<Vec<_>>());
    let mut out = Rows::new(width);
    rows.iter().for_each(|row| out.push(row.iter().map(Value::cell)));
    out
}

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
    Boolean(bool),
    Text(String),
}

impl Key {
    fn of(value: &Value, by: &By) -> Self {
        let value = match value {
            Value::Text(Some(text)) if by.collated => Sorted::Text(text::sort_key(text)),
            Value::Text(Some(text)) => Sorted::Text(text.clone().into_owned()),
            Value::Integer(Some(number)) => Sorted::Integer(*number),
            Value::Number(Some(number)) => Sorted::Number(*number),
            Value::Boolean(truth) => Sorted::Boolean(*truth),
            _ => Sorted::Nothing,
        };
        Self { value, descending: by.descending }
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
