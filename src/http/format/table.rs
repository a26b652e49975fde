//! The seam between what is asked for and the form it has: columns with their types and words, and rows in chunks.
use crate::db::rows::Rows;
use crate::db::statement::Type;
use crate::error::Error;
use crate::http::list::Meta;
use std::io::Write;

/// A column of what is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub holds: Type,
    /// What it means, in a sentence.
    pub about: String,
}

impl Column {
    pub fn new(name: impl Into<String>, holds: Type, about: impl Into<String>) -> Self {
        Self { name: name.into(), holds, about: about.into() }
    }

    /// The unit, where the name carries it.
    pub fn unit(&self) -> Option<&'static str> {
        self.name.ends_with("_nok").then_some("NOK")
    }
}

/// What is sent, before its rows.
#[derive(Debug, Clone)]
pub struct Table {
    /// Names it: `grants`, `grants-summary`.
    pub name: String,
    /// What it holds, in a sentence.
    pub about: String,
    pub columns: Vec<Column>,
    /// How the rows make a cube, where they do: without it there is neither `layout=wide` nor JSON-stat.
    pub cube: Option<Cube>,
    /// Licence, attribution, revision, query and citation.
    pub meta: Meta,
}

impl Table {
    /// Where a column stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

/// How rows make a cube. Each name is one of a column; `x_name` beside `x` holds the names of its codes, and `title` those
/// of `id`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cube {
    /// The columns that, with the period, tell one value from another.
    pub by: Vec<String>,
    /// The columns that say more of those, the same for every row of them but for changes over time.
    pub carries: Vec<String>,
    /// The column with the period.
    pub along: Option<String>,
    /// The column with the value.
    pub value: String,
    /// The column that says whether there is a value, and what to think of it; `ok` needs no remark.
    pub status: Option<String>,
    /// Which of `by` says what is measured. Units may differ between its codes: columns `unit` and `decimals` say them.
    pub metric: Option<String>,
}

impl Cube {
    /// Rows told apart by these columns and the period, each with one value.
    pub fn new(by: &[&str], value: &str) -> Self {
        Self {
            by: by.iter().map(|name| (*name).to_owned()).collect(),
            along: Some("period".into()),
            value: value.into(),
            ..Self::default()
        }
    }

    pub fn carrying(mut self, carries: &[&str]) -> Self {
        self.carries = carries.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The columns that `layout=wide` can show.
    pub fn shown(&self) -> Vec<&str> {
        let value = std::iter::once(&self.value).chain(&self.along);
        self.by.iter().chain(&self.carries).chain(value).map(String::as_str).collect()
    }
}

/// Where rows come from, some at a time. It is read off the event loop, and may wait for a database.
pub trait Source: Send {
    /// The next rows; none when there are no more.
    fn next(&mut self) -> Result<Option<Rows>, Error>;
}

/// Rows that are there already.
impl Source for Option<Rows> {
    fn next(&mut self) -> Result<Option<Rows>, Error> {
        Ok(self.take())
    }
}

/// Puts rows into a form. The bytes go to `out`, as they come or all at the end.
pub trait Writer: Send {
    /// Writes some rows, in the order of the columns. What stands before all rows goes before the first.
    fn rows(&mut self, rows: &Rows, out: &mut dyn Write) -> Result<(), Error>;

    /// Writes what comes after all rows.
    fn finish(&mut self, out: &mut dyn Write) -> Result<(), Error>;
}
