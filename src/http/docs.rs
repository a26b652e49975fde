//! The OpenAPI document, made from what the collections say of themselves: an endpoint cannot be without its entry.
use super::Settings;
use super::filter::{Parameter, Shape};
use super::resource::{Collection, Resource};
use crate::db::statement::Type;
use crate::db::table::Column;
use crate::error::{Kind, Problem};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Real rows, one of each collection, written by a test from the reference data.
static EXAMPLES: &str = include_str!("../../openapi/examples.json");

/// The document under construction.
pub struct Document {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    tags: Vec<Value>,
    examples: Value,
}

impl Default for Document {
    fn default() -> Self {
        let schemas = Map::new();
        let examples = serde_json::from_str(EXAMPLES).unwrap_or(Value::Null);
        Self { paths: Map::new(), schemas, tags: vec![], examples }
    }
}

impl Document {
    /// Adds a schema and those it refers to.
    pub fn schema<T: ToSchema>(&mut self) {
        let mut all = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut all);
        for (name, schema) in all {
            self.schemas.entry(name).or_insert_with(|| serde_json::to_value(schema).unwrap_or(Value::Null));
        }
    }

    pub fn tag(&mut self, name: &str, about: &str) {
        self.tags.push(json!({ "name": name, "description": about }));
    }

    /// Adds an operation.
    pub fn operation(&mut self, path: &str, method: &str, operation: Value) {
        let item = self.paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    }

    /// A reading operation with one kind of JSON answer.
    pub fn reading(&mut self, path: &str, id: &str, tag: &str, summary: &str, about: &str, body: Value) {
        let operation = json!({
            "tags": [tag],
            "summary": summary,
            "description": about,
            "operationId": id,
            "parameters": [],
            "responses": responses(json!({ "200": answer("The answer.", body), "304": not_modified() }), &[400, 401, 500, 503]),
            "security": [],
        });
        self.operation(path, "get", operation);
    }

    /// The whole document.
    pub fn finish(mut self, settings: &Settings) -> Value {
        self.schema::<Problem>();
        let mut answers = Map::new();
        for kind in Kind::ALL {
            let status = kind.status().as_u16().to_string();
            let entry = answers.entry(format!("Problem{status}")).or_insert_with(|| problem(*kind));
            let slug = kind.slug();
            entry["content"]["application/problem+json"]["examples"][slug] = json!({ "value": {
                "type": format!("/problems/{slug}"), "title": kind.title(), "status": kind.status().as_u16(),
            }});
        }
        let mut contact = json!({ "name": settings.publisher });
        if let Some(address) = &settings.contact {
            contact[if address.contains('@') { "email" } else { "url" }] = json!(address);
        }
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Opptrapping",
                "summary": "Norwegian escalation plans: what was promised, paid, done and found, with a source behind every figure.",
                "description": ABOUT,
                "version": env!("CARGO_PKG_VERSION"),
                "license": { "name": "MIT OR Apache-2.0 (code), NLOD-2.0 (data)", "url": super::LICENSE_URL },
                "contact": contact,
            },
            "servers": [{ "url": "/", "description": "This service" }],
            "tags": self.tags,
            "paths": self.paths,
            "components": {
                "schemas": self.schemas,
                "responses": answers,
                "securitySchemes": { "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "A token with the scope the operation names. Reading needs none.",
                }},
            },
        })
    }
}

const ABOUT: &str = "An open-data API for public escalation plans (*opptrappingsplaner*), first of all the one for the \
substance-abuse field 2016–2020 (Prop. 15 S (2015–2016)) and its forerunner from 2007.\n\n\
Nothing is overwritten: every write is a **revision**, every answer says at which revision it holds, and the same \
address with `as_of=<revision>` gives the same answer for good. Money is whole kroner. What is not known is `null`, \
never zero. A parameter that is not understood is refused by name.";

