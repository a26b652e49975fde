//! A table in CSV that is to be written, and a download in CSV that is to be imported.
#![no_main]
use actix_web::http::Method;
use libfuzzer_sys::fuzz_target;
use opptrapping_fuzz::send;

fuzz_target!(|bytes: &[u8]| {
    let _ = opptrapping::import::encoding::text(bytes).map(|text| opptrapping::import::separated::read(&text));
    send(Method::PUT, "/v1/sources?dry_run=true", &[("content-type", b"text/csv")], Some(bytes.to_vec()));
});
