//! Key sets at an address: rotated, away, wrong, slow, and asked for by tokens with keys that nobody has.
use crate::client::{Client, now, request};
use crate::key_server::{KeyServer, Reply};
use crate::signer::{MASKINPORTEN_RULES, Pair, key_set, maskinporten_claims, sources};
use crate::support::{Folder, sqlite};
use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use jsonwebtoken::Algorithm;
use opptrapping::http::token::{Issuers, LAST_GOOD, Refused, Sources};
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

/// The rules of Maskinporten with the key set at an address.
fn at(folder: &Folder, url: &str, more: &str) -> Sources {
    sources(folder, &format!("{MASKINPORTEN_RULES}jwks_url = \"{url}\"\n{more}"), &[])
}

fn token(pair: &Pair) -> String {
    pair.token(&maskinporten_claims(now()))
}

/// Waits for what another thread will do.
async fn soon(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn has_keys(issuers: &Issuers) {
    soon("the key set did not come", || issuers.can_verify(now())).await;
}

#[actix_web::test]
async fn keys_are_rotated_without_a_token_refused() {
    let (old, new) = (Pair::new(Algorithm::RS256), Pair::new(Algorithm::RS256));
    let (server, folder) = (KeyServer::start(Reply::Keys(key_set(&[&old]))), Folder::new("rotation"));
    let base = sqlite("rotation");
    let issuers = Issuers::open(at(&folder, &server.url(), "refresh_seconds = 1\n")).unwrap();
    let client = Client::with(&base.db, issuers.clone()).await;
    let status = async |pair: &Pair| {
        let read = request("GET", "/v1/goals?limit=1");
        client.send(read.insert_header(("authorization", format!("Bearer {}", token(pair))))).await.status
    };
    // The first token comes while the first fetch is under way, and waits for it.
    assert_eq!(status(&old).await, 200);
    server.set(Reply::Keys(key_set(&[&old, &new])));
    assert_eq!((status(&new).await, status(&old).await), (200, 200), "both while they overlap");
    let remembered = token(&old);
    assert!(issuers.verify(&remembered, now()).is_ok());

    server.set(Reply::Keys(key_set(&[&new])));
    soon("the old key was taken on", || issuers.verify(&remembered, now()).is_err()).await;
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
    assert_eq!(issuers.states(now())[0].keys, 1);
}

#[actix_web::test]
async fn strangers_cause_one_fetch_and_no_more() {
    let pair = Pair::new(Algorithm::EdDSA);
    let (server, folder) = (KeyServer::start(Reply::Keys(key_set(&[&pair]))), Folder::new("strangers"));
    let issuers = Issuers::open(at(&folder, &server.url(), "refresh_seconds = 3600\n")).unwrap();
    has_keys(&issuers).await;
    assert_eq!(server.asked(), 1, "the one at start");

    let begun = Instant::now();
    let strangers = (0..10_000).map(|n| {
        let header = json!({ "alg": "EdDSA", "kid": format!("{n:x}-{}", n * 7_919) });
        pair.sign(&header, &maskinporten_claims(now()))
    });
    let strangers: Vec<String> = strangers.collect();
    for some in strangers.chunks(500) {
        let verdicts = join_all(some.iter().map(|token| issuers.check(token))).await;
        assert!(verdicts.iter().all(Result::is_err));
        assert!(issuers.check(&token(&pair)).await.is_ok(), "others are served meanwhile");
    }
    assert!(begun.elapsed() < Duration::from_secs(29), "too slow to say anything: {:?}", begun.elapsed());
    assert_eq!(server.asked(), 2, "one more for all of them");

    // What is wrong otherwise causes none, and neither does one without a kid.
    let mut expired = maskinporten_claims(now());
    expired["exp"] = json!(now() - 60);
    assert!(issuers.check(&pair.sign(&json!({ "alg": "EdDSA", "kid": "x" }), &expired)).await.is_err());
    assert_eq!(server.asked(), 2);
}

#[actix_web::test]
async fn where_a_token_says_that_its_key_is_nobody_asks() {
    let (pair, evil) = (Pair::new(Algorithm::RS256), Pair::new(Algorithm::RS256));
    let ours = KeyServer::start(Reply::Keys(key_set(&[&pair])));
    let theirs = KeyServer::start(Reply::Keys(key_set(&[&evil])));
    let folder = Folder::new("elsewhere");
    let issuers = Issuers::open(at(&folder, &ours.url(), "refresh_seconds = 3600\n")).unwrap();
    has_keys(&issuers).await;
    for name in ["jku", "x5u", "jwk", "x5c", "iss"] {
        for kid in [&evil.kid, &pair.kid] {
            let (mut header, mut claims) = (evil.header(), maskinporten_claims(now()));
            header["kid"] = json!(kid);
            match name {
                "iss" => claims["iss"] = json!(theirs.url()),
                "jwk" => header["jwk"] = evil.jwk(),
                "x5c" => header["x5c"] = json!([theirs.url()]),
                _ => header[name] = json!(theirs.url()),
            }
            assert!(issuers.check(&evil.sign(&header, &claims)).await.is_err(), "{name}");
        }
    }
    assert!(issuers.check(&token(&pair)).await.is_ok());
    assert_eq!(theirs.asked(), 0, "a stranger was asked for keys");
}

#[actix_web::test]
async fn the_last_good_set_is_used_for_a_day_and_kept_over_a_restart() {
    let pair = Pair::new(Algorithm::ES256);
    let (server, folder) = (KeyServer::start(Reply::Keys(key_set(&[&pair]))), Folder::new("last_good"));
    let keep = folder.0.join("kept");
    let given = || Sources { keep: Some(keep.clone()), ..at(&folder, &server.url(), "refresh_seconds = 1\n") };
    let issuers = Issuers::open(given()).unwrap();
    has_keys(&issuers).await;
    server.set(Reply::Nothing);
    soon("the failure was not noticed", || issuers.states(now())[0].failure.is_some()).await;
    assert!(issuers.check(&token(&pair)).await.is_ok(), "the last good set");
    let far = |seconds: i64| {
        let then = now() + seconds;
        issuers.verify(&pair.token(&maskinporten_claims(then)), then).is_ok()
    };
    assert!(far(LAST_GOOD - 30) && !far(LAST_GOOD + 1), "for a day");
    let remembered = pair.token(&maskinporten_claims(now() + LAST_GOOD - 30));
    assert!(issuers.verify(&remembered, now() + LAST_GOOD - 30).is_ok());
    assert!(issuers.verify(&remembered, now() + LAST_GOOD + 1).is_err(), "also of what is remembered");
    drop(issuers);

    let again = Issuers::open(given()).unwrap();
    assert!(again.verify(&token(&pair), now()).is_ok(), "the set that was kept, at once");
    drop(again);

    let files: Vec<_> = fs::read_dir(&keep).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&files[0], fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!Issuers::open(given()).unwrap().can_verify(now()), "others could have written it");
        fs::set_permissions(&files[0], fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fs::metadata(&keep).unwrap().permissions().mode() & 0o777, 0o700);
        fs::set_permissions(&keep, fs::Permissions::from_mode(0o777)).unwrap();
        let told = Issuers::open(given()).map(drop).unwrap_err();
        assert!(told[0].starts_with("OPPTRAPPING_KEY_CACHE: ") && told[0].contains("others may write"), "{told:?}");
        fs::set_permissions(&keep, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mut content: serde_json::Value = serde_json::from_slice(&fs::read(&files[0]).unwrap()).unwrap();
    for (name, value) in [
        ("fetched_at", json!(now() - LAST_GOOD - 1)),
        ("fetched_at", json!(now() + 3_600)),
        ("url", json!("https://other.example/jwk")),
        ("key_set", json!("e30")),
    ] {
        let good = content.clone();
        content[name] = value;
        fs::write(&files[0], content.to_string()).unwrap();
        assert!(!Issuers::open(given()).unwrap().can_verify(now()), "{name} {}", content[name]);
        content = good;
        fs::write(&files[0], content.to_string()).unwrap();
        assert!(Issuers::open(given()).unwrap().can_verify(now()));
    }
}

#[actix_web::test]
async fn what_is_no_key_set_changes_nothing() {
    let (pair, evil) = (Pair::new(Algorithm::RS256), Pair::new(Algorithm::RS256));
    let server = KeyServer::start(Reply::Keys(key_set(&[&pair])));
    let elsewhere = KeyServer::start(Reply::Keys(key_set(&[&evil])));
    let folder = Folder::new("no_set");
    let issuers = Issuers::open(at(&folder, &server.url(), "refresh_seconds = 3600\n")).unwrap();
    has_keys(&issuers).await;

    let body = |status: &str, body: &str| {
        Reply::Raw(format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    };
    let set = key_set(&[&evil]).to_string();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut set = key_set(&[&evil]);
        change(&mut set["keys"][0]);
        body("200 OK", &set.to_string())
    };
    let symmetric = json!({ "keys": [{ "kty": "oct", "alg": "HS256", "kid": "s", "k": "c2VjcmV0" }] }).to_string();
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        elsewhere.url()
    );
    let replies = [
        ("an error", body("500 Internal Server Error", &set)),
        ("not there", body("404 Not Found", &set)),
        ("another success", body("206 Partial Content", &set)),
        ("a redirect", Reply::Raw(redirect)),
        ("a page", body("200 OK", "<html></html>")),
        ("no keys", body("200 OK", "{}")),
        ("an empty list", body("200 OK", "{\"keys\":[]}")),
        ("a list", body("200 OK", "[]")),
        ("nothing", Reply::Nothing),
        ("half of it", Reply::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", set.len(), &set[..40]))),
        ("no HTTP", Reply::Raw("hello\r\n\r\n".into())),
        ("too large", Reply::Large(key_set(&[&evil]), 262_145)),
        ("too slow", Reply::Slow(key_set(&[&evil]), Duration::from_millis(50))),
        ("a secret", body("200 OK", &symmetric)),
        ("a private key", with(&|key| key["d"] = json!("AQAB"))),
        ("for encryption", with(&|key| key["use"] = json!("enc"))),
        ("no signatures", with(&|key| key["key_ops"] = json!(["encrypt"]))),
        ("another algorithm", with(&|key| key["alg"] = json!("RS512"))),
        ("a secret algorithm", with(&|key| key["alg"] = json!("HS256"))),
        ("an unknown algorithm", with(&|key| key["alg"] = json!("none"))),
        ("an algorithm of another kind", with(&|key| key["alg"] = json!("ES256"))),
        ("no algorithm", with(&|key| drop(key.as_object_mut().unwrap().remove("alg")))),
        ("no kid", with(&|key| drop(key.as_object_mut().unwrap().remove("kid")))),
        ("a short key", with(&|key| key["n"] = json!("u7y7"))),
        ("two of one name", body("200 OK", &json!({ "keys": [evil.jwk(), evil.jwk()] }).to_string())),
    ];
    for (why, reply) in replies {
        server.set(reply);
        issuers.reload().unwrap();
        soon(why, || issuers.states(now())[0].failure.is_some()).await;
        assert!(issuers.verify(&token(&pair), now()).is_ok(), "{why}: the good key is gone");
        assert!(issuers.verify(&token(&evil), now()).is_err(), "{why}: it was taken");
        server.set(Reply::Keys(key_set(&[&pair])));
        issuers.reload().unwrap();
        soon(why, || issuers.states(now())[0].failure.is_none()).await;
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect was followed");
    server.set(Reply::Large(key_set(&[&pair, &evil]), 262_144));
    issuers.reload().unwrap();
    soon("the largest that is taken", || issuers.states(now())[0].keys == 2).await;
}

#[actix_web::test]
async fn keys_for_other_purposes_are_passed_over() {
    let (pair, other) = (Pair::new(Algorithm::RS256), Pair::new(Algorithm::ES256));
    let mut encryption = Pair::new(Algorithm::RS256).jwk();
    encryption["use"] = json!("enc");
    let set = json!({ "keys": [encryption, { "kty": "new" }, other.jwk(), pair.jwk()] });
    let (server, folder) = (KeyServer::start(Reply::Keys(set)), Folder::new("purposes"));
    // The issuer says what its keys are for: those for another algorithm are not taken.
    let issuers = Issuers::open(at(&folder, &server.url(), "algorithm = \"RS256\"\n")).unwrap();
    has_keys(&issuers).await;
    assert_eq!(issuers.states(now())[0].keys, 1);
    assert!(issuers.verify(&token(&pair), now()).is_ok() && issuers.verify(&token(&other), now()).is_err());
}

#[actix_web::test]
async fn a_certificate_is_checked() {
    let pair = Pair::new(Algorithm::ES256);
    let certified = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let (ours, others) = (certified("127.0.0.1"), certified("keys.example"));
    for (certificate, trusted, good) in [
        (&ours, Some(&ours), true),
        (&ours, Some(&others), false),
        (&ours, None, false),
        (&others, Some(&others), false),
    ] {
        let folder = Folder::new("certificate");
        let server = KeyServer::start_tls(Reply::Keys(key_set(&[&pair])), certificate);
        let more = trusted.map_or("", |_| "ca_file = \"ca.pem\"\n");
        let given = at(&folder, &server.url(), more);
        trusted.into_iter().for_each(|authority| fs::write(folder.0.join("ca.pem"), authority.cert.pem()).unwrap());
        let issuers = Issuers::open(given).unwrap();
        soon("no verdict", || issuers.can_verify(now()) || issuers.states(now())[0].failure.is_some()).await;
        assert_eq!(issuers.verify(&token(&pair), now()).is_ok(), good, "{:?}", issuers.states(now()));
        assert_eq!(server.asked() > 0, good, "the request was sent to a stranger");
    }
}

#[actix_web::test]
async fn without_any_key_reading_goes_on_and_writing_waits() {
    let pair = Pair::new(Algorithm::RS256);
    let (server, folder) = (KeyServer::start(Reply::Nothing), Folder::new("no_key"));
    let base = sqlite("no_key");
    let issuers = Issuers::open(at(&folder, &server.url(), "refresh_seconds = 1\n")).unwrap();
    let client = Client::with(&base.db, issuers.clone()).await;
    let bearer = || format!("Bearer {}", token(&pair));
    client.get("/v1/goals?limit=1").await.done(200);
    let content = json!({ "title": "T", "publisher": "P", "kind": "report" });
    for (method, authorization) in [("PUT", Some(bearer())), ("PUT", None), ("GET", Some(bearer()))] {
        let asked = request(method, "/v1/sources/a").set_json(&content);
        let asked = authorization.into_iter().fold(asked, |asked, token| asked.insert_header(("authorization", token)));
        let answer = client.send(asked).await;
        answer.refused(503, "auth-unavailable");
        assert_eq!(answer.header("retry-after"), Some("30"), "it will be tried again");
    }
    // One that does not come to an end is waited for a little, and not for as long as it likes.
    server.set(Reply::Slow(key_set(&[&pair]), Duration::from_millis(200)));
    soon("the slow one was not asked", || server.asked() > 1).await;
    let begun = Instant::now();
    assert!(matches!(issuers.check(&token(&pair)).await, Err(Refused::Away)));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    server.set(Reply::Keys(key_set(&[&pair])));
    has_keys(&issuers).await;
    client.send(request("GET", "/v1/goals?limit=1").insert_header(("authorization", bearer()))).await.done(200);
}
