//! The feed of changes, for those who keep a copy.
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::feed::answer::{ChangesMeta, PATH, changes, parameters};
use crate::http::feed::page::Change;
use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

pub const CHANGES: Endpoint = Endpoint {
    path: PATH,
    methods: READ,
    routes: || vec![web::get().to(changes)],
    document: |document| {
        document.answer::<Changes>();
        document.reading(&ReadOperation {
            path: PATH,
            id: "list_changes",
            tag: "service",
            summary: "What was written, in the order in which it was",
            about: ABOUT,
            parameters: &parameters(&super::RESOURCES),
            schema: "Changes",
        });
        document.forms(PATH, &["application/atom+xml", "text/event-stream"]);
        document.problems(PATH, &[409]);
    },
};

const ABOUT: &str = "Every change of every row after a point of the log, oldest first, each with the row before and after it and the reason given. \
To keep a copy: follow `next` while there is one, then ask again with `after=<meta.last>`; with `wait` the request is held until there is something. \
Nothing is missed and nothing comes twice: revisions are numbered in the order of their commits, and a page may end within a large one. \
`meta.last` without a point in it means that all of that revision has been told. Where filters leave little, a page can be empty and have a `next`. \
A page with a `next` that was asked for with `after` never changes, but for `meta.head`.\n\n\
`Accept: text/event-stream` gives the same changes as server-sent events as they happen (`id` is the point to resume after, which `Last-Event-ID` \
then says; a comment every 15 seconds), `format=atom` as a feed for news readers. A point that this database has not reached is 409 `cursor-from-future`.";

/// A page of the log of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes<'a> {
    /// The changes, oldest first.
    pub data: Vec<Change<'a>>,
    /// The address of the next page; null where there is no more yet.
    pub next: Option<String>,
    /// What stands beside the changes: where to go on, revision, licence, citation.
    pub meta: ChangesMeta,
}