/// Adds the operations of a collection.
pub fn resource<R: Resource>(document: &mut Document) {
    let collection = R::collection();
    let (name, one, schema) = (collection.name(), collection.singular, R::name().into_owned());
    let (things, thing) = (name.replace('-', " "), one.replace('_', " "));
    document.tag(name, collection.about);
    for (schema_name, body) in schemas(collection, &schema) {
        document.schemas.insert(schema_name, body);
    }
    let example = document.examples[name].clone();
    let id = example["id"].as_str().unwrap_or(&collection.example).to_owned();
    let reference = |suffix: &str| json!({ "$ref": format!("#/components/schemas/{schema}{suffix}") });
    let path_id = json!({
        "name": "id", "in": "path", "required": true, "description": format!("The id of the {thing}."),
        "schema": { "type": "string", "minLength": 1, "maxLength": crate::domain::id::LONGEST, "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]*$" }, "example": id,
    });
    let with_id = |parameters: Vec<Parameter>| {
        let mut all = vec![path_id.clone()];
        all.extend(parameters.iter().map(|p| parameter(p, &Value::Null)));
        all
    };
    let list = json!({
        "tags": [name],
        "summary": format!("List {things}"),
        "description": format!("{} Filters are joined by AND; several values of one filter by OR.", collection.about),
        "operationId": format!("list_{}", name.replace('-', "_")),
        "parameters": collection.list_parameters().iter().map(|p| parameter(p, &example)).collect::<Vec<_>>(),
        "responses": responses(json!({ "200": list_answer(collection, reference("List"), &example), "304": not_modified() }), &[400, 401, 406, 500, 503]),
        "security": [],
    });
    let get = json!({
        "tags": [name],
        "summary": format!("Get one {thing}"),
        "description": "The row as it is now, or as it was at `as_of`. Its `ETag` is the version that `If-Match` takes.",
        "operationId": format!("get_{one}"),
        "parameters": with_id(collection.item_parameters()),
        "responses": responses(json!({ "200": row_answer("The row.", reference(""), &example), "304": not_modified() }), &[400, 401, 404, 410, 500, 503]),
        "security": [],
    });
    let history = json!({
        "tags": [name],
        "summary": format!("Every version of one {thing}"),
        "description": "Oldest first, each with its revision, when and why it was written, and which fields changed.",
        "operationId": format!("get_{one}_history"),
        "parameters": with_id(Parameter::of_histories()),
        "responses": responses(json!({ "200": answer("The versions.", reference("History")), "304": not_modified() }), &[400, 401, 404, 500, 503]),
        "security": [],
    });
    document.operation(&format!("/v1/{name}"), "get", list);
    document.operation(&format!("/v1/{name}/{{id}}"), "get", get);
    document.operation(&format!("/v1/{name}/{{id}}/history"), "get", history);
    let example = Writable { collection, example };
    for (method, operation) in example.operations(
        &with_id(Parameter::of_writes()),
        &thing,
        reference("Input"),
        reference("Patch"),
        reference(""),
    ) {
        document.operation(&format!("/v1/{name}/{{id}}"), method, operation);
    }
}

/// The writing operations of a collection.
struct Writable {
    collection: &'static Collection,
    example: Value,
}

impl Writable {
    fn operations(
        &self,
        parameters: &[Value],
        thing: &str,
        input: Value,
        patch: Value,
        row: Value,
    ) -> [(&'static str, Value); 3] {
        let (name, one, scope) = (self.collection.name(), self.collection.singular, self.collection.scope);
        let conditional = |create: bool| {
            let mut all = parameters.to_vec();
            all.push(header(
                "If-Match",
                "The `ETag` of the version you change. Needed where the row exists.",
                "\"42\"",
            ));
            if create {
                all.push(header("If-None-Match", "`*`: only create, never replace.", "*"));
            }
            all
        };
        let operation = |verb: &str,
                         method: &str,
                         about: &str,
                         parameters: Vec<Value>,
                         statuses: Value,
                         problems: &[u16]| {
            json!({
                "tags": [name], "summary": format!("{verb} {thing}"), "description": format!("{about} Needs the scope `{scope}`."),
                "operationId": format!("{method}_{one}"), "parameters": parameters,
                "responses": responses(statuses, problems), "security": [{ "bearer": [scope] }],
            })
        };
        let wanted: Map<String, Value> = self
            .collection
            .table
            .columns
            .iter()
            .filter(|c| !c.read_only)
            .map(|c| (c.name.clone(), self.example[c.name.as_str()].clone()))
            .collect();
        let mut put = operation(
            "Create or replace a",
            "put",
            "The whole row: what may be null and is left out is null. The same content again changes nothing and makes no revision.",
            conditional(true),
            json!({ "200": row_answer("Replaced, or unchanged.", row.clone(), &self.example), "201": row_answer("Created.", row.clone(), &self.example) }),
            &[400, 401, 403, 408, 409, 412, 413, 415, 422, 428, 500, 503],
        );
        put["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": input, "example": wanted } } });
        let mut change = operation(
            "Change fields of a",
            "patch",
            "A JSON merge patch (RFC 7396): fields that are left out stay, `null` clears.",
            conditional(false),
            json!({ "200": row_answer("Changed, or unchanged.", row, &self.example) }),
            &[400, 401, 403, 404, 408, 409, 410, 412, 413, 415, 422, 428, 500, 503],
        );
        let note = json!({ "note": self.example["note"].clone() });
        change["requestBody"] = json!({ "required": true, "content": { "application/merge-patch+json": { "schema": patch, "example": note } } });
        let delete = operation(
            "Delete a",
            "delete",
            "Ends the row: its versions stay in its history and at `as_of`. What others refer to is not deleted.",
            conditional(false),
            json!({ "204": { "description": "Deleted." } }),
            &[400, 401, 403, 404, 409, 410, 412, 428, 500, 503],
        );
        [("put", put), ("patch", change), ("delete", delete)]
    }
}

fn header(name: &str, about: &str, example: &str) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": about, "schema": { "type": "string" }, "example": example })
}

