//! The parts of the document: schemas, parameters, answers.
use crate::db::statement::Type;
use crate::db::table::Column;
use crate::error::Kind;
use crate::http::ATTRIBUTION;
use crate::http::format::Format;
use crate::http::parameter::{Parameter, Shape};
use crate::http::resource::Collection;
use serde_json::{Map, Value, json};

pub(super) fn header(name: &str, about: &str, schema: Value, example: &str) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": about, "schema": schema, "example": example })
}

/// A row, some fields of it, what may be sent for it, a patch to it, a list and a history of it.
pub(super) fn schemas(collection: &Collection, name: &str) -> [(String, Value); 6] {
    let columns = &collection.table.columns;
    let properties = |of: &dyn Fn(&&Column) -> bool| -> Map<String, Value> {
        columns.iter().filter(of).map(|c| (c.name.clone(), property(c))).collect()
    };
    let names =
        |of: &dyn Fn(&&Column) -> bool| -> Vec<&str> { columns.iter().filter(of).map(|c| c.name.as_str()).collect() };
    let writable = |c: &&Column| !c.read_only && c.name != "id";
    let needed = |c: &&Column| !c.read_only && !c.nullable && c.name != "id";
    let row = json!({ "$ref": format!("#/components/schemas/{name}") });
    let version = json!({
        "type": "object",
        "required": ["revision", "ended", "time", "reason", "changed", "row"],
        "properties": {
            "revision": { "type": "integer", "format": "int64", "description": "The revision that wrote it." },
            "ended": { "type": ["integer", "null"], "format": "int64", "description": "The revision that replaced or deleted it; null while it is current." },
            "time": { "type": "string", "description": "When it was written." },
            "reason": { "type": ["string", "null"], "description": "Why, where the writer said so." },
            "changed": { "type": "array", "items": { "type": "string" }, "description": "The fields in which it differs from the version before." },
            "row": { "$ref": row["$ref"], "description": "The row as it was." },
        },
    });
    let pick = |all: Map<String, Value>, required: Vec<&str>| json!({ "type": "object", "additionalProperties": false, "properties": all, "required": required });
    let mut patch = pick(properties(&writable), vec![]);
    patch["minProperties"] = json!(1);
    if let Some(object) = patch.as_object_mut() {
        object.shift_remove("required");
    }
    [
        (
            name.to_owned(),
            json!({ "type": "object", "properties": properties(&|_| true), "required": names(&|_| true) }),
        ),
        (format!("{name}Fields"), fields(collection, properties(&|_| true))),
        (format!("{name}Input"), pick(properties(&writable), names(&needed))),
        (format!("{name}Patch"), patch),
        (
            format!("{name}List"),
            json!({
                "type": "object",
                "required": ["data", "total", "next_cursor", "next", "meta"],
                "properties": {
                    "data": { "type": "array", "items": { "anyOf": [row, { "$ref": format!("#/components/schemas/{name}Fields") }] }, "description": "The rows of this page." },
                    "total": { "type": "integer", "format": "int64", "minimum": 0, "description": "How many rows there are on all pages." },
                    "next_cursor": { "type": ["string", "null"], "description": "Give this as `cursor` for the next page; null on the last." },
                    "next": { "type": ["string", "null"], "description": "The address of the next page." },
                    "meta": { "$ref": "#/components/schemas/Meta", "description": "What stands beside the rows: revision, licence, citation." },
                },
            }),
        ),
        (format!("{name}History"), history(collection, version)),
    ]
}

/// Any of the fields of a row, those that it has beside them where it was carried to a map, and the names of what others
/// refer to, which stand beside or in place of them.
fn fields(collection: &Collection, mut properties: Map<String, Value>) -> Value {
    for reference in collection.table.references.iter().filter(|reference| !reference.many) {
        let about = format!("With `labels`: the title of what `{}` names.", reference.field);
        let name = json!({ "type": ["string", "null"], "description": about });
        properties.entry(format!("{}_name", reference.field)).or_insert(name);
    }
    properties.extend(collection.carried_fields().map(|column| (column.name.clone(), property(column))));
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "description": "The fields asked for by `fields`." })
}

