//! What a client takes: formats, languages and encodings.
#![no_main]
use actix_web::http::Method;
use libfuzzer_sys::fuzz_target;
use opptrapping_fuzz::send;

fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (format, language, encoding) = input;
    let headers = [("accept", format), ("accept-language", language), ("accept-encoding", encoding)];
    send(Method::GET, "/v1/goals?limit=2", &headers, None);
});
