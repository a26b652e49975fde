//! Errors of ours, in the log.
use super::debounce::Debounce;
use super::guard::RequestId;
use crate::error::Error;
use actix_web::http::StatusCode;

/// While the database is away, or there is no room, each request has the same error.
static REFUSED: Debounce = Debounce::untold();

/// Logs an error under the id of its request. What those who run the service see at once all over is told once a second.
pub fn tell(id: &RequestId, error: &Error) {
    let Some(cause) = error.cause() else { return };
    let (request, kind) = (id.0.as_str(), error.kind.slug());
    if error.kind.status() != StatusCode::SERVICE_UNAVAILABLE {
        log::error!(request; "{kind}: {cause}");
    } else if let Some(count) = REFUSED.due() {
        log::error!(request, count; "{kind}: {cause}");
    }
}
