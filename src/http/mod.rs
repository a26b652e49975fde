//! How every endpoint speaks: filters, pages, formats, caching, tokens, errors, the document. Knows no resource.
pub mod admin;
pub mod answer;
pub mod asked;
pub mod at;
pub mod auth;
pub mod body;
pub mod bulk;
pub mod cache;
pub mod carried;
pub mod check;
pub mod cite;
pub mod computed;
pub mod connection;
pub mod copy;
pub mod cors;
pub mod debounce;
pub mod derived;
pub mod distinct;
pub mod docs;
pub mod encoding;
pub mod endpoint;
pub mod faults;
pub mod feed;
pub mod filter;
pub mod flight;
pub mod format;
pub mod fresh;
pub mod guard;
pub mod idempotency;
pub mod inquiry;
pub mod intake;
pub mod list;
pub mod listing;
pub mod metrics;
pub mod openapi30;
pub mod opening;
pub mod ordered;
pub mod pace;
pub mod page;
pub mod parameter;
pub mod per;
pub mod population;
pub mod prelude;
pub mod range;
pub mod rate;
pub mod read;
pub mod reading;
pub mod reforms;
pub mod resource;
pub mod rows;
pub mod selection;
pub mod shape;
pub mod slices;
pub mod sort;
pub mod succession;
pub mod summary;
pub mod token;
pub mod totals;
pub mod versions;
pub mod view;
pub mod walk;
pub mod write;

pub(crate) use resource::{collection, table};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// What handlers need beside the database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the service is reached from outside, without a slash at the end. Links are built from it alone, never
    /// from what a request says of its host.
    pub base_url: String,
    pub license: String,
    pub publisher: String,
    pub contact: Option<String>,
    /// How many bytes of answers are kept for others who ask the same; 0 keeps none.
    pub cache_bytes: u64,
    /// How many clients may wait for changes at once.
    pub most_waiting: usize,
    /// The largest table that may be sent to be written, in bytes, unpacked.
    pub bulk_bytes: u64,
    /// How many submissions one address may send in an hour.
    pub submissions_per_hour: NonZeroU32,
    /// How many requests one caller may send in a minute, kept answers aside; none where they are not counted.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether each request gets a line in the log.
    pub access_log: bool,
}

/// How many MiB of answers are kept, unless set.
pub const CACHE_MIB: u64 = 256;
pub const MIB: u64 = 1024 * 1024;

/// How many submissions one address may send in an hour, unless set.
pub const SUBMISSIONS_PER_HOUR: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// How many requests one caller may send in a minute, unless set: a hundred in each second, all the time.
pub const REQUESTS_PER_MINUTE: u32 = 6_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:8080".into(),
            license: "NLOD-2.0".into(),
            publisher: "Opptrapping".into(),
            contact: None,
            cache_bytes: CACHE_MIB * MIB,
            most_waiting: 20_000,
            bulk_bytes: bulk::MOST_BYTES,
            submissions_per_hour: SUBMISSIONS_PER_HOUR,
            requests_per_minute: None,
            trusted_proxies: vec![],
            access_log: false,
        }
    }
}

/// Whom to name when using the data.
pub const ATTRIBUTION: &str = "Contains data under the Norwegian Licence for Open Government Data (NLOD 2.0) from the sources named on each row, Statistics Norway among them.";

/// Where the licence of the data is to be read.
pub const LICENSE_URL: &str = "https://data.norge.no/nlod/en/2.0";
