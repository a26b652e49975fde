//! Health, for those who run the service. On a listener of its own, loopback by default.
use crate::db::{Database, head};
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpResponse, Responder};
use serde_json::json;

use super::token::Issuers;

pub fn routes(routes: &mut ServiceConfig) {
    routes.route("/health/live", get().to(live)).route("/health/ready", get().to(ready));
}

async fn live() -> impl Responder {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({ "status": "live" }))
}

async fn ready(db: Data<Database>, issuers: Data<Issuers>) -> impl Responder {
    let now = chrono::Utc::now().timestamp();
    let writes = if issuers.can_verify(now) { "available" } else { "unavailable" };
    let states = issuers.states(now);
    let found = db.reading(head::revision).await;
    let mut answer = if found.is_ok() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let body = match found {
        Ok(revision) => json!({ "status": "ready", "revision": revision, "writes": writes, "issuers": states }),
        Err(e) => json!({ "status": "not ready", "problem": e.kind.slug(), "writes": writes, "issuers": states }),
    };
    answer.insert_header(("cache-control", "no-store")).json(body)
}
