//! The OpenAPI document, made from what the collections say of themselves: an endpoint cannot be without its entry.
mod bulk;
mod derived;
pub mod operation;
mod parts;
mod readings;
mod summary;
mod tidy;

use super::Settings;
use super::parameter::Parameter;
use super::reforms::Reform;
use super::resource::{Collection, Resource};
use crate::error::{Kind, Problem};
pub use readings::Reading;
pub use summary::summary;

use parts::{answer, header, list_answer, not_modified, parameter, part, problem, responses, row_answer, schemas};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Real rows, one of each collection, written by a test from the reference data.
static EXAMPLES: &str = include_str!("../../../openapi/examples.json");

/// The document under construction.
pub struct Document {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    /// Parameters that many operations share.
    parameters: Map<String, Value>,
    tags: Vec<Value>,
    examples: Value,
    readings: Vec<Reading>,
}

/// An operation that only reads.
pub struct ReadOperation<'a> {
    pub path: &'a str,
    /// The operation id, a contract with generated clients.
    pub id: &'a str,
    pub tag: &'a str,
    pub summary: &'a str,
    pub about: &'a str,
    pub parameters: &'a [Parameter],
    /// The name of the schema of the answer.
    pub schema: &'a str,
}

impl Default for Document {
    fn default() -> Self {
        let examples = serde_json::from_str(EXAMPLES).unwrap_or(Value::Null);
        Self {
            paths: Map::new(),
            schemas: Map::new(),
            parameters: Map::new(),
            tags: vec![],
            examples,
            readings: vec![],
        }
    }
}

impl Document {
    /// Adds a schema and those it refers to.
    pub fn schema<T: ToSchema>(&mut self) {
        let mut all = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut all);
        for (name, schema) in all {
            let schema = serde_json::to_value(schema).unwrap_or(Value::Null);
            self.schemas.entry(name).or_insert_with(|| flattened(schema));
        }
    }

    /// Adds the schema of an answer, of which no member is ever left out.
    pub fn answer<T: ToSchema>(&mut self) {
        let root = T::name().into_owned();
        let mut all = vec![(root.clone(), T::schema())];
        T::schemas(&mut all);
        let all = all.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or(Value::Null)));
        for (name, schema) in tidy::tidy(&root, all.collect()) {
            self.schemas.entry(name).or_insert(schema);
        }
    }

    pub fn tag(&mut self, name: &str, about: &str) {
        self.tags.push(json!({ "name": name, "description": about }));
    }

    /// A parameter, by reference where it is the same everywhere.
    fn parameter(&mut self, given: &Parameter, example: &Value) -> Value {
        const SHARED: [&str; 9] =
            ["format", "dialect", "layout", "labels", "lang", "limit", "cursor", "as_of", "reason"];
        let name = given.name.as_str();
        if !SHARED.contains(&name) {
            return parameter(given, example);
        }
        let said = parameter(given, &Value::Null);
        match self.parameters.entry(name).or_insert_with(|| said.clone()) {
            shared if *shared == said => json!({ "$ref": format!("#/components/parameters/{name}") }),
            // Not every collection has every format.
            _ => said,
        }
    }

    /// Adds an operation.
    pub fn operation(&mut self, path: &str, method: &str, operation: Value) {
        let item = self.paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    }

    /// Adds a reading operation with one kind of JSON answer. A `{id}` in its path is shown as the id of the example row.
    pub fn reading(&mut self, reading: &ReadOperation) {
        let ReadOperation { path, id, tag, summary, about, parameters, schema } = reading;
        self.takes(path, parameters);
        let mut all: Vec<Value> = vec![];
        let mut problems = vec![400, 401, 500, 503];
        if path.contains("{id}") {
            let example = self.examples[*tag]["id"].as_str().unwrap_or_default().to_owned();
            all.push(path_id(tag.trim_end_matches('s'), &example));
            problems.extend([404, 410]);
        }
        // The forms of a view are its own.
        all.extend(parameters.iter().map(|p| match p.name.as_str() {
            "format" => parameter(p, &Value::Null),
            _ => self.parameter(p, &Value::Null),
        }));
        let body = json!({ "$ref": format!("#/components/schemas/{schema}") });
        let operation = json!({
            "tags": [tag],
            "summary": summary,
            "description": about,
            "operationId": id,
            "parameters": all,
            "responses": responses(json!({ "200": answer("The answer.", body), "304": not_modified() }), &problems),
            "security": [],
        });
        self.operation(path, "get", operation);
    }

    /// The whole document.
    pub fn finish(mut self, settings: &Settings) -> Value {
        self.schema::<Problem>();
        let mut answers = Map::new();
        let used = Value::Object(self.paths.clone()).to_string();
        for kind in Kind::ALL {
            let status = kind.status().as_u16().to_string();
            if !used.contains(&format!("/Problem{status}\"")) {
                continue;
            }
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
                "parameters": self.parameters,
                "responses": answers,
                "securitySchemes": { "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "A token with the scope the operation names. Reading needs none.",
                }},
            },
        })
    }
}

