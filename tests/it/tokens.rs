//! Tokens: everything that must be refused, for both kinds of key.
use crate::client::{Client, request};
use crate::forged::{NOW, bad, claims, signers};
use crate::support::{empty, sqlite};
use jsonwebtoken::Algorithm;
use opptrapping::http::token::{self, Issuers, MOST_LIFETIME, SKEW};
use serde_json::{Value, json};

#[test]
fn every_bad_token_is_refused() {
    for signer in signers() {
        assert!(signer.takes(&signer.sign(&signer.header(), &claims(NOW))), "the good one is taken");
        let bad = bad(&signer);
        assert!(bad.len() >= 60, "{}", bad.len());
        let taken: Vec<String> = bad.into_iter().filter(|(_, token)| signer.takes(token)).map(|(why, _)| why).collect();
        assert!(taken.is_empty(), "{:?}: these were taken: {taken:#?}", signer.algorithm);
    }
}

#[test]
fn harmless_differences_are_taken() {
    for signer in signers() {
        for (name, value) in [("typ", json!("JWT")), ("typ", json!("AT+JWT")), ("x-own", json!(1))] {
            assert!(signer.takes(&signer.with_header(name, value.clone())), "{name} {value}");
        }
        for (name, value) in [
            ("aud", json!(["other", "opptrapping"])),
            ("nbf", json!(NOW)),
            ("consumer", json!({ "ID": "0192:974760673" })),
            ("scope", json!("")),
        ] {
            assert!(signer.takes(&signer.with_claim(name, value.clone())), "{name} {value}");
        }
        let mut header = signer.header();
        header.as_object_mut().unwrap().remove("kid");
        assert!(signer.takes(&signer.sign(&header, &claims(NOW))), "one key needs no kid");
        assert!(signer.takes(&signer.without_claim("jti")) && signer.takes(&signer.without_claim("scope")));
        assert!(!signer.issuers.verify(&signer.without_claim("scope"), NOW).unwrap().may("grants:write"));
    }
}

#[test]
fn clocks_may_differ_by_the_skew_and_no_more() {
    for signer in signers() {
        let at =
            |name: &str, time: i64, now: i64| signer.issuers.verify(&signer.with_claim(name, json!(time)), now).is_ok();
        let exp = NOW + 600;
        assert!(at("exp", exp, exp) && at("exp", exp, exp + SKEW - 1), "{:?}", signer.algorithm);
        assert!(!at("exp", exp, exp + SKEW) && !at("exp", exp, exp + SKEW + 1));
        for name in ["nbf", "iat"] {
            assert!(at(name, NOW + SKEW, NOW), "{name}");
            assert!(!at(name, NOW + SKEW + 1, NOW), "{name}");
        }
        assert!(at("exp", NOW + MOST_LIFETIME, NOW) && !at("exp", NOW + MOST_LIFETIME + 1, NOW));
    }
}

#[test]
fn a_token_gives_its_scopes_and_no_more() {
    let signer = &signers()[0];
    let verified = signer.issuers.verify(&signer.with_claim("scope", json!("grants:write plans:write")), NOW).unwrap();
    assert!(verified.may("grants:write") && verified.may("plans:write"));
    for other in ["goals:write", "grants", "write", "grants:write plans:write", "", "admin"] {
        assert!(!verified.may(other), "{other}");
    }
    let admin = signer.issuers.verify(&signer.with_claim("scope", json!("admin")), NOW).unwrap();
    assert!(admin.may("grants:write"));
    let nearly = signer.issuers.verify(&signer.with_claim("scope", json!("administrator Admin")), NOW).unwrap();
    assert!(!nearly.may("grants:write"));
}

fn row() -> Value {
    json!({ "title": "T", "publisher": "P", "kind": "report" })
}

