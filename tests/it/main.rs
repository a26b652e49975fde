//! The tests of the service: one binary, one file per concern. `support` has what they share.
mod architecture;
mod bodies;
mod client;
mod concurrency;
mod data;
mod document;
mod lists;
mod migrations;
mod operations;
mod parity;
mod support;
mod sweep;
mod writes;
