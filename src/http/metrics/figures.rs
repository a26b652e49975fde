//! The figures, as they are when they are collected.
use super::traffic::Traffic;
use crate::db::{Database, Passed, PoolState, background};
use crate::http::auth;
use crate::http::cache::Cache;
use crate::http::feed::Feed;
use crate::http::token::Issuers;
use actix_web::web::Data;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric, MetricEncoder,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;
use std::fmt;
use std::sync::Arc;

/// Where the figures are asked for.
pub struct Figures {
    pub db: Data<Database>,
    pub issuers: Data<Issuers>,
    pub feed: Data<Feed>,
    pub cache: Arc<Cache>,
    pub traffic: Arc<Traffic>,
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

/// One figure of a pool.
type Figure = fn(&PoolState) -> u64;
type Encoded = Result<(), fmt::Error>;

/// Writes figures, each with its name and what it means.
struct Sheet<'a>(DescriptorEncoder<'a>);

impl Sheet<'_> {
    fn family<'s>(&'s mut self, name: &'s str, help: &str, kind: MetricType) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> Encoded {
        counted(&mut self.family(name, help, MetricType::Counter)?, &value)
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> Encoded {
        self.family(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }
}

fn counted(encoder: &mut MetricEncoder, value: &impl EncodeCounterValue) -> Encoded {
    encoder.encode_counter(value, None::<&Exemplar<[(&str, &str); 0], f64>>)
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder) -> Encoded {
        let mut sheet = Sheet(encoder);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut build = sheet.family("build_info", "Always 1; its label says what runs.", MetricType::Gauge)?;
        build.encode_family(&version)?.encode_gauge(&1)?;
        self.requests(&mut sheet)?;
        self.kept(&mut sheet)?;
        self.pools(&mut sheet)?;
        self.ways(&mut sheet)?;
        self.standing(&mut sheet)?;
        threads(&mut sheet)?;
        self.tokens(&mut sheet)
    }
}

fn threads(sheet: &mut Sheet) -> Encoded {
    let help = "Panics of threads that look after something; each was begun again.";
    let mut panics = sheet.family("background_panics", help, MetricType::Counter)?;
    for (name, state) in background::states() {
        counted(&mut panics.encode_family(&[("thread", name)])?, &state.panics)?;
    }
    Ok(())
}

impl Figures {
    fn requests(&self, sheet: &mut Sheet) -> Encoded {
        let routes = self.traffic.routes();
        let help = "Requests that were answered, kept answers included.";
        let mut requests = sheet.family("http_requests", help, MetricType::Counter)?;
        for (pattern, route) in &routes {
            for (method, status, count) in route.answers() {
                let labels = [("method", method), ("route", pattern), ("status", status)];
                counted(&mut requests.encode_family(&labels)?, &count)?;
            }
        }
        let help = "How long answers took until their heads were ready, without kept ones.";
        let mut took =
            sheet.0.encode_descriptor("http_request_duration", help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for (pattern, route) in &routes {
            route.took.encode(took.encode_family(&[("route", pattern.as_str())])?)?;
        }
        let help = "Requests that are being answered.";
        sheet.gauge("http_requests_in_flight", help, self.traffic.in_flight() as u64)
    }

    fn kept(&self, sheet: &mut Sheet) -> Encoded {
        let counts = self.cache.counts();
        sheet.counter("cache_hits", "Answers that were kept.", counts.hits)?;
        sheet.counter("cache_misses", "Answers that were computed, of those that might be kept.", counts.misses)?;
        let help = "Kept answers that were given though they were old, because the database was away.";
        sheet.counter("cache_stale", help, counts.stale)?;
        sheet.counter("cache_evictions", "Answers that gave way to others.", counts.evicted)?;
        sheet.gauge("cache_entries", "Answers that are kept.", counts.answers)?;
        sheet.gauge("cache_bytes", "How many bytes they hold.", counts.bytes)
    }

    fn pools(&self, sheet: &mut Sheet) -> Encoded {
        let states = self.db.pools();
        let figures: [(&str, &str, Figure); 3] = [
            ("pool_connections", "Connections to the database.", |state| state.connections.into()),
            ("pool_idle_connections", "Those of them that nobody uses.", |state| state.idle.into()),
            ("pool_waiting", "Who waits for one.", |state| state.waiting),
        ];
        for (name, help, figure) in figures {
            let mut gauge = sheet.family(name, help, MetricType::Gauge)?;
            for (pool, state) in &states {
                gauge.encode_family(&[("pool", *pool)])?.encode_gauge(&figure(state))?;
            }
        }
        Ok(())
    }

    fn ways(&self, sheet: &mut Sheet) -> Encoded {
        let ways = self.db.ways();
        let help = "Requests that ask the database, or wait to.";
        let mut inside = sheet.family("lane_requests", help, MetricType::Gauge)?;
        for (lane, passed) in &ways.lanes {
            inside.encode_family(&[("lane", *lane)])?.encode_gauge(&passed.inside)?;
        }
        type Count = fn(&Passed) -> u64;
        let counters: [(&str, &str, Count); 2] = [
            ("lane_turned_away", "Requests that were told to come again, because there were too many.", |p| {
                p.turned_away
            }),
            ("lane_given_up", "Requests that were let go because the database took too long to answer.", |p| {
                p.given_up
            }),
        ];
        for (name, help, figure) in counters {
            let mut counter = sheet.family(name, help, MetricType::Counter)?;
            for (lane, passed) in &ways.lanes {
                counted(&mut counter.encode_family(&[("lane", *lane)])?, &figure(passed))?;
            }
        }
        let help = "1 while the database is known to be away, and no request asks it.";
        sheet.gauge("breaker_open", help, u64::from(ways.away))?;
        sheet.counter("breaker_refused", "Requests that were refused at once for that.", ways.refused)
    }

    fn standing(&self, sheet: &mut Sheet) -> Encoded {
        sheet.gauge("feed_waiting_clients", "Clients that wait for changes.", self.feed.waiting.count() as u64)?;
        sheet.gauge("revision", "The newest revision that is known here.", self.db.head().revision)?;
        if let Some(age) = self.db.head_age() {
            let help = "How long ago the database was last asked for its newest revision, and answered.";
            let seconds = &mut sheet.0.encode_descriptor("head_age", help, Some(&Unit::Seconds), MetricType::Gauge)?;
            seconds.encode_gauge(&age.as_secs_f64())?;
        }
        Ok(())
    }

    fn tokens(&self, sheet: &mut Sheet) -> Encoded {
        let help = "Tokens that were refused, by why.";
        let mut refused = sheet.family("tokens_refused", help, MetricType::Counter)?;
        for (reason, count) in auth::refusals() {
            counted(&mut refused.encode_family(&[("reason", reason)])?, &count)?;
        }
        let states = self.issuers.states(chrono::Utc::now().timestamp());
        let help = "Keys that the tokens of an issuer can be checked with now.";
        let mut keys = sheet.family("issuer_keys", help, MetricType::Gauge)?;
        for state in &states {
            keys.encode_family(&[("iss", state.iss.as_str())])?.encode_gauge(&(state.keys as u64))?;
        }
        Ok(())
    }
}
