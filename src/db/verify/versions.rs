//! The versions of a thing follow one another: each lasts, and none begins before the one before it has ended.
use crate::db::table::Table;
use crate::db::{CURRENT, Db, Statement};
use crate::error::Error;

pub fn check(conn: &mut Db, table: &Table) -> Result<Vec<String>, Error> {
    let (name, collection) = (&table.name, table.collection);
    let mut wrong = vec![];
    let sql = format!("SELECT id, revision, ended FROM {name} WHERE ended <= revision ORDER BY id, revision");
    for (id, revision, ended) in Statement::new(sql).rows::<(String, i64, i64)>(conn)? {
        wrong.push(format!(
            "{collection}/{id}: the version of revision {revision} ends at {ended}, before it was valid"
        ));
    }
    let sql = format!(
        "SELECT a.id, a.revision, b.revision FROM {name} a JOIN {name} b ON b.id = a.id AND b.revision > a.revision \
         WHERE a.ended > b.revision ORDER BY a.id, a.revision"
    );
    for (id, revision, later) in Statement::new(sql).rows::<(String, i64, i64)>(conn)? {
        wrong.push(format!("{collection}/{id}: the version of revision {revision} overlaps that of {later}"));
    }
    let sql = Statement::new(format!("SELECT id, COUNT(*) FROM {name} WHERE ended = ")).bind(CURRENT);
    for (id, count) in sql.sql(" GROUP BY id HAVING COUNT(*) > 1 ORDER BY id").rows::<(String, i64)>(conn)? {
        wrong.push(format!("{collection}/{id}: {count} versions are current"));
    }
    let sql = format!(
        "SELECT t.id, t.revision FROM {name} t WHERE NOT EXISTS \
         (SELECT 1 FROM revisions r WHERE r.revision = t.revision) ORDER BY t.id, t.revision"
    );
    for (id, revision) in Statement::new(sql).rows::<(String, i64)>(conn)? {
        wrong.push(format!("{collection}/{id}: a version is of revision {revision}, which there has not been"));
    }
    Ok(wrong)
}
