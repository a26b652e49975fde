//! What a published table is: the columns of its rows, which of them refer to others, sort or are searched.
//!
//! The columns are those of the row's schema in the document, so that struct, JSON, CSV and table cannot differ.
use super::statement::{Type, Value};
use crate::domain::region::NATION;
use crate::domain::{Language, text};
use crate::error::Mistake;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};
use std::sync::OnceLock;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Schema, SchemaType, Type as JsonType};
use utoipa::openapi::{Object, RefOr};

/// A row of a published table: one struct for the table, the JSON and the CSV.
pub trait Record: Serialize + DeserializeOwned + ToSchema + Clone + PartialEq + Send + Sync + 'static {
    fn table() -> &'static Table;

    fn id(&self) -> &str;

    /// Checks the rules that need nothing but the row, and fills what follows from it (its id, the days of a period).
    fn check(&mut self, wrong: &mut Vec<Mistake>);

    /// Whether its rows name a region, so that the register of places is needed to check them.
    const LOCATED: bool = false;

    /// Checks what needs the register of places, and fills what follows from that.
    fn locate(&mut self, _places: &super::place::Places, _wrong: &mut Vec<Mistake>) {}
}

/// One field of a row.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub holds: Type,
    pub nullable: bool,
    /// Filled by the service; what is sent for it must agree.
    pub read_only: bool,
    /// `title` where there are `title_nb`, `title_nn`, `title_en`: not stored, chosen by language.
    pub localized: bool,
    /// The words it may be, where that is a closed list.
    pub words: Vec<String>,
    /// What the document says of it.
    pub description: String,
    pub example: Option<serde_json::Value>,
    /// The bounds of a number, as the document has them.
    pub minimum: Option<serde_json::Value>,
    pub maximum: Option<serde_json::Value>,
}

/// A field that holds the id of a row in another table, or several with a space between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    pub field: &'static str,
    pub table: &'static str,
    pub many: bool,
}

/// A published table.
#[derive(Debug)]
pub struct Table {
    /// The name in a URL: `status-reports`.
    pub collection: &'static str,
    /// The name in SQL: `status_reports`.
    pub name: String,
    pub columns: Vec<Column>,
    pub references: Vec<Reference>,
    /// Text fields that sort as Norwegians sort; each has a hidden column `{field}_key`.
    pub collated: &'static [&'static str],
    /// Text fields that `q` looks in, kept together in the hidden column `search_text`.
    pub searched: &'static [&'static str],
    selections: OnceLock<[String; 3]>,
}

impl Table {
    /// Describes the table of `T` from its schema.
    pub fn of<T: ToSchema>(collection: &'static str) -> Self {
        let RefOr::T(Schema::Object(object)) = T::schema() else { unreachable!("a row is an object of scalars") };
        let names: Vec<String> = object.properties.keys().cloned().collect();
        let columns = object
            .properties
            .iter()
            .map(|(name, property)| {
                let property = inline(property);
                Column {
                    name: name.clone(),
                    holds: holds(&property),
                    nullable: is_nullable(&property),
                    read_only: property.read_only == Some(true),
                    localized: names.contains(&format!("{name}_nb")),
                    words: words(&property),
                    description: property.description.clone().unwrap_or_default(),
                    minimum: property.minimum.as_ref().and_then(|n| serde_json::to_value(n).ok()),
                    maximum: property.maximum.as_ref().and_then(|n| serde_json::to_value(n).ok()),
                    example: property.examples.first().cloned().or_else(|| {
                        #[allow(deprecated)]
                        property.example.clone()
                    }),
                }
            })
            .collect();
        Self {
            collection,
            name: collection.replace('-', "_"),
            columns,
            references: vec![],
            collated: &[],
            searched: &[],
            selections: OnceLock::new(),
        }
    }

    pub fn refers(mut self, references: &[(&'static str, &'static str)]) -> Self {
        self.references.extend(references.iter().map(|&(field, table)| Reference {
            field,
            table,
            many: matches!(field, "goals" | "part_of"),
        }));
        self
    }

    /// Marks fields that the service fills, where the schema of their type cannot say so.
    pub fn filled(mut self, fields: &[&str]) -> Self {
        self.columns.iter_mut().filter(|c| fields.contains(&c.name.as_str())).for_each(|c| c.read_only = true);
        self
    }

