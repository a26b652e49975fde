//! Tokens and secrets in a running service: none gets into its log, and wrong settings for them keep it from starting.
use crate::client::now;
use crate::key_server::{KeyServer, Reply};
use crate::service::{Service, command, database, succeeds};
use crate::signer::{MASKINPORTEN_RULES, Pair, file, key_set, maskinporten_claims};
use crate::support::Folder;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::Algorithm;
use serde_json::json;

#[test]
fn no_token_is_in_any_log() {
    let (folder, pair) = (Folder::new("token_log"), Pair::new(Algorithm::RS256));
    let server = KeyServer::start(Reply::Keys(key_set(&[&pair])));
    let rules = format!("{MASKINPORTEN_RULES}jwks_url = \"{}\"\n", server.url());
    let (rules, keep) = (file(&folder, "issuers.toml", &rules), folder.0.join("kept"));
    let arguments = ["--empty", "--issuers", rules.to_str().unwrap(), "--key-cache", keep.to_str().unwrap()];
    let service = Service::logging("trace", &database(&folder), &arguments);

    let token = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut claims = maskinporten_claims(now());
        claims["jti"] = json!("zq9hidden8jti7");
        change(&mut claims);
        pair.token(&claims)
    };
    let good = token(&|claims| claims["scope"] = json!("nav:opptrapping/sources.write"));
    let tokens = [
        good.clone(),
        token(&|claims| claims["exp"] = json!(now() - 600)),
        token(&|claims| claims["iss"] = json!("https://evil.example")),
        token(&|claims| claims["scope"] = json!("nav:opptrapping/plans.write")),
        pair.sign(&json!({ "alg": "RS256", "kid": "nobody" }), &maskinporten_claims(now())),
        format!("{}x", &good[..good.len() - 1]),
    ];
    let body = r#"{"title":"T","publisher":"P","kind":"report"}"#;
    let mut answers = vec![];
    for (n, token) in tokens.iter().enumerate() {
        for method in ["PUT", "GET"] {
            let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
            let (head, answer) =
                service.ask(method, &format!("/v1/sources/s{n}"), &headers, if method == "PUT" { body } else { "" });
            answers.push(head.split(' ').nth(1).unwrap_or_default().to_owned());
            assert!(!answer.contains(&token[..40]), "{method}: the answer has the token");
        }
    }
    assert_eq!(answers[0], "201", "{answers:?}");
    // Where a token is not looked for, it is not kept either.
    for (path, headers) in [
        (format!("/v1/goals?access_token={good}"), String::new()),
        ("/v1/goals".to_owned(), format!("Cookie: t={good}\r\n")),
    ] {
        let (head, _) = service.ask("PUT", &path, &headers, body);
        assert!(head.starts_with("HTTP/1.1 40"), "{head}");
    }
    let log = String::from_utf8_lossy(&service.log.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE") && log.contains("tokens refused"), "the log has nothing of it: {log:.2000}");
    let in_header = tokens.iter().map(|token| token.as_str());
    for token in in_header {
        for part in token.split('.').skip(1) {
            assert!(!log.contains(&part[..24]), "a part of a token is in the log: {:?}", line_with(&log, &part[..24]));
        }
    }
    for part in [BASE64.encode("\"jti\":\"zq9hidden8jti7\""), "zq9hidden8jti7".to_owned(), "private_key_jwt".to_owned()]
    {
        assert!(!log.contains(&part), "{:?}", line_with(&log, &part));
    }
}

