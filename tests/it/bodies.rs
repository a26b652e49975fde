//! Bodies that are not what they should be.
use crate::client::{Answer, Client, write};
use crate::support::{databases, sqlite};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const PATH: &str = "/v1/sources/a";

async fn put(client: &Client, body: impl Into<actix_web::web::Bytes>) -> Answer {
    client.send(write("PUT", PATH).insert_header(("content-type", "application/json")).set_payload(body)).await
}

#[actix_web::test]
async fn what_is_not_json_is_refused_with_its_place_and_without_an_echo() {
    let base = sqlite("bodies_json");
    let client = Client::new(&base.db).await;
    let secret = "dontechome";
    let cases: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        format!("{{\"title\": {secret}}}").into_bytes(),
        format!("{{\"title\":\n \"{secret}\"").into_bytes(),
        format!("{{}} {secret}").into_bytes(),
        b"{\"title\": NaN}".to_vec(),
        b"{\"title\": \"\\ud800\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"title\": \"\xff\xfe\"}".to_vec(),
        b"{\"amount\": 1e400}".to_vec(),
        b"{\"a\":".repeat(200),
        format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes(),
    ];
    for case in cases {
        let shown = String::from_utf8_lossy(&case[..case.len().min(60)]).into_owned();
        let answer = put(&client, case).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-json"), "{shown}");
        assert!(!answer.text().contains(secret), "{shown}");
    }
    let detail = put(&client, "{\n  \"title\": oops}").await.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("line 2") && detail.contains("column"), "{detail}");
}

#[actix_web::test]
async fn what_is_json_and_no_row_is_refused_with_a_pointer() {
    let base = sqlite("bodies_row");
    let client = Client::new(&base.db).await;
    let many = format!("[{}0]", "0,".repeat(500_000));
    for body in ["[]", "1", "null", "\"x\"", "[{}]", &many] {
        put(&client, body.to_owned()).await.refused(422, "invalid-content");
    }
    let twice = put(&client, r#"{"title":"A","title":"B","publisher":"P","kind":"report"}"#).await;
    let problem = twice.refused(422, "invalid-content");
    assert!(crate::client::names(&problem, "title", "repeated"), "{problem}");
    let nested = put(&client, r#"{"title":{"a":1},"publisher":"P","kind":"report"}"#).await;
    assert_eq!(nested.refused(422, "invalid-content")["errors"][0]["pointer"], "/title");
}

#[actix_web::test]
async fn nul_is_refused_in_every_place_on_every_database() {
    for base in databases("bodies_nul") {
        let client = Client::new(&base.db).await;
        let body = r#"{"title":"A\u0000B","publisher":"P","kind":"report"}"#;
        let problem = put(&client, body).await.refused(422, "invalid-content");
        assert_eq!(problem["errors"][0]["pointer"], "/title", "{}", base.label);
        let named = put(&client, r#"{"ti\u0000tle":"A"}"#).await;
        assert_eq!(named.status, 422, "{}", base.label);
        client.get("/v1/sources/a%00").await.refused(400, "invalid-encoding");
        client.get("/v1/sources?q=%00").await.refused(400, "invalid-encoding");
    }
}

#[actix_web::test]
async fn the_type_of_a_body_must_be_named() {
    let base = sqlite("bodies_type");
    let client = Client::new(&base.db).await;
    let body = r#"{"title":"A","publisher":"P","kind":"report"}"#;
    for media in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/merge-patch+json"),
        Some(""),
    ] {
        let request = write("PUT", PATH).set_payload(body);
        let request = match media {
            Some(media) => request.insert_header(("content-type", media)),
            None => request,
        };
        let answer = client.send(request).await;
        answer.refused(415, "unsupported-media-type");
        assert_eq!(answer.header("accept-post"), Some("application/json"), "{media:?}");
    }
    let patch =
        client.send(write("PATCH", PATH).insert_header(("content-type", "application/json")).set_payload("{}")).await;
    patch.refused(415, "unsupported-media-type");
    assert_eq!(patch.header("accept-patch"), Some("application/merge-patch+json"));
    let with_charset = write("PUT", PATH).insert_header(("content-type", "Application/JSON; charset=utf-8"));
    client.send(with_charset.set_payload(body)).await.done(201);
}

#[actix_web::test]
async fn too_much_is_refused_packed_or_not() {
    let base = sqlite("bodies_size");
    let client = Client::new(&base.db).await;
    let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(2 * 1_048_576));
    put(&client, large).await.refused(413, "payload-too-large");
    put(&client, format!("[{}0]", "0,".repeat(1_000_000))).await.refused(413, "payload-too-large");

    let claimed = write("PUT", PATH).insert_header(("content-type", "application/json"));
    client.send(claimed.insert_header(("content-length", "999999999999"))).await.refused(413, "payload-too-large");

    let packed = |bytes: &[u8]| {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let send = async |body: Vec<u8>, encoding: &str| {
        let request = write("PUT", PATH).insert_header(("content-type", "application/json"));
        client.send(request.insert_header(("content-encoding", encoding)).set_payload(body)).await
    };
    let bomb = packed(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    send(bomb, "gzip").await.refused(413, "payload-too-large");
    send(b"not gzip".to_vec(), "gzip").await.refused(400, "malformed-request");
    let body = r#"{"title":"A","publisher":"P","kind":"report"}"#;
    for encoding in ["br", "deflate", "gzip, gzip", "x"] {
        send(body.into(), encoding).await.refused(415, "unsupported-media-type");
    }
    send(packed(body.as_bytes()), "gzip").await.done(201);
}

#[actix_web::test]
async fn a_text_has_a_longest_length() {
    let base = sqlite("bodies_text");
    let client = Client::new(&base.db).await;
    let body = |n: usize| format!(r#"{{"title":"{}","publisher":"P","kind":"report"}}"#, "ø".repeat(n));
    put(&client, body(10_001)).await.refused(422, "invalid-content");
    put(&client, body(10_000)).await.done(201);
}
