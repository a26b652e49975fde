//! The description of a full copy as a Frictionless Data Package (version 1), with a schema for each table.
use super::Written;
use crate::db::head::Mark;
use crate::db::statement::Type;
use crate::db::table::Column;
use crate::http::{ATTRIBUTION, LICENSE_URL};
use serde_json::{Map, Value, json};

/// The whole descriptor. `revision` and each `digest` are ours: by them a copy is compared with its source.
pub fn describe(written: &[Written], mark: &Mark, license: &str) -> Value {
    json!({
        "profile": "tabular-data-package",
        "name": "opptrapping",
        "title": "Opptrapping: Norwegian escalation plans, what was promised, paid, done and found",
        "description": "Every version of every row, the revisions and the log of changes. A row is current where `ended` is empty.",
        "version": mark.revision.to_string(),
        "revision": mark.revision,
        "updated_at": Some(&mark.time).filter(|time| !time.is_empty()),
        "licenses": [{ "name": license, "path": LICENSE_URL }],
        "sources": [{ "title": ATTRIBUTION, "path": "sources.csv" }],
        "resources": written.iter().map(resource).collect::<Vec<_>>(),
    })
}

fn resource(written: &Written) -> Value {
    let Written { sheet, sum, digest } = written;
    let foreign = |(field, target, there): &(&str, &str, &str)| {
        // The standard names the resource itself by an empty text.
        let target = if *target == sheet.name { "" } else { target };
        json!({ "fields": field, "reference": { "resource": target, "fields": there } })
    };
    let mut resource = json!({
        "profile": "tabular-data-resource",
        "name": sheet.name,
        "path": sum.file,
        "description": sheet.about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": sum.bytes,
        "hash": format!("sha256:{}", sum.sha256),
        "schema": {
            "fields": sheet.columns.iter().map(field).collect::<Vec<_>>(),
            "missingValues": [""],
            "primaryKey": sheet.key,
            "foreignKeys": sheet.refers.iter().map(foreign).collect::<Vec<_>>(),
        },
    });
    if let Some(digest) = digest {
        resource["digest"] = json!(digest);
    }
    resource
}

fn field(column: &Column) -> Value {
    let mut constraints = Map::new();
    if !column.nullable {
        constraints.insert("required".into(), json!(true));
    }
    if !column.words.is_empty() {
        constraints.insert("enum".into(), json!(column.words));
    }
    for (name, bound) in [("minimum", &column.minimum), ("maximum", &column.maximum)] {
        constraints.extend(bound.iter().map(|bound| (name.to_owned(), bound.clone())));
    }
    json!({
        "name": column.name,
        "type": match column.holds {
            Type::Text => "string",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::Boolean => "boolean",
        },
        "description": column.description,
        "constraints": constraints,
    })
}
