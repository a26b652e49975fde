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
use crate::http::resource::Entry;
use crate::http::{Settings, guard};
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

/// Mounts everything below the root.
pub fn routes(routes: &mut web::ServiceConfig) {
    let elsewhere = || web::to(guard::unrouted);
    let alone = |path: &str, route: actix_web::Route| web::resource(path).route(route).default_service(elsewhere());
    routes
        .service(alone("/", web::get().to(home::front)))
        .service(alone("/openapi.json", web::get().to(home::openapi)))
        .service(alone("/openapi-3.0.json", web::get().to(home::openapi)))
        .service(alone("/robots.txt", web::get().to(home::robots)))
        .service(alone("/.well-known/api-catalog", web::get().to(home::api_catalog)))
        .service(alone("/problems/{slug}", web::get().to(about::problem)));
    let mut scope = web::scope("/v1")
        .service(alone("/about", web::get().to(about::about)))
        .service(alone("/dictionary", web::get().to(about::dictionary)));
    for entry in &RESOURCES {
        scope = scope.configure(entry.mount);
    }
    routes.service(scope.default_service(elsewhere()));
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
