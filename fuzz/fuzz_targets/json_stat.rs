//! A dataset in JSON-stat that is to be imported.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = opptrapping::import::jsonstat::read(text);
});
