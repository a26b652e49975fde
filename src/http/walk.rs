//! A walk through pages of what has no revisions: from the place where the page before ended, by a time and an id.
use super::asked::{Asked, encode};
use super::page::Cursor;
use super::parameter::{Parameter, Shape};
use crate::error::{Error, Kind, Mistake};

/// The most rows on a page, and how many there are unless asked: their texts are long.
pub const MOST: i64 = 100;
const ROWS: i64 = 50;

/// A page that is asked for.
#[derive(Clone)]
pub struct Walk {
    path: String,
    /// The parameters but for the cursor, in one spelling.
    rest: String,
    /// What a cursor belongs to: the path and the filters.
    question: String,
    pub limit: i64,
    /// The time and the id of the last row of the page before.
    pub after: Option<(String, String)>,
}

impl Walk {
    pub fn parameters() -> Vec<Parameter> {
        vec![
            Parameter::new("limit", "Rows on a page.", Shape::Integer(1, MOST)).default("50"),
            Parameter::new("cursor", "The `next_cursor` of the page before.", Shape::Text(2_000)),
        ]
    }

    pub fn read(path: &str, asked: &Asked) -> Result<Self, Error> {
        let question = format!("{path}?{}", asked.canonical(&["cursor", "limit"]));
        let after = match asked.one("cursor").map(|text| Cursor::open(text, &question)).transpose()? {
            None => None,
            Some(cursor) => Some(place(&cursor).ok_or_else(|| {
                Error::because(Kind::InvalidCursor, Mistake::query("cursor", "invalid", "is of another list"))
            })?),
        };
        let (path, rest) = (path.to_owned(), asked.canonical(&["cursor"]));
        Ok(Self { path, rest, question, limit: asked.integer("limit").unwrap_or(ROWS), after })
    }

    /// How many rows to read: one more than are shown tells whether there is a next page.
    pub fn wanted(&self) -> i64 {
        self.limit + 1
    }

    /// Takes the row too many off the rows; the cursor of the next page and its address, where there is one.
    pub fn next<T>(
        &self,
        base_url: &str,
        rows: &mut Vec<T>,
        place: impl Fn(&T) -> (String, String),
    ) -> Option<(String, String)> {
        if rows.len() as i64 <= self.limit {
            return None;
        }
        rows.truncate(self.limit as usize);
        let (time, id) = place(rows.last()?);
        let cursor = Cursor { revision: 0, total: 0, place: vec![time.into(), id.into()] }.seal(&self.question);
        let glue = if self.rest.is_empty() { "" } else { "&" };
        let address = format!("{base_url}{}?{}{glue}cursor={}", self.path, self.rest, encode(&cursor));
        Some((cursor, address))
    }
}

fn place(cursor: &Cursor) -> Option<(String, String)> {
    match cursor.place.as_slice() {
        [time, id] => Some((time.as_str()?.to_owned(), id.as_str()?.to_owned())),
        _ => None,
    }
}
