//! The answers that are kept, and which of them are good.
use crate::db::head::Head;
use crate::http::answer::confirmed;
use crate::http::at::Reads;
use crate::http::flight::Flights;
use crate::http::metrics::evicted::Evicted;
use crate::http::metrics::traffic::{Route, Traffic};
use crate::http::{cors, guard, rate, slices};
use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use quick_cache::{DefaultHashBuilder, Weighter};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

/// The largest answer that is kept, as a part of all the room there is.
const LARGEST: u64 = 32;
/// About how many bytes an answer has on average, for the size of the table.
const USUAL: u64 = 8 * 1024;
/// What an answer costs beside its body and its key.
const BESIDE: u64 = 1_536;
/// Says of an answer that it may be kept, and its tag without the ending for its encoding.
#[derive(Debug, Clone)]
pub struct Keepable {
    pub reads: Reads,
    pub tag: String,
}

/// An answer that is kept.
pub(super) struct Answer {
    reads: Reads,
    /// The newest revision of the dataset at which it was seen to be good.
    good_at: AtomicI64,
    tag: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    since: Instant,
    /// Where it is counted that it was given.
    route: Arc<Route>,
}

/// What is known of a request.
#[derive(Clone)]
pub(super) enum Kept {
    Answer(Arc<Answer>),
    /// Its answer cannot be kept: it is too large, or depends on more than collections.
    Never,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Box<[u8]>, Kept> for Weigh {
    fn weight(&self, key: &Box<[u8]>, kept: &Kept) -> u64 {
        let body = if let Kept::Answer(answer) = kept { answer.body.len() } else { 0 };
        BESIDE + (key.len() + body) as u64
    }
}

type Answers = quick_cache::sync::Cache<Box<[u8]>, Kept, Weigh, DefaultHashBuilder, Evicted>;

/// What the cache did, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Answers that were there.
    pub hits: u64,
    /// Answers that were computed, of those that might have been there.
    pub misses: u64,
    /// Answers given though they were not good any more, because the database was away.
    pub stale: u64,
    /// Answers that gave way to others.
    pub evicted: u64,
    pub answers: u64,
    pub bytes: u64,
}

/// The answers that are kept, up to so many bytes.
pub struct Cache {
    /// None where nothing is to be kept.
    answers: Option<Answers>,
    largest: u64,
    /// Requests whose answers are being computed.
    pub(super) flights: Arc<Flights>,
    pub(super) traffic: Arc<Traffic>,
    misses: AtomicU64,
    stale: AtomicU64,
    evicted: Evicted,
}

impl Cache {
    /// Room for so many bytes. Which answers are given is counted in `traffic`.
    pub fn new(bytes: u64, traffic: Arc<Traffic>) -> Self {
        let evicted = Evicted::default();
        let table = || Answers::with((bytes / USUAL) as usize, bytes, Weigh, <_>::default(), evicted.clone());
        let answers = (bytes > 0).then(table);
        let [misses, stale] = [0; 2].map(AtomicU64::new);
        Self { answers, largest: bytes / LARGEST, flights: Arc::default(), traffic, misses, stale, evicted }
    }

    pub fn counts(&self) -> Counts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            hits: self.traffic.kept(),
            misses: count(&self.misses),
            stale: count(&self.stale),
            evicted: self.evicted.count(),
            answers: self.answers.as_ref().map_or(0, |answers| answers.len() as u64),
            bytes: self.answers.as_ref().map_or(0, quick_cache::sync::Cache::weight),
        }
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.answers.is_some()
    }

    /// Counts an answer that had to be computed.
    pub(super) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Kept> {
        self.answers.as_ref()?.get(key)
    }

    fn put(&self, key: Box<[u8]>, kept: Kept) {
        if let Some(answers) = &self.answers {
            answers.insert(key, kept);
        }
    }
}

impl Answer {
    /// Whether no revision has touched what it was read from.
    pub(super) fn is_good(&self, head: &Head) -> bool {
        if self.good_at.load(Ordering::Relaxed) == head.revision {
            return true;
        }
        let good = self.reads.is_current(head);
        if good {
            self.good_at.store(head.revision, Ordering::Relaxed);
        }
        good
    }

