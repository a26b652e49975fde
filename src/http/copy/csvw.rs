//! The description of a full copy for tools that read CSV on the Web (W3C, Metadata Vocabulary for Tabular Data).
use super::sheet::Sheet;
use crate::db::statement::Type;
use crate::http::LICENSE_URL;
use serde_json::{Value, json};
use std::sync::Arc;

/// Every table with its columns. References between collections are left out: the standard wants one row that is
/// referred to, and a thing has as many as it has versions.
pub fn describe(sheets: &[Arc<Sheet>], license: &str) -> Value {
    json!({
        "@context": ["http://www.w3.org/ns/csvw", { "@language": "en" }],
        "dc:title": "Opptrapping: Norwegian escalation plans",
        "dc:license": { "@id": LICENSE_URL },
        "dc:rights": license,
        "dialect": { "commentPrefix": null, "lineTerminators": ["\n"] },
        "tables": sheets.iter().map(|sheet| table(sheet)).collect::<Vec<_>>(),
    })
}

fn table(sheet: &Sheet) -> Value {
    let foreign = sheet.refers.iter().filter(|(_, target, _)| *target == "revisions").map(|(field, target, there)| {
        json!({ "columnReference": field, "reference": { "resource": format!("{target}.csv"), "columnReference": there } })
    });
    let columns = sheet.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "titles": column.name,
            "dc:description": column.description,
            "datatype": match column.holds {
                Type::Text => "string",
                Type::Integer => "long",
                Type::Number => "double",
                Type::Boolean => "boolean",
            },
            "required": !column.nullable,
        })
    });
    json!({
        "url": sheet.file(),
        "dc:description": sheet.about,
        "tableSchema": {
            "columns": columns.collect::<Vec<_>>(),
            "primaryKey": sheet.key,
            "foreignKeys": foreign.collect::<Vec<_>>(),
        },
    })
}
