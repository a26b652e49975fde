//! How often one caller may do what costs: counted in memory, told in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers).
use super::auth::Caller;
use crate::error::{Error, Kind};
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many callers are remembered, a few megabytes. While there are more, those that come share one allowance.
const MOST: usize = 50_000;
/// How often those are forgotten who have their whole allowance again. Looking at all of them for each request would make
/// a flood from many addresses worse than it is.
const TIDIED: Duration = Duration::from_secs(1);

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    /// Of IPv6 the /64, which is what one household has.
    Address(IpAddr),
    /// Issuer, subject and organisation of a token that was verified.
    Principal([String; 3]),
    /// All who cannot be told apart, or not remembered any more.
    Anyone,
}

/// How many there may be in how many seconds, and who has had how many.
pub struct Limiter {
    name: &'static str,
    most: NonZeroU32,
    window_seconds: u32,
    trusted: Vec<IpAddr>,
    counts: RateLimiter<Who, HashMapStateStore<Who>, DefaultClock, StateInformationMiddleware>,
    tidied: Mutex<Instant>,
}

/// What is left to a caller, as headers.
pub struct Told([(HeaderName, String); 2]);

impl Told {
    /// Puts it beside what other limits have told.
    pub fn add(self, headers: &mut HeaderMap) {
        for (name, value) in self.0 {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(name, value);
            }
        }
    }
}

/// Whether a header is about what is left to one caller, and so is no part of an answer that others are given.
pub fn is_personal(name: &HeaderName) -> bool {
    matches!(name.as_str(), "ratelimit" | "ratelimit-policy")
}

impl Limiter {
    /// So many in an hour: all at once if need be, and then as they are regained, one by one.
    pub fn hourly(name: &'static str, most: NonZeroU32, trusted: Vec<IpAddr>) -> Self {
        Self::of(name, most, 3_600, Quota::per_hour(most), trusted)
    }

    /// The same for a minute.
    pub fn by_minute(name: &'static str, most: NonZeroU32, trusted: Vec<IpAddr>) -> Self {
        Self::of(name, most, 60, Quota::per_minute(most), trusted)
    }

    fn of(name: &'static str, most: NonZeroU32, window_seconds: u32, quota: Quota, trusted: Vec<IpAddr>) -> Self {
        let counts = RateLimiter::hashmap(quota).with_middleware();
        Self { name, most, window_seconds, trusted, counts, tidied: Mutex::new(Instant::now()) }
    }

    /// Counts something that an address does, whoever it says to be; or refuses it: 429, with when to come again.
    pub fn count(&self, req: &HttpRequest) -> Result<Told, Error> {
        self.take(self.address(req).map_or(Who::Anyone, Who::Address), "from one address")
    }

    /// Counts a request of its principal, or of its address where no token of it was verified. A request that came by no
    /// connection is not counted.
    pub fn admit(&self, req: &ServiceRequest) -> Result<Option<Told>, Error> {
        let principal = req.extensions().get::<Caller>().and_then(Caller::principal);
        let (who, word) = match (principal, self.address(req.request())) {
            (Some(principal), _) => (Who::Principal(principal), "from one caller"),
            (None, Some(address)) => (Who::Address(address), "from one address"),
            (None, None) => return Ok(None),
        };
        self.take(who, word).map(Some)
    }

