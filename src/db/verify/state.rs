//! What is kept of each collection beside its rows: its newest revision, the time of that, and its digest.
use crate::db::table::Table;
use crate::db::{Db, Statement, digest};
use crate::error::Error;

type Kept = (i64, String, Option<String>);

pub fn check(conn: &mut Db, table: &Table) -> Result<Vec<String>, Error> {
    let name = table.collection;
    let newest = Statement::new(
        "SELECT r.revision, r.time FROM revisions r WHERE r.revision = \
         (SELECT MAX(c.revision) FROM changes c WHERE c.collection = ",
    );
    let newest: Option<(i64, String)> = newest.bind(name).sql(")").row(conn)?;
    let kept = Statement::new("SELECT revision, updated_at, digest FROM collections WHERE collection = ").bind(name);
    let kept: Option<Kept> = kept.row(conn)?;
    let mut wrong = vec![];
    let (at, digest) = match kept {
        Some((revision, time, digest)) => (Some((revision, time)), digest),
        None => (None, Some(crate::domain::digest::Digest::default().to_string())),
    };
    if at != newest {
        let said = |at: Option<(i64, String)>| at.map_or("never".to_owned(), |(n, time)| format!("by {n}, {time}"));
        wrong.push(format!("{name}: it was last written {}, and is kept as written {}", said(newest), said(at)));
    }
    let counted = digest::recompute(conn, table)?.to_string();
    if digest.as_ref() != Some(&counted) {
        let digest = digest.as_deref().unwrap_or("none");
        wrong.push(format!("{name}: the digest is kept as {digest}, and the rows come to {counted}"));
    }
    Ok(wrong)
}
