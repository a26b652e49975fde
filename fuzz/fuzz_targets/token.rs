//! A token that nobody signed: its head, its claims and its signature, as they are and each in Base64.
#![no_main]
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use libfuzzer_sys::fuzz_target;
use opptrapping::http::token::Issuers;
use opptrapping_fuzz::{keys, now};
use std::sync::OnceLock;

static KEYS: OnceLock<(Issuers, String)> = OnceLock::new();

fuzz_target!(|input: (&str, &str, &str)| {
    let (head, claims, signature) = input;
    let (issuers, good) = KEYS.get_or_init(keys);
    let packed = [head, claims, signature].map(|part| BASE64.encode(part)).join(".");
    let mut parts = good.split('.');
    let (own_head, own_claims) = (parts.next().unwrap(), parts.next().unwrap());
    let swapped = [
        [head, claims, signature].join("."),
        packed,
        format!("{}.{own_claims}.{}", BASE64.encode(head), parts.next().unwrap()),
        format!("{own_head}.{}.{signature}", BASE64.encode(claims)),
    ];
    for token in swapped.iter().filter(|token| *token != good) {
        assert!(issuers.verify(token, now()).is_err(), "taken: {token}");
    }
});
