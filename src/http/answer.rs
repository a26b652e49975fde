//! The way out of every read: entity tags, caching, links, compression. One place decides each.
use super::at::Reads;
use super::cache::Keepable;
use super::encoding::Encoding;
use super::page::short_hash;
use super::{LICENSE_URL, Settings};
use crate::domain::Language;
use crate::error::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde::Serialize;

/// Smaller bodies are not worth compressing.
const LEAST_COMPRESSED: usize = 1_024;
/// Larger ones are packed off the event loop: it would be held up for milliseconds, and all that it serves with it.
const PACKED_AT_ONCE: usize = 16 * 1_024;

/// Says that a body is still to be packed as its headers say that it is.
#[derive(Clone, Copy)]
struct Unpacked(Encoding);

/// How long a cache may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is about the newest revision.
    Briefly,
    /// It says that there is nothing newer, and must be asked for again.
    Asking,
    /// It is about a named revision and never changes.
    Forever,
    /// It was asked for with a token, or may have to be erased.
    Never,
}

impl Keep {
    fn header(self) -> &'static str {
        match self {
            Self::Briefly => "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400",
            Self::Asking => "public, no-cache",
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Never => "no-store",
        }
    }
}

/// What is known of an answer before its body is.
#[derive(Debug, Clone)]
pub struct Head {
    /// The entity tag without quotes and without the ending for the encoding.
    pub tag: String,
    /// When what it shows was last written (RFC 3339).
    pub time: Option<String>,
    pub keep: Keep,
    pub content_type: &'static str,
    pub language: Option<Language>,
    /// The request headers that had a say, beside `Accept-Encoding`.
    pub vary: Vec<&'static str>,
    pub links: Vec<(String, &'static str)>,
    /// The name of the file, where it is one to be saved; parts of it can be asked for.
    pub file_name: Option<String>,
    /// What it depends on, where it can be kept for others who ask the same.
    pub reads: Option<Reads>,
}

impl Head {
    /// A head for a JSON answer that is always of one form.
    pub fn json(tag: String) -> Self {
        Self {
            tag,
            time: None,
            keep: Keep::Briefly,
            content_type: "application/json; charset=utf-8",
            language: None,
            vary: vec![],
            links: vec![],
            file_name: None,
            reads: None,
        }
    }

    /// The tag of what is the same for as long as its bytes are.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::json(short_hash(&[bytes]))
    }

    /// Whether the client has this already (`If-None-Match`, weak comparison, RFC 9110 §13.1.2).
    pub fn is_known(&self, req: &HttpRequest) -> bool {
        let Some(given) = req.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()) else {
            return false;
        };
        confirmed(given, &self.tag).is_some()
    }

    /// Whether the client names this very answer; `*` does not.
    pub fn is_named(&self, req: &HttpRequest) -> bool {
        req.headers().get(header::IF_NONE_MATCH).is_some_and(|v| v != "*") && self.is_known(req)
    }

    /// 304, with the headers a cache refreshes its copy from.
    pub fn not_modified(&self, req: &HttpRequest) -> HttpResponse {
        let mut out = HttpResponse::NotModified();
        let given = req.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
        let own = given.and_then(|given| confirmed(given, &self.tag)).unwrap_or(&self.tag);
        self.write(&mut out, own);
        out.finish()
    }

    /// 200 with the body, compressed where the client takes that; a large one is left to [`packed`].
    pub fn ok(&self, req: &HttpRequest, settings: &Settings, body: Vec<u8>) -> HttpResponse {
        let encoding = Encoding::choose(req).filter(|_| body.len() >= LEAST_COMPRESSED);
        if let Some(encoding) = encoding.filter(|_| body.len() > PACKED_AT_ONCE) {
            let mut out = self.begin(StatusCode::OK, settings, Some(encoding)).body(body);
            out.extensions_mut().insert(Unpacked(encoding));
            return out;
        }
        let packed = encoding.and_then(|e| Some((e, e.pack(&body).ok()?)));
        match packed {
            Some((encoding, packed)) => self.begin(StatusCode::OK, settings, Some(encoding)).body(packed),
            None => self.begin(StatusCode::OK, settings, None).body(body),
        }
    }

    /// The tag of the answer in an encoding.
    pub fn tag_in(&self, encoding: Option<Encoding>) -> String {
        encoding.map_or_else(|| self.tag.clone(), |encoding| format!("{}-{}", self.tag, encoding.ending()))
    }

    /// An answer with everything but its body.
    pub fn begin(&self, status: StatusCode, settings: &Settings, encoding: Option<Encoding>) -> HttpResponseBuilder {
        let mut out = HttpResponse::build(status);
        if let Some(encoding) = encoding {
            out.insert_header((header::CONTENT_ENCODING, encoding.name()));
        }
        self.write(&mut out, &self.tag_in(encoding));
        if let Some(reads) = self.reads.clone().filter(|_| status == StatusCode::OK) {
            out.extensions_mut().insert(Keepable { reads, tag: self.tag.clone() });
        }
        out.insert_header((header::CONTENT_TYPE, self.content_type));
        if let Some(language) = self.language {
            out.insert_header((header::CONTENT_LANGUAGE, language.code()));
        }
        if let Some(name) = &self.file_name {
            out.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
            out.insert_header((header::ACCEPT_RANGES, "bytes"));
        }
        let fixed =
            [(format!("{}/openapi.json", settings.base_url), "describedby"), (LICENSE_URL.to_owned(), "license")];
        for (target, relation) in self.links.iter().chain(&fixed) {
            if let Ok(link) = HeaderValue::from_str(&format!("<{target}>; rel=\"{relation}\"")) {
                out.append_header((header::LINK, link));
            }
        }
        out
    }

    fn write(&self, out: &mut HttpResponseBuilder, tag: &str) {
        out.insert_header((header::ETAG, format!("\"{tag}\"")));
        out.insert_header((header::CACHE_CONTROL, self.keep.header()));
        let vary: Vec<&str> = ["Accept-Encoding"].into_iter().chain(self.vary.iter().copied()).collect();
        out.insert_header((header::VARY, vary.join(", ")));
        if let Some(date) = self.time.as_deref().and_then(http_date) {
            out.insert_header((header::LAST_MODIFIED, date));
        }
    }
}

