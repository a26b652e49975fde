//! Answers kept by what was asked, in front of the router: a dashboard that polls costs a look into a table.
//!
//! What is kept is the finished answer, with its headers, packed as the client takes it. It is good for as long as no
//! revision touches a collection it was read from, which is known without a query; so it is as fresh as its `ETag`. What
//! depends on who asks, on the day or on the wall clock is never kept: only an answer that says what it was read from
//! ([`Keepable`]) is, and a request with a token goes past.
use super::answer::confirmed;
use super::at::Reads;
use super::flight::{Flight, Flights};
use super::metrics::evicted::Evicted;
use super::metrics::traffic::{Route, Traffic};
use super::{cors, distinct, guard, rate, slices};
use crate::db::Database;
use crate::db::head::Head;
use crate::error::Kind;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};
use futures_util::future::{Either, LocalBoxFuture, Ready, ready};
use quick_cache::{DefaultHashBuilder, Weighter};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The largest answer that is kept, as a part of all the room there is.
const LARGEST: u64 = 32;
/// About how many bytes an answer has on average, for the size of the table.
const USUAL: u64 = 8 * 1024;
/// What an answer costs beside its body and its key.
const BESIDE: u64 = 1_536;
/// How long one waits for another who computes the same answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long is too long to wait as long again.
const LONG: Duration = Duration::from_secs(1);

/// Says of an answer that it may be kept, and its tag without the ending for its encoding.
#[derive(Debug, Clone)]
pub struct Keepable {
    pub reads: Reads,
    pub tag: String,
}

/// An answer that is kept.
struct Answer {
    reads: Reads,
    /// The newest revision of the dataset at which it was seen to be good.
    good_at: AtomicI64,
    tag: String,
    headers: HeaderMap,
    body: Bytes,
    since: Instant,
    /// Where it is counted that it was given.
    route: Arc<Route>,
}

/// What is known of a request.
#[derive(Clone)]
enum Kept {
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
    flights: Arc<Flights>,
    traffic: Arc<Traffic>,
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

    fn get(&self, key: &[u8]) -> Option<Kept> {
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
    fn is_good(&self, head: &Head) -> bool {
        if self.good_at.load(Ordering::Relaxed) == head.revision {
            return true;
        }
        let good = self.reads.is_current(head);
        if good {
            self.good_at.store(head.revision, Ordering::Relaxed);
        }
        good
    }

    /// What a client is given, and that is counted: all of it, or that it has it already.
    fn response(&self, req: &ServiceRequest) -> HttpResponse {
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
                for name in REFRESHED {
                    self.headers.get(&name).into_iter().for_each(|value| out.append(name.clone(), value.clone()));
                }
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

/// The layer outside all others.
pub struct Front {
    pub cache: Arc<Cache>,
    pub db: Database,
}

impl<S, B> Transform<S, ServiceRequest> for Front
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = Fronted<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Fronted { inner: Rc::new(inner), cache: self.cache.clone(), db: self.db.clone() }))
    }
}

pub struct Fronted<S> {
    inner: Rc<S>,
    cache: Arc<Cache>,
    db: Database,
}

type Answered = Result<ServiceResponse<BoxBody>, Error>;

impl<S, B> Service<ServiceRequest> for Fronted<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    // A kept answer is given at once, without a future of its own.
    type Future = Either<Ready<Answered>, LocalBoxFuture<'static, Answered>>;

    forward_ready!(inner);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let past = |req| {
            let under_way = self.cache.traffic.begin(&req);
            let answering = self.inner.call(req);
            Either::Right(Box::pin(async { under_way.done(answering.await) }) as LocalBoxFuture<_>)
        };
        let Some(key) = self.cache.answers.as_ref().and_then(|_| distinct::key(&req)) else { return past(req) };
        match self.cache.get(&key) {
            Some(Kept::Never) => past(req),
            // A HEAD of a file tells the length of what parts are asked for of, which is not packed.
            Some(Kept::Answer(answer)) if is_of_file(&req, &answer) => past(req),
            Some(Kept::Answer(answer)) if answer.is_good(&self.db.head()) => {
                let mut response = answer.response(&req);
                self.cache.traffic.leave(req.method(), req.path(), response.head_mut(), None);
                Either::Left(ready(Ok(req.into_response(response))))
            }
            _ => {
                let (inner, cache, db) = (self.inner.clone(), self.cache.clone(), self.db.clone());
                Either::Right(Box::pin(computed(inner, cache, db, key, req)))
            }
        }
    }
}

fn is_of_file(req: &ServiceRequest, answer: &Answer) -> bool {
    *req.method() == Method::HEAD && answer.headers.contains_key(header::ACCEPT_RANGES)
}

