//! What a running service tells Prometheus: well-formed, and the figures move with what it does.
use crate::exposition::Exposition;
use crate::service::{Service, database};
use crate::signer::{MASKINPORTEN_RULES, Pair, file, key_set};
use crate::support::{Folder, databases};
use jsonwebtoken::Algorithm;

fn collected(service: &Service) -> Exposition {
    let (head, text) = service.admin("/metrics");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4; charset=utf-8"), "{head}");
    Exposition::read(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn get(service: &Service, path: &str) -> u16 {
    let (head, _) = service.ask("GET", path, "", "");
    head[9..12].parse().unwrap()
}

#[test]
fn requests_are_counted_by_what_they_ask_for_and_never_by_their_paths() {
    let folder = Folder::new("metrics_requests");
    let service = Service::start(&database(&folder), &[]);
    let requests = |all: &Exposition, route: &str, status: &str| {
        let labels = [("method", "GET"), ("route", route), ("status", status)];
        all.value("opptrapping_http_requests_total", &labels).unwrap_or(0.0)
    };
    let before = collected(&service);
    assert_eq!(requests(&before, "/v1/goals", "2xx"), 0.0);
    for _ in 0..3 {
        assert_eq!(get(&service, "/v1/goals"), 200);
    }
    for n in 0..20 {
        assert_eq!(get(&service, &format!("/v1/goals/g-{n}")), 404);
        assert_eq!(get(&service, &format!("/nowhere/{n}")), 404);
    }
    let (head, _) = service.ask("FOO", "/v1/goals", "", "");
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    let after = collected(&service);
    assert_eq!(requests(&after, "/v1/goals", "2xx"), 3.0);
    assert_eq!(requests(&after, "/v1/goals/{id}", "4xx"), 20.0);
    assert_eq!(requests(&after, "unmatched", "4xx"), 20.0);
    assert_eq!(after.value("opptrapping_http_requests_total", &[("method", "other"), ("status", "4xx")]), Some(1.0));
    let routes = after.values_of("route");
    assert!(routes.iter().all(|route| !route.contains("g-1") && !route.contains("nowhere")), "{routes:?}");

    let took = |name: &str| {
        after.value(&format!("opptrapping_http_request_duration_seconds_{name}"), &[("route", "/v1/goals")])
    };
    // The first is computed, and the one by a method that there is not; the others are kept.
    assert_eq!(took("count"), Some(2.0));
    assert!(took("sum").is_some_and(|seconds| seconds > 0.0 && seconds < 60.0));
    let cache = |all: &Exposition, what: &str| all.value(&format!("opptrapping_cache_{what}"), &[]).unwrap();
    assert_eq!(cache(&after, "hits_total") - cache(&before, "hits_total"), 2.0);
    assert!(cache(&after, "misses_total") > cache(&before, "misses_total"));
    assert!(cache(&after, "entries") >= 1.0 && cache(&after, "bytes") > 1_000.0);
    assert_eq!(after.value("opptrapping_http_requests_in_flight", &[]), Some(0.0));
    assert_eq!(after.value("opptrapping_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
}

#[test]
fn an_answer_that_gives_way_to_another_is_counted() {
    let folder = Folder::new("metrics_evicted");
    let service = Service::start(&database(&folder), &["--cache-mib", "1"]);
    for n in 1..400 {
        assert_eq!(get(&service, &format!("/v1/municipalities?limit=20&fields=id&name=n{n}&valid_on=2020-01-01")), 400);
        assert_eq!(get(&service, &format!("/v1/municipalities?limit={n}")), 200);
    }
    assert!(collected(&service).value("opptrapping_cache_evictions_total", &[]).unwrap() > 0.0);
}

#[test]
fn the_state_of_the_database_the_feed_and_the_keys_is_told() {
    for base in databases("metrics") {
        let (folder, pair) = (Folder::new("metrics_state"), Pair::new(Algorithm::RS256));
        file(&folder, "jwks.json", &key_set(&[&pair]).to_string());
        let issuers = file(&folder, "issuers.toml", &format!("{MASKINPORTEN_RULES}jwks_file = \"jwks.json\"\n"));
        let service = Service::start(&base.url, &["--issuers", issuers.to_str().unwrap()]);
        let refused = |all: &Exposition| all.value("opptrapping_tokens_refused_total", &[]).unwrap_or(0.0);
        let begun = std::time::Instant::now();
        let before = loop {
            let all = collected(&service);
            let connected = |pool| all.value("opptrapping_pool_connections", &[("pool", pool)]) >= Some(1.0);
            if connected("readers") && connected("writers") {
                break all;
            }
            assert!(begun.elapsed().as_secs() < 20, "{}: the pools stay empty", base.label);
        };
        assert_eq!(before.value("opptrapping_revision", &[]), Some(base.db.head().revision as f64));
        assert!(before.value("opptrapping_head_age_seconds", &[]).is_some_and(|age| age < 60.0), "{}", base.label);
        assert_eq!(before.value("opptrapping_issuer_keys", &[]), Some(1.0));
        for pool in ["readers", "writers"] {
            let connections = before.value("opptrapping_pool_connections", &[("pool", pool)]).unwrap();
            let idle = before.value("opptrapping_pool_idle_connections", &[("pool", pool)]).unwrap();
            assert!(idle <= connections);
            assert_eq!(before.value("opptrapping_pool_waiting", &[("pool", pool)]), Some(0.0));
        }
        let (head, _) = service.ask("GET", "/v1/goals", "Authorization: Bearer a.b.c\r\n", "");
        assert!(head.starts_with("HTTP/1.1 401"), "{head}");
        let mut waiting = service.connect();
        let ask = format!("GET /v1/changes?after={}&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n", base.db.head().revision);
        std::io::Write::write_all(&mut waiting, ask.as_bytes()).unwrap();
        let begun = std::time::Instant::now();
        while collected(&service).value("opptrapping_feed_waiting_clients", &[]) != Some(1.0) {
            assert!(begun.elapsed().as_secs() < 20, "nobody waits");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let after = collected(&service);
        assert_eq!(refused(&after) - refused(&before), 1.0);
        assert_eq!(after.value("opptrapping_http_requests_in_flight", &[]), Some(1.0), "the one that waits");
    }
}

#[test]
fn the_figures_are_on_the_admin_address_alone() {
    let folder = Folder::new("metrics_public");
    let service = Service::start(&database(&folder), &["--empty"]);
    for path in ["/metrics", "/health/ready", "/debug", "/.env", "/actuator", "/actuator/health", "/v1/"] {
        assert_eq!(get(&service, path), 404, "{path}");
    }
}

#[test]
fn what_looks_after_the_service_is_counted_where_it_panics() {
    let (folder, pair) = (Folder::new("metrics_threads"), Pair::new(Algorithm::ES256));
    file(&folder, "jwks.json", &key_set(&[&pair]).to_string());
    let issuers = file(&folder, "issuers.toml", &format!("{MASKINPORTEN_RULES}jwks_file = \"jwks.json\"\n"));
    let service = Service::start(&database(&folder), &["--empty", "--issuers", issuers.to_str().unwrap()]);
    let all = collected(&service);
    for thread in ["database", "key-files"] {
        assert_eq!(all.value("opptrapping_background_panics_total", &[("thread", thread)]), Some(0.0), "{thread}");
    }
    assert_eq!(service.ready().1["standing_still"], serde_json::json!([]));
}
