//! The rules of the field, pure: no SQL, no HTTP, no clock. What is here can be tested with values alone.
pub mod boundaries;
pub mod date;
pub mod id;
pub mod language;
pub mod nearest;
pub mod number;
pub mod period;
pub mod region;
pub mod text;
pub mod vocabulary;

pub use language::Language;
pub use number::Number;
pub use period::Period;
pub use region::{Level, Region};