fn history(collection: &Collection, version: Value) -> Value {
    let mut history = json!({
        "type": "object",
        "required": ["data", "total", "meta"],
        "properties": {
            "data": { "type": "array", "items": version, "description": "The versions, oldest first." },
            "total": { "type": "integer", "description": "How many there are." },
            "meta": { "$ref": "#/components/schemas/Meta", "description": "What stands beside the versions: revision, licence, citation." },
        },
    });
    if collection.reformed {
        let reforms = |about: &str| json!({ "type": "array", "items": { "$ref": "#/components/schemas/Reform" }, "description": about });
        history["required"] = json!(["data", "total", "meta", "came_from", "became"]);
        history["properties"]["came_from"] =
            reforms("Every change by which others became this place, oldest first, from 2007 on.");
        history["properties"]["became"] = reforms("Every change by which this place became others, oldest first.");
    }
    history
}

pub(super) fn property(column: &Column) -> Value {
    let word = match column.holds {
        Type::Text => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
    };
    let mut property = json!({ "type": word, "description": column.description });
    if column.nullable {
        property["type"] = json!([word, "null"]);
    }
    if column.holds == Type::Integer {
        property["format"] = json!("int64");
    }
    if column.holds == Type::Text && column.words.is_empty() && !column.read_only {
        property["minLength"] = json!(1);
        property["maxLength"] = json!(crate::http::shape::LONGEST);
    }
    if !column.words.is_empty() {
        let nothing = column.nullable.then_some(Value::Null);
        property["enum"] = column.words.iter().map(|w| json!(w)).chain(nothing).collect();
    }
    for (name, value) in [("minimum", &column.minimum), ("maximum", &column.maximum)] {
        if let Some(value) = value {
            property[name] = value.clone();
        }
    }
    if let Some(example) = &column.example {
        property["examples"] = json!([example]);
    }
    if column.read_only {
        property["readOnly"] = json!(true);
    }
    property
}

pub(super) fn parameter(parameter: &Parameter, example: &Value) -> Value {
    let mut schema = shape(&parameter.shape);
    if parameter.list {
        schema = json!({ "type": "array", "items": schema, "minItems": 1, "maxItems": parameter.most_values() });
    }
    if let Some(default) = parameter.default {
        schema["default"] = match &parameter.shape {
            Shape::Integer(..) => default.parse::<i64>().map_or(json!(default), |n| json!(n)),
            Shape::Truth => json!(default == "true"),
            _ if parameter.list => json!([default]),
            _ => json!(default),
        };
    }
    let mut out = json!({
        "name": parameter.name, "in": "query", "required": parameter.required, "description": parameter.about, "schema": schema,
    });
    if parameter.list {
        out["style"] = json!("form");
        out["explode"] = json!(false);
    }
    // A span of years cannot be told from nonsense by a pattern, so the schema, and the example, keep to one year.
    let year = json!("2016");
    let shown = if parameter.shape == Shape::Period { &year } else { &example[parameter.name.as_str()] };
    let given = json!(parameter.example);
    let shown = if shown.is_null() { &given } else { shown };
    if !shown.is_null() {
        out["example"] = if parameter.list { json!([shown]) } else { shown.clone() };
    }
    out
}

