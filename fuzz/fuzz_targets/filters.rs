//! A query: the first byte chooses what is asked.
#![no_main]
use actix_web::http::Method;
use libfuzzer_sys::fuzz_target;
use opptrapping_fuzz::send;

const PATHS: [&str; 8] = [
    "/v1/observations",
    "/v1/grants",
    "/v1/grants/summary",
    "/v1/municipalities",
    "/v1/municipalities/correspondence",
    "/v1/revisions",
    "/v1/plans/rus-2016-2020/money",
    "/v1/diff",
];

fuzz_target!(|input: (u8, &str)| {
    let (choice, query) = input;
    send(Method::GET, &format!("{}?{query}", PATHS[usize::from(choice) % PATHS.len()]), &[], None);
});
