//! How often one address may do what costs: counted in memory, told in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers).
use crate::error::{Error, Kind};
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

/// How many addresses are remembered, a few megabytes. While there are more, those that come share one allowance.
const MOST: usize = 50_000;
const HOUR_SECONDS: u32 = 3_600;

/// Counts by address: of IPv6 by its /64, which is what one household has.
pub struct Limiter {
    name: &'static str,
    per_hour: NonZeroU32,
    trusted: Vec<IpAddr>,
    counts: RateLimiter<Option<IpAddr>, HashMapStateStore<Option<IpAddr>>, DefaultClock, StateInformationMiddleware>,
}

/// What is left to an address, as headers.
pub type Told = [(HeaderName, String); 2];

impl Limiter {
    /// So many in an hour: all at once if need be, and then as they are regained, one by one.
    pub fn hourly(name: &'static str, per_hour: NonZeroU32, trusted: Vec<IpAddr>) -> Self {
        let counts = RateLimiter::hashmap(Quota::per_hour(per_hour)).with_middleware();
        Self { name, per_hour, trusted, counts }
    }

    /// Counts a request, or refuses it: 429, with when to come again.
    pub fn count(&self, req: &HttpRequest) -> Result<Told, Error> {
        if self.counts.len() >= MOST {
            self.counts.retain_recent();
        }
        let full = self.counts.len() >= MOST;
        let address = self.address(req).filter(|_| !full);
        match self.counts.check_key(&address) {
            Ok(left) => {
                Ok(self.told(left.remaining_burst_capacity(), HOUR_SECONDS.div_ceil(self.per_hour.get()).into()))
            }
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let detail = format!("{} from one address in an hour; come again in {seconds} seconds", self.per_hour);
                let error = Error::new(Kind::RateLimited).detail(detail);
                let error = error.header(header::RETRY_AFTER, &seconds.to_string());
                Err(self.told(0, seconds).iter().fold(error, |error, (name, value)| error.header(name.clone(), value)))
            }
        }
    }

    /// How many more are taken now, and in how many seconds one more is.
    fn told(&self, left: u32, seconds: u64) -> Told {
        let (name, most) = (self.name, self.per_hour);
        [
            (HeaderName::from_static("ratelimit-policy"), format!("\"{name}\";q={most};w={HOUR_SECONDS}")),
            (HeaderName::from_static("ratelimit"), format!("\"{name}\";r={left};t={seconds}")),
        ]
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
        assert_eq!(told[0].1, "\"x\";q=2;w=3600");
        assert_eq!(told[1].1, "\"x\";r=1;t=1800");
        assert!(limiter.count(&from("192.0.2.1")).unwrap()[1].1.contains("r=0"));
        assert_eq!(limiter.count(&from("192.0.2.1")).unwrap_err().kind, Kind::RateLimited);
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
