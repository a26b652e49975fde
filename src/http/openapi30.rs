//! The document rewritten from OpenAPI 3.1 to 3.0.3, for tools that know no other.
use serde_json::{Value, json};

/// Rewrites a whole document.
pub fn downgrade(mut document: Value) -> Value {
    document["openapi"] = json!("3.0.3");
    if let Some(license) = document["info"]["license"].as_object_mut() {
        license.shift_remove("identifier");
    }
    if let Some(info) = document["info"].as_object_mut() {
        info.shift_remove("summary");
    }
    rewrite(&mut document);
    document
}

fn rewrite(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(rewrite),
        Value::Object(object) => {
            // Two types, one of them null: 3.0 says `nullable`.
            if let Some(Value::Array(types)) = object.get("type").cloned() {
                let some: Vec<Value> = types.iter().filter(|t| *t != "null").cloned().collect();
                if some.len() < types.len() {
                    object.insert("nullable".into(), json!(true));
                    if let Some(Value::Array(words)) = object.get_mut("enum")
                        && !words.contains(&Value::Null)
                    {
                        words.push(Value::Null);
                    }
                }
                object.insert("type".into(), some.first().cloned().unwrap_or(json!("string")));
            }
            // A reference beside null.
            if let Some(Value::Array(parts)) = object.get_mut("oneOf")
                && parts.iter().any(|part| part["type"] == "null")
            {
                parts.retain(|part| part["type"] != "null");
                let parts = std::mem::take(parts);
                object.shift_remove("oneOf");
                object.insert("allOf".into(), Value::Array(parts));
                object.insert("nullable".into(), json!(true));
            }
            // `examples` of a schema is a list in 3.1; a parameter's is an object in both.
            if let Some(Value::Array(examples)) = object.get("examples").cloned() {
                object.shift_remove("examples");
                if let Some(first) = examples.into_iter().next() {
                    object.insert("example".into(), first);
                }
            }
            // Scopes of a bearer token have no place in 3.0.
            if let Some(Value::Array(scopes)) = object.get_mut("bearer") {
                scopes.clear();
            }
            // An example is data, and may have a member called `type`.
            let skipped = ["example", "default", "enum"];
            object.iter_mut().filter(|(name, _)| !skipped.contains(&name.as_str())).for_each(|(_, v)| rewrite(v));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nullable_type_is_said_the_old_way() {
        let new = downgrade(json!({ "x": { "type": ["string", "null"], "enum": ["a"], "examples": ["a"] } }));
        assert_eq!(new["x"], json!({ "type": "string", "enum": ["a", null], "nullable": true, "example": "a" }));
    }
}
