//! What a summary is asked for: which groups, which fields, in which order, per what.
use super::fields::CONVERSION;
use super::{PLACES, Summary, column};
use crate::db::boundaries;
use crate::db::table::{Column, Table};
use crate::error::{Error, Kind, Mistake};
use crate::http::asked::Asked;
use crate::http::carried;
use crate::http::format::Cube;
use crate::http::ordered::By;
use crate::http::per::Per;
use crate::http::population;

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
    /// The map that places are of, where one is asked for.
    pub carried: Option<carried::Question>,
    /// The fields of the answer, in their order.
    pub columns: Vec<&'static Column>,
    /// The order asked for; what was grouped by comes last, so that no two groups share a place in it.
    pub order: Vec<By>,
}

/// The collections an answer depends on.
pub fn reads(collection: &'static str, asked: &Asked) -> Vec<&'static str> {
    let mut all = vec![collection];
    if asked.all("group_by").iter().any(|field| field == "county") {
        all.push("counties");
    }
    if asked.one("per").is_some() {
        all.extend(population::READS);
    }
    if asked.one("boundaries").is_some() {
        all.extend(boundaries::READS);
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
        let carried = carried::Question::of(asked)?.filter(|carried| carried.boundaries.is_some());
        if let Some(carried) = carried {
            let wanted = CONVERSION.iter().filter(|name| **name != "explanation" || carried.explain);
            columns.extend(wanted.filter_map(|name| column(table, name)));
        }
        let per = Per::of(asked);
        if let Some(per) = per {
            let divided = per.field("sum_nok");
            columns.extend(["population", &divided].iter().filter_map(|name| column(table, name)));
        }
        let mut wrong = strangers(asked, &columns);
        wrong.extend(carried.and_then(|_| placeless(&groups, asked)));
        wrong.extend(per.and_then(|_| lacking(&groups, asked)));
        if !wrong.is_empty() {
            return Err(Error::all(Kind::InvalidParameter, wrong));
        }
        let names = asked.all("sort").iter().map(String::as_str).chain(groups.iter().copied());
        let order = By::of(names, |name| position(&columns, name), &["region_name"]);
        Ok(Self { groups, added, mixed, per, carried, columns, order })
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

/// A map makes no difference to groups without a place.
fn placeless(groups: &[&'static str], asked: &Asked) -> Option<Mistake> {
    let filtered = PLACES.iter().any(|field| !asked.all(field).is_empty());
    if place(groups).is_some() || filtered {
        return None;
    }
    let message = "is a map of places, and the groups have none: add county, municipality or region to group_by, or filter by one";
    Some(Mistake::query("boundaries", "invalid", message))
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
