//! Health and metrics, for those who run the service. On a listener of its own, loopback by default.
use super::metrics;
use super::metrics::traffic::Traffic;
use super::token::Issuers;
use crate::db::{Database, Fault, background, head};
use crate::error::{Error, Kind};
use actix_web::rt::time::timeout;
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpResponse, Responder};
use serde_json::json;
use std::time::Duration;

/// How long the database may take to say where it stands. Who asks waits little longer.
const PATIENCE: Duration = Duration::from_secs(2);

pub fn routes(routes: &mut ServiceConfig) {
    routes
        .route("/health/live", get().to(live))
        .route("/health/ready", get().to(ready))
        .route("/metrics", get().to(metrics::answer));
}

/// The process runs. It asks nothing of anyone: a database that is away is no reason to start the service again.
async fn live() -> impl Responder {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({ "status": "live" }))
}

/// Whether requests are to be sent here, and what keeps them away where they are not.
async fn ready(db: Data<Database>, issuers: Data<Issuers>, traffic: Data<Traffic>) -> impl Responder {
    let now = chrono::Utc::now().timestamp();
    let fault = db.standing().fault();
    let asked = match db.standing().unopened() {
        Some(fault) => Err(fault.slug()),
        None => revision(&db).await.map_err(|e| e.kind.slug()),
    };
    let schema = match fault {
        Some(Fault::NewerSchema) => "newer",
        Some(Fault::OlderSchema) => "older",
        _ if asked.is_err() => "unknown",
        _ => "current",
    };
    let draining = traffic.is_ending();
    let problem = draining.then_some("draining").or(fault.map(Fault::slug)).or(asked.as_ref().err().copied());
    let still = background::states().into_iter().filter(|(_, state)| state.still > 0).map(|(name, _)| name);
    let takes_writes = problem.is_none() && issuers.can_verify(now);
    let body = json!({
        "status": if problem.is_none() { "ready" } else { "not ready" },
        "problem": problem,
        "database": asked.as_ref().err().copied().unwrap_or("available"),
        "schema": schema,
        "revision": asked.ok(),
        "writes": if takes_writes { "available" } else { "unavailable" },
        "draining": draining,
        "standing_still": still.collect::<Vec<_>>(),
        "issuers": issuers.states(now),
    });
    let mut answer = if problem.is_none() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.insert_header(("cache-control", "no-store")).json(body)
}

async fn revision(db: &Database) -> Result<i64, Error> {
    let asked = timeout(PATIENCE, db.reading(head::revision)).await;
    asked.map_err(|e| Error::unavailable(Kind::DatabaseUnavailable, e))?
}
