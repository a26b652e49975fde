//! The key of a write that may be sent again.
#![no_main]
use actix_web::http::Method;
use libfuzzer_sys::fuzz_target;
use opptrapping_fuzz::send;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (key, reason) = input;
    let headers = [("idempotency-key", key), ("reason", reason), ("content-type", b"application/json")];
    let body = br#"{"title":"T","publisher":"P","kind":"report"}"#;
    send(Method::PUT, "/v1/sources/fuzz", &headers, Some(body.to_vec()));
});
