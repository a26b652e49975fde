//! The resources. A new one is a file here, a migration, and a line in the list below.
pub mod about;
pub mod assessments;
pub mod budgets;
pub mod changes;
pub mod cite;
pub mod consultations;
pub mod correspondence;
pub mod counties;
pub mod diff;
pub mod evaluations;
pub mod events;
pub mod export;
pub mod goals;
pub mod grants;
pub mod health_regions;
pub mod home;
pub mod indicators;
pub mod measures;
pub mod moderation;
pub mod money;
pub mod municipalities;
pub mod municipality_changes;
pub mod observations;
pub mod plans;
pub mod progress;
pub mod results;
pub mod revisions;
pub mod schemes;
pub mod sources;
pub mod status_reports;
pub mod submissions;
pub mod submit;
pub mod unsuppressed;
pub mod wordings;

use crate::db::table::Table;
use crate::http::docs::{Document, Reading};
use crate::http::endpoint::{Endpoint, READ};
use crate::http::list::Meta;
use crate::http::resource::Entry;
use crate::http::token::ADMIN;
use crate::http::{Settings, guard, opening};
use actix_web::dev::ResourceDef;
use actix_web::middleware::from_fn;
use actix_web::web;
use serde_json::Value;
use std::sync::LazyLock;

/// Every collection, in the order of the document.
pub static RESOURCES: [Entry; 19] = [
    Entry::of::<plans::Plan>().with(&[results::RESULTS, money::MONEY, events::OF_PLAN]),
    Entry::of::<goals::Goal>(),
    Entry::of::<wordings::Wording>(),
    Entry::of::<measures::Measure>(),
    Entry::of::<status_reports::StatusReport>(),
    Entry::of::<events::Event>(),
    Entry::of::<consultations::Consultation>().with(&[SUBMISSIONS]),
    Entry::of::<budgets::Budget>().with(&[budgets::SUMMARY]),
    Entry::of::<schemes::Scheme>(),
    Entry::of::<grants::Grant>().with(&[grants::SUMMARY]),
    Entry::of::<municipalities::Municipality>().with(&[correspondence::CORRESPONDENCE]),
    Entry::of::<municipality_changes::MunicipalityChange>(),
    Entry::of::<counties::County>(),
    Entry::of::<health_regions::HealthRegion>(),
    Entry::of::<indicators::Indicator>().with(&[progress::PROGRESS]),
    Entry::of::<observations::Observation>().with(&[UNSUPPRESSED]),
    Entry::of::<evaluations::Evaluation>(),
    Entry::of::<assessments::Assessment>(),
    Entry::of::<sources::Source>(),
];

/// Their tables.
pub fn tables() -> &'static [&'static Table] {
    static TABLES: LazyLock<Vec<&'static Table>> = LazyLock::new(|| RESOURCES.iter().map(|e| (e.table)()).collect());
    &TABLES
}

/// What stands beside the collections.
static ALONE: [Endpoint; 16] = [
    observations::COVERAGE,
    Endpoint { path: "/", methods: READ, routes: || vec![web::get().to(home::front)], document: |_| () },
    Endpoint { path: "/openapi.json", methods: READ, routes: || vec![web::get().to(home::openapi)], document: |_| () },
    Endpoint {
        path: "/openapi-3.0.json",
        methods: READ,
        routes: || vec![web::get().to(home::openapi)],
        document: |_| (),
    },
    Endpoint { path: "/robots.txt", methods: READ, routes: || vec![web::get().to(home::robots)], document: |_| () },
    Endpoint {
        path: "/.well-known/api-catalog",
        methods: READ,
        routes: || vec![web::get().to(home::api_catalog)],
        document: |_| (),
    },
    Endpoint {
        path: "/problems/{slug}",
        methods: READ,
        routes: || vec![web::get().to(about::problem)],
        document: |_| (),
    },
    about::ABOUT,
    about::DICTIONARY,
    changes::CHANGES,
    diff::DIFF,
    cite::CITE,
    export::EXPORT,
    revisions::REVISIONS,
    Endpoint {
        path: "/v1/submissions/{id}",
        methods: &["GET", "HEAD", "PATCH", "DELETE", "OPTIONS"],
        routes: || {
            vec![
                web::get().to(submissions::one),
                web::patch().to(moderation::decide),
                web::delete().to(moderation::erase),
            ]
        },
        document: submissions::document,
    },
    Endpoint {
        path: "/v1/moderation/submissions",
        methods: READ,
        routes: || vec![web::get().to(moderation::list)],
        document: moderation::document,
    },
];

/// What is sent to a consultation, and what is published of it.
const SUBMISSIONS: Endpoint = Endpoint {
    path: "/v1/consultations/{id}/submissions",
    methods: &["GET", "HEAD", "POST", "OPTIONS"],
    routes: || vec![web::get().to(submissions::list), web::post().to(submit::submit)],
    document: submit::document,
};

/// Observations with the values that are not published, for those who may see them.
const UNSUPPRESSED: Endpoint = Endpoint {
    path: unsuppressed::PATH,
    methods: READ,
    routes: || vec![web::get().to(unsuppressed::list)],
    document: unsuppressed::document,
};

/// Mounts everything. `/v1` comes first: the patterns of other paths would be matched against each of its requests.
pub fn routes(routes: &mut web::ServiceConfig) {
    let (api, pages): (Vec<_>, Vec<_>) = ALONE.iter().partition(|endpoint| endpoint.path.starts_with("/v1/"));
    let v1 = api.into_iter().fold(web::scope("/v1"), |scope, endpoint| scope.service(endpoint.resource("/v1")));
    let v1 = RESOURCES.iter().fold(v1, |scope, entry| scope.configure(|routes| entry.mount(routes)));
    routes.service(v1.default_service(web::to(guard::unrouted)).wrap(from_fn(opening::every)));
    for endpoint in pages {
        routes.service(endpoint.resource(""));
    }
}

/// Every path there is, with its methods.
pub fn paths() -> Vec<(ResourceDef, &'static [&'static str])> {
    ALONE.iter().map(Endpoint::pattern).chain(RESOURCES.iter().flat_map(Entry::paths)).collect()
}

/// Every scope that an operation needs, and the one that gives them all.
pub fn scopes() -> Vec<String> {
    let mut all = described().scopes();
    all.push(ADMIN.into());
    all
}

/// Every path that can be read, with its parameters.
pub fn readings() -> Vec<Reading> {
    described().readings()
}

/// The OpenAPI document.
pub fn document(settings: &Settings) -> Value {
    described().finish(settings)
}

fn described() -> Document {
    let mut document = Document::default();
    document.schema::<Meta>();
    document.tag("service", "What the service is, what it holds, and what every field means.");
    ALONE.iter().for_each(|endpoint| (endpoint.document)(&mut document));
    RESOURCES.iter().for_each(|entry| entry.document(&mut document));
    document
}
