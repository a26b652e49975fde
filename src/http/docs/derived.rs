//! The operation of a list that is derived.
use super::Document;
use super::parts::{not_modified, part, property, responses, rows_answer};
use crate::http::derived::Derived;
use serde_json::{Map, Value, json};

impl Document {
    /// Adds the operation, and the schemas of its rows and of the list of them. The example row has the examples of the
    /// columns.
    pub fn derived(&mut self, list: &Derived, id: &str, tag: &str) {
        let table = (list.table)();
        let schema: String = table.collection.split('-').map(capital).collect();
        let properties: Map<String, Value> = table.columns.iter().map(|c| (c.name.clone(), property(c))).collect();
        let of = |suffix: &str| json!({ "$ref": format!("#/components/schemas/{schema}{suffix}") });
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let row = json!({ "type": "object", "properties": properties, "required": names });
        let fields = json!({
            "type": "object", "additionalProperties": false, "properties": properties,
            "description": "The fields asked for by `fields`.",
        });
        let rows = json!({
            "type": "object",
            "required": ["data", "total", "next_cursor", "next", "meta"],
            "properties": {
                "data": { "type": "array", "items": { "anyOf": [of(""), of("Fields")] }, "description": "The rows of this page." },
                "total": { "type": "integer", "format": "int64", "minimum": 0, "description": "How many rows there are on all pages." },
                "next_cursor": { "type": ["string", "null"], "description": "Give this as `cursor` for the next page; null on the last." },
                "next": { "type": ["string", "null"], "description": "The address of the next page." },
                "meta": { "$ref": "#/components/schemas/Meta", "description": "What stands beside the rows: revision, licence, citation, warnings." },
            },
        });
        for (suffix, schema_of) in [("", row), ("Fields", fields), ("List", rows)] {
            self.schemas.insert(format!("{schema}{suffix}"), schema_of);
        }
        let example: Map<String, Value> =
            table.columns.iter().map(|c| (c.name.clone(), c.example.clone().unwrap_or(Value::Null))).collect();
        let shown: Map<String, Value> = list.shown.iter().map(|(name, value)| ((*name).into(), json!(value))).collect();
        let query: Vec<String> = list.shown.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let asked = format!("{}?{}", list.path, query.join("&"));
        let shown = Value::Object(shown);
        self.takes(list.path, &list.parameters());
        let parameters: Vec<Value> = list.parameters().iter().map(|p| self.parameter(p, &shown)).collect();
        let found = rows_answer(&asked, false, of("List"), &Value::Object(example));
        let operation = json!({
            "tags": [tag],
            "summary": list.title,
            "description": list.about,
            "operationId": id,
            "parameters": parameters,
            "responses": responses(json!({ "200": found, "206": part(), "304": not_modified() }), &[400, 401, 406, 416, 500, 503]),
            "security": [],
        });
        self.operation(list.path, "get", operation);
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
