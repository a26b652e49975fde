//! The sources an answer names, so that it can be read by itself.
use super::{Db, Statement};
use crate::domain::vocabulary::SourceKind;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A document or page that a figure of the answer was read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cited {
    /// Names the source.
    #[schema(example = "fafo-2021-17")]
    pub id: String,
    /// Its title as published.
    pub title: String,
    /// Who published it.
    #[schema(example = "Fafo")]
    pub publisher: String,
    /// What kind of document it is.
    #[schema(inline, example = "report")]
    pub kind: SourceKind,
    /// Where it is, or was, to be read.
    pub url: Option<String>,
    /// When it was published, as precisely as it says.
    #[schema(example = "2021-06-23")]
    pub published: Option<String>,
    /// The licence of the source, where it names one.
    pub license: Option<String>,
}

/// Loads the sources that an answer names in members called `source`, wherever they stand in it.
pub fn load<T: Serialize>(conn: &mut Db, at: i64, answer: &T) -> Result<Vec<Cited>, Error> {
    let mut ids = BTreeSet::new();
    named(&serde_json::to_value(answer).map_err(Error::internal)?, &mut ids);
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let columns = "t.id, t.title, t.publisher, t.kind, t.url, t.published, t.license";
    let sql = Statement::new(format!("SELECT {columns} FROM sources t")).at(at).sql(" AND t.id IN ");
    Ok(sql.bind_list(ids).sql(" ORDER BY t.id").rows(conn)?)
}

fn named(value: &serde_json::Value, ids: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Array(all) => all.iter().for_each(|value| named(value, ids)),
        serde_json::Value::Object(members) => {
            ids.extend(members.get("source").and_then(|source| source.as_str()).map(str::to_owned));
            members.values().for_each(|value| named(value, ids));
        }
        _ => {}
    }
}
