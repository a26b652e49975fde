//! SQL with its values bound: text for both databases, placeholders written by each in its own way.
use super::{Backend, Db, record::Stored};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Untyped};
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Integer,
    Number,
    Boolean,
}

/// A value to bind. A null has a type too: PostgreSQL refuses a text null in a column of numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Number(Option<f64>),
    Boolean(Option<bool>),
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(Some(v.to_owned()))
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(Some(v))
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Integer(Some(v))
    }
}
impl From<f64> for Value {
    fn from(v: f64) -> Self {
        Self::Number(Some(v))
    }
}
impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Boolean(Some(v))
    }
}

#[derive(Debug, Clone)]
enum Part {
    Sql(Cow<'static, str>),
    Bind(Value),
}

/// A statement under construction.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    parts: Vec<Part>,
    /// Set where the text varies without end, so that it does not fill the cache of prepared statements.
    once: bool,
}

impl Statement {
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { parts: vec![Part::Sql(sql.into())], once: false }
    }

    pub fn sql(mut self, sql: impl Into<Cow<'static, str>>) -> Self {
        self.parts.push(Part::Sql(sql.into()));
        self
    }

    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.parts.push(Part::Bind(value.into()));
        self
    }

    /// Only the versions of `t` that were valid at a revision. This begins the WHERE; conditions go on with AND.
    pub fn at(self, revision: i64) -> Self {
        self.sql(" WHERE t.revision <= ").bind(revision).sql(" AND t.ended > ").bind(revision)
    }

    /// `(?, ?, …)`. One value is the common case and its statement is kept; longer lists are prepared each time.
    pub fn bind_list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self = self.sql("(");
        for (i, value) in values.into_iter().enumerate() {
            if i > 0 {
                self = self.sql(", ");
                self.once = true;
            }
            self = self.bind(value);
        }
        self.sql(")")
    }

    /// Prepares it each time: its text is one of very many, or it is to be planned for the values it has now.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    pub fn append(mut self, other: Statement) -> Self {
        self.once |= other.once;
        self.parts.extend(other.parts);
        self
    }

    /// Loads every row. A row may be a struct of scalars, a tuple, or tuples of those: columns are taken in order.
    pub fn rows<T: DeserializeOwned + 'static>(self, conn: &mut Db) -> QueryResult<Vec<T>> {
        let found: Vec<Stored<T>> = self.load(conn)?;
        Ok(found.into_iter().map(|s| s.0).collect())
    }

    /// Loads the first row, if there is one.
    pub fn row<T: DeserializeOwned + 'static>(self, conn: &mut Db) -> QueryResult<Option<T>> {
        Ok(self.rows(conn)?.into_iter().next())
    }

    /// Runs it; returns how many rows it touched.
    pub fn run(self, conn: &mut Db) -> QueryResult<usize> {
        self.execute(conn)
    }
}

impl QueryFragment<Backend> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if self.once {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.parts {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                Part::Bind(Value::Text(v)) => out.push_bind_param::<Nullable<Text>, _>(v)?,
                Part::Bind(Value::Integer(v)) => out.push_bind_param::<Nullable<BigInt>, _>(v)?,
                Part::Bind(Value::Number(v)) => out.push_bind_param::<Nullable<Double>, _>(v)?,
                Part::Bind(Value::Boolean(v)) => out.push_bind_param::<Nullable<Bool>, _>(v)?,
            }
        }
        Ok(())
    }
}
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Query for Statement {
    type SqlType = Untyped;
}
impl RunQueryDsl<Db> for Statement {}
