//! What is selected of a list: the columns that are shown, the names of codes, and the keys that place a row.
use super::format::{Column, Labels};
use super::sort::Key;
use crate::db::Statement;
use crate::db::rows::{Cell, Row, Rows};
use crate::db::statement::Type;
use crate::db::table::{self, Table};
use crate::domain::Language;
use serde_json::Value;
use std::collections::HashSet;

/// One thing selected.
#[derive(Debug, Clone)]
enum Expression {
    /// Of the row itself.
    Own(String),
    /// A field of the row that `field` of this one refers to.
    Referred { field: &'static str, table: String, selected: String },
}

/// What is selected of each row, in order: the columns shown, then keys that are not among them.
#[derive(Debug, Clone)]
pub struct Selection {
    pub columns: Vec<Column>,
    expressions: Vec<Expression>,
    types: Vec<Type>,
    /// Where the keys of the order are.
    places: Vec<usize>,
}

/// What to select.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The fields to show, in order; all where there are none.
    pub fields: &'a [String],
    pub labels: Labels,
    pub language: Language,
    /// A field whose referred row has `unit` and `decimals` that are wanted too.
    pub metric: Option<&'a str>,
}

impl Selection {
    /// Selects from `table`, one of `tables`.
    pub fn of(table: &'static Table, tables: &[&'static Table], wanted: &Wanted, keys: &[Key]) -> Self {
        let mut selection = Self { columns: vec![], expressions: vec![], types: vec![], places: vec![] };
        let shown: Vec<&table::Column> = match wanted.fields {
            [] => table.columns.iter().collect(),
            fields => fields.iter().filter_map(|name| table.column(name)).collect(),
        };
        let own: HashSet<&str> = shown.iter().map(|c| c.name.as_str()).collect();
        for column in &shown {
            let named = named(table, tables, &column.name, wanted.language);
            // Where the row has a name itself (`region_name`), that one is it.
            let label = format!("{}_name", column.name);
            let names_itself = table.column(&label).is_some();
            let replaced = wanted.labels == Labels::Name && (named.is_some() || names_itself);
            if !replaced {
                selection.show(
                    Column::new(&column.name, column.holds, &column.description),
                    Expression::Own(table.expression(column, wanted.language)),
                );
            }
            if wanted.labels == Labels::Code || own.contains(label.as_str()) {
                continue;
            }
            if let Some(own) = table.column(&label) {
                let shown = Column::new(label, own.holds, &own.description);
                selection.show(shown, Expression::Own(table.expression(own, wanted.language)));
            } else if let Some(expression) = named {
                let about = format!("The title of what `{}` names.", column.name);
                selection.show(Column::new(label, Type::Text, about), expression);
            }
        }
        if let Some((target, reference)) = wanted.metric.and_then(|field| referred(table, tables, field)) {
            for name in ["unit", "decimals"] {
                if let Some(column) = target.column(name) {
                    let selected = Expression::Referred {
                        field: reference.field,
                        table: target.name.clone(),
                        selected: name.to_owned(),
                    };
                    selection.show(Column::new(name, column.holds, &column.description), selected);
                }
            }
        }
        selection.place(keys);
        selection
    }

    fn show(&mut self, column: Column, expression: Expression) {
        self.types.push(column.holds);
        self.expressions.push(expression);
        self.columns.push(column);
    }

    /// Finds the keys among what is shown, or selects them beside it.
    fn place(&mut self, keys: &[Key]) {
        for key in keys {
            let shown =
                self.expressions.iter().position(|e| matches!(e, Expression::Own(own) if *own == key.expression));
            let place = shown.unwrap_or_else(|| {
                self.expressions.push(Expression::Own(key.expression.clone()));
                self.types.push(key.holds());
                self.expressions.len() - 1
            });
            self.places.push(place);
        }
    }

    /// `SELECT … FROM … t`, at a revision. Conditions are added to it.
    pub fn statement(&self, table: &Table, at: i64) -> Statement {
        let mut sql = Statement::new("SELECT ");
        let mut plain = String::new();
        for (index, expression) in self.expressions.iter().enumerate() {
            if index > 0 {
                plain.push_str(", ");
            }
            match expression {
                Expression::Own(own) => plain.push_str(own),
                Expression::Referred { field, table, selected } => {
                    plain.push_str(&format!(
                        "(SELECT {selected} FROM {table} r WHERE r.id = t.{field} AND r.revision <= "
                    ));
                    sql = sql.sql(std::mem::take(&mut plain)).bind(at).sql(" AND r.ended > ").bind(at).sql(")");
                }
            }
        }
        plain.push_str(&format!(" FROM {} t", table.name));
        sql.sql(plain)
    }

    /// What each thing selected holds.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The place of the last row in the order.
    pub fn last_place(&self, rows: &Rows) -> Vec<Value> {
        self.place_of(rows.row(rows.len().saturating_sub(1)))
    }

    /// The place of a row in the order.
    pub fn place_of(&self, row: Row) -> Vec<Value> {
        self.places.iter().map(|index| value(row, *index)).collect()
    }

    /// What the first key of the order is of a row, where that is a text.
    pub fn first_key<'r>(&self, row: Row<'r>) -> Option<&'r str> {
        row.get(*self.places.first()?).text()
    }

    /// The collections that are read beside the table itself: a change in them changes the answer.
    pub fn collections(
        table: &Table,
        tables: &[&'static Table],
        labels: Labels,
        metric: Option<&str>,
    ) -> Vec<&'static str> {
        let labelled = |name: &str| {
            labels != Labels::Code && named(table, tables, name, Language::default()).is_some() || metric == Some(name)
        };
        let referred = table.references.iter().filter(|r| labelled(r.field)).map(|r| r.table);
        std::iter::once(table.collection).chain(referred).collect()
    }
}

fn value(row: Row, index: usize) -> Value {
    match row.get(index) {
        Cell::Null => Value::Null,
        Cell::Text(text) => text.into(),
        Cell::Integer(number) => number.into(),
        Cell::Number(number) => number.into(),
        Cell::Boolean(truth) => truth.into(),
    }
}

/// The table a field refers to one row of.
fn referred(table: &Table, tables: &[&'static Table], field: &str) -> Option<(&'static Table, table::Reference)> {
    let reference = table.references.iter().find(|r| r.field == field && !r.many)?;
    Some((tables.iter().copied().find(|t| t.collection == reference.table)?, *reference))
}

/// How the row that a field refers to is called: by its title, or as a place.
fn named(table: &Table, tables: &[&'static Table], field: &str, language: Language) -> Option<Expression> {
    let (target, reference) = referred(table, tables, field)?;
    let column = ["title", "region_name"].iter().find_map(|name| target.column(name))?;
    let selected = if column.localized { table::spoken(&column.name, language) } else { column.name.clone() };
    Some(Expression::Referred { field: reference.field, table: target.name.clone(), selected })
}
