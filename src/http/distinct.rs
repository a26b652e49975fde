//! Which requests may have one kept answer.
use super::encoding::Encoding;
use super::feed;
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};

/// What tells requests apart whose answers differ; none where the answer is not to be looked up at all.
pub fn key(req: &ServiceRequest) -> Option<Vec<u8>> {
    let (headers, uri) = (req.headers(), req.uri());
    let past = [header::AUTHORIZATION, header::RANGE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE];
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    // Who waits for changes must not wait for one another.
    if !reads || uri.path().starts_with(feed::answer::PATH) || past.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let packed = Encoding::of(headers).map_or("", Encoding::ending);
    let mut key = Vec::with_capacity(192);
    for part in [packed.as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or_default().as_bytes()] {
        key.extend(part);
        key.push(0);
    }
    for name in [header::ACCEPT, header::ACCEPT_LANGUAGE] {
        for value in headers.get_all(&name) {
            key.extend(value.as_bytes());
            key.push(0);
        }
        key.push(0);
    }
    Some(key)
}
