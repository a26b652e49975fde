//! The operation of a summary.
use super::Document;
use super::parts::{list_answer, not_modified, property, responses};
use crate::db::table::Column;
use crate::http::parameter::Parameter;
use crate::http::resource::Resource;
use serde_json::{Map, Value, json};

/// What the document groups by where it shows a summary.
const GROUPED: [&str; 2] = ["county", "period"];

/// Adds the summary of a collection, whose rows have some of these columns.
pub fn summary<R: Resource>(
    document: &mut Document,
    about: &str,
    parameters: &[Parameter],
    columns: &[&'static Column],
) {
    let collection = R::collection();
    let (name, schema) = (collection.name(), format!("{}Summary", R::name()));
    let properties: Map<String, Value> = columns.iter().map(|c| (c.name.clone(), property(c))).collect();
    let row = json!({
        "type": "object", "additionalProperties": false, "properties": properties,
        "description": "A group: the fields it was grouped by and what was computed of it, or those asked for by `fields`.",
    });
    document.schemas.insert(schema.clone(), row);
    let mut list = document.schemas[&format!("{}List", R::name())].clone();
    list["properties"]["data"] = json!({
        "type": "array", "items": { "$ref": format!("#/components/schemas/{schema}") }, "description": "The groups of this page.",
    });
    list["properties"]["total"]["description"] = json!("How many groups there are on all pages.");
    document.schemas.insert(format!("{schema}List"), list);

    document.takes(&format!("/v1/{name}/summary"), parameters);
    let parameters: Vec<Value> = parameters.iter().map(|parameter| shown(document, parameter, name)).collect();
    let example = document.examples[format!("{name}/summary")].clone();
    let mut found = list_answer(collection, json!({ "$ref": format!("#/components/schemas/{schema}List") }), &example);
    found["description"] = json!("The groups, in the form asked for.");
    let query = format!("/v1/{name}/summary?group_by={}", GROUPED.join(","));
    let meta = &mut found["content"]["application/json"]["example"]["meta"];
    meta["query"] = json!(query);
    meta["cite_as"] = json!(format!("{query}&as_of=18"));
    found["content"]["text/csv"]["schema"]["description"] = json!("A header and the groups.");
    document.operation(
        &format!("/v1/{name}/summary"),
        "get",
        json!({
            "tags": [name],
            "summary": format!("Sum up {}", name.replace('-', " ")),
            "description": about,
            "operationId": format!("summarise_{}", name.replace('-', "_")),
            "parameters": parameters,
            "responses": responses(json!({ "200": found, "304": not_modified() }), &[400, 401, 406, 500, 503]),
            "security": [],
        }),
    );
}

/// A parameter with an example of this summary, or else of the collection.
fn shown(document: &mut Document, parameter: &Parameter, name: &str) -> Value {
    let example = document.examples[name].clone();
    let mut out = document.parameter(parameter, &example);
    match parameter.name.as_str() {
        "group_by" => out["example"] = json!(GROUPED),
        "sort" => out["example"] = json!(["-sum_nok"]),
        "fields" => out["example"] = json!(["county", "period", "sum_nok"]),
        "per" => out["example"] = json!("capita"),
        _ => {}
    }
    out
}
