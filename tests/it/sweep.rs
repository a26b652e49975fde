//! Rules that hold for every operation of the document, on every database.
use crate::client::{Answer, Client, collections, request, scoped};
use crate::operations::{Operation, document, operations};
use crate::support::databases;
use opptrapping::error::Kind;
use std::collections::BTreeMap;

const METHODS: [&str; 9] = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST", "TRACE", "CONNECT", "FOO"];

/// What every answer must have, whatever it says.
#[track_caller]
fn decent(answer: &Answer, what: &str) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("server"), None, "{what}");
    assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{what}: no X-Request-Id");
    if let Some(kind) = answer.header("content-type") {
        let textual = kind.starts_with("text/") || kind.starts_with("application/json") || kind.contains("+json");
        assert!(!textual || kind.contains("charset=utf-8") || kind.contains("linkset"), "{what}: {kind}");
    }
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"), "{what}");
        let problem = answer.json();
        let kind = answer.problem();
        let registered = Kind::ALL.iter().find(|k| k.slug() == kind).unwrap_or_else(|| panic!("{what}: {kind}?"));
        assert_eq!(registered.status().as_u16(), answer.status, "{what}: {kind}");
        assert_eq!(problem["status"], answer.status, "{what}");
        assert_eq!(problem["title"], registered.title(), "{what}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        assert!(answer.status != 500, "{what}: {}", answer.text());
        let transient = matches!(answer.status, 429 | 503) && kind != "auth-unavailable";
        assert_eq!(answer.header("retry-after").is_some(), transient, "{what}: Retry-After");
    }
}

/// The document must know every status that is answered.
#[track_caller]
fn documented(operation: &Operation, answer: &Answer) {
    let known = operation.spec["responses"].get(answer.status.to_string()).is_some();
    assert!(known, "{} answers {}, which the document does not say", operation.id(), answer.status);
}

/// A request as the document describes it, without a body that could succeed.
fn attempt(operation: &Operation, scope: Option<&str>) -> actix_web::test::TestRequest {
    let path = operation.example_url("");
    let request = match scope {
        Some(scope) => scoped(&operation.method, &path, scope),
        None => request(&operation.method, &path),
    };
    match operation.body_type() {
        Some(media) => request.insert_header(("content-type", media.as_str())).set_payload("{\"no\":1}"),
        None => request,
    }
}

#[actix_web::test]
async fn reads_answer_and_heads_are_the_same_without_a_body() {
    for base in databases("sweep_reads") {
        let client = Client::new(&base.db).await;
        for operation in operations().iter().filter(|o| o.reads()) {
            let path = operation.example_url("");
            let what = format!("{} {path}", base.label);
            let got = operation.get(&client, &path).await;
            assert_eq!(got.status, 200, "{what}");
            decent(&got, &what);
            assert!(got.header("etag").is_some() && got.header("cache-control").is_some(), "{what}");
            documented(operation, &got);
            let tagged = operation.request("GET", &path).insert_header(("if-none-match", got.tag()));
            documented(operation, &client.send(tagged).await.done(304));
            let head = client.send(operation.request("HEAD", &path)).await;
            assert_eq!((head.status, head.size), (200, got.size), "{what}");
            for name in ["etag", "content-type", "cache-control", "vary", "last-modified", "content-language"] {
                assert_eq!(head.header(name), got.header(name), "{what}: {name}");
            }
        }
    }
}

#[actix_web::test]
async fn undocumented_methods_are_refused_with_the_documented_ones() {
    let mut paths: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for operation in operations() {
        let entry = paths.entry(operation.path.clone()).or_insert((operation.example_path(), vec![]));
        entry.1.push(operation.method);
    }
    for base in databases("sweep_methods") {
        let client = Client::new(&base.db).await;
        for (path, documented) in paths.values() {
            let mut allowed: Vec<&str> = documented.iter().map(String::as_str).chain(["HEAD", "OPTIONS"]).collect();
            allowed.sort_unstable();
            let listed = |answer: &Answer| {
                let mut listed: Vec<String> =
                    answer.header("allow").unwrap_or("").split(", ").map(str::to_owned).collect();
                listed.sort_unstable();
                listed
            };
            for method in METHODS.iter().filter(|m| !allowed.contains(m)) {
                let answer = client.send(request(method, path)).await;
                let what = format!("{} {method} {path}", base.label);
                decent(&answer, &what);
                answer.refused(405, "method-not-allowed");
                assert_eq!(listed(&answer), allowed, "{what}");
            }
            let options = client.send(request("OPTIONS", path)).await;
            assert_eq!(
                (options.status, listed(&options)),
                (204, allowed.iter().map(|m| (*m).to_owned()).collect()),
                "{path}"
            );
            assert!(options.body.is_empty());
        }
    }
}

