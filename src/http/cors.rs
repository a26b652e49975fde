//! Cross-origin requests (the Fetch standard): pages of any origin may read, refusals included; none may write.
//!
//! By hand, because actix-cors answers a preflight for another method with a plain-text error instead of a plain no.
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;

const METHODS: &str = "GET, HEAD, OPTIONS";
const EXPOSED: &str = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, Accept-Ranges, Content-Range, Content-Disposition, Idempotency-Replayed, X-Request-Id";

/// Wraps every request, outermost.
pub async fn every(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let asked = req.headers().contains_key(header::ORIGIN);
    if asked && req.method() == Method::OPTIONS && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        let mut response = req.into_response(HttpResponse::NoContent().finish());
        let headers = response.headers_mut();
        grant(headers);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
        return Ok(response);
    }
    let mut response = next.call(req).await?.map_into_boxed_body();
    if asked {
        grant(response.headers_mut());
    }
    Ok(response)
}

/// Lets pages of any origin read an answer.
pub fn grant(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}
