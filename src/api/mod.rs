//! The resources. A new one is a file here, a migration, and a line in the list below.
pub mod about;
pub mod assessments;
pub mod budgets;
pub mod counties;
pub mod evaluations;
pub mod events;
pub mod goals;
pub mod grants;
pub mod health_regions;
pub mod home;
pub mod indicators;
pub mod measures;
pub mod municipalities;
pub mod municipality_changes;
pub mod observations;
pub mod plans;
pub mod schemes;
pub mod sources;
pub mod status_reports;
pub mod wordings;

use crate::db::table::Table;
use crate::http::docs::Document;
use crate::http::list::Meta;
use crate::http::resource::{self, Entry};
use crate::http::{Settings, guard};
use actix_web::dev::ResourceDef;
use actix_web::web;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Every collection, in the order of the document.
pub static RESOURCES: [Entry; 18] = [
    Entry::of::<plans::Plan>(),
    Entry::of::<goals::Goal>(),
    Entry::of::<wordings::Wording>(),
    Entry::of::<measures::Measure>(),
    Entry::of::<status_reports::StatusReport>(),
    Entry::of::<events::Event>(),
    Entry::of::<budgets::Budget>(),
    Entry::of::<schemes::Scheme>(),
    Entry::of::<grants::Grant>(),
    Entry::of::<municipalities::Municipality>(),
    Entry::of::<municipality_changes::MunicipalityChange>(),
    Entry::of::<counties::County>(),
    Entry::of::<health_regions::HealthRegion>(),
    Entry::of::<indicators::Indicator>(),
    Entry::of::<observations::Observation>(),
    Entry::of::<evaluations::Evaluation>(),
    Entry::of::<assessments::Assessment>(),
    Entry::of::<sources::Source>(),
];

/// Their tables.
pub fn tables() -> &'static [&'static Table] {
    static TABLES: LazyLock<Vec<&'static Table>> = LazyLock::new(|| RESOURCES.iter().map(|e| (e.table)()).collect());
    &TABLES
}

/// A path that is no collection, and what answers it.
type Alone = (&'static str, fn() -> actix_web::Route);

/// What stands beside the collections.
fn alone() -> [Alone; 8] {
    [
        ("/", || web::get().to(home::front)),
        ("/openapi.json", || web::get().to(home::openapi)),
        ("/openapi-3.0.json", || web::get().to(home::openapi)),
        ("/robots.txt", || web::get().to(home::robots)),
        ("/.well-known/api-catalog", || web::get().to(home::api_catalog)),
        ("/problems/{slug}", || web::get().to(about::problem)),
        ("/v1/about", || web::get().to(about::about)),
        ("/v1/dictionary", || web::get().to(about::dictionary)),
    ]
}

/// Mounts everything. `/v1` comes first: the patterns of other paths would be matched against each of its requests.
pub fn routes(routes: &mut web::ServiceConfig) {
    let resource = |path: &str, route: actix_web::Route| {
        web::resource(path).route(route).default_service(web::to(guard::unrouted))
    };
    let mut v1 = web::scope("/v1");
    for (path, route) in alone() {
        if let Some(path) = path.strip_prefix("/v1") {
            v1 = v1.service(resource(path, route()));
        }
    }
    let v1 = RESOURCES.iter().fold(v1, |scope, entry| scope.configure(entry.mount));
    routes.service(v1.default_service(web::to(guard::unrouted)));
    for (path, route) in alone().into_iter().filter(|(path, _)| !path.starts_with("/v1")) {
        routes.service(resource(path, route()));
    }
}

/// Every path there is, with its methods.
pub fn paths() -> Vec<(ResourceDef, &'static [&'static str])> {
    let collections = RESOURCES.iter().flat_map(|entry| resource::paths((entry.collection)()));
    alone().into_iter().map(|(path, _)| resource::read_path(path)).chain(collections).collect()
}

/// The OpenAPI document.
pub fn document(settings: &Settings) -> Value {
    let mut document = Document::default();
    document.schema::<Meta>();
    document.tag("service", "What the service is, what it holds, and what every field means.");
    document.schema::<about::About>();
    document.schema::<about::Dictionary>();
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    document.reading(
        "/v1/about",
        "get_about",
        "service",
        "What the service is and holds",
        "The newest revision, the collections with their sizes, the limits, the licence and whom to name.",
        schema("About"),
    );
    document.reading(
        "/v1/dictionary",
        "get_dictionary",
        "service",
        "Every field",
        "Every field of every collection: its meaning, its type, its unit, and what it refers to.",
        schema("Dictionary"),
    );
    for entry in &RESOURCES {
        (entry.document)(&mut document);
    }
    document.finish(settings)
}
