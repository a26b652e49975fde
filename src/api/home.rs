//! The front page, the document and the few paths that programs look for by convention.
use crate::error::Error;
use crate::http::Settings;
use crate::http::answer::Head;
use crate::http::asked::Asked;
use crate::http::at::Reads;
use crate::http::format::accepted;
use crate::http::openapi30::downgrade;
use crate::http::resource::Entry;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The document in both versions, rendered when it is first asked for: it is the largest thing a service that rests
/// would hold.
pub struct Rendered {
    settings: Settings,
    make: fn(&Settings) -> Value,
    documents: OnceLock<[Vec<u8>; 2]>,
}

impl Rendered {
    pub fn of(settings: Settings, make: fn(&Settings) -> Value) -> Self {
        Self { settings, make, documents: OnceLock::new() }
    }

    fn documents(&self) -> &[Vec<u8>; 2] {
        self.documents.get_or_init(|| {
            let document = (self.make)(&self.settings);
            let new = serde_json::to_vec(&document).unwrap_or_default();
            [new, serde_json::to_vec(&downgrade(document)).unwrap_or_default()]
        })
    }
}

pub async fn openapi(
    req: HttpRequest,
    settings: Data<Settings>,
    rendered: Data<Rendered>,
) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    let [new, old] = rendered.documents();
    let bytes = if req.path().contains("3.0") { old } else { new };
    let head = Head { reads: Some(Reads::default()), ..Head::of_bytes(bytes) };
    Ok(if head.is_known(&req) { head.not_modified(&req) } else { head.ok(&req, &settings, bytes.clone()) })
}

/// `GET /`: a page for people, a service document for programs.
pub async fn front(req: HttpRequest, settings: Data<Settings>) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let offers = [(false, ("text", "html")), (true, ("application", "json"))];
    let (bytes, content_type) = if accepted(accept, &offers).unwrap_or(true) {
        (service_document(&settings), "application/json; charset=utf-8")
    } else {
        (page(&settings), "text/html; charset=utf-8")
    };
    let (reads, vary) = (Some(Reads::default()), vec!["Accept"]);
    let head = Head { content_type, vary, reads, ..Head::of_bytes(&bytes) };
    if head.is_known(&req) {
        return Ok(head.not_modified(&req));
    }
    let mut out = head.ok(&req, &settings, bytes);
    let policy = header::HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    out.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(out)
}

fn collections() -> impl Iterator<Item = (&'static str, &'static str)> {
    super::RESOURCES.iter().map(|entry: &Entry| {
        let collection = (entry.collection)();
        (collection.name(), collection.about)
    })
}

fn service_document(settings: &Settings) -> Vec<u8> {
    let all: Vec<Value> = collections()
        .map(
            |(name, about)| json!({ "name": name, "href": format!("{}/v1/{name}", settings.base_url), "about": about }),
        )
        .collect();
    let document = json!({
        "title": "Opptrapping",
        "about": format!("{}/v1/about", settings.base_url),
        "openapi": format!("{}/openapi.json", settings.base_url),
        "documentation": format!("{}/docs/", settings.base_url),
        "collections": all,
    });
    serde_json::to_vec(&document).unwrap_or_default()
}

fn page(settings: &Settings) -> Vec<u8> {
    let escape = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;");
    let rows: String = collections()
        .map(|(name, about)| format!("<li><a href=\"/v1/{name}\">{name}</a> {}</li>", escape(&about.replace('`', ""))))
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Opptrapping</title><style>body{{font:1rem/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}}li{{margin:.4rem 0}}</style>\
         <h1>Opptrapping</h1><p>What Norway's escalation plans promised, what was paid and to whom, what happened, and what the \
         independent evaluation found: each figure with its source.</p>\
         <p><a href=\"/docs/\">Documentation</a> · <a href=\"/openapi.json\">OpenAPI</a> · <a href=\"/v1/about\">What is held</a> · \
         <a href=\"/v1/dictionary\">Dictionary</a></p><ul>{rows}</ul><p>Data: {} · published by {}</p>",
        escape(&settings.license),
        escape(&settings.publisher),
    )
    .into_bytes()
}

pub async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body("User-agent: *\nAllow: /\n")
}

/// Where the API describes itself (RFC 9727).
pub async fn api_catalog(settings: Data<Settings>) -> HttpResponse {
    let base = &settings.base_url;
    let set = json!({ "linkset": [{
        "anchor": format!("{base}/v1"),
        "service-desc": [{ "href": format!("{base}/openapi.json"), "type": "application/json" }],
        "service-doc": [{ "href": format!("{base}/docs/"), "type": "text/html" }],
    }]});
    HttpResponse::Ok()
        .content_type("application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\"")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(set.to_string())
}
