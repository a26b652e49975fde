//! Filters: each is declared once, and gives its parameters, their checks and their SQL.
use super::asked::Asked;
use super::parameter::{LONGEST_VALUE, Parameter, Shape};
use crate::db::Statement;
use crate::db::statement::Value;
use crate::domain::{Period, text};

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Any,
    Leading,
    Listed,
    Words(&'static [&'static str]),
    Region,
    County,
    Integers,
    Years,
    Dates,
    Period,
    Flag,
    ValidOn,
    OpenOn,
    Published,
}

/// One filter of a list; some have several parameters (`_min` and `_max`, `_from` and `_to`).
#[derive(Debug, Clone)]
pub struct Filter {
    name: &'static str,
    column: &'static str,
    rule: Rule,
    about: &'static str,
}

impl Filter {
    const fn new(name: &'static str, rule: Rule, about: &'static str) -> Self {
        Self { name, column: name, rule, about }
    }
    /// The field is one of the values.
    pub const fn any(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Any, about)
    }
    /// The field is one of the values, and every id begins with it and a point.
    pub const fn leading(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Leading, about)
    }
    /// The field `column`, a list of ids with spaces between, has one of the values.
    pub const fn listed(name: &'static str, column: &'static str, about: &'static str) -> Self {
        Self { column, ..Self::new(name, Rule::Listed, about) }
    }
    /// The field is one of the values, which come from a closed list.
    pub const fn words(name: &'static str, words: &'static [&'static str], about: &'static str) -> Self {
        Self::new(name, Rule::Words(words), about)
    }
    pub const fn region(about: &'static str) -> Self {
        Self::new("region", Rule::Region, about)
    }
    /// A region in another field than `region`.
    pub const fn region_in(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Region, about)
    }
    pub const fn county(about: &'static str) -> Self {
        Self::new("county", Rule::County, about)
    }
    /// A whole number between `_min` and `_max`.
    pub const fn integers(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Integers, about)
    }
    pub const fn years(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Years, about)
    }
    /// A date between `_from` and `_to`.
    pub const fn dates(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Dates, about)
    }
    /// The period itself, or periods that lie within `period_from` and `period_to`.
    pub const fn period() -> Self {
        Self::new("period", Rule::Period, "Rows for these periods.")
    }
    pub const fn flag(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Rule::Flag, about)
    }
    /// Places as they were on a day.
    pub const fn valid_on() -> Self {
        Self::new("valid_on", Rule::ValidOn, "Places as they were on this day.")
    }
    /// Consultations that take submissions on a day: [`crate::domain::consultation::is_open`] in SQL.
    pub const fn open_on() -> Self {
        Self::new("open_on", Rule::OpenOn, "Consultations that take submissions on this day.")
    }
    /// Which vintage of a figure that was published several times.
    pub const fn published() -> Self {
        Self::new(
            "published",
            Rule::Published,
            "Which vintage: `latest`, `first`, `all`, or a date (a year, a month or a day): the newest value published by then.",
        )
    }

    pub fn parameters(&self) -> Vec<Parameter> {
        let named = |ending: &str| format!("{}{ending}", self.name);
        let about = |what: &str| format!("{} {what}", self.about);
        let one = |shape: Shape| vec![Parameter::new(self.name, self.about, shape)];
        let list = |shape: Shape| vec![Parameter::new(self.name, self.about, shape).list()];
        match &self.rule {
            Rule::Any | Rule::Leading | Rule::Listed => list(Shape::Text(LONGEST_VALUE)),
            Rule::Words(words) => list(Shape::Word(words)),
            Rule::Region => list(Shape::Region),
            Rule::County => list(Shape::County),
            Rule::Years => list(Shape::Integer(1_800, 2_200)),
            Rule::Integers => vec![
                Parameter::new(named("_min"), about("At least this."), Shape::Integer(i64::MIN, i64::MAX)),
                Parameter::new(named("_max"), about("At most this."), Shape::Integer(i64::MIN, i64::MAX)),
            ],
            Rule::Dates => vec![
                Parameter::new(named("_from"), about("This day, month or year, or later."), Shape::PartialDate),
                Parameter::new(named("_to"), about("This day, month or year, or earlier."), Shape::PartialDate),
            ],
            Rule::Period => vec![
                Parameter::new("period", self.about, Shape::Period).list(),
                Parameter::new("period_from", "Rows for periods that begin in this one or later.", Shape::Period),
                Parameter::new("period_to", "Rows for periods that end in this one or earlier.", Shape::Period),
            ],
            Rule::Flag => one(Shape::Truth),
            Rule::ValidOn | Rule::OpenOn => one(Shape::Date),
            Rule::Published => vec![Parameter::new(self.name, self.about, Shape::Vintage).default("latest")],
        }
    }

    /// The field it asks of, before what its parameters add to it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether ids begin with the field it asks of.
    pub fn is_leading(&self) -> bool {
        self.rule == Rule::Leading
    }

    /// Whether a value passes: what [`Filter::apply`] asks of a row in SQL, for rules that ask of one field what it is.
    pub fn holds(&self, asked: &Asked, text: Option<&str>, number: Option<i64>) -> bool {
        match &self.rule {
            Rule::Integers => {
                let bound = |ending: &str| asked.integer(&format!("{}{ending}", self.name));
                bound("_min").is_none_or(|least| number.is_some_and(|n| n >= least))
                    && bound("_max").is_none_or(|most| number.is_some_and(|n| n <= most))
            }
            _ => {
                let values = asked.all(self.name);
                values.is_empty() || text.is_some_and(|text| values.iter().any(|value| value == text))
            }
        }
    }

    /// Adds to a WHERE over the table `t` what the request asks of this filter. `at` is the revision read at.
    pub fn apply(&self, asked: &Asked, at: i64, sql: Statement) -> Statement {
        let (column, values) = (self.column, asked.all(self.name));
        let end = |ending: &str| asked.one(&format!("{}{ending}", self.name));
        match (&self.rule, asked.one(self.name)) {
            // Of these something else than their name is asked for, too.
            (Rule::Published, which) => vintage(which.unwrap_or("latest"), at, sql),
            (Rule::Integers, _) => {
                let number = |ending| end(ending).and_then(|bound| bound.parse::<i64>().ok());
                bounded(bounded(sql, column, ">=", number("_min")), column, "<=", number("_max"))
            }
            (Rule::Dates, _) => bounded(bounded(sql, column, ">=", end("_from")), column, "<=", end("_to").map(up_to)),
            (Rule::Period, _) => {
                let day = |ending, of: fn(Period) -> String| end(ending).and_then(|p| Period::parse(p).ok()).map(of);
                let sql = bounded(sql, "period_start", ">=", day("_from", |period| period.start.to_string()));
                let sql = bounded(sql, "period_end", "<=", day("_to", |period| period.end.to_string()));
                if values.is_empty() { sql } else { among(sql, column, values) }
            }
            (_, None) => sql,
            (Rule::Leading, _) => leading(among(sql, column, values), values, asked),
            // A county is in its own county, so its row answers too.
            (Rule::Any | Rule::Words(_) | Rule::Region | Rule::County, _) => among(sql, column, values),
            (Rule::Years, _) => {
                let years = values.iter().filter_map(|year| year.parse::<i64>().ok());
                sql.sql(format!(" AND t.{column} IN ")).bind_list(years)
            }
            (Rule::Listed, _) => listed(sql, column, values),
            (Rule::Flag, Some(truth)) => sql.sql(format!(" AND t.{column} = ")).bind(truth == "true"),
            (Rule::ValidOn, Some(day)) => sql
                .sql(" AND (t.valid_from IS NULL OR t.valid_from <= ")
                .bind(day)
                .sql(") AND (t.valid_to IS NULL OR t.valid_to > ")
                .bind(day)
                .sql(")"),
            // A year or a month sorts with `~` behind it after every day within.
            (Rule::OpenOn, Some(day)) => sql
                .sql(" AND (t.opens = ")
                .bind(day)
                .sql(" OR (t.opens || '~') < ")
                .bind(day)
                .sql(") AND t.closes >= ")
                .bind(day),
        }
    }
}

