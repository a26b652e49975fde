//! A collection: what a resource says of itself, once, from which its routes, its parameters and its document follow.
use super::asked::Asked;
use super::carried::Carried;
use super::endpoint::{Endpoint, READ};
use super::filter::Filter;
use super::format::Cube;
use super::parameter::Parameter;
use super::{docs, guard, read, rows, versions, write};
use crate::db::bulk::{self, Tally};
use crate::db::restore::{self, Inspect};
use crate::db::table::{Column, Record, Table};
use crate::db::{Db, Write};
use crate::domain::Language;
use crate::error::Error;
use actix_web::dev::ResourceDef;
use actix_web::web;
use std::io::Read;
use std::sync::OnceLock;

/// A published resource.
pub trait Resource: Record {
    fn collection() -> &'static Collection;
}

/// What is said of a collection.
pub struct Collection {
    pub table: &'static Table,
    /// One of it, as in operation ids: `goal`.
    pub singular: &'static str,
    /// The scope a token needs to write.
    pub scope: &'static str,
    /// What it holds, for the document.
    pub about: &'static str,
    pub filters: Vec<Filter>,
    pub sorts: &'static [&'static str],
    pub default_sort: &'static str,
    /// Whether a region key without a date finds the version of a day.
    pub by_code: bool,
    /// Whether its rows are places of the change graph, so that a history tells of reforms too.
    pub reformed: bool,
    /// How its rows make a cube, where they do.
    pub cube: Option<Cube>,
    /// What in its rows can be carried to another municipal map, where something can.
    pub carried: Option<Carried>,
    /// The field that tells vintages of one value apart.
    pub vintage: Option<&'static str>,
    /// An id that the reference data has.
    pub example: String,
    of_lists: OnceLock<Vec<Parameter>>,
    of_items: OnceLock<Vec<Parameter>>,
}

impl Collection {
    pub fn new(table: &'static Table, singular: &'static str, scope: &'static str, about: &'static str) -> Self {
        let example =
            table.column("id").and_then(|c| c.example.as_ref()?.as_str().map(str::to_owned)).unwrap_or_default();
        Self {
            table,
            singular,
            scope,
            about,
            filters: vec![],
            sorts: &["id"],
            default_sort: "id",
            by_code: false,
            reformed: false,
            cube: None,
            carried: None,
            vintage: None,
            example,
            of_lists: OnceLock::new(),
            of_items: OnceLock::new(),
        }
    }

    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// The fields a list may be sorted by, and the one it is unless asked.
    pub fn sorts(mut self, sorts: &'static [&'static str], default: &'static str) -> Self {
        (self.sorts, self.default_sort) = (sorts, default);
        self
    }

    /// Says how the rows make a cube: they then have `layout=wide` and JSON-stat.
    pub fn cube(mut self, cube: Cube) -> Self {
        self.cube = Some(cube);
        self
    }

    /// Says what in its rows can be carried to another municipal map, and be divided by a population.
    pub fn carried(mut self, carried: Carried) -> Self {
        self.carried = Some(carried);
        self
    }

    /// The fields that its rows have beside their own when they were.
    pub fn carried_fields(&self) -> impl Iterator<Item = &'static Column> {
        self.carried.into_iter().flat_map(|carried| carried.fields())
    }

    /// Names the field that tells vintages of one value apart.
    pub fn vintage(mut self, field: &'static str) -> Self {
        self.vintage = Some(field);
        self
    }

    pub fn by_code(mut self) -> Self {
        self.by_code = true;
        self
    }

    /// How the rows make a cube as they are asked for: where every vintage is wanted, it tells values apart too.
    pub fn cube_of(&self, asked: &Asked) -> Option<Cube> {
        let mut cube = self.cube.clone()?;
        if let Some(vintage) = self.vintage.filter(|name| asked.one(name) == Some("all")) {
            cube.by.push(vintage.to_owned());
        }
        Some(cube)
    }

    pub fn reformed(mut self) -> Self {
        self.reformed = true;
        self
    }

    /// The name in a URL.
    pub fn name(&self) -> &'static str {
        self.table.collection
    }

    /// Where it is listed.
    pub fn path(&self) -> String {
        format!("/v1/{}", self.name())
    }

    /// The parameters of its list, the common ones last.
    pub fn list_parameters(&self) -> &[Parameter] {
        self.of_lists.get_or_init(|| {
            let mut all: Vec<Parameter> = self.filters.iter().flat_map(|f| f.parameters()).collect();
            all.extend(self.carried.iter().flat_map(|carried| carried.parameters()));
            all.extend(Parameter::of_lists(self));
            all
        })
    }

    /// The parameters of a list of what is under one thing, which the path names in the place of this filter.
    pub fn parameters_within(&self, filter: &str) -> Vec<Parameter> {
        self.list_parameters().iter().filter(|parameter| parameter.name != filter).cloned().collect()
    }

    /// The parameters of one thing.
    pub fn item_parameters(&self) -> &[Parameter] {
        self.of_items.get_or_init(|| {
            let mut all = Parameter::of_items(self);
            if self.by_code {
                all.extend(Filter::valid_on().parameters());
            }
            all
        })
    }
}

