//! Series that survive the municipal reforms: values carried from the map they were reported on to another.
//!
//! The register of places and the change graph ([`Register`]) give, for the map of a day or for the finest map that is
//! comparable over a span of time ([`Map`]), where each place of every other map lies on it. With that [`convert`] carries
//! the values of an indicator over, through as many reforms as lie between, forward and backward. What cannot be carried
//! is `not_comparable`, with the reason, and listed: it is never guessed and never left out in silence.
//!
//! The conventions, each decided here once:
//!
//! * A place that stayed one place is carried exactly. So is the sum of all the places that became one, also backward
//!   (Ålesund and Haram of 2024 make the Ålesund of 2023), and a place whose parts met again.
//! * A part of a place is carried only by a published share of its population, only when asked for, and is `estimated`.
//! * A boundary change between two versions of a place is no break in the series, as Statistics Norway treats it: the
//!   value is exact and its method says `boundary_adjusted`, for an unpublished number of people moved.
//! * One part that is suppressed suppresses the whole; one that is missing makes the whole missing.
//! * A mean needs the weights of all its parts, on the same map and for the same period.
//! * An amount paid to a place is no series: it lies where all of the place lies, whatever others that area is made of
//!   ([`place`]), and keeps its amount where it cannot be placed.
//! * The nation is one on every map. A county is never mapped to another: its value stands where its municipalities show
//!   that it covers the same area, and is listed as not converted elsewhere.
mod combine;
mod comparable;
mod convert;
mod correspondence;
mod judge;
mod lineage;
mod map;
mod placement;
mod reason;
mod register;
mod succession;

pub use convert::{Converted, Left, Reported, Row, Rule, Source, Spot, convert};
pub use correspondence::{Link, correspondence};
pub use lineage::{Step, became, came_from};
pub use map::{Area, Flow, Map, Part, Share};
pub use placement::{Landing, Placing, place};
pub use reason::{Explanation, Method, Quality, Reason};
pub use register::{BEGINS, Change, Edge, Located, Place, Register};
pub use succession::{Succession, succession};

#[cfg(test)]
mod tests;
