//! **Opptrapping**: an open-data API for Norwegian public escalation plans.
//!
//! The map of the crate; imports point one way, from the bottom of this list to its top, and a test holds them to it:
//!
//! * [`domain`]: the rules of the field, pure;
//! * [`error`]: one error, one shape on the wire;
//! * [`db`]: two databases behind one query path, and revisions: nothing is overwritten;
//! * [`http`]: how every endpoint speaks, knowing no resource;
//! * [`api`]: one file per resource;
//! * [`import`]: what comes from files;
//! * this file: [`open`] and [`app`], used by the binary and the tests alike;
//! * [`config`], `main.rs` and `command/`: settings and commands.
//!
//! A request goes one way: parameters → list → rows → format; or: token → body → write → revision.
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod api;
pub mod config;
pub mod db;
pub mod domain;
pub mod error;
pub mod http;
pub mod import;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use api::home::Rendered;
use db::Database;
use error::{Error, Kind};
use http::cache::{Cache, Front};
use http::cite::Citable;
use http::copy::Copies;
use http::feed::Feed;
use http::format::Exports;
use http::guard::{self, Requests, Routes};
use http::metrics::traffic::Traffic;
use http::metrics::{Figures, Metrics};
use http::rate::Limiter;
use http::totals::Totals;
use http::{Settings, admin, cors, token::Issuers};
use std::sync::Arc;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Opens and migrates a database with the tables of this program.
pub fn open(url: &str) -> Result<Database, Error> {
    Database::open(url, api::tables())
}

/// A database with the tables of this program, to be prepared before it is used: a server need not be there yet.
pub fn attach(url: &str) -> Result<Database, Error> {
    Database::attach(url, api::tables())
}

/// What every worker shares.
#[derive(Clone)]
pub struct Shared {
    db: web::Data<Database>,
    settings: web::Data<Settings>,
    issuers: web::Data<Issuers>,
    document: web::Data<Rendered>,
    routes: web::Data<Routes>,
    totals: web::Data<Totals>,
    feed: web::Data<Feed>,
    citable: web::Data<Citable>,
    exports: web::Data<Exports>,
    copies: web::Data<Copies>,
    submissions: web::Data<Limiter>,
    requests: web::Data<Requests>,
    cache: Arc<Cache>,
    traffic: Arc<Traffic>,
}

impl Shared {
    pub fn new(db: Database, settings: Settings, issuers: Issuers) -> Self {
        let traffic = Arc::new(Traffic::new(settings.access_log));
        Self {
            db: web::Data::new(db),
            issuers: web::Data::new(issuers),
            document: web::Data::new(Rendered::of(settings.clone(), api::document)),
            routes: web::Data::new(Routes(api::paths())),
            totals: web::Data::default(),
            citable: web::Data::new(Citable::of(&api::RESOURCES, api::readings)),
            feed: web::Data::new(Feed::new(&api::RESOURCES, settings.most_waiting)),
            exports: web::Data::default(),
            copies: web::Data::new(Copies::of(&api::RESOURCES, &settings.license, api::document)),
            submissions: web::Data::new(Limiter::hourly(
                "submissions",
                settings.submissions_per_hour,
                settings.trusted_proxies.clone(),
            )),
            requests: web::Data::new(Requests(
                settings
                    .requests_per_minute
                    .map(|most| Limiter::by_minute("requests", most, settings.trusted_proxies.clone())),
            )),
            cache: Arc::new(Cache::new(settings.cache_bytes, traffic.clone())),
            traffic,
            settings: web::Data::new(settings),
        }
    }

    pub fn database(&self) -> &Database {
        &self.db
    }

    /// The feed of changes, in which clients wait.
    pub fn feed(&self) -> web::Data<Feed> {
        self.feed.clone()
    }

    /// The answers that are kept.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The requests there are, and whether more are to come.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What is counted and measured, for those who run the service.
    fn metrics(&self) -> Metrics {
        let (db, issuers, feed) = (self.db.clone(), self.issuers.clone(), self.feed.clone());
        let (cache, traffic) = (self.cache.clone(), self.traffic.clone());
        Metrics::new(Figures { db, issuers, feed, cache, traffic })
    }

    /// What the admin address answers with.
    pub fn admin(&self) -> impl Fn(&mut web::ServiceConfig) + Clone + use<> {
        let (db, issuers, metrics) = (self.db.clone(), self.issuers(), web::Data::new(self.metrics()));
        let traffic = web::Data::from(self.traffic.clone());
        move |routes| {
            routes.app_data(db.clone()).app_data(issuers.clone()).app_data(traffic.clone()).app_data(metrics.clone());
            admin::routes(routes);
        }
    }

    pub fn issuers(&self) -> web::Data<Issuers> {
        self.issuers.clone()
    }
}

/// The application, as the binary serves it and the tests call it.
pub fn app(
    shared: &Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let swagger = SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json").validator_url("none"));
    App::new()
        .app_data(shared.db.clone())
        .app_data(shared.settings.clone())
        .app_data(shared.issuers.clone())
        .app_data(shared.document.clone())
        .app_data(shared.routes.clone())
        .app_data(shared.totals.clone())
        .app_data(shared.feed.clone())
        .app_data(shared.citable.clone())
        .app_data(shared.exports.clone())
        .app_data(shared.copies.clone())
        .app_data(shared.submissions.clone())
        .app_data(shared.requests.clone())
        .configure(api::routes)
        .service(web::redirect("/docs", "/docs/").permanent())
        .service(
            web::scope("")
                .wrap(from_fn(docs_policy))
                .service(swagger)
                .guard(actix_web::guard::fn_guard(|ctx| ctx.head().uri.path().starts_with("/docs/"))),
        )
        .default_service(web::to(guard::unrouted))
        .wrap(from_fn(guard::every))
        // Outside them, so that refusals can be read by pages of other origins too.
        .wrap(from_fn(cors::every))
        // Outermost, so that what is kept costs nothing else; it knows what the layers within add to an answer.
        .wrap(Front { cache: shared.cache.clone(), db: shared.database().clone() })
}

/// What the files of Swagger UI are called, and what they are.
const TEXTS: [(&str, &str); 4] = [
    ("text/html", "text/html; charset=utf-8"),
    ("text/css", "text/css; charset=utf-8"),
    ("text/javascript", "text/javascript; charset=utf-8"),
    ("application/javascript", "application/javascript; charset=utf-8"),
];

/// Swagger UI loads nothing from elsewhere; the policy makes sure.
async fn docs_policy(
    req: ServiceRequest,
    next: actix_web::middleware::Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = next.call(req).await?.map_into_boxed_body();
    if response.status() == StatusCode::NOT_FOUND {
        // It says so with an empty body.
        let error = Error::new(Kind::NotFound).detail("there is no such file; the documentation is at /docs/");
        return Ok(ServiceResponse::from_err(error, response.into_parts().0));
    }
    let headers = response.headers_mut();
    for (media, full) in TEXTS {
        if headers.get(header::CONTENT_TYPE).is_some_and(|v| v == media) {
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(full));
        }
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static(
            "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
        ),
    );
    Ok(response)
}