/// Describes the table of a row: `table!(Goal, "goals", |t| t.refers(…))`.
macro_rules! table {
    ($row:ty, $collection:literal, $describe:expr) => {
        fn table() -> &'static Table {
            static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(|| {
                let describe: fn(Table) -> Table = $describe;
                describe(Table::of::<$row>($collection))
            });
            &TABLE
        }

        fn id(&self) -> &str {
            &self.id
        }
    };
}
pub(crate) use table;

/// Describes the collection of a row: `collection!(Goal, "goal", "goals:write", "…", |c| c.filter(…))`.
macro_rules! collection {
    ($row:ty, $singular:literal, $scope:literal, $about:literal, $describe:expr) => {
        fn collection() -> &'static Collection {
            static COLLECTION: std::sync::LazyLock<Collection> = std::sync::LazyLock::new(|| {
                let describe: fn(Collection) -> Collection = $describe;
                describe(Collection::new(<$row as Record>::table(), $singular, $scope, $about))
            });
            &COLLECTION
        }
    };
}
pub(crate) use collection;

/// Reads one row with its type forgotten.
pub type Found = fn(&mut Db, &str, i64, Language, &Asked) -> Result<Option<(i64, serde_json::Value)>, Error>;

/// A resource as the router and the document take it, with its type forgotten.
pub struct Entry {
    pub table: fn() -> &'static Table,
    pub collection: fn() -> &'static Collection,
    mount: fn(&mut web::ServiceConfig, &'static [Endpoint]),
    document: fn(&mut docs::Document),
    /// The paths within the collection that others lack.
    more: &'static [Endpoint],
    /// Writes a CSV as rows of it.
    pub load: fn(&mut Write, &mut dyn Read) -> Result<Tally, Error>,
    /// Writes rows from any reader.
    pub store: fn(&mut Write, &mut bulk::Rows) -> Result<Tally, Error>,
    /// Reads one row as it was at a revision, with the revision it is from, see [`read::find`].
    pub find: Found,
    /// Checks a row of it that was stored elsewhere.
    pub inspect: Inspect,
    /// Reads versions of its rows, see [`versions::load`].
    pub versions: versions::Load,
}

impl Entry {
    pub const fn of<R: Resource>() -> Self {
        Self {
            table: R::table,
            collection: R::collection,
            mount: mount::<R>,
            document: docs::resource::<R>,
            more: &[],
            load: load::<R>,
            store: bulk::rows::<R>,
            find: |conn, id, at, language, asked| {
                let found = read::find::<R>(conn, id, at, language, asked)?;
                let value =
                    found.map(|(version, row)| Ok((version, serde_json::to_value(row).map_err(Error::internal)?)));
                value.transpose()
            },
            inspect: restore::inspect::<R>,
            versions: versions::load::<R>,
        }
    }

    /// Adds paths within the collection: `/v1/plans/{id}/results`.
    pub const fn with(self, more: &'static [Endpoint]) -> Self {
        Self { more, ..self }
    }

    /// Gives the collection its routes.
    pub fn mount(&self, routes: &mut web::ServiceConfig) {
        (self.mount)(routes, self.more);
    }

    /// Adds its operations to the document.
    pub fn document(&self, document: &mut docs::Document) {
        (self.document)(document);
        self.more.iter().for_each(|endpoint| (endpoint.document)(document));
    }

    /// The paths it has, with the methods of each, for `Allow`. Its own come first: `/summary` is no id.
    pub fn paths(&self) -> Vec<(ResourceDef, &'static [&'static str])> {
        let path = |ending: &str| ResourceDef::new(format!("/v1/{}{ending}", (self.collection)().name()));
        let own = self.more.iter().map(Endpoint::pattern);
        own.chain([(path(""), TABLE), (path("/{id}"), WRITE), (path("/{id}/history"), READ)]).collect()
    }
}

fn load<R: Resource>(write: &mut Write, input: &mut dyn Read) -> Result<Tally, Error> {
    bulk::rows::<R>(write, &mut rows::csv::read(R::table(), input)?)
}

const TABLE: &[&str] = &["GET", "HEAD", "PUT", "OPTIONS"];
const WRITE: &[&str] = &["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn mount<R: Resource>(routes: &mut web::ServiceConfig, more: &'static [Endpoint]) {
    let elsewhere = || web::to(guard::unrouted);
    // A scope each: its plain prefix is compared, where patterns of all collections would be matched one after another.
    let prefix = format!("/v1/{}", R::collection().name());
    let scope = web::scope(&format!("/{}", R::collection().name()));
    let scope = more.iter().fold(scope, |scope, endpoint| scope.service(endpoint.resource(&prefix)));
    let scope = scope
        .service(
            web::resource("")
                .route(web::get().to(read::list::<R>))
                .route(web::put().to(super::bulk::put::<R>))
                .default_service(elsewhere()),
        )
        .service(
            web::resource("/{id}")
                .route(web::get().to(read::one::<R>))
                .route(web::put().to(write::put::<R>))
                .route(web::patch().to(write::patch::<R>))
                .route(web::delete().to(write::delete::<R>))
                .default_service(elsewhere()),
        )
        .service(web::resource("/{id}/history").route(web::get().to(read::history::<R>)).default_service(elsewhere()))
        .default_service(elsewhere());
    routes.service(scope);
}
