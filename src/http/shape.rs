//! A JSON object against the columns of its table: members, types and words, every mistake at once.
use super::body::Members;
use crate::db::statement::Type;
use crate::db::table::{Column, Table};
use crate::error::{Error, Kind, Mistake};
use serde_json::{Map, Value};

/// The longest a text may be, in characters.
pub const LONGEST: usize = 10_000;

/// How the members of a body are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// All of a row: what may not be null must be there, what is left out is null. Its id stands in the path.
    Row,
    /// The same in a table, where its id is among its members.
    Line,
    /// A merge patch (RFC 7396): what is left out stays.
    Patch,
}

/// What was sent: the members to store, and those the service fills itself, which must agree with what it fills.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sent {
    pub stored: Map<String, Value>,
    pub claimed: Map<String, Value>,
}

/// Checks the members of a body.
pub fn read(table: &Table, members: Members, whole: Whole) -> Result<Sent, Error> {
    let mut taken = Taken::default();
    for (name, value) in members.0 {
        match table.column(&name) {
            Some(column) => taken.take(column, value),
            None => taken.wrong.push(unknown(table, &name)),
        }
    }
    taken.done(table, whole)
}

/// The refusal of a name that is no column.
pub fn unknown(table: &Table, name: &str) -> Mistake {
    let names: Vec<&str> = table.columns.iter().filter(|c| !c.read_only).map(|c| c.name.as_str()).collect();
    Mistake::field(name, "unknown", "there is no such field").allowing(name, &names)
}

/// Members as they are taken one by one, with what is wrong with them.
#[derive(Default)]
pub struct Taken {
    sent: Sent,
    wrong: Vec<Mistake>,
}

impl Taken {
    pub fn take(&mut self, column: &Column, value: Value) {
        let into = if column.read_only { &mut self.sent.claimed } else { &mut self.sent.stored };
        if into.contains_key(&column.name) {
            self.wrong.push(Mistake::field(&column.name, "repeated", "stands twice"));
            return;
        }
        match typed(column, value) {
            Ok(value) => {
                into.insert(column.name.clone(), value);
            }
            Err(mistake) => self.wrong.push(mistake),
        }
    }

    /// What was taken, if it is whole.
    pub fn done(mut self, table: &Table, whole: Whole) -> Result<Sent, Error> {
        let needed = |c: &&Column| match whole {
            Whole::Row => c.name != "id",
            Whole::Line => true,
            Whole::Patch => false,
        };
        for column in table.columns.iter().filter(|c| !c.read_only && !c.nullable).filter(needed) {
            if !self.sent.stored.contains_key(&column.name) && !self.wrong.iter().any(|w| w.name == column.name) {
                self.wrong.push(Mistake::field(&column.name, "required", "is needed"));
            }
        }
        if self.wrong.is_empty() { Ok(self.sent) } else { Err(Error::all(Kind::InvalidContent, self.wrong)) }
    }
}

fn typed(column: &Column, value: Value) -> Result<Value, Mistake> {
    let wrong = |message: String| Mistake::field(&column.name, "invalid", message);
    match (column.holds, value) {
        // A merge patch of null clears a field; one that may not be null cannot be cleared.
        (_, Value::Null) if column.nullable || column.read_only => Ok(Value::Null),
        (_, Value::Null) => Err(wrong("must not be null".into())),
        (Type::Text, Value::String(text)) => {
            if text.contains('\0') {
                return Err(wrong("must not contain the NUL character".into()));
            }
            if text.is_empty() {
                // An empty text would come back from a CSV as null.
                let hint = if column.nullable { "; null says that it is not known" } else { "" };
                return Err(wrong(format!("must not be empty{hint}")));
            }
            if text.chars().count() > LONGEST {
                return Err(wrong(format!("must be at most {LONGEST} characters")));
            }
            if !column.words.is_empty() && !column.words.contains(&text) {
                return Err(wrong(format!("must be one of {}", column.words.join(", "))).allowing(&text, &column.words));
            }
            Ok(Value::String(text))
        }
        (Type::Integer, Value::Number(n)) => integer(&n)
            .map(Value::from)
            .ok_or_else(|| wrong("must be a whole number between -9223372036854775808 and 9223372036854775807".into())),
        (Type::Number, Value::Number(n)) => Ok(Value::Number(n)),
        (Type::Boolean, Value::Bool(truth)) => Ok(Value::Bool(truth)),
        (holds, _) => {
            let name = match holds {
                Type::Text => "a text",
                Type::Integer => "a whole number",
                Type::Number => "a number",
                Type::Boolean => "true or false",
            };
            Err(wrong(format!("must be {name}{}", if column.nullable { " or null" } else { "" })))
        }
    }
}

/// A whole number, also when it is written `1.0`. A double beyond 2^53 no longer says which number it is.
fn integer(n: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    n.as_i64().or_else(|| n.as_f64().filter(|f| n.is_f64() && f.fract() == 0.0 && f.abs() <= EXACT).map(|f| f as i64))
}

/// Applies a merge patch to a row.
pub fn merge(row: &mut Value, patch: Map<String, Value>) {
    for (name, value) in patch {
        row[name] = value;
    }
}
