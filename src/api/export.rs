//! Full copies.
use crate::http::copy::answer::{PATH, export, parameters};
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use actix_web::web;

pub const EXPORT: Endpoint = Endpoint {
    path: PATH,
    methods: READ,
    routes: || vec![web::get().to(export)],
    document: |document| {
        document.reading(&ReadOperation {
            path: PATH,
            id: "get_export",
            tag: "service",
            summary: "A full copy",
            about: ABOUT,
            parameters: &parameters(),
            schema: "Problem",
        });
        document.file(PATH, "application/zip");
    },
};

const ABOUT: &str = "A zip archive of everything that is published: a CSV for each collection with every version of every row (`revision`, `ended`), \
`revisions.csv` and `changes.csv`, described by `datapackage.json` (Frictionless Data Package) and `csv-metadata.json` (CSV on the Web), with the OpenAPI \
document, `README.txt` and `SHA256SUMS`. The same revision has the same bytes. `opptrapping import --all` makes a new instance of it, `opptrapping mirror` \
one that is kept in step. It is made once for a revision; its length is told (`HEAD`), and parts of it can be asked for (`Range`).";