    fn take(&self, who: Who, word: &str) -> Result<Told, Error> {
        let known = if self.is_full() { Who::Anyone } else { who };
        match self.counts.check_key(&known) {
            Ok(left) => {
                Ok(self.told(left.remaining_burst_capacity(), self.window_seconds.div_ceil(self.most.get()).into()))
            }
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let (most, window) = (self.most, self.window_seconds);
                let detail = format!("{most} {word} in {window} seconds; come again in {seconds} seconds");
                let error = Error::new(Kind::RateLimited).detail(detail);
                let error = error.header(header::RETRY_AFTER, &seconds.to_string());
                Err(self
                    .told(0, seconds)
                    .0
                    .iter()
                    .fold(error, |error, (name, value)| error.header(name.clone(), value)))
            }
        }
    }

    /// Whether no more callers can be remembered.
    fn is_full(&self) -> bool {
        if self.counts.len() < MOST {
            return false;
        }
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        if tidied.elapsed() >= TIDIED {
            *tidied = Instant::now();
            self.counts.retain_recent();
        }
        self.counts.len() >= MOST
    }

    /// How many more are taken now, and in how many seconds one more is.
    fn told(&self, left: u32, seconds: u64) -> Told {
        let (name, most, window) = (self.name, self.most, self.window_seconds);
        Told([
            (HeaderName::from_static("ratelimit-policy"), format!("\"{name}\";q={most};w={window}")),
            (HeaderName::from_static("ratelimit"), format!("\"{name}\";r={left};t={seconds}")),
        ])
    }

    fn address(&self, req: &HttpRequest) -> Option<IpAddr> {
        let forwarded: Vec<&str> =
            req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        let caller = caller(req.peer_addr()?.ip(), &forwarded.join(","), &self.trusted);
        Some(match caller {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            v4 => v4,
        })
    }
}

/// The address a request comes from: that of the connection, and where that is a proxy of ours the one it names, and so
/// on. What anyone else says of addresses is not believed.
fn caller(peer: IpAddr, forwarded: &str, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer.to_canonical();
    for named in forwarded.rsplit(',').take(16) {
        let Ok(named) = named.trim().parse::<IpAddr>() else { break };
        if !trusted.contains(&address) {
            break;
        }
        address = named.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(address: &str) -> HttpRequest {
        TestRequest::post().peer_addr((address.parse::<IpAddr>().unwrap(), 1).into()).to_http_request()
    }

    #[test]
    fn each_address_has_its_own_allowance_and_is_told_of_it() {
        let limiter = Limiter::hourly("x", NonZeroU32::new(2).unwrap(), vec![]);
        let told = limiter.count(&from("192.0.2.1")).unwrap();
        assert_eq!(told.0[0].1, "\"x\";q=2;w=3600");
        assert_eq!(told.0[1].1, "\"x\";r=1;t=1800");
        assert!(limiter.count(&from("192.0.2.1")).unwrap().0[1].1.contains("r=0"));
        assert_eq!(limiter.count(&from("192.0.2.1")).map(|_| ()).unwrap_err().kind, Kind::RateLimited);
        assert!(limiter.count(&from("192.0.2.2")).is_ok());
        // The same machine by another family, and its neighbours in one network.
        assert!(limiter.count(&from("::ffff:192.0.2.1")).is_err());
        assert!(limiter.count(&from("2001:db8::1")).is_ok() && limiter.count(&from("2001:db8::ffff:2")).is_ok());
        assert!(limiter.count(&from("2001:db8::3")).is_err() && limiter.count(&from("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::hourly("x", NonZeroU32::new(1).unwrap(), vec![]);
        for n in 0..MOST as u32 {
            assert!(limiter.count(&from(&std::net::Ipv4Addr::from_bits(n).to_string())).is_ok());
        }
        assert!(limiter.count(&from("192.0.2.1")).is_ok(), "the allowance that is shared");
        assert!(limiter.count(&from("192.0.2.2")).is_err());
        assert_eq!(limiter.counts.len(), MOST + 1);
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = [ip("10.0.0.2"), ip("10.0.0.3")];
        let of = |peer: &str, forwarded: &str| caller(ip(peer), forwarded, &trusted).to_string();
        assert_eq!(of("192.0.2.9", "203.0.113.7"), "192.0.2.9");
        assert_eq!(of("10.0.0.2", "203.0.113.7"), "203.0.113.7");
        assert_eq!(of("10.0.0.2", "1.1.1.1, 203.0.113.7, 10.0.0.3"), "203.0.113.7");
        assert_eq!(of("10.0.0.2", ""), "10.0.0.2");
        assert_eq!(of("10.0.0.2", "203.0.113.7, nonsense"), "10.0.0.2");
    }
}