    /// Whether it tells of a file, parts of which may be asked for.
    pub(super) fn is_of_file(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == header::ACCEPT_RANGES)
    }

    /// What is given though it is not good any more (RFC 5861, `stale-if-error`): with its age, under the name that the
    /// refusal in its place has.
    pub(super) fn late(&self, refused: &HeaderMap, asked: &HeaderMap) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, slices::body(self.body.clone()));
        let out = response.headers_mut();
        self.headers.iter().for_each(|(name, value)| out.append(name.clone(), value.clone()));
        out.insert(header::AGE, HeaderValue::from(self.since.elapsed().as_secs()));
        if let Some(id) = refused.get(guard::REQUEST_ID) {
            out.insert(guard::REQUEST_ID, id.clone());
        }
        if asked.contains_key(header::ORIGIN) {
            cors::grant(out);
        }
        response
    }

    /// What a client is given, and that is counted: all of it, or that it has it already.
    pub(super) fn response(&self, req: &ServiceRequest) -> HttpResponse {
        let headers = req.headers();
        let known = headers.get(header::IF_NONE_MATCH).and_then(|given| confirmed(given.to_str().ok()?, &self.tag));
        let mut response = match known {
            Some(_) => HttpResponse::new(StatusCode::NOT_MODIFIED),
            None => HttpResponse::with_body(StatusCode::OK, slices::body(self.body.clone())),
        };
        let out = response.headers_mut();
        match known.and_then(|tag| HeaderValue::from_str(&format!("\"{tag}\"")).ok()) {
            None => self.headers.iter().for_each(|(name, value)| out.append(name.clone(), value.clone())),
            Some(tag) => {
                const REFRESHED: [HeaderName; 4] =
                    [header::CACHE_CONTROL, header::VARY, header::LAST_MODIFIED, header::X_CONTENT_TYPE_OPTIONS];
                let refreshed = self.headers.iter().filter(|(name, _)| REFRESHED.contains(name));
                refreshed.for_each(|(name, value)| out.append(name.clone(), value.clone()));
                out.insert(header::ETAG, tag);
            }
        }
        guard::name(out, &guard::request_id(headers));
        if headers.contains_key(header::ORIGIN) {
            cors::grant(out);
        }
        self.route.count_kept(req.method(), response.status());
        response
    }
}

impl Cache {
    /// An answer that was good once, and is to be given for want of a better one.
    pub(super) fn old(&self, key: &[u8], method: &Method) -> Option<Arc<Answer>> {
        let Some(Kept::Answer(answer)) = self.get(key) else { return None };
        if *method == Method::HEAD && answer.is_of_file() {
            return None;
        }
        self.stale.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    }

    /// Keeps an answer that may be.
    pub(super) fn filled(
        &self,
        key: Vec<u8>,
        response: ServiceResponse<BoxBody>,
        route: Arc<Route>,
    ) -> ServiceResponse<BoxBody> {
        if response.status() != StatusCode::OK {
            return response;
        }
        let keepable = response.response().extensions().get::<Keepable>().cloned();
        let (req, response) = response.into_parts();
        let (mut response, body) = response.into_parts();
        let taken = match (keepable, body.size()) {
            (Some(keepable), BodySize::Sized(length)) if length <= self.largest => {
                body.try_into_bytes().map(|body| (keepable, body))
            }
            _ => Err(body),
        };
        let (keepable, body) = match taken {
            Ok(taken) => taken,
            Err(body) => {
                self.put(key.into(), Kept::Never);
                return ServiceResponse::new(req, response.set_body(body));
            }
        };
        response.extensions_mut().clear();
        let own = |name: &HeaderName| {
            *name != guard::REQUEST_ID && !name.as_str().starts_with("access-control-") && !rate::is_personal(name)
        };
        let headers = response.headers().iter().filter(|(name, _)| own(name));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        let Keepable { reads, tag } = keepable;
        // Where a revision came while it was computed, what it was read from says whether it is good still.
        let (good_at, since) = (AtomicI64::new(-1), Instant::now());
        let answer = Answer { reads, good_at, tag, headers, body: body.clone(), since, route };
        self.put(key.into(), Kept::Answer(Arc::new(answer)));
        ServiceResponse::new(req, response.set_body(slices::body(body)))
    }
}
