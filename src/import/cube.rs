//! Statistics as a cube: dimensions with their categories, and a figure in some of the cells.
use super::figure::Figure;
use crate::error::Place;

/// A table of statistics, as a reader found it.
#[derive(Debug, Default)]
pub struct Cube {
    pub dimensions: Vec<Dimension>,
    pub cells: Vec<Cell>,
    /// The day the file says it was updated.
    pub updated: Option<String>,
    /// What the file says of where it comes from: a title, an address, the number of a table.
    pub origin: Vec<String>,
}

/// One axis of a cube.
#[derive(Debug, Clone)]
pub struct Dimension {
    pub name: String,
    pub label: String,
    pub role: Option<Role>,
    pub categories: Vec<Category>,
    /// The column of a file it was read from, counted from 1.
    pub column: Option<usize>,
}

/// What a file says a dimension is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Region,
    Period,
    Content,
}

/// One place on an axis. In a CSV code and label are often one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    pub code: String,
    pub label: String,
}

impl Category {
    /// Whether it is all the others together, so that adding it to them would count everything twice.
    pub fn is_total(&self) -> bool {
        let label = self.label.to_lowercase();
        let words = ["i alt", "total", "begge kjønn", "both sexes", "alle aldre", "all ages", "alle ", "sum "];
        words.iter().any(|word| label.starts_with(word) || label.ends_with(word)) || label == "alle"
    }

    pub fn is(&self, text: &str) -> bool {
        self.code == text || self.label.eq_ignore_ascii_case(text)
    }
}

/// One cell: its category on each axis, and what stands in it.
#[derive(Debug, Clone)]
pub struct Cell {
    pub at: Vec<u32>,
    pub figure: Result<Figure, String>,
    pub place: Place,
}

const REGIONS: [&str; 7] = ["region", "kommune", "kommunenr", "kommunenummer", "fylke", "municipality", "county"];
const PERIODS: [&str; 8] = ["tid", "år", "aar", "year", "time", "kvartal", "måned", "period"];
const CONTENTS: [&str; 3] = ["contentscode", "statistikkvariabel", "contents"];

impl Dimension {
    pub fn is(&self, name: &str) -> bool {
        [&self.name, &self.label].iter().any(|own| own.to_lowercase() == name.to_lowercase())
    }

    /// What it is by the file's own word, or by its name.
    pub fn guessed(&self) -> Option<Role> {
        let named = |names: &[&str]| names.iter().any(|name| self.is(name));
        self.role.or_else(|| {
            [(Role::Region, &REGIONS[..]), (Role::Period, &PERIODS[..]), (Role::Content, &CONTENTS[..])]
                .into_iter()
                .find(|(_, names)| named(names))
                .map(|(role, _)| role)
        })
    }
}
