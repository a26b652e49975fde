//! The files of rows in a full copy: one for each collection, with every version of every row, the revisions, and the log
//! of changes. Who writes a copy and who reads one go by the same description.
use crate::db::rows::{Cell, Row, Rows};
use crate::db::statement::{Statement, Type, Value};
use crate::db::table::{Column, Table};
use crate::db::{Database, Db};
use crate::error::Error;
use crate::http::format::Source;
use crate::http::resource::Entry;

/// So many rows are read at a time, each time by a short read of its own, so that no connection is held for long.
const ROWS: i64 = 2_048;

/// A file of rows.
pub struct Sheet {
    /// The collection, or `revisions`, or `changes`; the file is `{name}.csv`.
    pub name: &'static str,
    /// What it holds, in a sentence.
    pub about: &'static str,
    /// Its columns, all of which are stored: no text that depends on a language is among them.
    pub columns: Vec<Column>,
    /// The columns that tell its rows apart, and by which they are in order.
    pub key: &'static [&'static str],
    /// Columns that hold what another sheet has: the column, the sheet, and the column there.
    pub refers: Vec<(&'static str, &'static str, &'static str)>,
    /// The table it is read from.
    from: String,
}

/// Every sheet, the collections in the order of the document.
pub fn sheets(entries: &[Entry]) -> Vec<Sheet> {
    let mut all: Vec<Sheet> =
        entries.iter().map(|entry| versions((entry.table)(), (entry.collection)().about)).collect();
    all.push(Sheet {
        name: "revisions",
        about: "Every revision: when and why it was written, and how many changes it has.",
        columns: vec![
            plain("revision", Type::Integer, false, "The number of the revision."),
            plain("time", Type::Text, false, "When it was written (RFC 3339, UTC)."),
            plain("reason", Type::Text, true, "Why, where the writer said so."),
            plain("row_count", Type::Integer, false, "How many changes it has."),
        ],
        key: &["revision"],
        refers: vec![],
        from: "revisions".into(),
    });
    all.push(Sheet {
        name: "changes",
        about: "The log of changes: what each revision did, in its order.",
        columns: vec![
            plain("revision", Type::Integer, false, "The revision it is part of."),
            plain("position", Type::Integer, false, "Its place within the revision, counted from 1."),
            plain("collection", Type::Text, false, "The collection."),
            plain("id", Type::Text, false, "Names the row within its collection."),
            Column {
                words: ["create", "update", "delete"].map(str::to_owned).into(),
                ..plain("operation", Type::Text, false, "What was done.")
            },
        ],
        key: &["revision", "position"],
        refers: vec![("revision", "revisions", "revision")],
        from: "changes".into(),
    });
    all
}

/// Every version of every row of a table.
fn versions(table: &'static Table, about: &'static str) -> Sheet {
    let mut columns = vec![
        plain("revision", Type::Integer, false, "The revision that wrote this version of the row."),
        plain("ended", Type::Integer, true, "The revision that replaced or deleted it; empty while it is current."),
    ];
    columns.extend(table.columns.iter().filter(|column| !column.localized).cloned());
    let own = table.references.iter().filter(|reference| !reference.many);
    let mut refers: Vec<_> = own.map(|reference| (reference.field, reference.table, "id")).collect();
    refers.extend([("revision", "revisions", "revision"), ("ended", "revisions", "revision")]);
    Sheet { name: table.collection, about, columns, key: &["id", "revision"], refers, from: table.name.clone() }
}

fn plain(name: &str, holds: Type, nullable: bool, about: &str) -> Column {
    Column {
        name: name.into(),
        holds,
        nullable,
        read_only: true,
        localized: false,
        words: vec![],
        description: about.into(),
        example: None,
        minimum: None,
        maximum: None,
    }
}

impl Sheet {
    pub fn file(&self) -> String {
        format!("{}.csv", self.name)
    }

    /// Its rows as they were known at a revision, in the order of the key.
    pub fn read(self: &std::sync::Arc<Self>, db: &Database, at: i64) -> Box<dyn Source> {
        Box::new(Walk { sheet: self.clone(), db: db.clone(), at, place: None, done: false })
    }

    fn rows(&self, conn: &mut Db, at: i64, place: Option<&[Value]>) -> Result<Rows, Error> {
        let mut sql = Statement::new("SELECT ");
        for (index, column) in self.columns.iter().enumerate() {
            sql = if index > 0 { sql.sql(", ") } else { sql };
            sql = match column.name.as_str() {
                // What ended later was current then.
                "ended" => sql.sql("CASE WHEN t.ended <= ").bind(at).sql(" THEN t.ended END"),
                name => sql.sql(format!("t.{name}")),
            };
        }
        sql = sql.sql(format!(" FROM {} t WHERE t.revision <= ", self.from)).bind(at);
        let key: Vec<String> = self.key.iter().map(|name| format!("t.{name}")).collect();
        let key = key.join(", ");
        if let Some(place) = place {
            sql = sql.sql(format!(" AND ({key}) > (")).bind(place[0].clone());
            sql = place[1..].iter().fold(sql, |sql, value| sql.sql(", ").bind(value.clone())).sql(")");
        }
        let types: Vec<Type> = self.columns.iter().map(|column| column.holds).collect();
        sql.sql(format!(" ORDER BY {key} LIMIT ")).bind(ROWS).cells(conn, &types, ROWS as usize)
    }

    /// What the key of a row is.
    fn place(&self, row: Row) -> Vec<Value> {
        let value = |name: &&str| {
            let at = self.columns.iter().position(|column| column.name == *name);
            match at.map_or(Cell::Null, |at| row.get(at)) {
                Cell::Integer(number) => number.into(),
                cell => cell.text().unwrap_or_default().into(),
            }
        };
        self.key.iter().map(value).collect()
    }
}

/// Reads a sheet from its beginning to its end.
struct Walk {
    sheet: std::sync::Arc<Sheet>,
    db: Database,
    at: i64,
    /// The key of the last row that was read.
    place: Option<Vec<Value>>,
    done: bool,
}

impl Source for Walk {
    fn next(&mut self) -> Result<Option<Rows>, Error> {
        if self.done {
            return Ok(None);
        }
        let rows = self.db.read(|conn| self.sheet.rows(conn, self.at, self.place.as_deref()))?;
        self.done = (rows.len() as i64) < ROWS;
        self.place = rows.len().checked_sub(1).map(|last| self.sheet.place(rows.row(last)));
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }
}
