//! The rows that are carried, read before any of them is, and the filters that hold of what was made of them.
use crate::db::rows::{Cell, Row, Rows};
use crate::db::{Database, Db};
use crate::domain::{Period, date, text};
use crate::error::{Error, Kind, Mistake};
use crate::http::asked::Asked;
use crate::http::format::{Column, Labels};
use crate::http::inquiry::Inquiry;
use crate::http::ordered::Value;
use crate::http::reading::Reading;
use crate::http::resource::Collection;
use crate::http::selection::{Selection, Wanted};
use crate::http::sort;
use chrono::NaiveDate;

/// The most rows that are carried at once: they are held in memory, some hundred bytes each.
pub const MOST: usize = 250_000;

/// Filters that ask of a row what conversion changes. They hold of the rows that are made.
const AFTER: [&str; 6] = ["region", "county", "level", "status", "amount_nok_min", "amount_nok_max"];

/// Rows as they were reported.
pub struct Sources {
    pub columns: Vec<Column>,
    pub rows: Rows,
}

impl Sources {
    /// Reads what the filters leave of a collection; those for places are left out where `unfiltered`.
    pub fn read(
        db: &Database,
        conn: &mut Db,
        collection: &'static Collection,
        (inquiry, metric): (&Inquiry, Option<&'static str>),
        unfiltered: bool,
        at: i64,
    ) -> Result<Self, Error> {
        let language = inquiry.language;
        // What is to be left out in the end is needed until then.
        let labels = match inquiry.form.labels_read() {
            Labels::Code => Labels::Code,
            Labels::Name | Labels::Both => Labels::Both,
        };
        let wanted = Wanted { fields: &[], labels, language, metric };
        let keys = sort::keys(collection, &[]);
        let selection = Selection::of(collection.table, db.tables(), &wanted, &keys);
        let asked = inquiry.asked.clone();
        let asked = if unfiltered { asked.without(&AFTER).without(&["q"]) } else { asked };
        let reading = Reading { collection, asked: &asked, keys: &keys, selection: &selection, at };
        let rows = reading.rows(conn, None, MOST as i64 + 1, 0)?;
        if rows.len() > MOST {
            let message =
                format!("asks for more than {MOST} rows to be carried at once; filter by indicator, plan or period");
            let name = ["boundaries", "per"].into_iter().find(|name| inquiry.asked.one(name).is_some());
            let mistake = Mistake::query(name.unwrap_or("indicator"), "too_many", message);
            return Err(Error::because(Kind::QueryTooComplex, mistake));
        }
        Ok(Self { columns: selection.columns, rows })
    }

    /// The number of a column; one that is not there has only nulls.
    pub fn position(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column.name == name).unwrap_or(usize::MAX)
    }

    pub fn row(&self, number: usize) -> Row<'_> {
        self.rows.row(number)
    }

    /// The texts of a column.
    pub fn texts(&self, name: &str) -> Vec<Option<&str>> {
        let column = self.position(name);
        self.rows.iter().map(|row| row.get(column).text()).collect()
    }

    /// The periods of the rows. Each was checked when it was written.
    pub fn periods(&self) -> Result<Vec<Period>, Error> {
        let parse = |text: Option<&str>| Period::parse(text.unwrap_or_default()).map_err(Error::internal);
        self.texts("period").into_iter().map(parse).collect()
    }

    /// The days whose maps rows are from, where those are not of their periods.
    pub fn maps(&self) -> Result<Vec<Option<NaiveDate>>, Error> {
        let parse = |text: &str| date::whole(text).map_err(Error::internal);
        self.texts("mapped_on").into_iter().map(|text| text.map(parse).transpose()).collect()
    }
}

/// The first and the last day of what was reported.
pub fn span(periods: &[Period], maps: &[Option<NaiveDate>]) -> Option<(NaiveDate, NaiveDate)> {
    let mapped = || maps.iter().flatten().copied();
    let from = periods.iter().map(|period| period.start).chain(mapped()).min()?;
    let to = periods.iter().map(|period| period.end).chain(mapped()).max()?;
    Some((from, to))
}

/// Whether a row that was made is one that was asked for.
pub fn keeps(collection: &Collection, asked: &Asked, position: &impl Fn(&str) -> Option<usize>, row: &[Value]) -> bool {
    let cell = |name: &str| position(name).map(|column| &row[column]);
    let asks = |name: &str| AFTER.iter().any(|after| after.trim_end_matches("_min").trim_end_matches("_max") == name);
    let filtered = collection.filters.iter().filter(|filter| asks(filter.name())).all(|filter| {
        let number = |value: &Value| if let Value::Integer(number) = value { *number } else { None };
        let text = cell(filter.name()).and_then(Value::as_text);
        filter.holds(asked, text, cell(filter.name()).and_then(number))
    });
    filtered && found(collection, asked, &cell)
}

/// Whether each word of a search stands somewhere in the searched text, as [`crate::http::filter::search`] has it.
fn found<'r>(collection: &Collection, asked: &Asked, cell: &impl Fn(&str) -> Option<&'r Value<'r>>) -> bool {
    let Some(search) = asked.one("q").map(text::fold) else { return true };
    let searched: Vec<String> = collection
        .table
        .searched
        .iter()
        .map(|field| text::fold(cell(field).and_then(|value| value.as_text()).unwrap_or_default()))
        .collect();
    let searched = searched.join("\n");
    search.split_whitespace().all(|word| searched.contains(word))
}

/// The text of a cell, or nothing.
pub fn text_of<'a>(row: &Row<'a>, column: usize) -> &'a str {
    row.get(column).text().unwrap_or_default()
}

/// The number in a cell, whole or not.
pub fn number_of(row: &Row, column: usize) -> Option<f64> {
    match row.get(column) {
        Cell::Number(number) => Some(number),
        Cell::Integer(number) => Some(number as f64),
        _ => None,
    }
}