/// Packs a body that is still to be.
pub async fn packed(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let Some(Unpacked(encoding)) = response.response().extensions().get().copied() else { return response };
    let (req, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    response.extensions_mut().remove::<Unpacked>();
    let packed = match body.try_into_bytes() {
        Ok(body) => web::block(move || encoding.pack(&body)).await.map_err(Error::internal),
        Err(_) => Err(Error::internal("a body that is to be packed is not whole")),
    };
    match packed.and_then(|packed| packed.map_err(Error::internal)) {
        Ok(packed) => ServiceResponse::new(req, response.set_body(BoxBody::new(packed))),
        Err(e) => ServiceResponse::from_err(e, req),
    }
}

/// Answers with what may be erased, or is not for everyone: tagged by its bytes, and kept by no cache, because a copy out
/// there could not be erased. It has no link to the licence of the data, of which it is no part.
pub fn unkept<T: Serialize>(req: &HttpRequest, settings: &Settings, body: &T) -> Result<HttpResponse, Error> {
    let bytes = serde_json::to_vec(body).map_err(Error::internal)?;
    let head = Head { keep: Keep::Never, ..Head::of_bytes(&bytes) };
    if head.is_known(req) {
        return Ok(head.not_modified(req));
    }
    let mut out = head.ok(req, settings, bytes);
    out.headers_mut().remove(header::LINK);
    Ok(out)
}

/// The tags of an `If-Match` or `If-None-Match` list, without `W/` and quotes.
pub fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').take(100).filter_map(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.strip_prefix('"')?.strip_suffix('"')
    })
}

/// The tag that a client has of an answer with this one, among those it names. The encoding it has is not known, so that
/// its own tag is the right one to confirm; `*` is any.
pub fn confirmed<'t>(given: &'t str, tag: &'t str) -> Option<&'t str> {
    if given.trim() == "*" {
        return Some(tag);
    }
    tags(given).find(|own| bare(own) == tag)
}

/// A tag without the ending for its encoding.
fn bare(tag: &str) -> &str {
    Encoding::ALL.iter().find_map(|e| tag.strip_suffix(e.ending())?.strip_suffix('-')).unwrap_or(tag)
}

/// RFC 3339 to the date form of HTTP headers.
fn http_date(time: &str) -> Option<String> {
    let time = chrono::DateTime::parse_from_rfc3339(time).ok()?;
    Some(time.to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_tag_is_known_in_any_encoding_and_any_list() {
        let head = Head::json("42-abc".into());
        let known =
            |given: &str| head.is_known(&TestRequest::get().insert_header(("if-none-match", given)).to_http_request());
        assert!(known("\"42-abc\"") && known("W/\"42-abc-gz\"") && known("\"x\", \"42-abc-br\"") && known("*"));
        assert!(!known("\"42-abd\"") && !known("42-abc") && !known("\"42\"") && !known(""));
    }
}
