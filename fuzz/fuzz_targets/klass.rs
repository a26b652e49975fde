//! A register of municipalities, or changes of one, that is to be imported.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = opptrapping::import::klass::json(text);
    let _ = opptrapping::import::klass::csv(text);
});