/// A row, what may be sent for it, a patch to it, a list and a history of it.
fn schemas(collection: &Collection, name: &str) -> [(String, Value); 5] {
    let columns = &collection.table.columns;
    let properties = |of: &dyn Fn(&&Column) -> bool| -> Map<String, Value> {
        columns.iter().filter(of).map(|c| (c.name.clone(), property(c))).collect()
    };
    let names =
        |of: &dyn Fn(&&Column) -> bool| -> Vec<&str> { columns.iter().filter(of).map(|c| c.name.as_str()).collect() };
    let writable = |c: &&Column| !c.read_only;
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
            "row": row,
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
        (format!("{name}Input"), pick(properties(&writable), names(&needed))),
        (format!("{name}Patch"), patch),
        (
            format!("{name}List"),
            json!({
                "type": "object",
                "required": ["data", "total", "next_cursor", "next", "meta"],
                "properties": {
                    "data": { "type": "array", "items": row, "description": "The rows of this page." },
                    "total": { "type": "integer", "format": "int64", "minimum": 0, "description": "How many rows there are on all pages." },
                    "next_cursor": { "type": ["string", "null"], "description": "Give this as `cursor` for the next page; null on the last." },
                    "next": { "type": ["string", "null"], "description": "The address of the next page." },
                    "meta": { "$ref": "#/components/schemas/Meta" },
                },
            }),
        ),
        (
            format!("{name}History"),
            json!({
                "type": "object",
                "required": ["data", "total"],
                "properties": {
                    "data": { "type": "array", "items": version, "description": "The versions, oldest first." },
                    "total": { "type": "integer", "description": "How many there are." },
                },
            }),
        ),
    ]
}

fn property(column: &Column) -> Value {
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

fn parameter(parameter: &Parameter, example: &Value) -> Value {
    let mut schema = shape(&parameter.shape);
    if parameter.list {
        schema = json!({ "type": "array", "items": schema, "minItems": 1, "maxItems": 1000 });
    }
    if let Some(default) = parameter.default {
        schema["default"] = match &parameter.shape {
            Shape::Integer(..) => default.parse::<i64>().map_or(json!(default), |n| json!(n)),
            _ => json!(default),
        };
    }
    let mut out = json!({
        "name": parameter.name, "in": "query", "required": false, "description": parameter.about, "schema": schema,
    });
    if parameter.list {
        out["style"] = json!("form");
        out["explode"] = json!(false);
    }
    let shown = &example[parameter.name.as_str()];
    if !shown.is_null() {
        out["example"] = if parameter.list { json!([shown]) } else { shown.clone() };
    }
    out
}

fn shape(shape: &Shape) -> Value {
    const YEAR: &str = "(1[89]|20|21)[0-9]{2}";
    match shape {
        Shape::Text(longest) => json!({ "type": "string", "minLength": 1, "maxLength": longest }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Field(names) => {
            let turned: Vec<String> = names.iter().flat_map(|n| [n.clone(), format!("-{n}")]).collect();
            json!({ "type": "string", "enum": turned })
        }
        Shape::Integer(least, most) => {
            json!({ "type": "integer", "format": "int64", "minimum": least, "maximum": most })
        }
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
        Shape::Moment => {
            json!({ "type": "string", "pattern": format!("^([1-9][0-9]{{0,17}}|{YEAR}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$") })
        }
    }
}

fn answer(about: &str, body: Value) -> Value {
    json!({
        "description": about,
        "headers": { "ETag": { "description": "The version of this answer.", "schema": { "type": "string" } } },
        "content": { "application/json": { "schema": body } },
    })
}

fn row_answer(about: &str, body: Value, example: &Value) -> Value {
    let mut out = answer(about, body);
    out["content"]["application/json"]["example"] = example.clone();
    out
}

fn list_answer(collection: &Collection, body: Value, example: &Value) -> Value {
    let mut out = answer("The rows, in the form asked for.", body);
    out["headers"]["Link"] =
        json!({ "description": "`next`, `cite-as`, `describedby`, `license`.", "schema": { "type": "string" } });
    let name = collection.name();
    out["content"]["application/json"]["example"] = json!({
        "data": [example], "total": 1, "next_cursor": null, "next": null,
        "meta": {
            "revision": 18, "updated_at": "2026-11-22T10:00:00.000Z", "language": "nb", "license": "NLOD-2.0",
            "attribution": super::ATTRIBUTION, "query": format!("/v1/{name}"), "cite_as": format!("/v1/{name}?as_of=18"), "warnings": [],
        },
    });
    let header: Vec<&str> = collection.table.columns.iter().map(|c| c.name.as_str()).collect();
    out["content"]["text/csv"] = json!({ "schema": { "type": "string", "description": format!("A header and the rows: {}", header.join(",")) } });
    out
}

fn not_modified() -> Value {
    json!({ "description": "You have it already (`If-None-Match`)." })
}

fn problem(kind: Kind) -> Value {
    json!({
        "description": kind.status().canonical_reason().unwrap_or("Problem"),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" }, "examples": {} } },
    })
}

/// Success as given, and problems by reference.
fn responses(mut success: Value, problems: &[u16]) -> Value {
    for status in problems {
        success[status.to_string()] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    success
}
