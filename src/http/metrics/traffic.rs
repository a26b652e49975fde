//! Requests, counted by what was asked for: by the pattern of the path and never by the path itself, of which anybody can
//! send as many as they like.
use crate::http::guard::REQUEST_ID;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, Method, StatusCode};
use prometheus_client::metrics::histogram::Histogram;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// Methods that are counted apart; any other is the last.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The pattern of paths that there are not.
const UNMATCHED: &str = "unmatched";
/// Up to how many seconds an answer takes: one from memory below a millisecond, one that was waited for above a second.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 3.0, 10.0];

type Counts = [[AtomicU64; CLASSES.len()]; METHODS.len()];

/// What was asked of the paths of one pattern.
#[derive(Debug)]
pub struct Route {
    computed: Counts,
    /// Answers that were kept. Counting one is all that it costs to be counted here.
    kept: Counts,
    /// How long the computed ones took until their heads were ready.
    pub(super) took: Histogram,
}

impl Default for Route {
    fn default() -> Self {
        Self { computed: Counts::default(), kept: Counts::default(), took: Histogram::new(BOUNDS) }
    }
}

impl Route {
    /// Counts an answer that was kept.
    pub fn count_kept(&self, method: &Method, status: StatusCode) {
        count(&self.kept, method, status);
    }

    fn kept(&self) -> u64 {
        self.kept.iter().flatten().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// How many answers there were of each method and class of status, without those there were none of.
    pub(super) fn answers(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let both = self.computed.iter().zip(&self.kept).zip(METHODS).flat_map(|((computed, kept), method)| {
            let sum = |(a, b): (&AtomicU64, &AtomicU64)| a.load(Ordering::Relaxed) + b.load(Ordering::Relaxed);
            computed.iter().zip(kept).map(sum).zip(CLASSES).map(move |(count, class)| (method, class, count))
        });
        both.filter(|(_, _, count)| *count > 0)
    }
}

fn count(counts: &Counts, method: &Method, status: StatusCode) {
    let method = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
    let class = usize::from(status.as_u16() / 100).saturating_sub(1);
    if let Some(count) = counts.get(method).and_then(|counts| counts.get(class)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The requests of all workers.
#[derive(Debug, Default)]
pub struct Traffic {
    routes: RwLock<BTreeMap<String, Arc<Route>>>,
    in_flight: AtomicUsize,
    /// Whether each answer gets a line in the log.
    logs: bool,
    ending: AtomicBool,
}

impl Traffic {
    pub fn new(logs: bool) -> Self {
        Self { logs, ..Self::default() }
    }

    /// From here on every answer asks its client to go elsewhere with the next request.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to end.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// What is done to an answer on its way out: it closes its connection where the service ends, and gets its line in the
    /// log. Without the query: there are those who put tokens into it.
    pub fn leave(&self, method: &Method, path: &str, answer: &mut ResponseHead, begun: Option<Instant>) {
        if self.is_ending() {
            answer.set_connection_type(ConnectionType::Close);
        }
        if self.logs {
            let request = answer.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
            let method = method.as_str();
            let (status, kept) = (answer.status.as_u16(), begun.is_none());
            let seconds = begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
            log::info!(target: "access", request, method, path, status, seconds, kept; "answered");
        }
    }

    /// How many requests are being answered. Those whose answers are kept never are.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How many answers were kept ones.
    pub fn kept(&self) -> u64 {
        self.routes().iter().map(|(_, route)| route.kept()).sum()
    }

    pub(super) fn routes(&self) -> Vec<(String, Arc<Route>)> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.iter().map(|(pattern, route)| (pattern.clone(), route.clone())).collect()
    }

    /// The counts of what a request asks for.
    pub fn route(&self, req: &ServiceRequest) -> Arc<Route> {
        let pattern = req.match_pattern();
        let pattern = pattern.as_deref().unwrap_or(UNMATCHED);
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
        known.unwrap_or_else(|| {
            self.routes.write().unwrap_or_else(PoisonError::into_inner).entry(pattern.to_owned()).or_default().clone()
        })
    }

    /// Begins to count a request that is to be computed.
    pub fn begin(self: &Arc<Self>, req: &ServiceRequest) -> UnderWay {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let (route, method) = (self.route(req), req.method().clone());
        UnderWay { traffic: self.clone(), route, method, begun: Instant::now() }
    }
}

/// A request that is being answered. One whose client goes away is no longer, and is not counted as answered.
pub struct UnderWay {
    traffic: Arc<Traffic>,
    pub route: Arc<Route>,
    method: Method,
    begun: Instant,
}

impl UnderWay {
    /// Counts the answer, as it is sent.
    pub fn done<B: MessageBody + 'static>(
        self,
        answered: Result<ServiceResponse<B>, Error>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let status = match &answered {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        count(&self.route.computed, &self.method, status);
        self.route.took.observe(self.begun.elapsed().as_secs_f64());
        let mut response = answered?.map_into_boxed_body();
        let req = response.request().clone();
        self.traffic.leave(&self.method, req.path(), response.response_mut().head_mut(), Some(self.begun));
        Ok(response)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.traffic.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
