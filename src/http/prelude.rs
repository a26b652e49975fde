//! What every resource file begins with, and the two lines that make a struct a collection.
pub use crate::db::place::Places;
pub use crate::db::table::{Record, Table};
pub use crate::domain::{Level, Number, Region};
pub use crate::error::Mistake;
pub use crate::http::check;
pub use crate::http::filter::Filter;
pub use crate::http::format::Cube;
pub use crate::http::resource::{Collection, Resource};
pub(crate) use crate::http::{collection, table};
pub use serde::{Deserialize, Serialize};
pub use utoipa::ToSchema;