/// A closed list of words stands before what its field says of it (`allOf`); together they are one property.
fn flattened(mut schema: Value) -> Value {
    for property in
        schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut())
    {
        if let Some(Value::Array(parts)) = property.get("allOf") {
            *property = parts.iter().rev().filter_map(Value::as_object).flat_map(|part| part.clone()).collect();
        }
    }
    schema
}

const ABOUT: &str = "An open-data API for public escalation plans (*opptrappingsplaner*), first of all the one for the \
substance-abuse field 2016–2020 (Prop. 15 S (2015–2016)) and its forerunner from 2007.\n\n\
Nothing is overwritten: every write is a **revision**, every answer says at which revision it holds, and the same \
address with `as_of=<revision>` gives the same answer for good. Money is whole kroner. What is not known is `null`, \
never zero. A parameter that is not understood is refused by name.";

const VERSIONS: &str = "Oldest first, each with its revision, when and why it was written, and which fields changed.";

/// The id in a path.
fn path_id(thing: &str, example: &str) -> Value {
    json!({
        "name": "id", "in": "path", "required": true, "description": format!("The id of the {thing}."),
        "schema": { "type": "string", "minLength": 1, "maxLength": crate::domain::id::LONGEST, "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]*$" }, "example": example,
    })
}

fn list_operation(document: &mut Document, collection: &Collection, schema: &str) -> Value {
    let name = collection.name();
    let example = document.examples[name].clone();
    let parameters: Vec<Value> = collection.list_parameters().iter().map(|p| document.parameter(p, &example)).collect();
    let list = json!({ "$ref": format!("#/components/schemas/{schema}List") });
    json!({
        "tags": [name],
        "summary": format!("List {}", name.replace('-', " ")),
        "description": format!("{} Filters are joined by AND; several values of one filter by OR.", collection.about),
        "operationId": format!("list_{}", name.replace('-', "_")),
        "parameters": parameters,
        "responses": responses(json!({ "200": list_answer(collection, list, &example), "206": part(), "304": not_modified() }), &[400, 401, 406, 416, 500, 503]),
        "security": [],
    })
}

/// Adds the list of a collection under one thing: `/v1/plans/{id}/events`.
pub fn within<R: Resource>(document: &mut Document, path: &str, id: &str, summary: &str, filter: &str) {
    let collection = R::collection();
    let parent = R::table().references.iter().find(|reference| reference.field == filter).map_or("", |r| r.table);
    let mut operation = list_operation(document, collection, &R::name());
    let example = document.examples[collection.name()][filter].as_str().unwrap_or_default().to_owned();
    operation["operationId"] = json!(id);
    operation["tags"] = json!([parent]);
    operation["summary"] = json!(summary);
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.retain(|parameter| parameter["name"] != filter);
        parameters.insert(0, path_id(filter, &example));
    }
    for status in ["404", "410"] {
        operation["responses"][status] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    let own = |parameter: &&Parameter| parameter.name != filter;
    let parameters: Vec<Parameter> = collection.list_parameters().iter().filter(own).cloned().collect();
    document.takes(path, &parameters);
    document.operation(path, "get", operation);
}

