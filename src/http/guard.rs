//! What happens to every request, whatever it asks for: its id, its encoding, its token, its errors, its headers.
use super::answer;
use super::asked::decode;
use super::auth::Caller;
use super::cors;
use super::faults;
use super::rate::{Limiter, Told};
use super::slices;
use crate::db::Database;
use crate::error::{Error, Kind};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The paths there are and the methods of each.
pub struct Routes(pub Vec<(ResourceDef, &'static [&'static str])>);

impl Routes {
    fn methods(&self, path: &str) -> Option<String> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.join(", "))
    }
}

/// How many requests one caller may send; none where they are not counted. Answers that are kept cost nothing, and are
/// given before this is asked.
pub struct Requests(pub Option<Limiter>);

/// Marks a request that came as a HEAD, for those who can say the length of an answer without sending it.
pub struct OnlyHead;

/// Wraps every request. Errors get their path, answers their headers, and a panic becomes a 500 with a body.
pub async fn every(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let id = request_id(req.headers());
    req.extensions_mut().insert(id.clone());
    let private = req.headers().contains_key(header::AUTHORIZATION);
    let told = match admit(&req).await {
        Ok(told) => told,
        Err(refused) => {
            let response = refused.response(Some(req.path()));
            return Ok(finished(req.into_response(response), &id, private));
        }
    };
    // A HEAD is a GET whose body the connection leaves out.
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
        req.extensions_mut().insert(OnlyHead);
    }
    let (path, asked) = (req.path().to_owned(), req.headers().contains_key(header::ORIGIN));
    let answered = AssertUnwindSafe(next.call(req)).catch_unwind().await;
    let answered = answered.unwrap_or_else(|_| Err(fallen(&path, &id, asked)));
    let answered = answer::packed(answered?.map_into_boxed_body()).await;
    let mut response = finished(explained(answered, &id), &id, private);
    if let Some(told) = told {
        told.add(response.headers_mut());
    }
    Ok(response.map_body(|_, body| slices::of(body)))
}

/// What needs no handler to be refused; what the caller has left, where that is counted.
async fn admit(req: &ServiceRequest) -> Result<Option<Told>, Error> {
    decode(&req.uri().path().replace('+', "%2B"))?;
    decode(req.query_string())?;
    // What may be done somewhere is asked without a token, by browsers too.
    if req.method() == Method::OPTIONS {
        return Ok(None);
    }
    let caller = Caller::of(req).await;
    let refused = caller.refused();
    req.extensions_mut().insert(caller);
    // Before it is refused for its token: who guesses at tokens is counted too.
    let told = req.app_data::<Data<Requests>>().and_then(|limit| limit.0.as_ref()).map(|limit| limit.admit(req));
    let told = told.transpose()?.flatten();
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        refused?;
    }
    Ok(told)
}

/// The answer where a handler panicked. Its request is gone, and so the answer goes by the layers as an error, with what
/// they would have added.
fn fallen(path: &str, id: &RequestId, asked: bool) -> actix_web::Error {
    let error = Error::internal("a handler panicked");
    faults::tell(id, &error);
    let mut response = error.response(Some(path));
    shield(response.headers_mut(), id);
    if asked {
        cors::grant(response.headers_mut());
    }
    InternalError::from_response(error, response).into()
}

/// An error of ours, written anew with the path it answers, and logged where it is our fault.
fn explained(response: ServiceResponse<BoxBody>, id: &RequestId) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error().and_then(|e| e.as_error::<Error>()) else {
        return response;
    };
    faults::tell(id, error);
    if let Some(db) = response.request().app_data::<Data<Database>>() {
        db.standing().note(error);
    }
    let new = error.response(Some(response.request().path()));
    ServiceResponse::new(response.request().clone(), new)
}

fn finished(mut response: ServiceResponse<BoxBody>, id: &RequestId, private: bool) -> ServiceResponse<BoxBody> {
    let headers = response.headers_mut();
    shield(headers, id);
    if private {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The answer to a request that is refused before it comes to any other layer.
pub fn refused(req: ServiceRequest, error: &Error) -> ServiceResponse<BoxBody> {
    let (id, asked) = (request_id(req.headers()), req.headers().contains_key(header::ORIGIN));
    let response = error.response(Some(req.path()));
    let mut response = finished(req.into_response(response), &id, false);
    if asked {
        cors::grant(response.headers_mut());
    }
    response
}

/// What every answer has.
fn shield(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    name(headers, id);
}

/// Puts the name of a request into its answer.
pub fn name(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Names a request in the log and in its answer.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The name that the client gave the request, or a new one.
pub fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers.get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let plain = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // Only to find a request again: it need not be hard to guess, and a kept answer is given as fast as one is made.
    let made = || std::iter::repeat_with(fastrand::alphanumeric).take(16).collect();
    RequestId(given.filter(plain).map_or_else(made, str::to_owned))
}

/// Nothing answers here: the path is unknown, or has other methods, or is written with a slash too many.
pub async fn unrouted(req: HttpRequest, routes: Data<Routes>) -> Result<HttpResponse, Error> {
    let path = req.path();
    if let Some(methods) = routes.methods(path) {
        if req.method() == Method::OPTIONS {
            return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, methods)).finish());
        }
        let detail = format!("this has {methods}");
        return Err(Error::new(Kind::MethodNotAllowed).detail(detail).header(header::ALLOW, &methods));
    }
    let trimmed = path.trim_end_matches('/');
    // Only a path of ours is ever put into `Location`, never `//host`.
    if trimmed != path && routes.methods(trimmed).is_some() {
        let query = if req.query_string().is_empty() { String::new() } else { format!("?{}", req.query_string()) };
        let location = format!("{trimmed}{query}");
        return Ok(HttpResponse::PermanentRedirect().insert_header((header::LOCATION, location)).finish());
    }
    Err(Error::new(Kind::NotFound).detail("there is no such path; the document is at /openapi.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, web};

    #[allow(clippy::panic, reason = "what is to be caught")]
    async fn panics() -> HttpResponse {
        panic!("on purpose")
    }

    #[actix_web::test]
    async fn a_panic_is_a_problem_with_all_that_an_answer_has() {
        let app = App::new().route("/x", web::get().to(panics)).wrap(from_fn(every)).wrap(from_fn(cors::every));
        let service = init_service(app).await;
        let request = TestRequest::get().uri("/x").insert_header((REQUEST_ID, "mine")).insert_header(("origin", "o"));
        let answer = match try_call_service(&service, request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert_eq!(answer.status(), 500);
        for (name, value) in [
            ("x-request-id", "mine"),
            ("x-content-type-options", "nosniff"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "no-store"),
            ("content-type", "application/problem+json"),
        ] {
            assert!(header(name).is_some_and(|found| found.starts_with(value)), "{name}: {:?}", header(name));
        }
        let body = to_bytes(answer.into_body()).await.unwrap();
        assert!(body.ends_with(br#""instance":"/x"}"#), "{body:?}");
    }
}
