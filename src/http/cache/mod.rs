//! Answers kept by what was asked, in front of the router: a dashboard that polls costs a look into a table.
//!
//! What is kept is the finished answer, with its headers, packed as the client takes it. It is good for as long as no
//! revision touches a collection it was read from, which is known without a query; so it is as fresh as its `ETag`. What
//! depends on who asks, on the day or on the wall clock is never kept: only an answer that says what it was read from
//! ([`Keepable`]) is, and a request with a token goes past.
mod kept;

use super::flight::Flight;
use super::{distinct, fresh, guard};
use crate::db::Database;
use crate::error::Kind;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::rt::time::timeout;
use futures_util::future::{Either, LocalBoxFuture, Ready, ready};
use kept::{Answer, Kept};
pub use kept::{Cache, Keepable};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one waits for another who computes the same answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long is too long to wait as long again.
const LONG: Duration = Duration::from_secs(1);

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
        if let Some(given) = req.headers().get(fresh::MIN_VERSION) {
            match fresh::wanted(given) {
                Ok(revision) if revision <= self.db.head().revision => {}
                asked => return Either::Right(Box::pin(later(self.again(), req, asked))),
            }
        }
        let past = |req| {
            let under_way = self.cache.traffic.begin(&req);
            let answering = self.inner.call(req);
            Either::Right(Box::pin(async { under_way.done(answering.await) }) as LocalBoxFuture<_>)
        };
        let Some(key) = distinct::key(&req).filter(|_| self.cache.keeps()) else { return past(req) };
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

impl<S> Fronted<S> {
    fn again(&self) -> Self {
        Self { inner: self.inner.clone(), cache: self.cache.clone(), db: self.db.clone() }
    }
}

/// Answers once the revision that is asked for is known here.
async fn later<S, B>(front: Fronted<S>, mut req: ServiceRequest, asked: Result<i64, crate::error::Error>) -> Answered
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let arrived = match asked {
        Ok(revision) => fresh::arrive(&front.db, revision).await,
        Err(refused) => Err(refused),
    };
    match arrived {
        Ok(()) => {
            req.headers_mut().remove(fresh::MIN_VERSION);
            front.call(req).await
        }
        Err(error) => Ok(guard::refused(req, &error)),
    }
}

fn is_of_file(req: &ServiceRequest, answer: &Answer) -> bool {
    *req.method() == Method::HEAD && answer.is_of_file()
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
    cache.missed();
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
            return under_way.done(Ok(late(response, &answer, &asked)));
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
    let refused = guard::refused(req, &crate::error::Error::new(Kind::DatabaseUnavailable));
    match old {
        Some(answer) => late(refused, &answer, &asked),
        None => refused,
    }
}

/// An old answer in place of a refusal.
fn late(refused: ServiceResponse<BoxBody>, answer: &Answer, asked: &HeaderMap) -> ServiceResponse<BoxBody> {
    let (req, refused) = refused.into_parts();
    ServiceResponse::new(req, answer.late(refused.headers(), asked))
}
