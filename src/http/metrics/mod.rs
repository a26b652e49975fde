//! What the service does and how it stands, in figures for those who run it (Prometheus). On the admin listener.
//!
//! What happens often is counted where it happens, in atomics (`traffic`); all else is asked for when it is collected
//! (`figures`), so that it costs nothing in between.
pub mod evicted;
mod figures;
pub mod traffic;

use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::web::Data;
pub use figures::Figures;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

/// All there is to collect.
pub struct Metrics(Registry);

impl Metrics {
    pub fn new(figures: Figures) -> Self {
        let mut registry = Registry::with_prefix("opptrapping");
        registry.register_collector(Box::new(figures));
        Self(registry)
    }
}

/// `GET /metrics`
pub async fn answer(metrics: Data<Metrics>) -> Result<HttpResponse, Error> {
    let mut text = String::with_capacity(64 << 10);
    prometheus_text::encode(&mut text, &metrics.0).map_err(Error::internal)?;
    let mut out = HttpResponse::Ok();
    Ok(out.content_type(prometheus_text::CONTENT_TYPE).insert_header(("cache-control", "no-store")).body(text))
}
