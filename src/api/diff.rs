//! Differences between two states of the dataset.
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::feed::difference::{Differences, PATH, differences, parameters};
use actix_web::web;

pub const DIFF: Endpoint = Endpoint {
    path: PATH,
    methods: READ,
    routes: || vec![web::get().to(differences)],
    document: |document| {
        document.answer::<Differences>();
        document.reading(&ReadOperation {
            path: PATH,
            id: "get_diff",
            tag: "service",
            summary: "What two states of the data differ in",
            about: "The rows that are not the same at `from` and at `to`, with the fields that differ; what was changed and changed back is left out. \
`type=grants` keeps to a collection. A page may have fewer rows than `limit` and still have a `next`. Where both are revision numbers the answer never changes.",
            parameters: &parameters(&super::RESOURCES),
            schema: "Differences",
        });
        document.text_form(PATH, "text/csv");
    },
};
