//! A cursor that nobody gave out.
#![no_main]
use actix_web::http::Method;
use libfuzzer_sys::fuzz_target;
use opptrapping::http::page::Cursor;
use opptrapping_fuzz::send;

fuzz_target!(|text: &str| {
    // What is opened must be what would be sealed.
    if let Ok(cursor) = Cursor::open(text, "question") {
        assert!(Cursor::open(&cursor.seal("question"), "question").is_ok());
        assert!(Cursor::open(text, "another").is_err());
    }
    let word: String = text.bytes().filter(u8::is_ascii_graphic).map(char::from).collect();
    send(Method::GET, &format!("/v1/grants?cursor={word}"), &[], None);
});
