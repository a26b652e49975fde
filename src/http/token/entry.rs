//! One table of a file of settings, read member by member: every mistake is found, and none ends the reading.
use crate::domain::nearest::nearest;
use std::ops::RangeInclusive;
use toml::{Table, Value};

/// A table, and what is wrong with it.
pub struct Entry {
    /// Names it in complaints.
    what: String,
    table: Table,
    /// The members that were asked for: what else is in it is unknown.
    known: Vec<&'static str>,
    pub wrong: Vec<String>,
}

impl Entry {
    pub fn new(what: String, table: Table) -> Self {
        Self { what, table, known: vec![], wrong: vec![] }
    }

    pub fn refuse(&mut self, why: impl AsRef<str>) {
        // What is quoted from the file must not make a second line.
        let why = why.as_ref().replace(char::is_control, " ");
        self.wrong.push(format!("{}: {why}", self.what));
    }

    /// Tells later complaints what it turned out to be.
    pub fn rename(&mut self, what: String) {
        self.what = what;
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.table.remove(name)
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            _ => {
                self.refuse(format!("{name} must be a text, and not an empty one"));
                None
            }
        }
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &'static str) -> Option<String> {
        if !self.table.contains_key(name) {
            self.refuse(format!("{name} is missing"));
        }
        self.text(name)
    }

    /// One of these words.
    pub fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(format!("{name} is `{text}`, and must be one of {}", all.join(", ")));
        }
        found
    }

    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        match self.take(name)? {
            Value::Integer(number) if range.contains(&number) => Some(number),
            _ => {
                self.refuse(format!("{name} must be a whole number from {} to {}", range.start(), range.end()));
                None
            }
        }
    }

    /// A list of texts, or one alone.
    pub fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        let texts = texts(&value);
        if texts.is_none() {
            self.refuse(format!("{name} must be a list of texts, and not an empty one"));
        }
        texts
    }

    /// A table whose values are lists of texts.
    pub fn lists(&mut self, name: &'static str) -> Option<Vec<(String, Vec<String>)>> {
        let Value::Table(table) = self.take(name)? else {
            self.refuse(format!("{name} must be a table"));
            return None;
        };
        if table.is_empty() {
            self.refuse(format!("{name} is empty"));
        }
        let mut all = vec![];
        for (key, value) in table {
            match texts(&value) {
                Some(list) => all.push((key, list)),
                None => self.refuse(format!("{name}.\"{key}\" must be a list of texts, and not an empty one")),
            }
        }
        Some(all)
    }

    pub fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Refuses what nobody asked for, each with the nearest that there is.
    pub fn finish(mut self) -> Vec<String> {
        let unknown: Vec<String> = self.table.keys().cloned().collect();
        for name in unknown {
            let meant = nearest(&name, self.known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            self.refuse(format!("there is no `{name}`{}", meant.unwrap_or_default()));
        }
        self.wrong
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    match value {
        Value::String(_) => Some(vec![one(value)?]),
        Value::Array(all) if !all.is_empty() => all.iter().map(one).collect(),
        _ => None,
    }
}
