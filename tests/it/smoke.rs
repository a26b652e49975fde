//! What the binary does as a whole, over real sockets.
use crate::service::{Service, command, database, run, succeeds};
use crate::support::{Folder, root};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

#[test]
fn it_serves_answers_for_its_health_and_ends_when_told() {
    let folder = Folder::new("smoke_serve");
    let mut service = Service::start(&database(&folder), &[]);
    let (head, body) = service.ask("GET", "/v1/plans/rus-2016-2020", "", "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(body.contains("\"frame_nok\":2400000000"), "{body}");

    let (head_of_get, _) = service.ask("GET", "/v1/goals", "", "");
    let (head_of_head, nothing) = service.ask("HEAD", "/v1/goals", "", "");
    let line = |head: &str, name: &str| {
        head.lines().find(|l| l.to_lowercase().starts_with(&format!("{name}:"))).map(str::to_owned)
    };
    assert_eq!(nothing, "");
    for name in ["content-length", "etag", "content-type", "vary", "cache-control"] {
        assert!(line(&head_of_get, name).is_some(), "{name}");
        assert_eq!(line(&head_of_head, name), line(&head_of_get, name));
    }
    assert_eq!(line(&head_of_get, "server"), None);

    assert!(succeeds(&["healthcheck", "--admin-bind", &service.admin]).contains("ready"));
    service.signal("TERM");
    assert_eq!(service.ended(Duration::from_secs(10)), Some(0));
    assert!(!run(&["healthcheck", "--admin-bind", &service.admin]).status.success());
}

#[test]
fn a_token_made_here_writes_here() {
    let folder = Folder::new("smoke_token");
    let keys = folder.0.join("keys");
    let keys_path = keys.to_str().unwrap();
    succeeds(&["keygen", keys_path]);
    assert!(!run(&["keygen", keys_path]).status.success(), "keys are not overwritten");
    let token = succeeds(&["token", "--scope", "sources:write", "--ttl", "5m", "--keys", keys_path]);
    for wrong in ["2h", "0s", "x", "-1m", ""] {
        assert!(!run(&["token", "--scope", "admin", "--ttl", wrong, "--keys", keys_path]).status.success(), "{wrong}");
    }
    let public = keys.join("public.pem");
    let service = Service::start(&database(&folder), &["--empty", "--public-key", public.to_str().unwrap()]);
    let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", token.trim());
    let body = r#"{"title":"Kilde på norsk","publisher":"P","kind":"report"}"#;
    let (head, answer) = service.ask("PUT", "/v1/sources/a", &headers, body);
    assert!(head.starts_with("HTTP/1.1 201") && answer.contains("Kilde på norsk"), "{head}\n{answer}");
    let (head, answer) = service.ask("PUT", "/v1/goals/a", &headers, "{}");
    assert!(head.starts_with("HTTP/1.1 403") && answer.contains("goals:write"), "{head}");
    let (head, _) = service.ask("PUT", "/v1/sources/b", "Content-Type: application/json\r\n", body);
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
}

#[test]
fn keys_of_either_kind_are_made_and_kept_secret() {
    let folder = Folder::new("smoke_keys");
    for algorithm in ["eddsa", "es256"] {
        let keys = folder.0.join(algorithm);
        succeeds(&["keygen", keys.to_str().unwrap(), "--algorithm", algorithm]);
        let token = succeeds(&["token", "--scope", "admin", "--keys", keys.to_str().unwrap()]);
        let public = std::fs::read_to_string(keys.join("public.pem")).unwrap();
        let issuers = opptrapping::http::token::local(&public).unwrap();
        assert!(issuers.verify(token.trim(), crate::client::now()).unwrap().may("goals:write"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(keys.join("private.pem")).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{algorithm}: others can read the private key");
        }
    }
}

#[test]
fn every_command_has_help() {
    let all = succeeds(&["--help"]);
    for name in [
        "serve",
        "migrate",
        "import",
        "export",
        "submissions",
        "keygen",
        "token",
        "openapi",
        "check",
        "backup",
        "healthcheck",
    ] {
        assert!(all.contains(name), "{name}");
        assert!(succeeds(&[name, "--help"]).contains("Usage:"), "{name}");
    }
    assert!(succeeds(&["--version"]).contains(env!("CARGO_PKG_VERSION")));
    assert!(!run(&["nonsense"]).status.success());
}

#[test]
fn looking_at_the_migrations_applies_none() {
    let folder = Folder::new("smoke_migrate");
    let database = database(&folder);
    let status = || succeeds(&["migrate", "--status", "--database-url", &database]);
    for _ in 0..2 {
        assert!(status().contains("pending") && !status().contains("applied"));
    }
    succeeds(&["migrate", "--database-url", &database]);
    assert!(status().contains("applied") && !status().contains("pending"));
}

#[test]
fn what_is_exported_can_be_imported_and_checked() {
    let folder = Folder::new("smoke_import");
    let database = database(&folder);
    drop(Service::start(&database, &[]));
    for collection in ["goals", "grants", "events"] {
        let file = folder.0.join(format!("{collection}.csv"));
        let file = file.to_str().unwrap();
        succeeds(&["export", collection, "--database-url", &database, "-o", file]);
        let dry = succeeds(&["import", collection, file, "--database-url", &database, "--dry-run"]);
        assert!(dry.contains("dry run") && dry.contains("0 inserted, 0 updated"), "{dry}");
        let wet = succeeds(&["import", collection, file, "--database-url", &database]);
        assert!(wet.contains("nothing changed"), "{wet}");
    }
    let bad = folder.0.join("bad.csv");
    std::fs::write(&bad, "id,plan,number,title_nb,source\nx,no-plan,1,M,prop-15-s-2015-2016\n").unwrap();
    for dry in [&["--dry-run"][..], &[]] {
        let arguments = [&["import", "goals", bad.to_str().unwrap(), "--database-url", &database], dry].concat();
        let output = run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("bad.csv:2:2: plan: there is no `no-plan` in plans"),
            "{said}"
        );
    }
    assert!(succeeds(&["check", "--database-url", &database]).contains(": 0 found"));
    assert!(succeeds(&["migrate", "--status", "--database-url", &database]).contains("applied"));
    let unknown = run(&["export", "goalz", "--database-url", &database]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("goals"));
}

