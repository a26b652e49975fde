//! Versions of rows, for answers that know a collection only by its entry.
use super::resource::Resource;
use crate::db::{Db, Statement};
use crate::domain::Language;
use crate::error::Error;
use serde_json::Value;

/// Three numbers that say what a version is wanted for, and the row as it was.
pub type Keyed = (i64, i64, i64, Value);

/// [`load`] with the type of the rows forgotten.
pub type Load = fn(&mut Db, Language, &'static str, Statement) -> Result<Vec<Keyed>, Error>;

/// Reads versions in a language: `SELECT keys, the row FROM its table t` and what follows from there.
pub fn load<R: Resource>(
    conn: &mut Db,
    language: Language,
    keys: &'static str,
    rest: Statement,
) -> Result<Vec<Keyed>, Error> {
    let table = R::table();
    let sql = format!("SELECT {keys}, {} FROM {} t ", table.selection(language), table.name);
    let found: Vec<(i64, i64, i64, R)> = Statement::new(sql).append(rest).rows(conn)?;
    let value = |(a, b, c, row): (i64, i64, i64, R)| Ok((a, b, c, serde_json::to_value(row).map_err(Error::internal)?));
    found.into_iter().map(value).collect()
}

/// The names of the fields in which two versions of a row differ; all of them where there is one version only.
pub fn changed(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let fields = after.or(before).and_then(Value::as_object).into_iter().flatten();
    let differs = |name: &str| match (before, after) {
        (Some(before), Some(after)) => before[name] != after[name],
        _ => true,
    };
    fields.map(|(name, _)| name.clone()).filter(|name| differs(name)).collect()
}
