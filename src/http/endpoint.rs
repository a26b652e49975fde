//! A path with handlers of its own: one beside the collections, or one within a collection that others lack.
use super::docs::Document;
use actix_web::dev::ResourceDef;
use actix_web::{Route, web};

use super::guard;

/// The methods of a path that is only read.
pub const READ: &[&str] = &["GET", "HEAD", "OPTIONS"];

/// A path, what answers it, and what the document says of it.
pub struct Endpoint {
    /// The whole path, as the router and the document have it: `/v1/plans/{id}/results`.
    pub path: &'static str,
    /// For `Allow`.
    pub methods: &'static [&'static str],
    pub routes: fn() -> Vec<Route>,
    /// Adds its operations; nothing for pages that are no part of the API.
    pub document: fn(&mut Document),
}

impl Endpoint {
    /// The pattern and its methods, for refusals by `Allow`.
    pub fn pattern(&self) -> (ResourceDef, &'static [&'static str]) {
        (ResourceDef::new(self.path), self.methods)
    }

    /// The resource for a scope that has taken `prefix` off the path already.
    pub fn resource(&self, prefix: &str) -> actix_web::Resource {
        let resource = web::resource(self.path.strip_prefix(prefix).unwrap_or(self.path));
        (self.routes)().into_iter().fold(resource, actix_web::Resource::route).default_service(web::to(guard::unrouted))
    }
}