#[test]
fn the_document_is_printed_in_both_versions() {
    let new = succeeds(&["openapi"]);
    assert_eq!(new, std::fs::read_to_string(root().join("openapi/openapi.json")).unwrap());
    let old: serde_json::Value = serde_json::from_str(&succeeds(&["openapi", "--version", "3.0"])).unwrap();
    assert_eq!(old["openapi"], "3.0.3");
}

#[test]
fn wrong_settings_are_all_told_and_nothing_is_started() {
    let folder = Folder::new("smoke_settings");
    let database = database(&folder);
    let output = command(&["serve", "--database-url", &database])
        .envs([
            ("OPPTRAPPING_BIND", "nowhere"),
            ("OPPTRAPPING_ADMIN_BIND", "8081"),
            ("OPPTRAPPING_BASE_URL", "ftp://x"),
            ("OPPTRAPPING_WORKERS", "0"),
            ("OPPTRAPPING_PUBLIC_KEY", "/nonexistent/key.pem"),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for name in ["BIND", "ADMIN_BIND", "BASE_URL", "WORKERS", "PUBLIC_KEY"] {
        assert!(said.contains(&format!("OPPTRAPPING_{name}")), "{name}: {said}");
    }
    assert!(!Path::new(database.trim_start_matches("sqlite://")).exists(), "a database was made");
}

/// Requests that two servers in a row could read differently.
const AMBIGUOUS: [&str; 12] = [
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}",
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}",
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST /v1/goals HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "GET /v1/goals HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n",
    "GET /v1/goals HTTP/1.1\r\nHost : x\r\n\r\n",
    "GET /v1/goals HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "GET /v1/goals HTTP/1.1\r\n\r\n",
    "GET /v1/goals HTTP/3.7\r\nHost: x\r\n\r\n",
];

#[test]
fn ambiguous_requests_are_refused_and_the_connection_closed() {
    let folder = Folder::new("smoke_raw");
    let service = Service::start(&database(&folder), &["--empty"]);
    for request in AMBIGUOUS {
        let smuggled = format!("{request}GET /v1/about HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = service.raw(smuggled.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:?}: what followed was answered");
    }
    let ancient = service.raw(b"GET /v1/goals\r\n\r\n");
    assert!(ancient.is_empty() || ancient.starts_with("HTTP/1.1 400"), "{ancient:?}");
    let (head, _) = service.ask("GET", "/v1/goals", "", "");
    assert!(head.starts_with("HTTP/1.1 200"), "it serves on: {head}");
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let folder = Folder::new("smoke_pipeline");
    let service = Service::start(&database(&folder), &["--empty"]);
    let mut stream = service.connect();
    let requests: String = (0..20)
        .map(|n| {
            let close = if n == 19 { "Connection: close\r\n" } else { "" };
            format!("GET /v1/goals/g-{n:02} HTTP/1.1\r\nHost: x\r\n{close}\r\n")
        })
        .collect();
    stream.write_all(requests.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let order: Vec<&str> = answer.split("/v1/goals/g-").skip(1).map(|rest| &rest[..2]).collect();
    let wanted: Vec<String> = (0..20).map(|n| format!("{n:02}")).collect();
    assert_eq!(order, wanted);
}

#[test]
fn a_large_body_is_refused_before_it_is_read() {
    let folder = Folder::new("smoke_large");
    let keys = folder.0.join("keys");
    succeeds(&["keygen", keys.to_str().unwrap()]);
    let token = succeeds(&["token", "--scope", "admin", "--keys", keys.to_str().unwrap()]);
    let public = keys.join("public.pem");
    let service = Service::start(&database(&folder), &["--empty", "--public-key", public.to_str().unwrap()]);
    let request = format!(
        "PUT /v1/sources/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n",
        token.trim()
    );
    assert!(service.raw(request.as_bytes()).starts_with("HTTP/1.1 413"));
}