pub(super) fn shape(shape: &Shape) -> Value {
    const YEAR: &str = "(1[89]|20|21)[0-9]{2}";
    match shape {
        Shape::Text(longest) => {
            json!({ "type": "string", "minLength": 1, "maxLength": longest, "pattern": "^[^\\u0000]+$" })
        }
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Field(names) => json!({ "type": "string", "enum": names }),
        Shape::Order(names) => {
            let turned: Vec<String> = names.iter().flat_map(|n| [(*n).to_owned(), format!("-{n}")]).collect();
            json!({ "type": "string", "enum": turned })
        }
        Shape::Integer(least, most) => {
            json!({ "type": "integer", "format": "int64", "minimum": least, "maximum": most })
        }
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::Region => {
            json!({ "type": "string", "pattern": "^(NO|H-(SO|V|MN|N)|F-[0-9]{2}|K-[0-9]{4}|[0-9]{2}|[0-9]{4})$" })
        }
        Shape::County => json!({ "type": "string", "pattern": "^(F-)?[0-9]{2}$" }),
        Shape::Period => json!({ "type": "string", "pattern": format!("^{YEAR}(-(T[1-3]|Q[1-4]|0[1-9]|1[0-2]))?$") }),
        Shape::Date => {
            json!({ "type": "string", "format": "date", "pattern": format!("^{YEAR}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$") })
        }
        Shape::PartialDate => {
            json!({ "type": "string", "pattern": format!("^{YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?$") })
        }
        Shape::Vintage => {
            json!({ "type": "string", "pattern": format!("^(latest|first|all|{YEAR}(-(0[1-9]|1[0-2]))?)$") })
        }
        Shape::Boundaries => {
            const FROM: &str = "(200[7-9]|20[1-9][0-9]|21[0-9]{2})";
            json!({ "type": "string", "pattern": format!("^(original|comparable|{FROM}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?)$") })
        }
        Shape::Point => {
            json!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,17})(\\.(0|[1-9][0-9]{0,17}))?$" })
        }
        Shape::Moment => {
            json!({ "type": "string", "pattern": format!("^(0|[1-9][0-9]{{0,17}}|{YEAR}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$") })
        }
    }
}

pub(super) fn answer(about: &str, body: Value) -> Value {
    json!({
        "description": about,
        "headers": { "ETag": { "description": "The version of this answer.", "schema": { "type": "string" } } },
        "content": { "application/json": { "schema": body } },
    })
}

pub(super) fn row_answer(about: &str, body: Value, example: &Value) -> Value {
    let mut out = answer(about, body);
    out["content"]["application/json"]["example"] = example.clone();
    out
}

pub(super) fn list_answer(collection: &Collection, body: Value, example: &Value) -> Value {
    rows_answer(&format!("/v1/{}", collection.name()), collection.cube.is_some(), body, example)
}

/// Rows in every form, that of a cube where they make one, as the answer to `query`.
pub(super) fn rows_answer(query: &str, cube: bool, body: Value, example: &Value) -> Value {
    let glue = if query.contains('?') { '&' } else { '?' };
    let mut out = answer("The rows, in the form asked for.", body);
    out["headers"]["Link"] =
        json!({ "description": "`next`, `cite-as`, `describedby`, `license`.", "schema": { "type": "string" } });
    out["content"]["application/json"]["example"] = json!({
        "data": [example], "total": 1, "next_cursor": null, "next": null,
        "meta": {
            "revision": 18, "updated_at": "2026-11-22T10:00:00.000Z", "language": "nb", "license": "NLOD-2.0",
            "attribution": ATTRIBUTION, "query": query, "cite_as": format!("{query}{glue}as_of=18"), "warnings": [],
        },
    });
    for format in Format::offered(cube).filter(|f| f.is_table()) {
        let text = format.content_type().contains("charset");
        // A cube is JSON too, and read as such.
        let word = if format == Format::JsonStat { "object" } else { "string" };
        let mut schema = json!({ "type": word, "description": format.about() });
        if !text {
            schema["format"] = json!("binary");
        }
        out["content"][format.media_type()] = json!({ "schema": schema });
    }
    for (name, about) in [
        ("Accept-Ranges", "`bytes`: parts of a table can be asked for."),
        ("Content-Disposition", "The name of the file, of a table."),
    ] {
        out["headers"][name] = json!({ "description": about, "schema": { "type": "string" } });
    }
    out
}

pub(super) fn part() -> Value {
    json!({
        "description": "The part of a table that was asked for (`Range`).",
        "headers": { "Content-Range": { "description": "Which part it is, and of how many bytes.", "schema": { "type": "string" } } },
    })
}

pub(super) fn not_modified() -> Value {
    json!({ "description": "You have it already (`If-None-Match`)." })
}

pub(super) fn problem(kind: Kind) -> Value {
    json!({
        "description": kind.status().canonical_reason().unwrap_or("Problem"),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" }, "examples": {} } },
    })
}

/// Success as given, and problems by reference; any operation can be asked for too often.
pub(super) fn responses(mut success: Value, problems: &[u16]) -> Value {
    let mut problems = [problems, &[429]].concat();
    problems.sort_unstable();
    for status in problems {
        success[status.to_string()] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    success
}
