//! The order of a list, and the place of a row in it.
use super::resource::Collection;
use crate::db::Statement;
use crate::db::statement::{Type, Value};
use crate::db::table::{Column, Table};

/// One key of an order. No key is null: the databases do not agree on where nulls go.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    field: String,
    /// What is compared, in SQL.
    pub expression: String,
    holds: Type,
    collated: bool,
    pub descending: bool,
}

impl Key {
    /// What is compared.
    pub fn holds(&self) -> Type {
        if self.collated { Type::Text } else { self.holds }
    }
}

/// The names of the fields of an order, each with `-` before it where it is turned round; the id last, so that no two rows
/// share a place.
pub fn names(collection: &Collection, asked: &[String]) -> Vec<String> {
    let mut names = if asked.is_empty() { vec![collection.default_sort.to_owned()] } else { asked.to_vec() };
    if !names.iter().any(|name| name.trim_start_matches('-') == "id") {
        let turned = names.last().is_some_and(|name| name.starts_with('-'));
        names.push(if turned { "-id".into() } else { "id".into() });
    }
    names
}

/// The keys of an order.
pub fn keys(collection: &Collection, asked: &[String]) -> Vec<Key> {
    let table = collection.table;
    let mut keys: Vec<Key> = vec![];
    for name in &names(collection, asked) {
        let (name, descending) = name.strip_prefix('-').map_or((name.as_str(), false), |bare| (bare, true));
        if keys.iter().any(|k| k.field == name) {
            continue;
        }
        keys.extend(table.column(name).map(|column| key(table, column, descending)));
    }
    keys
}

fn key(table: &Table, column: &Column, descending: bool) -> Key {
    let name = &column.name;
    let collated = table.collated.contains(&name.as_str());
    let expression = match (collated, column.nullable, column.holds) {
        (true, ..) => format!("t.{name}_key"),
        (_, false, _) => format!("t.{name}"),
        (_, _, Type::Text) => format!("COALESCE(t.{name}, '')"),
        (_, _, Type::Integer) => format!("COALESCE(t.{name}, {})", i64::MIN + 1),
        (_, _, Type::Number) => format!("COALESCE(t.{name}, -1e308)"),
        (_, _, Type::Boolean) => format!("COALESCE(t.{name}, false)"),
    };
    Key { field: name.clone(), expression, holds: column.holds, collated, descending }
}

/// Whether what a cursor carries can be a place in this order.
pub fn fits(keys: &[Key], place: &[serde_json::Value]) -> bool {
    keys.len() == place.len()
        && keys.iter().zip(place).all(|(key, value)| match (key.collated, key.holds) {
            (true, _) | (_, Type::Text) => value.is_string(),
            (_, Type::Integer) => value.is_i64(),
            (_, Type::Number) => value.is_number(),
            (_, Type::Boolean) => value.is_boolean(),
        })
}

fn bound(key: &Key, value: &serde_json::Value) -> Value {
    match (key.collated, key.holds) {
        (true, _) | (_, Type::Text) => Value::Text(value.as_str().map(str::to_owned)),
        (_, Type::Integer) => Value::Integer(value.as_i64()),
        (_, Type::Number) => Value::Number(value.as_f64()),
        (_, Type::Boolean) => Value::Boolean(value.as_bool()),
    }
}

/// Adds the condition that a row lies beyond a place.
pub fn beyond(keys: &[Key], place: &[serde_json::Value], mut sql: Statement) -> Statement {
    let Some(first) = keys.first() else { return sql };
    if keys.iter().all(|k| k.descending == first.descending) {
        // A row comparison, which both databases answer from an index.
        let columns: Vec<&str> = keys.iter().map(|k| k.expression.as_str()).collect();
        let operator = if first.descending { "<" } else { ">" };
        sql = sql.sql(format!(" AND ({}) {operator} ", columns.join(", ")));
        sql = sql.sql("(");
        for (i, (key, value)) in keys.iter().zip(place).enumerate() {
            sql = if i > 0 { sql.sql(", ") } else { sql };
            sql = sql.bind(bound(key, value));
        }
        return sql.sql(")");
    }
    sql = sql.sql(" AND (");
    for (i, key) in keys.iter().enumerate() {
        sql = sql.sql(if i > 0 { " OR (" } else { "(" });
        for (before, value) in keys.iter().zip(place).take(i) {
            sql = sql.sql(format!("{} = ", before.expression)).bind(bound(before, value)).sql(" AND ");
        }
        let operator = if key.descending { "<" } else { ">" };
        sql = sql.sql(format!("{} {operator} ", key.expression)).bind(bound(key, &place[i])).sql(")");
    }
    sql.sql(")")
}

/// Whether rows come in the order of their ids.
pub fn is_by_id(keys: &[Key]) -> bool {
    matches!(keys, [only] if only.field == "id" && !only.descending)
}

/// The ORDER BY of an order by id for rows that are few: no index has it, so that they are found by what is asked of them
/// and then sorted. SQLite, which knows nothing of how many there are, else takes an index for its order.
pub fn order_of_few() -> &'static str {
    " ORDER BY (t.id || '')"
}

/// The ORDER BY of the keys.
pub fn order(keys: &[Key]) -> String {
    let parts: Vec<String> =
        keys.iter().map(|k| format!("{}{}", k.expression, if k.descending { " DESC" } else { "" })).collect();
    format!(" ORDER BY {}", parts.join(", "))
}
