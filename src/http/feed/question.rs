//! Which changes are asked for. The parameters of the feed and of differences are the same.
use super::point::Point;
use crate::db::Statement;
use crate::db::head::Head;
use crate::db::table::Table;
use crate::domain::Language;
use crate::http::asked::Asked;
use crate::http::parameter::{LONGEST_VALUE, Parameter, Shape};
use crate::http::resource::Entry;
use std::sync::OnceLock;

/// What a change can be.
pub const OPERATIONS: &[&str] = &["create", "update", "delete"];

/// The fields by which changes are chosen. A collection without the field has no change that is asked for.
const FIELDS: [&str; 4] = ["plan", "indicator", "region", "county"];

/// The parameters that choose among changes.
pub fn parameters(entries: &'static [Entry]) -> Vec<Parameter> {
    static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| entries.iter().map(|entry| (entry.table)().collection).collect());
    let text = || Shape::Text(LONGEST_VALUE);
    vec![
        Parameter::new("type", "Only changes of these collections.", Shape::Word(names)).list(),
        Parameter::new("id", "Only changes of things with these ids.", text()).list(),
        Parameter::new("operation", "Only changes of these kinds.", Shape::Word(OPERATIONS)).list(),
        Parameter::new("plan", "Only changes of rows that were or became of these plans.", text()).list(),
        Parameter::new("indicator", "Only changes of rows that were or became of these indicators.", text()).list(),
        Parameter::new("region", "Only changes of rows that were or became of these regions.", Shape::Region).list(),
        Parameter::new("county", "Only changes of rows that were or became of these counties.", Shape::County).list(),
    ]
}

/// A question to the log of changes.
#[derive(Clone)]
pub struct Question {
    asked: Asked,
    entries: Vec<&'static Entry>,
    /// Whether every change is an answer.
    everything: bool,
    pub language: Language,
}

impl Question {
    /// What the parameters ask for, of rows to be shown in a language.
    pub fn of(entries: &'static [Entry], asked: &Asked, language: Language) -> Self {
        let types = asked.all("type");
        let fits = |entry: &&Entry| {
            let table = (entry.table)();
            let lacks = |field: &&str| !asked.all(field).is_empty() && table.column(field).is_none();
            (types.is_empty() || types.iter().any(|name| name == table.collection)) && !FIELDS.iter().any(lacks)
        };
        let everything = parameters(entries).iter().all(|p| asked.all(&p.name).is_empty());
        Self { asked: asked.clone(), entries: entries.iter().filter(fits).collect(), everything, language }
    }

    /// The collections whose changes can be an answer.
    pub fn entries(&self) -> &[&'static Entry] {
        &self.entries
    }

    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// The operations asked for; none where all are.
    pub fn operations(&self) -> &[String] {
        self.asked.all("operation")
    }

    /// One text for all who ask the same, whatever else they ask for.
    pub fn text(&self) -> String {
        let others = ["after", "as_of", "cursor", "format", "from", "lang", "limit", "to", "wait"];
        format!("{} {}", self.language.code(), self.asked.canonical(&others))
    }

    /// Whether one of the collections has changed after a point. It costs no query.
    pub fn is_touched(&self, head: &Head, point: Point) -> bool {
        let newest = self.entries.iter().map(|entry| head.of((entry.table)().collection).revision).max().unwrap_or(0);
        Point::after(newest) > point
    }

    /// Adds to a WHERE over `changes c` which of them are an answer, among those of some collections. `versions` is the
    /// condition on a row `t` of a table that makes it one of the versions `c` is about.
    pub fn narrow(
        &self,
        entries: &[&'static Entry],
        mut sql: Statement,
        versions: impl Fn(&Table) -> Statement,
    ) -> Statement {
        if self.everything && entries.len() == self.entries.len() {
            return sql;
        }
        let ids = self.asked.all("id");
        if !ids.is_empty() {
            sql = sql.sql(" AND c.id IN ").bind_list(ids.iter().cloned());
        }
        let fields: Vec<&str> = FIELDS.into_iter().filter(|field| !self.asked.all(field).is_empty()).collect();
        if fields.is_empty() {
            // Not the bare column: SQLite would go by the index of collections, through everything that was ever written
            // in one, instead of by the few revisions that are asked about.
            let names = entries.iter().map(|entry| (entry.table)().collection);
            return if entries.is_empty() {
                sql.sql(" AND 1 = 0")
            } else {
                sql.sql(" AND (c.collection || '') IN ").bind_list(names)
            };
        }
        sql = sql.sql(" AND (1 = 0");
        for table in entries.iter().map(|entry| (entry.table)()) {
            sql = sql.sql(" OR (c.collection = ").bind(table.collection);
            sql = sql.sql(format!(" AND EXISTS (SELECT 1 FROM {} t WHERE t.id = c.id AND (", table.name));
            sql = sql.append(versions(table)).sql(")");
            for field in &fields {
                sql = sql.sql(format!(" AND t.{field} IN ")).bind_list(self.asked.all(field).iter().cloned());
            }
            sql = sql.sql("))");
        }
        sql.sql(")").once()
    }
}