#[actix_web::test]
async fn a_refused_token_is_never_shown_and_writes_nothing() {
    let base = sqlite("tokens_refused");
    let before = base.db.head().revision;
    for signer in signers() {
        let client = Client::with(&base.db, token::local(&signer.public).unwrap()).await;
        let plain = |token: &str| token.bytes().all(|b| (b' '..=b'~').contains(&b)) && token.len() < 8_000;
        for (why, token) in bad(&signer).into_iter().filter(|(_, token)| plain(token)) {
            for method in ["PUT", "GET"] {
                let request =
                    request(method, "/v1/sources/a").insert_header(("authorization", format!("Bearer {token}")));
                let answer = client.send(request.set_json(row())).await;
                answer.refused(401, "invalid-token");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{why}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{why}");
                assert_eq!(answer.json()["detail"], "the token was not accepted", "{why}");
                let long_enough = token.len() > 20;
                assert!(!long_enough || !answer.text().contains(&token), "{why}");
            }
        }
    }
    assert_eq!(base.db.head().revision, before);
}

#[actix_web::test]
async fn a_token_counts_in_its_header_alone() {
    for base in empty("tokens_place") {
        let client = Client::new(&base.db).await;
        let bearer = crate::client::bearer("admin");
        let token = bearer.trim_start_matches("Bearer ");
        let put = |path: &str| request("PUT", path).set_json(row());
        client
            .send(put("/v1/sources/a").insert_header(("cookie", format!("token={token}"))))
            .await
            .refused(401, "authentication-required");
        for name in ["access_token", "token", "authorization"] {
            let answer = client.send(put(&format!("/v1/sources/a?{name}={token}"))).await;
            assert_eq!(answer.status, 401, "{name}");
            assert!(!answer.text().contains(token));
        }
        for scheme in ["Basic", "DPoP", "Token"] {
            let given = format!("{scheme} {token}");
            client
                .send(put("/v1/sources/a").insert_header(("authorization", given)))
                .await
                .refused(401, "invalid-token");
        }
        for wrong in ["", "Bearer", "Bearer ", token] {
            client
                .send(put("/v1/sources/a").insert_header(("authorization", wrong)))
                .await
                .refused(401, "invalid-token");
        }
        let twice = put("/v1/sources/a").append_header(("authorization", bearer.as_str()));
        client.send(twice.append_header(("authorization", bearer.as_str()))).await.refused(400, "malformed-request");
        let long = format!("Bearer {}", "x".repeat(16_384));
        client
            .send(put("/v1/sources/a").insert_header(("authorization", long)))
            .await
            .refused(400, "malformed-request");
        client
            .send(put("/v1/sources/a").insert_header(("authorization", format!("Bearer Bearer {token}"))))
            .await
            .refused(401, "invalid-token");
        assert_eq!(base.db.head().revision, 0);
        let lower = put("/v1/sources/a").insert_header(("authorization", format!("bearer {token}")));
        client.send(lower).await.done(201);
    }
}

#[actix_web::test]
async fn a_read_with_a_good_token_is_answered_and_not_kept() {
    let base = sqlite("tokens_read");
    let client = Client::new(&base.db).await;
    let open = client.get("/v1/goals").await.done(200);
    let known = client.send(crate::client::scoped("GET", "/v1/goals", "goals:write")).await.done(200);
    assert_eq!(known.header("cache-control"), Some("no-store"));
    assert_eq!(known.body, open.body);
}

#[actix_web::test]
async fn without_a_key_reading_goes_on_and_writing_is_refused() {
    for base in empty("tokens_none") {
        let client = Client::with(&base.db, Issuers::default()).await;
        client.get("/v1/sources").await.done(200);
        for request in [crate::client::write("PUT", "/v1/sources/a"), request("PUT", "/v1/sources/a")] {
            let answer = client.send(request.set_json(row())).await;
            answer.refused(503, "auth-unavailable");
            assert_eq!(answer.header("retry-after"), None, "it will not help to come again");
        }
        assert_eq!(base.db.head().revision, 0);
    }
}

#[test]
fn a_key_that_is_none_is_refused() {
    let (private, public) = token::generate(Algorithm::EdDSA).unwrap();
    for pem in [
        "",
        "x",
        private.as_str(),
        &public.replace("PUBLIC", "RSA PUBLIC"),
        &public[..60],
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        assert!(token::local(pem).is_err(), "{}", &pem[..pem.len().min(30)]);
    }
    assert!(token::local(&public).is_ok());
}