#[actix_web::test]
async fn what_has_a_scope_in_the_document_needs_a_token_with_it() {
    for base in databases("sweep_scopes") {
        let client = Client::new(&base.db).await;
        let before = base.db.head().revision;
        let (mut writes, mut reads) = (0, 0);
        for operation in operations() {
            let what = format!("{} {} {}", base.label, operation.method, operation.path);
            let Some(scope) = operation.scope() else { continue };
            *(if operation.reads() { &mut reads } else { &mut writes }) += 1;

            let stranger = client.send(attempt(&operation, None)).await;
            decent(&stranger, &what);
            documented(&operation, &stranger);
            stranger.refused(401, "authentication-required");
            assert_eq!(stranger.header("www-authenticate"), Some("Bearer realm=\"opptrapping\""), "{what}");

            let other = if scope == "goals:write" { "plans:write" } else { "goals:write" };
            let unfit = client.send(attempt(&operation, Some(other))).await;
            decent(&unfit, &what);
            documented(&operation, &unfit);
            let problem = unfit.refused(403, "insufficient-scope");
            assert!(problem["detail"].as_str().unwrap().contains(scope), "{what}");
            let challenge = unfit.header("www-authenticate").unwrap();
            assert!(challenge.contains("insufficient_scope") && challenge.contains(scope), "{what}: {challenge}");

            for enough in [scope, "admin"] {
                let answer = client.send(attempt(&operation, Some(enough))).await;
                decent(&answer, &what);
                documented(&operation, &answer);
                let let_in = if operation.reads() { &[200][..] } else { &[422, 428] };
                assert!(let_in.contains(&answer.status), "{what} with {enough}: {}", answer.text());
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
            }
        }
        assert!(writes >= 3 * collections().count() + 2, "the document has {writes} writes with a scope");
        assert!(reads >= 1, "the document has {reads} reads with a scope");
        assert_eq!(base.db.head().revision, before, "something was written");
    }
}

#[actix_web::test]
async fn what_has_none_is_open_to_all_and_takes_only_what_is_good() {
    for base in databases("sweep_open") {
        let client = Client::new(&base.db).await;
        let before = base.db.head().revision;
        let open: Vec<Operation> = operations().into_iter().filter(|o| !o.reads() && o.scope().is_none()).collect();
        assert!(!open.is_empty());
        for operation in open {
            let what = format!("{} {} {}", base.label, operation.method, operation.path);
            for scope in [None, Some("goals:write")] {
                let answer = client.send(attempt(&operation, scope)).await;
                decent(&answer, &what);
                documented(&operation, &answer);
                answer.refused(422, "invalid-content");
            }
        }
        assert_eq!(base.db.head().revision, before, "something was written");
    }
}

#[actix_web::test]
async fn pages_of_other_origins_may_read_answers_and_refusals() {
    for base in databases("sweep_cors") {
        let client = Client::new(&base.db).await;
        let from = |method: &str, path: &str| request(method, path).insert_header(("origin", "https://example.org"));
        for operation in operations() {
            let path = operation.example_url("");
            let answers = [
                client.send(from(&operation.method, &path)).await,
                client.send(from("GET", &operation.example_url("nonsense=1"))).await,
                client.send(from("POST", &path)).await,
            ];
            for answer in answers {
                assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}: {}", answer.status);
                assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
                let exposed = answer.header("access-control-expose-headers").unwrap_or("").to_lowercase();
                for name in ["etag", "link", "ratelimit", "retry-after", "location"] {
                    assert!(exposed.contains(name), "{path}: {exposed}");
                }
            }
        }
        let preflight = from("OPTIONS", "/v1/goals").insert_header(("access-control-request-method", "GET"));
        let answer = client.send(preflight).await;
        assert!(matches!(answer.status, 200 | 204), "{}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let methods = answer.header("access-control-allow-methods").unwrap_or("");
        assert!(methods.contains("GET") && !methods.contains("PUT"), "{methods}");
    }
}

