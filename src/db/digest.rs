//! The digest of each collection, by which a copy is compared with its source without a look at a row.
//!
//! What is summed is the line that a current row has in `/v1/{collection}?format=ndjson&lang=nb&published=all`, whose
//! texts are as they are stored; [`crate::domain::digest`] has the arithmetic. It stands in `collections` and is brought
//! up to date by each write at its end, from the rows as they then are. Whoever changes a row in place, where no
//! revision tells of it, must [`recompute`] it and [`keep`] what comes of that.
use super::json::Objects;
use super::statement::Type;
use super::table::Table;
use super::{CURRENT, Db, Statement, Transaction};
use crate::domain::Language;
use crate::domain::digest::Digest;
use crate::error::Error;

/// How many rows are read at a time.
const CHUNK: i64 = 4_096;

/// Reads the digest of a collection from every current row of it.
pub fn recompute(conn: &mut Db, table: &Table) -> Result<Digest, Error> {
    at(conn, table, CURRENT - 1)
}

/// Reads the digest that a collection had at a revision, from every row of it as they were.
pub fn at(conn: &mut Db, table: &Table, revision: i64) -> Result<Digest, Error> {
    let (reader, mut digest) = (Reader::of(table)?, Digest::default());
    let mut last: Option<String> = None;
    loop {
        let sql = reader.select().at(revision);
        let sql = match &last {
            Some(id) => sql.sql(" AND t.id > ").bind(id.as_str()),
            None => sql,
        };
        let read = reader.each(conn, sql.sql(" ORDER BY t.id LIMIT ").bind(CHUNK), |line| digest.add(line))?;
        match read {
            (CHUNK, id) => last = id,
            _ => return Ok(digest),
        }
    }
}

/// The digest after a revision with so many changes, from what it was before.
pub(super) fn after(conn: &mut Db, table: &Table, revision: i64, changes: i64) -> Result<Digest, Error> {
    let found = Statement::new("SELECT digest FROM collections WHERE collection = ").bind(table.collection);
    let mut digest = match found.row::<(Option<String>,)>(conn)? {
        None => Digest::default(),
        Some((known,)) => match known.as_deref().and_then(Digest::parse) {
            Some(digest) => digest,
            None => return recompute(conn, table),
        },
    };
    let reader = Reader::of(table)?;
    let among = |sql: Statement, begin: i64, without: &'static str| {
        let sql = sql.sql(" WHERE c.revision = ").bind(revision).sql(" AND c.position > ").bind(begin);
        let sql = sql.sql(" AND c.position <= ").bind(begin + CHUNK).sql(" AND c.collection = ");
        sql.bind(table.collection).sql(" AND c.operation <> ").bind(without).sql(" AND t.ended = ")
    };
    for begin in (0..changes).step_by(CHUNK as usize) {
        let sql = reader.select().sql(" JOIN changes c ON t.id = c.id AND t.revision = c.revision");
        reader.each(conn, among(sql, begin, "delete").bind(CURRENT), |line| digest.add(line))?;
        // The version before, by its number: going through all that a thing has had would make one that changes often slow.
        let sql = reader.select().sql(format!(
            " JOIN changes c ON t.id = c.id AND t.revision = \
             (SELECT MAX(b.revision) FROM {} b WHERE b.id = c.id AND b.revision < c.revision)",
            table.name
        ));
        reader.each(conn, among(sql, begin, "create").bind(revision), |line| digest.subtract(line))?;
    }
    Ok(digest)
}

/// Writes down the digest of a collection that has been written to before.
pub fn keep(conn: &mut Db, table: &Table, digest: Digest) -> Result<(), Error> {
    let sql = Statement::new("UPDATE collections SET digest = ").bind(digest.to_string()).sql(" WHERE collection = ");
    sql.bind(table.collection).run(conn)?;
    Ok(())
}

/// Gives a digest to collections that were written to before there were any.
pub(super) fn fill(conn: &mut Db, tables: &[&'static Table]) -> Result<(), Error> {
    if lacking(conn)?.is_empty() {
        return Ok(());
    }
    let transaction = Transaction::begin(conn)?;
    // Nothing may be written meanwhile.
    Statement::new("UPDATE dataset SET revision = revision").run(transaction.conn)?;
    for (name,) in lacking(transaction.conn)? {
        if let Some(table) = tables.iter().find(|table| table.collection == name) {
            let digest = recompute(transaction.conn, table)?;
            keep(transaction.conn, table, digest)?;
        }
    }
    transaction.commit()
}

fn lacking(conn: &mut Db) -> Result<Vec<(String,)>, Error> {
    Ok(Statement::new("SELECT collection FROM collections WHERE digest IS NULL").rows(conn)?)
}

/// Reads rows of a table as the lines that are summed.
struct Reader<'t> {
    table: &'t Table,
    types: Vec<Type>,
    objects: Objects,
    /// Where the id stands among the columns.
    id: usize,
}

impl<'t> Reader<'t> {
    fn of(table: &'t Table) -> Result<Self, Error> {
        let id = table.columns.iter().position(|column| column.name == "id");
        Ok(Self {
            table,
            types: table.columns.iter().map(|column| column.holds).collect(),
            objects: Objects::of(table.columns.iter().map(|column| column.name.as_str()))?,
            id: id.ok_or_else(|| Error::internal(format!("{} has no id", table.name)))?,
        })
    }

    /// `SELECT … FROM … t`, in bokmål, in which texts are as they are stored.
    fn select(&self) -> Statement {
        Statement::new(format!("SELECT {} FROM {} t", self.table.selection(Language::Nb), self.table.name))
    }

    /// Hands on the line of each row; how many there were, and the id of the last.
    fn each(&self, conn: &mut Db, sql: Statement, mut take: impl FnMut(&[u8])) -> Result<(i64, Option<String>), Error> {
        let rows = sql.cells(conn, &self.types, 0)?;
        let mut line = vec![];
        for row in rows.iter() {
            line.clear();
            self.objects.write(row, &mut line)?;
            take(&line);
        }
        let last = rows.len().checked_sub(1).and_then(|last| rows.row(last).get(self.id).text().map(str::to_owned));
        Ok((rows.len() as i64, last))
    }
}
