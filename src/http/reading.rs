//! Rows of a collection, read in their order.
//!
//! Of figures that were published several times a list shows the newest vintage. Where its rows come in the order of their
//! ids, the vintages of a figure come one after another, and the last is picked as they come; to have the database look
//! for a newer one beside each row takes it as long again as all the rest.
use super::asked::Asked;
use super::list::matching;
use super::resource::Collection;
use super::selection::Selection;
use super::sort::{self, Key};
use crate::db::rows::Rows;
use crate::db::{Db, Statement};
use crate::error::Error;
use serde_json::Value;

/// What of two vintages of a figure is the same, by the id of the figure: an answer that asks of nothing else has all of
/// them or none.
const OF_FIGURES: [&str; 5] = ["indicator", "region", "level", "period", "published"];

/// How many values of a leading field and periods make rows that are few: some hundred each.
const FEW: usize = 16;

/// What is read, and how.
pub struct Reading<'a> {
    pub collection: &'static Collection,
    pub asked: &'a Asked,
    pub keys: &'a [Key],
    pub selection: &'a Selection,
    pub at: i64,
}

impl Reading<'_> {
    /// So many rows beyond a place at most. Room is made for `ready` rows.
    pub fn rows(&self, conn: &mut Db, beyond: Option<&[Value]>, most: i64, ready: usize) -> Result<Rows, Error> {
        if !self.picks() {
            return self.read(conn, self.asked, beyond, most, ready);
        }
        let every = self.asked.clone().with("published", "all");
        let mut picked = Rows::new(self.selection.types().len());
        let mut place = beyond.map(<[Value]>::to_vec);
        loop {
            // One more than is wanted tells whether the last has a newer vintage; and some are older ones.
            let wanted = most - picked.len() as i64;
            let limit = wanted + wanted / 8 + 16;
            let mut rows = self.read(conn, &every, place.as_deref(), limit, ready)?;
            let ended = (rows.len() as i64) < limit;
            let known = if ended { rows.len() } else { rows.len() - 1 };
            place = Some(self.selection.place_of(rows.row(known.saturating_sub(1))));
            let newest: Vec<bool> = (0..known).map(|row| !self.is_same_figure(&rows, row, row + 1)).collect();
            rows.keep(|row| newest.get(row) == Some(&true));
            // Mostly all comes at once, and is not copied.
            if picked.is_empty() {
                picked = rows;
            } else {
                picked.append(&rows);
            }
            if ended || picked.len() as i64 >= most {
                picked.truncate(most as usize);
                return Ok(picked);
            }
        }
    }

    /// Whether the newest vintages can be picked from rows as they come.
    fn picks(&self) -> bool {
        let given = |name: &str| !self.asked.all(name).is_empty();
        let parameters = || self.collection.filters.iter().filter(|filter| !OF_FIGURES.contains(&filter.name()));
        self.collection.vintage.is_some_and(|name| self.asked.one(name).is_none_or(|which| which == "latest"))
            && sort::is_by_id(self.keys)
            && !given("q")
            && !parameters().flat_map(|filter| filter.parameters()).any(|parameter| given(&parameter.name))
    }

    /// Whether two rows are vintages of one figure: the id ends with the vintage, in which there is no point.
    fn is_same_figure(&self, rows: &Rows, one: usize, other: usize) -> bool {
        let figure = |row: usize| Some(self.selection.first_key(rows.row(row))?.rsplit_once('.')?.0);
        figure(one).is_some_and(|figure_of_one| figure(other) == Some(figure_of_one))
    }

    fn read(
        &self,
        conn: &mut Db,
        asked: &Asked,
        beyond: Option<&[Value]>,
        limit: i64,
        ready: usize,
    ) -> Result<Rows, Error> {
        let table = self.collection.table;
        let mut sql: Statement =
            self.selection.statement(table, self.at).append(matching(self.collection, asked, self.at));
        if let Some(place) = beyond {
            sql = sort::beyond(self.keys, place, sql);
        }
        let sql = if self.are_few() { sql.sql(sort::order_of_few()) } else { sql.sql(sort::order(self.keys)) };
        sql.sql(" LIMIT ").bind(limit).cells(conn, self.selection.types(), ready)
    }

    /// Whether so much is asked for that there are few rows, which no index has in their order.
    fn are_few(&self) -> bool {
        let leading = self.collection.filters.iter().find(|filter| filter.is_leading());
        let values = leading.map_or(0, |filter| self.asked.all(filter.name()).len());
        (1..=FEW).contains(&(values * self.asked.all("period").len())) && sort::is_by_id(self.keys)
    }
}