/// Adds the operations of a collection.
pub fn resource<R: Resource>(document: &mut Document) {
    let collection = R::collection();
    let (name, one, schema) = (collection.name(), collection.singular, R::name().into_owned());
    let thing = one.replace('_', " ");
    document.tag(name, collection.about);
    for (schema_name, body) in schemas(collection, &schema) {
        document.schemas.insert(schema_name, body);
    }
    if collection.reformed {
        document.schema::<Reform>();
    }
    let example = document.examples[name].clone();
    let id = example["id"].as_str().unwrap_or(&collection.example).to_owned();
    let reference = |suffix: &str| json!({ "$ref": format!("#/components/schemas/{schema}{suffix}") });
    let row_or_fields = json!({ "anyOf": [reference(""), reference("Fields")] });
    let path_id = path_id(&thing, &id);
    let mut with_id = |parameters: &[Parameter]| -> Vec<Value> {
        let rest = parameters.iter().map(|p| document.parameter(p, &Value::Null));
        std::iter::once(path_id.clone()).chain(rest).collect()
    };
    let of_one = with_id(collection.item_parameters());
    let of_history = with_id(&Parameter::of_histories());
    let mut of_write = with_id(&Parameter::of_writes());
    of_write.push(document.idempotency_key());
    let list = list_operation(document, collection, &schema);
    let get = json!({
        "tags": [name],
        "summary": format!("Get one {thing}"),
        "description": "The row as it is now, or as it was at `as_of`. Its `ETag` is the version that `If-Match` takes.",
        "operationId": format!("get_{one}"),
        "parameters": of_one,
        "responses": responses(json!({ "200": row_answer("The row, or the fields of it that were asked for.", row_or_fields, &example), "304": not_modified() }), &[400, 401, 404, 410, 500, 503]),
        "security": [],
    });
    let history = json!({
        "tags": [name],
        "summary": format!("Every version of one {thing}"),
        "description": if collection.reformed { format!("{VERSIONS} Beside them the reforms that made the place and those that it went into; a code stands for every place that bore it.") } else { VERSIONS.to_owned() },
        "operationId": format!("get_{one}_history"),
        "parameters": of_history,
        "responses": responses(json!({ "200": answer("The versions.", reference("History")), "304": not_modified() }), &[400, 401, 404, 500, 503]),
        "security": [],
    });
    document.takes(&format!("/v1/{name}"), collection.list_parameters());
    document.takes(&format!("/v1/{name}/{{id}}"), collection.item_parameters());
    document.takes(&format!("/v1/{name}/{{id}}/history"), &Parameter::of_histories());
    document.operation(&format!("/v1/{name}"), "get", list);
    bulk::add(document, collection, &schema, &example);
    document.operation(&format!("/v1/{name}/{{id}}"), "get", get);
    document.operation(&format!("/v1/{name}/{{id}}/history"), "get", history);
    let example = Writable { collection, example };
    for (method, operation) in
        example.operations(&of_write, &thing, reference("Input"), reference("Patch"), reference(""))
    {
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
                json!({ "type": "string", "pattern": "^\"[0-9]+(-[A-Za-z0-9_-]+)*\"$" }),
                "\"42\"",
            ));
            if create {
                let any = json!({ "type": "string", "enum": ["*"] });
                all.push(header("If-None-Match", "`*`: only create, never replace.", any, "*"));
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
            .filter(|c| !c.read_only && c.name != "id")
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
            &[400, 401, 403, 404, 409, 410, 412, 422, 428, 500, 503],
        );
        [("put", put), ("patch", change), ("delete", delete)]
    }
}
