//! Schemas of answers as readers and generators of clients like them: one object with every member, all of them required,
//! since an answer leaves none out.
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The schemas that an answer needs, from those its types give: flattened structs are written out, a null stands in the
/// list of types, and every member is required.
pub fn tidy(root: &str, all: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let all: Map<String, Value> = all.into_iter().collect();
    let (mut done, mut queue, mut seen) = (vec![], vec![root.to_owned()], BTreeSet::new());
    while let Some(name) = queue.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(schema) = all.get(&name) else { continue };
        let mut schema = written_out(schema, &all);
        if let Some(properties) = schema["properties"].as_object_mut() {
            let names: Vec<String> = properties.keys().cloned().collect();
            properties.values_mut().for_each(|property| *property = plain(property.take()));
            schema["required"] = json!(names);
        }
        references(&schema, &mut queue);
        done.push((name, schema));
    }
    done
}

/// A struct with flattened ones in it: the members of all in one object, in their order.
fn written_out(schema: &Value, all: &Map<String, Value>) -> Value {
    let Some(parts) = schema["allOf"].as_array() else { return schema.clone() };
    let mut properties = Map::new();
    for part in parts {
        let part = match name(part).and_then(|name| all.get(name)) {
            Some(named) => written_out(named, all),
            None => written_out(part, all),
        };
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
    }
    json!({ "type": "object", "properties": properties, "description": schema["description"] })
}

fn name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// A property whose type stands beside what is said of it (`allOf`), or beside null (`oneOf`), in one schema.
fn plain(mut property: Value) -> Value {
    let word = if property.get("allOf").is_some() { "allOf" } else { "oneOf" };
    let Some(parts) = property.get_mut(word).and_then(Value::as_array_mut).map(std::mem::take) else { return property };
    let nullable = parts.iter().any(|part| part["type"] == "null");
    let mut said = Map::new();
    for (word, value) in
        property.as_object().into_iter().flatten().filter(|(word, _)| !["allOf", "oneOf"].contains(&word.as_str()))
    {
        said.insert(word.clone(), value.clone());
    }
    let mut kind = json!({});
    for part in parts.into_iter().filter(|part| part["type"] != "null") {
        let bare = part["type"] == "object" && part.get("properties").is_none();
        for (word, value) in part.as_object().cloned().unwrap_or_default() {
            match word.as_str() {
                "description" | "example" | "examples" => drop(said.insert(word, value)),
                _ if bare => {}
                _ => kind[word] = value,
            }
        }
    }
    if nullable && kind.get("$ref").is_some() {
        kind = json!({ "oneOf": [kind, { "type": "null" }] });
    } else if nullable {
        kind["type"] = json!([kind["type"], "null"]);
        if let Some(words) = kind.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
    }
    if let Some(kind) = kind.as_object_mut() {
        kind.extend(said);
    }
    kind
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| references(value, found)),
        Value::Object(members) => {
            found.extend(name(value).map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened_structs_become_one_object_and_nulls_a_type() {
        let head = json!({ "type": "object", "properties": { "id": { "type": "string" }, "kind": { "oneOf": [{ "type": "null" }, { "type": "string", "enum": ["a"] }], "description": "K" } } });
        let whole = json!({ "description": "W", "allOf": [{ "$ref": "#/components/schemas/Head" }, { "type": "object", "properties": {
            "next": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Whole", "description": "N" }] },
        } }] });
        let [(name, got)] = &tidy("Whole", vec![("Head".into(), head), ("Whole".into(), whole)])[..] else { panic!() };
        assert_eq!(name, "Whole");
        assert_eq!(got["required"], json!(["id", "kind", "next"]));
        assert_eq!(
            got["properties"]["kind"],
            json!({ "type": ["string", "null"], "enum": ["a", null], "description": "K" })
        );
        let next =
            json!({ "oneOf": [{ "$ref": "#/components/schemas/Whole" }, { "type": "null" }], "description": "N" });
        assert_eq!(got["properties"]["next"], next);
    }
}
