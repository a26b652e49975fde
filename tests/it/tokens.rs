//! Tokens: everything that must be refused, for every kind of key and of rule.
use crate::client::{Client, request};
use crate::figures;
use crate::forged::{Forged, Profile, Signer, forged, signers};
use crate::signer::{NOW, Pair};
use crate::support::{empty, sqlite};
use jsonwebtoken::Algorithm;
use opptrapping::http::token::{self, Issuers, MOST_LIFETIME, SKEW};
use serde_json::{Value, json};
use std::collections::HashSet;

#[test]
fn every_forged_token_is_refused_and_every_good_one_beside_it_taken() {
    let (mut kinds, mut variants) = (0, 0);
    for signer in signers() {
        let what = format!("{:?} {:?}", signer.pair.algorithm, signer.profile);
        let all = forged(&signer);
        let different: HashSet<&str> = all.iter().map(|forged| forged.token.as_str()).collect();
        assert!(different.len() >= 180, "{what}: {} variants", different.len());
        let refused: Vec<&str> = all.iter().filter(|f| !signer.takes(&f.control)).map(|f| f.why.as_str()).collect();
        assert!(refused.is_empty(), "{what}: the good ones beside these were refused: {refused:#?}");
        let taken: Vec<&str> = all.iter().filter(|f| signer.takes(&f.token)).map(|f| f.why.as_str()).collect();
        assert!(taken.is_empty(), "{what}: these were taken: {taken:#?}");
        kinds += 1;
        variants += different.len();
    }
    figures::tell("token negatives", format!("{variants} over {kinds} kinds of key and issuer, 0 accepted"));
}

#[test]
fn harmless_differences_are_taken() {
    for signer in signers() {
        let local = signer.profile == Profile::Local;
        for (name, value) in [
            ("typ", json!("JWT")),
            ("typ", json!("AT+JWT")),
            ("typ", json!("application/at+jwt")),
            ("x5t", json!("x")),
            ("x-own", json!(1)),
        ] {
            assert!(signer.takes(&signer.with_header(name, value.clone())), "{name} {value}");
        }
        let audiences = if local {
            [json!("opptrapping"), json!(["other", "opptrapping"])]
        } else {
            [json!("unspecified"), json!(["unspecified"])]
        };
        let claims = [
            ("nbf", json!(NOW)),
            ("scope", json!("")),
            ("delegation_source", json!("x")),
            ("sub", json!("æøå")),
            ("typ", json!("Bearer")),
            ("token_use", json!("access")),
        ];
        for (name, value) in claims.into_iter().chain(audiences.map(|audience| ("aud", audience))) {
            assert!(signer.takes(&signer.with_claim(name, value.clone())), "{name} {value}");
        }
        for name in ["kid", "typ"] {
            let mut header = signer.pair.header();
            header.as_object_mut().unwrap().remove(name);
            assert!(
                signer.takes(&signer.pair.sign(&header, &signer.claims())),
                "one key needs no kid, and a token no typ"
            );
        }
        assert!(signer.takes(&signer.without_claim("jti")) && signer.takes(&signer.without_claim("client_id")));
        assert!(!signer.issuers.verify(&signer.without_claim("scope"), NOW).unwrap().may("grants:write"));
    }
}

#[test]
fn clocks_may_differ_by_the_skew_and_no_more() {
    for signer in signers() {
        let most = if signer.profile == Profile::Local { MOST_LIFETIME } else { 600 };
        let at =
            |name: &str, time: i64, now: i64| signer.issuers.verify(&signer.with_claim(name, json!(time)), now).is_ok();
        let exp = NOW + 60;
        assert!(at("exp", exp, exp) && at("exp", exp, exp + SKEW - 1), "{:?}", signer.pair.algorithm);
        assert!(!at("exp", exp, exp + SKEW) && !at("exp", exp, exp + SKEW + 1));
        for name in ["nbf", "iat"] {
            assert!(at(name, NOW + SKEW, NOW), "{name}");
            assert!(!at(name, NOW + SKEW + 1, NOW), "{name}");
        }
        assert!(at("exp", NOW + most, NOW) && !at("exp", NOW + most + 1, NOW));
    }
}

#[test]
fn a_token_that_is_remembered_expires_all_the_same() {
    for signer in signers() {
        let token = signer.with_claim("exp", json!(NOW + 60));
        for _ in 0..2 {
            assert!(
                signer.issuers.verify(&token, NOW).is_ok()
                    && signer.issuers.verify(&token, NOW + 60 + SKEW - 1).is_ok()
            );
            assert!(signer.issuers.verify(&token, NOW + 60 + SKEW).is_err(), "it is not good longer for being known");
            assert!(signer.issuers.verify(&token, NOW - SKEW - 1).is_err(), "nor earlier");
        }
        let other = token.replacen(|c: char| c != '.', "e", 1);
        assert!(signer.issuers.verify(&other, NOW).is_ok() == (other == token));
    }
}

#[test]
fn the_other_algorithm_for_rsa_keys_is_taken_where_it_is_said() {
    let signer = Signer::new(Algorithm::PS256, Profile::Maskinporten);
    assert!(signer.takes(&signer.good()));
    let same =
        Pair { algorithm: Algorithm::RS256, private: signer.pair.private.clone(), ..Pair::new(Algorithm::RS256) };
    let mut header = signer.pair.header();
    header["alg"] = json!("RS256");
    assert!(!signer.takes(&same.sign(&header, &signer.claims())));
}

#[test]
fn a_token_gives_its_scopes_and_no_more() {
    let signer = Signer::new(Algorithm::EdDSA, Profile::Local);
    let may = |scopes: &str, scope: &str| {
        signer.issuers.verify(&signer.with_claim("scope", json!(scopes)), NOW).unwrap().may(scope)
    };
    assert!(may("grants:write plans:write", "grants:write") && may("grants:write plans:write", "plans:write"));
    for other in ["goals:write", "grants", "write", "grants:write plans:write", "", "admin"] {
        assert!(!may("grants:write plans:write", other), "{other}");
    }
    assert!(may("admin", "grants:write"));
    assert!(!may("administrator Admin", "grants:write") && !may("grants:write,plans:write", "plans:write"));
}

fn row() -> Value {
    json!({ "title": "T", "publisher": "P", "kind": "report" })
}

#[actix_web::test]
async fn a_refused_token_is_never_shown_and_writes_nothing() {
    let base = sqlite("tokens_refused");
    let before = base.db.head().revision;
    // Issued a little ahead of the clock: else what is refused for being early would become good while this goes on.
    let issued = crate::client::now() + SKEW - 10;
    for signer in [Profile::Local, Profile::Maskinporten].map(|profile| Signer::at(Algorithm::ES256, profile, issued)) {
        let client = Client::with(&base.db, signer.issuers.clone()).await;
        let plain = |token: &str| token.bytes().all(|b| (b' '..=b'~').contains(&b)) && token.len() < 8_000;
        for Forged { why, token, .. } in forged(&signer).into_iter().filter(|f| plain(&f.token)) {
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
