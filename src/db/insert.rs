//! Many rows inserted by few statements: what a statement costs is then shared by hundreds of rows.
use super::statement::Value;
use super::{Db, Statement};
use crate::error::Error;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text};

/// How many values a statement on SQLite has. More would be slower: its text is compared with those that are prepared.
const VALUES: usize = 1_000;

/// Inserts rows, each with a value for each column. All rows have values of the same types in the same order.
pub fn many(conn: &mut Db, table: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let into = format!("INSERT INTO {table} ({}) ", columns.join(", "));
    match conn {
        Db::Postgres(conn) => unnested(conn, into, rows),
        Db::Sqlite(_) => listed(conn, &into, columns.len(), rows),
    }
}

/// `VALUES (?, ?), (?, ?), …`
fn listed(conn: &mut Db, into: &str, width: usize, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    let most = (VALUES / width).max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<Vec<Value>> = rows.by_ref().take(most).collect();
        // The last, shorter one has a text that is not seen again.
        let whole = chunk.len() == most;
        let statement = Statement::new(format!("{into} VALUES "));
        let statement = chunk.into_iter().enumerate().fold(statement, |statement, (i, row)| {
            let statement = row.into_iter().enumerate().fold(statement, |statement, (j, value)| {
                statement
                    .sql(if j > 0 {
                        ", "
                    } else if i > 0 {
                        ", ("
                    } else {
                        "("
                    })
                    .bind(value)
            });
            statement.sql(")")
        });
        (if whole { statement } else { statement.once() }).run(conn)?;
    }
    Ok(())
}

/// `SELECT * FROM unnest($1, $2, …)`: an array for each column, so that the statement is as short for a thousand rows as
/// for one. It comes near COPY, and needs neither a table to copy into nor values escaped by us.
fn unnested(conn: &mut PgConnection, into: String, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    let mut columns: Vec<Column> = vec![];
    for row in rows {
        if columns.is_empty() {
            columns = row.iter().map(Column::like).collect();
        }
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value)?;
        }
    }
    let names = columns.iter().enumerate().map(|(i, column)| format!("${}::{}[]", i + 1, column.sql()));
    let sql = format!("{into} SELECT * FROM unnest({})", names.collect::<Vec<_>>().join(", "));
    let query = diesel::sql_query(sql).into_boxed::<Pg>();
    let query = columns.into_iter().fold(query, |query, column| match column {
        Column::Text(all) => query.bind::<Array<Nullable<Text>>, _>(all),
        Column::Integer(all) => query.bind::<Array<Nullable<BigInt>>, _>(all),
        Column::Number(all) => query.bind::<Array<Nullable<Double>>, _>(all),
        Column::Boolean(all) => query.bind::<Array<Nullable<Bool>>, _>(all),
    });
    query.execute(conn)?;
    Ok(())
}

/// The values of one column.
enum Column {
    Text(Vec<Option<String>>),
    Integer(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    Boolean(Vec<Option<bool>>),
}

impl Column {
    fn like(value: &Value) -> Self {
        match value {
            Value::Text(_) => Self::Text(vec![]),
            Value::Integer(_) => Self::Integer(vec![]),
            Value::Number(_) => Self::Number(vec![]),
            Value::Boolean(_) => Self::Boolean(vec![]),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), Error> {
        match (self, value) {
            (Self::Text(all), Value::Text(value)) => all.push(value),
            (Self::Integer(all), Value::Integer(value)) => all.push(value),
            (Self::Number(all), Value::Number(value)) => all.push(value),
            (Self::Boolean(all), Value::Boolean(value)) => all.push(value),
            _ => return Err(Error::internal("the values of a column are of several types")),
        }
        Ok(())
    }

    fn sql(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "bigint",
            Self::Number(_) => "double precision",
            Self::Boolean(_) => "boolean",
        }
    }
}
