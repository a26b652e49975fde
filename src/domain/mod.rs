//! The rules of the field, pure: no SQL, no HTTP, no clock. What is here can be tested with values alone.
pub mod boundaries;
pub mod consultation;
pub mod course;
pub mod coverage;
pub mod date;
pub mod digest;
pub mod id;
pub mod labels;
pub mod language;
pub mod ledger;
pub mod money;
pub mod nearest;
pub mod number;
pub mod organisation;
pub mod period;
pub mod population;
pub mod progress;
pub mod region;
pub mod suppression;
pub mod text;
pub mod titles;
pub mod vocabulary;

pub use language::{Language, Trilingual};
pub use number::Number;
pub use period::Period;
pub use region::{Level, Region};
