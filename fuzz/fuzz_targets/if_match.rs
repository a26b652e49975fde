//! The versions that a client says it knows, in a read and in a write.
#![no_main]
use actix_web::http::Method;
use libfuzzer_sys::fuzz_target;
use opptrapping_fuzz::send;

fuzz_target!(|list: &[u8]| {
    send(Method::GET, "/v1/goals", &[("if-none-match", list)], None);
    send(Method::GET, "/v1/goals", &[("min-version", list)], None);
    let json = ("content-type", &b"application/json"[..]);
    let body = br#"{"title":"T","publisher":"P","kind":"report"}"#;
    send(Method::PUT, "/v1/sources/fuzz", &[("if-match", list), json], Some(body.to_vec()));
    send(Method::PUT, "/v1/sources/fuzz", &[("if-none-match", list), json], Some(body.to_vec()));
});