#[actix_web::test]
async fn every_mistake_has_the_same_shape() {
    for base in databases("sweep_errors") {
        let client = Client::new(&base.db).await;
        let cases = [
            ("GET", "/v1/nothing", 404),
            ("GET", "/nothing", 404),
            ("GET", "/v1", 404),
            ("GET", "/v1/goals/nothing", 404),
            ("GET", "/v1/goals/nothing/history", 404),
            ("GET", "/v1/goals/a/b/c", 404),
            ("GET", "/problems/nothing", 404),
            ("GET", "/.env", 404),
            ("GET", "/debug", 404),
            ("GET", "/debug/pprof/", 404),
            ("GET", "/actuator", 404),
            ("GET", "/actuator/env", 404),
            ("GET", "/docs/../Cargo.toml", 404),
            ("GET", "/docs/nothing.js", 404),
            ("GET", "/data/", 404),
            ("GET", "/.git/config", 404),
            ("GET", "/version", 404),
            ("GET", "/v1/goals/%00", 400),
            ("GET", "/v1/goals/%ff", 400),
            ("GET", "/v1/goals?limit=x", 400),
            ("GET", "/v1/goals?cursor=x", 400),
            ("GET", "/v1/goals?nonsense=1", 400),
            ("GET", "/v1/goals?as_of=99999", 400),
            ("GET", "/openapi.json?x=1", 400),
            ("POST", "/v1/goals", 405),
            ("PUT", "/v1/goals/a/history", 405),
            ("DELETE", "/", 405),
            ("POST", "/openapi.json", 405),
            ("POST", "/problems/gone", 405),
        ];
        for (method, path, status) in cases {
            let answer = client.send(request(method, path)).await;
            let what = format!("{} {method} {path}", base.label);
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            decent(&answer, &what);
        }
    }
}

#[actix_web::test]
async fn every_kind_of_problem_has_a_page() {
    let base = crate::support::sqlite("problems");
    let client = Client::new(&base.db).await;
    for kind in Kind::ALL {
        let page = client.get(&format!("/problems/{}", kind.slug())).await.done(200);
        decent(&page, kind.slug());
        assert!(page.text().contains(kind.title()));
    }
}

#[actix_web::test]
async fn the_paths_beside_the_document_answer() {
    let base = crate::support::sqlite("plain");
    let client = Client::new(&base.db).await;
    for path in ["/", "/openapi.json", "/openapi-3.0.json", "/robots.txt", "/.well-known/api-catalog", "/docs/"] {
        decent(&client.get(path).await.done(200), path);
    }
    assert_eq!(client.json("/openapi.json").await, document());
    let front = client.send(request("GET", "/").insert_header(("accept", "application/json"))).await;
    assert!(front.json()["collections"].as_array().is_some_and(|all| all.len() >= 16));
    assert!(client.get("/").await.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(client.get("/docs").await.header("location"), Some("/docs/"));
    assert_eq!(client.get("/v1/goals/").await.header("location"), Some("/v1/goals"));
}

#[actix_web::test]
async fn what_a_request_says_of_its_host_is_not_believed() {
    let base = crate::support::sqlite("forwarded");
    let client = Client::new(&base.db).await;
    let plain = client.get("/v1/goals?limit=1").await.done(200);
    let mut claiming = request("GET", "/v1/goals?limit=1");
    for name in ["host", "x-forwarded-host", "x-original-url", "x-http-method-override", "forwarded"] {
        claiming = claiming.insert_header((name, "evil.example"));
    }
    let claiming = claiming.insert_header(("x-http-method-override", "DELETE"));
    let answer = client.send(claiming).await.done(200);
    assert_eq!(answer.body, plain.body);
    assert_eq!(answer.all("link"), plain.all("link"));
}
