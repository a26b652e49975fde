//! What a summary is asked for: which groups, which fields, in which order, per what.
use super::{PLACES, Summary, column};
use crate::db::table::{Column, Table};
use crate::error::{Error, Kind, Mistake};
use crate::http::asked::Asked;
use crate::http::format::Cube;

/// The words of `per=`.
pub const PER: &[&str] = &["capita", "1000", "10000", "100000"];

/// For how many inhabitants a sum is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Per(pub f64);

/// A summary asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// The fields grouped by: as asked, and then those that are part of every group.
    pub groups: Vec<&'static str>,
    /// Those of them that were not asked for.
    pub added: Vec<&'static str>,
    /// Fields whose amounts a group may add without being meant to.
    pub mixed: Vec<&'static str>,
    pub per: Option<Per>,
    /// The fields of the answer, in their order.
    pub columns: Vec<&'static Column>,
    /// The order: numbers of columns, each with whether it is turned round.
    pub order: Vec<(usize, bool)>,
}

/// The collections an answer depends on.
pub fn reads(collection: &'static str, asked: &Asked) -> Vec<&'static str> {
    let mut all = vec![collection];
    if asked.all("group_by").iter().any(|field| field == "county") {
        all.push("counties");
    }
    if asked.one("per").is_some() {
        all.extend(["observations", "municipalities"]);
    }
    all
}

impl Question {
    /// Reads a request whose parameters are each what they may be, and refuses those that do not go together.
    pub fn of(summary: &Summary, table: &'static Table, asked: &Asked) -> Result<Self, Error> {
        let mut groups: Vec<&'static str> = vec![];
        for name in asked.all("group_by") {
            let known = summary.groups.iter().find(|group| *group == name && !groups.contains(*group));
            groups.extend(known);
        }
        let added: Vec<&'static str> = summary.apart.iter().filter(|field| !groups.contains(field)).copied().collect();
        groups.extend(&added);
        let one = |field: &str| groups.contains(&field) || asked.all(field).len() == 1;
        // A region has one level, whatever rows say of it.
        let one_level = groups.iter().any(|group| matches!(*group, "region" | "municipality"));
        let mixed = summary.mixed.iter().filter(|field| !(one(field) || **field == "level" && one_level));
        let mixed = mixed.copied().collect();
        let mut columns = vec![];
        for group in &groups {
            columns.extend(column(table, group));
            if place(&groups) == Some(group) {
                columns.extend(column(table, "region_name"));
            }
        }
        let numbers = ["sum_nok", "count", "count_without_amount", "mean_nok", "median_nok"];
        columns.extend(numbers.iter().filter_map(|name| column(table, name)));
        if let Some(word) = asked.one("per") {
            let divided = format!("sum_nok_per_{word}");
            columns.extend(["population", &divided].iter().filter_map(|name| column(table, name)));
        }
        let mut wrong = strangers(asked, &columns);
        wrong.extend(asked.one("per").and_then(|_| lacking(&groups, asked)));
        if !wrong.is_empty() {
            return Err(Error::all(Kind::InvalidParameter, wrong));
        }
        // `capita` is the one word that is no number.
        let per = asked.one("per").map(|word| Per(word.parse().unwrap_or(1.0)));
        let order = order(asked.all("sort"), &columns, &groups);
        Ok(Self { groups, added, mixed, per, columns, order })
    }

    /// How the groups make a cube: by what they were grouped, along the periods where those are in it.
    pub fn cube(&self) -> Option<Cube> {
        let by: Vec<&str> = self.groups.iter().copied().filter(|group| *group != "period").collect();
        self.groups.contains(&"period").then(|| Cube::new(&by, "sum_nok"))
    }

    /// The most exact place among the fields grouped by.
    pub fn place(&self) -> Option<&'static str> {
        place(&self.groups).copied()
    }
}

fn place<'g>(groups: &'g [&'static str]) -> Option<&'g &'static str> {
    PLACES.iter().find_map(|place| groups.iter().find(|group| *group == place))
}

fn position(columns: &[&Column], field: &str) -> Option<usize> {
    columns.iter().position(|column| column.name == field)
}

/// Fields asked for, or sorted by, that this answer does not have though another could.
fn strangers(asked: &Asked, columns: &[&'static Column]) -> Vec<Mistake> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut wrong = vec![];
    for parameter in ["fields", "sort"] {
        for value in asked.all(parameter) {
            let field = value.strip_prefix('-').unwrap_or(value);
            if !names.contains(&field) {
                let message = format!("this summary has no `{field}`; it has {}", names.join(", "));
                wrong.push(Mistake::query(parameter, "invalid", message).allowing(field, &names));
            }
        }
    }
    wrong
}

/// What `per` lacks: without a place and a year there is no population to divide by.
fn lacking(groups: &[&'static str], asked: &Asked) -> Option<Mistake> {
    let placed = place(groups).is_some() || ["region", "county"].iter().any(|field| asked.all(field).len() == 1);
    let dated = groups.contains(&"period") || asked.all("period").len() == 1;
    let lacks = match (placed, dated) {
        (true, true) => return None,
        (false, true) => "a place",
        (true, false) => "a period",
        (false, false) => "a place and a period",
    };
    let message = format!(
        "a population is of a place in a year, and the groups lack {lacks}: add county, municipality or region, and period, to group_by, or filter by one of each"
    );
    Some(Mistake::query("per", "invalid", message))
}

/// As asked; what was grouped by comes last, so that no two groups share a place in the order.
fn order(asked: &[String], columns: &[&'static Column], groups: &[&'static str]) -> Vec<(usize, bool)> {
    let mut order: Vec<(usize, bool)> = vec![];
    for name in asked.iter().map(String::as_str).chain(groups.iter().copied()) {
        let (name, descending) = name.strip_prefix('-').map_or((name, false), |bare| (bare, true));
        if let Some(number) = position(columns, name).filter(|n| !order.iter().any(|(known, _)| known == n)) {
            order.push((number, descending));
        }
    }
    order
}