/// Computes an answer, once however many ask for it at a time, and keeps it.
async fn computed<S, B>(inner: Rc<S>, cache: Arc<Cache>, db: Database, key: Vec<u8>, req: ServiceRequest) -> Answered
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let flight = match cache.flights.board(&key) {
        Ok(flight) => Some(flight),
        Err(mut landing) => {
            let begun = Instant::now();
            let _ = timeout(PATIENCE, landing.landed()).await;
            match cache.get(&key) {
                Some(Kept::Answer(answer)) if answer.is_good(&db.head()) && !is_of_file(&req, &answer) => {
                    let mut response = answer.response(&req);
                    cache.traffic.leave(req.method(), req.path(), response.head_mut(), None);
                    return Ok(req.into_response(response));
                }
                // One after another they would each wait as long.
                _ if landing.failed() && begun.elapsed() > LONG => return Ok(away(&cache, &key, req)),
                _ => None,
            }
        }
    };
    cache.misses.fetch_add(1, Ordering::Relaxed);
    let fills = *req.method() == Method::GET;
    let asked = req.headers().clone();
    let under_way = cache.traffic.begin(&req);
    let route = under_way.route.clone();
    let response = match inner.call(req).await {
        Ok(response) => response.map_into_boxed_body(),
        failed => return under_way.done(failed),
    };
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        flight.iter().for_each(Flight::fail);
        if let Some(answer) = cache.old(&key, response.request().method()) {
            return under_way.done(Ok(stale(response, &answer, &asked)));
        }
    }
    let response = if fills { cache.filled(key, response, route) } else { response };
    drop(flight);
    under_way.done(Ok(response))
}

/// The answer to one who has waited for another to find the database away.
fn away(cache: &Cache, key: &[u8], req: ServiceRequest) -> ServiceResponse<BoxBody> {
    let asked = req.headers().clone();
    let old = cache.old(key, req.method());
    let refused = crate::error::Error::new(Kind::DatabaseUnavailable).response(Some(req.path()));
    let mut response = req.into_response(refused);
    guard::name(response.headers_mut(), &guard::request_id(&asked));
    if let Some(answer) = old {
        return stale(response, &answer, &asked);
    }
    if asked.contains_key(header::ORIGIN) {
        cors::grant(response.headers_mut());
    }
    response
}

/// What was good before the database went away (RFC 5861, `stale-if-error`), with its age.
fn stale(response: ServiceResponse<BoxBody>, answer: &Answer, asked: &HeaderMap) -> ServiceResponse<BoxBody> {
    let (req, refused) = response.into_parts();
    let mut kept = HttpResponse::with_body(StatusCode::OK, slices::body(answer.body.clone()));
    let out = kept.headers_mut();
    answer.headers.iter().for_each(|(name, value)| out.append(name.clone(), value.clone()));
    out.insert(header::AGE, HeaderValue::from(answer.since.elapsed().as_secs()));
    for (name, value) in refused.headers().iter().filter(|(name, _)| **name == guard::REQUEST_ID) {
        out.insert(name.clone(), value.clone());
    }
    if asked.contains_key(header::ORIGIN) {
        cors::grant(out);
    }
    ServiceResponse::new(req, kept)
}

impl Cache {
    /// An answer that was good once, and is to be given for want of a better one.
    fn old(&self, key: &[u8], method: &Method) -> Option<Arc<Answer>> {
        let Some(Kept::Answer(answer)) = self.get(key) else { return None };
        if *method == Method::HEAD && answer.headers.contains_key(header::ACCEPT_RANGES) {
            return None;
        }
        self.stale.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    }

    /// Keeps an answer that may be.
    fn filled(&self, key: Vec<u8>, response: ServiceResponse<BoxBody>, route: Arc<Route>) -> ServiceResponse<BoxBody> {
        if response.status() != StatusCode::OK {
            return response;
        }
        let keepable = response.response().extensions().get::<Keepable>().cloned();
        let (req, response) = response.into_parts();
        let (mut response, body) = response.into_parts();
        let taken = match (keepable, body.size()) {
            (Some(keepable), actix_web::body::BodySize::Sized(length)) if length <= self.largest => {
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
        let mut headers = HeaderMap::new();
        for (name, value) in response.headers().iter().filter(|(name, _)| own(name)) {
            headers.append(name.clone(), value.clone());
        }
        let Keepable { reads, tag } = keepable;
        // Where a revision came while it was computed, what it was read from says whether it is good still.
        let (good_at, since) = (AtomicI64::new(-1), Instant::now());
        let answer = Answer { reads, good_at, tag, headers, body: body.clone(), since, route };
        self.put(key.into(), Kept::Answer(Arc::new(answer)));
        ServiceResponse::new(req, response.set_body(slices::body(body)))
    }
}
