//! Citations of answers.
use crate::http::cite::{PATH, cite, parameters};
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use actix_web::web;

pub const CITE: Endpoint = Endpoint {
    path: PATH,
    methods: READ,
    routes: || vec![web::get().to(cite)],
    document: |document| {
        document.reading(&ReadOperation {
            path: PATH,
            id: "get_citation",
            tag: "service",
            summary: "A citation of an answer",
            about: "Of any address of this service that has data with revisions: its publisher, its title in the language asked for, the revision and its date, the licence, and the address that always gives the same answer. Without `as_of` in it, the newest revision is cited. One row is cited with the document it was read from.",
            parameters: &parameters(),
            schema: "Problem",
        });
        document.only_forms(
            PATH,
            &[
                "text/plain",
                "application/x-bibtex",
                "application/x-research-info-systems",
                "application/vnd.citationstyles.csl+json",
            ],
        );
    },
};