fn among(sql: Statement, column: &str, values: &[String]) -> Statement {
    match values {
        [only] => sql.sql(format!(" AND t.{column} = ")).bind(only.as_str()),
        _ => sql.sql(format!(" AND t.{column} IN ")).bind_list(values.iter().cloned()),
    }
}

fn bounded(sql: Statement, column: &str, operator: &str, bound: Option<impl Into<Value>>) -> Statement {
    match bound {
        Some(bound) => sql.sql(format!(" AND t.{column} {operator} ")).bind(bound),
        None => sql,
    }
}

/// In the order of ids its rows lie together. PostgreSQL, which plans a list without knowing what is asked for nor how long
/// a page is, else goes through the ids of the whole table. Of a single period there are few rows, and an index of their own.
fn leading(sql: Statement, values: &[String], asked: &Asked) -> Statement {
    match (values, asked.all("period")) {
        ([only], []) => sql.sql(" AND t.id >= ").bind(format!("{only}.")).sql(" AND t.id < ").bind(format!("{only}/")),
        _ => sql,
    }
}

/// One of the values stands in a list with spaces between.
fn listed(sql: Statement, column: &str, values: &[String]) -> Statement {
    let mut sql = sql.sql(" AND (");
    for (i, value) in values.iter().enumerate() {
        let or = if i > 0 { " OR " } else { "" };
        sql = sql
            .sql(format!("{or}(' ' || t.{column} || ' ') LIKE "))
            .bind(format!("% {} %", escape_like(value)))
            .sql(" ESCAPE '\\'");
    }
    sql.sql(")")
}

/// The newest (or first) vintage of each figure: no other of the same figure lies beyond it.
pub(super) fn vintage(which: &str, at: i64, sql: Statement) -> Statement {
    let (beyond, by) = match which {
        "all" => return sql,
        "first" => ("<", None),
        "latest" => (">", None),
        date => (">", Some(up_to(date))),
    };
    let mut sql = sql;
    if let Some(by) = &by {
        sql = sql.sql(" AND t.published <= ").bind(by.as_str());
    }
    sql = sql
        .sql(format!(
            " AND NOT EXISTS (SELECT 1 FROM observations o WHERE o.indicator = t.indicator AND o.region = t.region \
             AND o.period = t.period AND o.published {beyond} t.published AND o.revision <= "
        ))
        .bind(at)
        .sql(" AND o.ended > ")
        .bind(at);
    if let Some(by) = by {
        sql = sql.sql(" AND o.published <= ").bind(by);
    }
    sql.sql(")")
}

/// The last text that a date as precise as this can begin: `2021` includes `2021-06`, `2021-06` includes `2021-06-23`.
fn up_to(date: &str) -> String {
    format!("{date}~")
}

/// Each word of a search must stand somewhere in the searched text.
pub fn search(asked: &Asked, mut sql: Statement) -> Statement {
    for word in asked.one("q").map(text::fold).unwrap_or_default().split_whitespace() {
        sql = sql.sql(" AND t.search_text LIKE ").bind(format!("%{}%", escape_like(word))).sql(" ESCAPE '\\'");
    }
    sql
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
