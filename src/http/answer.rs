//! The way out of every read: entity tags, caching, links, compression. One place decides each.
use super::page::short_hash;
use super::{LICENSE_URL, Settings};
use crate::domain::Language;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use std::io::Write;

/// Smaller bodies are not worth compressing.
const LEAST_COMPRESSED: usize = 1_024;

/// How long a cache may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is about the newest revision.
    Briefly,
    /// It says that there is nothing newer, and must be asked for again.
    Asking,
    /// It is about a named revision and never changes.
    Forever,
    /// It was asked for with a token.
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
    /// The name of the file, where it is one to be saved.
    pub file_name: Option<String>,
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
        given.trim() == "*" || tags(given).any(|tag| bare(tag) == self.tag)
    }

    /// Whether the client names this very answer; `*` does not.
    pub fn is_named(&self, req: &HttpRequest) -> bool {
        req.headers().get(header::IF_NONE_MATCH).is_some_and(|v| v != "*") && self.is_known(req)
    }

    /// 304, with the headers a cache refreshes its copy from.
    pub fn not_modified(&self, req: &HttpRequest) -> HttpResponse {
        let mut out = HttpResponse::NotModified();
        // The encoding the client has is not known; its own tag is the right one to confirm.
        let own = req
            .headers()
            .get(header::IF_NONE_MATCH)
            .and_then(|v| v.to_str().ok())
            .and_then(|given| tags(given).find(|tag| bare(tag) == self.tag))
            .unwrap_or(&self.tag);
        self.write(&mut out, own);
        out.finish()
    }

    /// 200 with the body, compressed where the client takes that.
    pub fn ok(&self, req: &HttpRequest, settings: &Settings, body: Vec<u8>) -> HttpResponse {
        let mut out = HttpResponse::Ok();
        let encoding = Encoding::choose(req).filter(|_| body.len() >= LEAST_COMPRESSED);
        let packed = encoding.and_then(|e| Some((e, e.pack(&body)?)));
        let (tag, body) = match packed {
            Some((encoding, packed)) => {
                out.insert_header((header::CONTENT_ENCODING, encoding.name()));
                (format!("{}-{}", self.tag, encoding.ending()), packed)
            }
            None => (self.tag.clone(), body),
        };
        self.write(&mut out, &tag);
        out.insert_header((header::CONTENT_TYPE, self.content_type));
        if let Some(language) = self.language {
            out.insert_header((header::CONTENT_LANGUAGE, language.code()));
        }
        if let Some(name) = &self.file_name {
            out.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        }
        let fixed =
            [(format!("{}/openapi.json", settings.base_url), "describedby"), (LICENSE_URL.to_owned(), "license")];
        for (target, relation) in self.links.iter().chain(&fixed) {
            if let Ok(link) = HeaderValue::from_str(&format!("<{target}>; rel=\"{relation}\"")) {
                out.append_header((header::LINK, link));
            }
        }
        out.body(body)
    }

    fn write(&self, out: &mut actix_web::HttpResponseBuilder, tag: &str) {
        out.insert_header((header::ETAG, format!("\"{tag}\"")));
        out.insert_header((header::CACHE_CONTROL, self.keep.header()));
        let vary: Vec<&str> = ["Accept-Encoding"].into_iter().chain(self.vary.iter().copied()).collect();
        out.insert_header((header::VARY, vary.join(", ")));
        if let Some(date) = self.time.as_deref().and_then(http_date) {
            out.insert_header((header::LAST_MODIFIED, date));
        }
    }
}

/// The tags of an `If-Match` or `If-None-Match` list, without `W/` and quotes.
pub fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').take(100).filter_map(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.strip_prefix('"')?.strip_suffix('"')
    })
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Zstd,
    Gzip,
}

impl Encoding {
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zst",
            Self::Gzip => "gz",
        }
    }

    fn choose(req: &HttpRequest) -> Option<Self> {
        let given = req.headers().get(header::ACCEPT_ENCODING)?.to_str().ok()?.to_ascii_lowercase();
        let taken = |e: &Self| {
            given.split(',').take(32).any(|range| {
                let mut parts = range.split(';').map(str::trim);
                parts.next() == Some(e.name())
                    && !parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f64>().is_ok_and(|q| q <= 0.0)))
            })
        };
        Self::ALL.into_iter().find(taken)
    }

    /// Levels at which the time to compress stays below the time to send.
    fn pack(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut out = Vec::with_capacity(body.len() / 4);
                brotli::CompressorWriter::new(&mut out, 16_384, 4, 20).write_all(body).ok()?;
                Some(out)
            }
            Self::Zstd => zstd::bulk::compress(body, 3).ok(),
            Self::Gzip => {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::new(5));
                out.write_all(body).ok()?;
                out.finish().ok()
            }
        }
    }
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
