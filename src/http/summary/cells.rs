//! The rows of a collection put into groups.
//!
//! The database puts them into *cells*, which are groups parted further by what a warning or a name needs, and hands over
//! the amounts of each cell as one text. Sums and medians are then taken here: exact, whatever their size, and the same on
//! both databases, of which one has no median and neither has a sum that the other would give in the same way.
use super::Summarised;
use super::question::Question;
use crate::db::table::Table;
use crate::db::{Db, Statement};
use crate::domain::money::Amounts;
use crate::error::Error;
use crate::http::inquiry::Inquiry;
use crate::http::list;
use std::collections::{BTreeSet, HashMap};

/// A group of rows.
#[derive(Debug, Default)]
pub struct Group {
    /// What its rows have in common: a value for each of [`Question::groups`].
    pub key: Vec<Option<String>>,
    /// How many rows there are.
    pub count: usize,
    pub amounts: Amounts,
    /// The name of its place in the latest period, after that period.
    pub name: Option<(String, String)>,
    /// The values of each of [`Question::mixed`] in it.
    pub mixed: Vec<BTreeSet<String>>,
    /// The periods in it, where they were not grouped by.
    pub periods: BTreeSet<String>,
}

/// Number of rows, their amounts with commas between, and the values they share.
type Cell = (i64, Option<String>, Vec<Option<String>>);

/// The groups of the rows that the filters leave at a revision, in no order.
pub fn read<R: Summarised>(
    conn: &mut Db,
    inquiry: &Inquiry,
    question: &Question,
    at: i64,
) -> Result<Vec<Group>, Error> {
    let shared = shared(question, inquiry);
    let expressions: Vec<String> = shared.iter().map(|field| expression(R::table(), field)).collect();
    let columns = expressions.join(", ");
    let select =
        format!("SELECT COUNT(*), STRING_AGG(CAST(t.amount_nok AS TEXT), ','), {columns} FROM {} t", R::table().name);
    let mut sql = Statement::new(select).append(list::matching(R::collection(), &inquiry.asked, at));
    if question.groups.contains(&"municipality") {
        sql = sql.sql(" AND t.level = 'municipality'");
    }
    // Kept plans are made without knowing the values: of a revision, PostgreSQL then expects a ninth of the rows, and
    // sorts where it should hash.
    let cells: Vec<Cell> = sql.sql(format!(" GROUP BY {columns}")).once().rows(conn)?;
    let mut groups: HashMap<Vec<Option<String>>, Group> = HashMap::new();
    for (count, amounts, mut key) in cells {
        let rest = key.split_off(question.groups.len());
        let group = groups.entry(key).or_default();
        group.count += count as usize;
        if let Some(text) = amounts {
            group.amounts.read(&text).map_err(Error::internal)?;
        }
        group.note(question, &shared[question.groups.len()..], rest);
    }
    Ok(groups.into_iter().map(|(key, group)| Group { key, ..group }).collect())
}

impl Group {
    /// Takes what a cell has beside the fields grouped by.
    fn note(&mut self, question: &Question, fields: &[&'static str], values: Vec<Option<String>>) {
        self.mixed.resize(question.mixed.len(), BTreeSet::new());
        let (mut period, mut name) = (String::new(), None);
        for (number, (field, value)) in fields.iter().zip(values).enumerate() {
            match (*field, value) {
                (_, Some(value)) if number < question.mixed.len() => drop(self.mixed[number].insert(value)),
                ("period", Some(value)) => period = value,
                ("region_name", value) => name = value,
                _ => {}
            }
        }
        if let Some(name) = name {
            self.name = self.name.take().max(Some((period.clone(), name)));
        }
        self.periods.insert(period);
    }
}

/// The fields of a cell: those grouped by, then those that may be mixed, then the period and the name of the place.
fn shared(question: &Question, inquiry: &Inquiry) -> Vec<&'static str> {
    let mut all = question.groups.clone();
    all.extend(&question.mixed);
    if !all.contains(&"period") && inquiry.asked.all("period").len() != 1 {
        all.push("period");
    }
    if matches!(question.place(), Some("region" | "municipality")) {
        all.push("region_name");
    }
    all
}

/// A field in SQL, of the table `t`.
fn expression(table: &Table, field: &str) -> String {
    match field {
        "municipality" => "t.region".into(),
        "county" if table.column("county").is_none() => {
            "CASE t.level WHEN 'county' THEN t.region WHEN 'municipality' THEN 'F-' || SUBSTR(t.region_code, 1, 2) END"
                .into()
        }
        other => format!("t.{other}"),
    }
}