    pub fn collated(mut self, fields: &'static [&'static str]) -> Self {
        self.collated = fields;
        self
    }

    pub fn searched(mut self, fields: &'static [&'static str]) -> Self {
        self.searched = fields;
        self
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The columns of a SELECT that give a row in a language.
    pub fn selection(&self, language: Language) -> &str {
        let all = self.selections.get_or_init(|| Language::ALL.map(|language| self.select(language)));
        &all[language as usize]
    }

    fn select(&self, language: Language) -> String {
        let all: Vec<String> = self.columns.iter().map(|column| self.expression(column, language)).collect();
        all.join(", ")
    }

    /// What is selected of a row `t` for a column, in a language.
    pub fn expression(&self, column: &Column, language: Language) -> String {
        let name = &column.name;
        match column.localized {
            false if name == "region_name" => region_name(language),
            false => format!("t.{name}"),
            true => spoken(name, language),
        }
    }

    /// The columns of an INSERT, the hidden ones included.
    pub fn stored_columns(&self) -> Vec<String> {
        let own = self.columns.iter().filter(|c| !c.localized).map(|c| c.name.clone());
        let keys = self.collated.iter().map(|field| format!("{field}_key"));
        own.chain(keys).chain(["search_text".to_owned()]).collect()
    }

    /// The value of each of [`Table::stored_columns`] for a row as JSON.
    pub fn stored_values(&self, object: &Json) -> Vec<Value> {
        let text_of = |field: &str| object[field].as_str().unwrap_or("");
        let own = self.columns.iter().filter(|c| !c.localized).map(|c| bound(c.holds, &object[c.name.as_str()]));
        let keys = self.collated.iter().map(|field| text::sort_key(text_of(field)).into());
        let searched: Vec<String> = self.searched.iter().map(|f| text::fold(text_of(f))).collect();
        own.chain(keys).chain([searched.join("\n").into()]).collect()
    }

    /// What was claimed for fields the service fills must be what it filled, in whichever language it was read.
    pub fn disagreements(&self, claimed: &Map<String, Json>, row: &Json) -> Vec<Mistake> {
        let agrees = |name: &str, value: &Json| {
            let spoken = self.column(name).is_some_and(|c| c.localized)
                && ["nb", "nn", "en"].iter().any(|language| &row[format!("{name}_{language}")] == value);
            let nation = name == "region_name"
                && row["region"] == "NO"
                && Language::ALL.iter().any(|language| value == NATION.to(*language));
            row[name] == *value || spoken || nation
        };
        let message = "is filled by the service: leave it out, or send what it is";
        claimed
            .iter()
            .filter(|(name, value)| !agrees(name, value))
            .map(|(name, _)| Mistake::field(name, "read_only", message))
            .collect()
    }
}

/// The column of a text in a language: `title` stands for `title_nb`, `title_nn` and `title_en`, and bokmål for a language
/// that is not filled.
pub fn spoken(name: &str, language: Language) -> String {
    match language {
        Language::Nb => format!("{name}_nb"),
        other => format!("COALESCE({name}_{}, {name}_nb)", other.code()),
    }
}

/// The name of a region in a language: the register has one name for each but the nation.
pub fn region_name(language: Language) -> String {
    match language {
        Language::Nb => "region_name".to_owned(),
        other => format!("CASE WHEN region = 'NO' THEN '{}' ELSE region_name END", NATION.to(other)),
    }
}

/// An enumeration stands in the schema beside what its field says of it (`allOf`), or beside null (`oneOf`).
fn inline(property: &RefOr<Schema>) -> Object {
    match property {
        RefOr::T(Schema::Object(object)) => object.clone(),
        RefOr::T(Schema::AllOf(all)) => {
            let mut parts = all.items.iter().map(inline);
            let mut object = parts.next().unwrap_or_default();
            for said in parts {
                object.description = said.description.or(object.description);
                object.read_only = said.read_only.or(object.read_only);
            }
            object
        }
        RefOr::T(Schema::OneOf(one)) => {
            let mut object = one.items.iter().map(inline).find(|o| !is_nullable(o)).unwrap_or_default();
            let mut types = vec![JsonType::Null];
            if let SchemaType::Type(t) = &object.schema_type {
                types.push(t.clone());
            }
            object.schema_type = SchemaType::Array(types);
            object.description = one.description.clone().or(object.description);
            object
        }
        _ => Object::default(),
    }
}

fn types(property: &Object) -> Vec<JsonType> {
    match &property.schema_type {
        SchemaType::Type(one) => vec![one.clone()],
        SchemaType::Array(several) => several.clone(),
        SchemaType::AnyValue => vec![],
    }
}

fn is_nullable(property: &Object) -> bool {
    types(property).contains(&JsonType::Null)
}

fn holds(property: &Object) -> Type {
    let types = types(property);
    if types.contains(&JsonType::Integer) {
        Type::Integer
    } else if types.contains(&JsonType::Number) {
        Type::Number
    } else if types.contains(&JsonType::Boolean) {
        Type::Boolean
    } else {
        Type::Text
    }
}

fn words(property: &Object) -> Vec<String> {
    property.enum_values.iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn bound(holds: Type, value: &serde_json::Value) -> Value {
    match holds {
        Type::Text => Value::Text(value.as_str().map(str::to_owned)),
        Type::Integer => Value::Integer(value.as_i64()),
        Type::Number => Value::Number(value.as_f64()),
        Type::Boolean => Value::Boolean(value.as_bool()),
    }
}
