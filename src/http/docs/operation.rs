//! An operation that no collection has by itself, told to the document in full.
use super::parts::{answer, header, not_modified, parameter, responses};
use super::{Document, path_id};
use crate::http::parameter::Parameter;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name of a schema and an example of it.
pub type Shown<'a> = (&'a str, Value);

/// What the document says of it. Its parameters are its own, and not those that lists share.
pub struct Operation<'a> {
    pub path: &'a str,
    /// `get`, `post`, `patch` or `delete`.
    pub method: &'a str,
    /// The operation id, a contract with generated clients.
    pub id: &'a str,
    pub tag: &'a str,
    pub summary: &'a str,
    pub about: &'a str,
    /// What `{id}` in the path is of, and an example of it.
    pub of: Option<(&'a str, &'a str)>,
    pub parameters: &'a [Parameter],
    /// Whether it takes `If-Match`.
    pub conditional: bool,
    /// The media type, the schema and an example of the body.
    pub body: Option<(&'a str, &'a str, Value)>,
    /// Status, meaning, schema and example of each success.
    pub answers: &'a [(u16, &'a str, Option<Shown<'a>>)],
    pub problems: &'a [u16],
    /// The scope it needs; none where it is open to all.
    pub scope: Option<&'a str>,
}

impl Document {
    /// A committed example, of a collection or of another tag.
    pub fn example(&self, tag: &str) -> &Value {
        &self.examples[tag]
    }

    /// Every scope that an operation needs, each once.
    pub fn scopes(&self) -> Vec<String> {
        let operations = self.paths.values().filter_map(Value::as_object).flat_map(|item| item.values());
        let needed = operations.flat_map(|operation| operation["security"].as_array().into_iter().flatten());
        let named = needed.flat_map(|way| way["bearer"].as_array().into_iter().flatten());
        let all: BTreeSet<String> = named.filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
        all.into_iter().collect()
    }

    /// The header that makes a retry of a write safe.
    pub(super) fn idempotency_key(&mut self) -> Value {
        const NAME: &str = "Idempotency-Key";
        self.parameters.entry(NAME).or_insert_with(|| {
            let about = "Makes a retry safe: the same request with the same key is answered as it was the first time \
                (`Idempotency-Replayed: true`), for 24 hours, and done once. Another request with it is 422. 16 to 255 \
                printable ASCII characters, in quotation marks or without, such as a UUID.";
            let schema =
                json!({ "type": "string", "minLength": 16, "maxLength": 255, "pattern": "^[!#-~][ !#-~]{14,253}[!#-~]$" });
            header(NAME, about, schema, "9f1c3b2e-7a54-4c0d-8e66-1b2f3a4d5c6e")
        });
        json!({ "$ref": format!("#/components/parameters/{NAME}") })
    }

    /// Adds the operation.
    pub fn add(&mut self, given: &Operation) {
        let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let mut parameters: Vec<Value> = given.of.iter().map(|(thing, example)| path_id(thing, example)).collect();
        parameters.extend(given.parameters.iter().map(|p| parameter(p, &Value::Null)));
        if given.conditional {
            let pattern = json!({ "type": "string", "pattern": "^\"[0-9]+\"$" });
            parameters.push(header("If-Match", "The `ETag` of what you decide on. Needed.", pattern, "\"1\""));
        }
        if given.method != "get" {
            parameters.push(self.idempotency_key());
        }
        let mut success = json!({});
        for (status, about, body) in given.answers {
            success[status.to_string()] = match body {
                None => json!({ "description": about }),
                Some((name, example)) => {
                    let mut answer = answer(about, schema(name));
                    answer["content"]["application/json"]["example"] = example.clone();
                    if *status == 202 {
                        answer["headers"] = accepted();
                    }
                    answer
                }
            };
        }
        if given.method == "get" {
            success["304"] = not_modified();
        }
        let leave = given.scope.map(|scope| format!(" Needs the scope `{scope}`.")).unwrap_or_default();
        let mut operation = json!({
            "tags": [given.tag],
            "summary": given.summary,
            "description": format!("{}{leave}", given.about),
            "operationId": given.id,
            "parameters": parameters,
            "responses": responses(success, given.problems),
            "security": given.scope.iter().map(|scope| json!({ "bearer": [scope] })).collect::<Vec<_>>(),
        });
        if let Some((media, name, example)) = &given.body {
            operation["requestBody"] =
                json!({ "required": true, "content": { *media: { "schema": schema(name), "example": example } } });
        }
        self.operation(given.path, given.method, operation);
    }
}

/// What stands beside something that was taken, and has no version yet.
fn accepted() -> Value {
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "Location": text("Where it will be, if it comes to be there."),
        "RateLimit": text("How many more one address may send now, and in how many seconds one more."),
        "RateLimit-Policy": text("How many one address may send, and in how many seconds."),
    })
}
