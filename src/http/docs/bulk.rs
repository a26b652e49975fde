//! The operation that writes many rows at once.
use super::parts::{property, responses};
use super::{Document, answer};
use crate::http::bulk::{BulkResult, parameters};
use crate::http::resource::Collection;
use serde_json::{Map, Value, json};

/// A row of a table that is sent: with its id, and what the service fills may stand in it as it was read.
fn row(collection: &Collection) -> Value {
    let columns = &collection.table.columns;
    let properties: Map<String, Value> = columns
        .iter()
        .map(|column| {
            let mut property = property(column);
            if let Some(property) = property.as_object_mut() {
                property.shift_remove("readOnly");
            }
            (column.name.clone(), property)
        })
        .collect();
    let needed: Vec<&str> =
        columns.iter().filter(|c| !c.read_only && !c.nullable).map(|column| column.name.as_str()).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": needed })
}

/// Adds `PUT /v1/{collection}`. The name of the schema of a row is given, and an example of one.
pub fn add(document: &mut Document, collection: &Collection, schema: &str, example: &Value) {
    let (name, scope) = (collection.name(), collection.scope);
    document.schema::<BulkResult>();
    document.schemas.insert(format!("{schema}Row"), row(collection));
    let mut given: Vec<Value> = parameters().iter().map(|p| document.parameter(p, &Value::Null)).collect();
    given.push(document.idempotency_key());
    let table = collection.table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",");
    let text = |about: &str| json!({ "schema": { "type": "string", "format": "binary", "description": about } });
    let mut done = answer("Written, or nothing to write.", json!({ "$ref": "#/components/schemas/BulkResult" }));
    if let Some(done) = done.as_object_mut() {
        done.shift_remove("headers");
    }
    let operation = json!({
        "tags": [name],
        "summary": format!("Create or replace many {}", name.replace('-', " ")),
        "description": format!(
            "All rows become one revision, or none does. Each is the whole row, with its id: what may be null and is left \
             out is null. Rows that are not sent stay as they are, and those sent as they are change nothing. What was \
             exported as CSV or NDJSON, or the `data` of a list, can be sent back as it is. Mistakes are told with row and \
             column, the first 100 and the number of the others (`unlisted`). The body may be packed with gzip. Needs the \
             scope `{scope}`."
        ),
        "operationId": format!("put_{}", name.replace('-', "_")),
        "parameters": given,
        "requestBody": { "required": true, "content": {
            "application/json": {
                "schema": { "type": "array", "items": { "$ref": format!("#/components/schemas/{schema}Row") } },
                "example": [example],
            },
            "application/x-ndjson": text("A row as JSON in each line."),
            "text/csv": text(&format!("A header with names of columns, in any order and not all of them, then the rows: {table}")),
        }},
        "responses": responses(json!({ "200": done }), &[400, 401, 403, 408, 409, 413, 415, 422, 500, 503]),
        "security": [{ "bearer": [scope] }],
    });
    document.operation(&format!("/v1/{name}"), "put", operation);
}