#[test]
fn without_a_key_it_is_ready_and_takes_no_writes() {
    let (folder, pair) = (Folder::new("token_none"), Pair::new(Algorithm::EdDSA));
    let url = KeyServer::start(Reply::Nothing).url();
    let away = file(&folder, "away.toml", &format!("{MASKINPORTEN_RULES}jwks_url = \"{url}\"\n"));
    let there = file(&folder, "there.toml", &format!("{MASKINPORTEN_RULES}public_key = \"key.pem\"\n"));
    file(&folder, "key.pem", &pair.public);
    for (rules, writes, keys, status) in [(away, "unavailable", 0, "503"), (there, "available", 1, "401")] {
        let service = Service::start(&database(&folder), &["--empty", "--issuers", rules.to_str().unwrap()]);
        let ready = succeeds(&["healthcheck", "--admin-bind", &service.admin]);
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        assert_eq!((&ready["writes"], &ready["issuers"][0]["keys"]), (&json!(writes), &json!(keys)), "{ready}");
        assert!(service.ask("GET", "/v1/goals", "", "").0.starts_with("HTTP/1.1 200"));
        let (head, _) = service.ask("PUT", "/v1/sources/a", "Content-Type: application/json\r\n", "{}");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
    }
}

fn line_with<'l>(log: &'l str, part: &str) -> Option<&'l str> {
    log.lines().find(|line| line.contains(part)).map(|line| &line[..line.len().min(300)])
}

const SECRET: &str = "q8Zr1Wm4Kx7Lp2Vn5Bt9Jd3Hg6Fs0CyE";

#[test]
fn a_secret_that_cannot_be_relied_on_keeps_it_from_starting() {
    let (folder, pair) = (Folder::new("token_secret"), Pair::new(Algorithm::EdDSA));
    let key = file(&folder, "key.pem", &pair.public);
    let rules = file(&folder, "issuers.toml", &format!("{MASKINPORTEN_RULES}public_key = \"key.pem\"\n"));
    let (key, rules) = (key.to_str().unwrap(), rules.to_str().unwrap());
    for (settings, words) in [
        (vec![("OPPTRAPPING_JWT_SECRET", "")], "is empty"),
        (vec![("OPPTRAPPING_JWT_SECRET", "tooshort")], "has 8 bytes"),
        (vec![("OPPTRAPPING_JWT_SECRET", "a-string-secret-at-least-256-bits-long")], "is an example"),
        (vec![("OPPTRAPPING_JWT_SECRET", "0101010101010101010101010101010101")], "repeats"),
        (
            vec![("OPPTRAPPING_JWT_SECRET", SECRET), ("OPPTRAPPING_PUBLIC_KEY", key)],
            "together with OPPTRAPPING_PUBLIC_KEY",
        ),
        (vec![("OPPTRAPPING_JWT_SECRET", SECRET), ("OPPTRAPPING_ISSUERS", rules)], "together with OPPTRAPPING_ISSUERS"),
        (vec![("OPPTRAPPING_JWT_SECRET_FILE", "/nowhere")], "OPPTRAPPING_JWT_SECRET_FILE: /nowhere"),
        (vec![("OPPTRAPPING_ISSUERS", "/nowhere")], "OPPTRAPPING_ISSUERS: /nowhere"),
        (vec![("OPPTRAPPING_REVOKED", "/nowhere")], "OPPTRAPPING_REVOKED: /nowhere"),
        (vec![("OPPTRAPPING_KEY_CACHE", key)], "OPPTRAPPING_KEY_CACHE"),
    ] {
        let output = command(&["serve", "--database-url", &database(&folder)]).envs(settings).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{words}: {said}");
        assert!(said.contains(words), "{words}: {said}");
        assert!(!said.contains(SECRET) && !said.contains("tooshort"), "a secret was told: {said}");
    }
}

#[test]
fn a_token_made_with_a_secret_writes_where_it_is_believed() {
    let folder = Folder::new("token_dev");
    let secret = file(&folder, "secret", SECRET);
    let secret = ["--jwt-secret-file", secret.to_str().unwrap()];
    let token = succeeds(&[&["token", "--scope", "sources:write"], &secret[..]].concat());
    let service = Service::logging("trace", &database(&folder), &[&["--empty"], &secret[..]].concat());
    let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", token.trim());
    let (head, _) = service.ask("PUT", "/v1/sources/a", &headers, r#"{"title":"T","publisher":"P","kind":"report"}"#);
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    let log = String::from_utf8_lossy(&service.log.lock().unwrap()).into_owned();
    assert!(!log.contains(SECRET) && !log.contains(&token.trim()[200..240]));
}
