//! What caches go by: tags, times, encodings, negotiation, and answers that never change.
use crate::client::{Answer, Client, collections, request, write};
use crate::support::{databases, empty, sqlite};
use serde_json::{Value, json};
use std::io::Read;

async fn with(client: &Client, path: &str, name: &'static str, value: &str) -> Answer {
    client.send(request("GET", path).insert_header((name, value.to_owned()))).await
}

const PATHS: [&str; 8] = [
    "/v1/goals",
    "/v1/goals?format=csv",
    "/v1/goals?as_of=5",
    "/v1/goals/rus-2016-2020-g3",
    "/v1/goals/rus-2016-2020-g3?lang=en&fields=id,title",
    "/v1/goals/rus-2016-2020-g3/history",
    "/v1/about",
    "/openapi.json",
];

#[actix_web::test]
async fn what_a_client_has_is_confirmed_and_not_sent_again() {
    for base in databases("caching_304") {
        let client = Client::new(&base.db).await;
        for path in PATHS {
            let got = client.get(path).await.done(200);
            let tag = got.tag().to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{path}: {tag}");
            for given in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
                let known = with(&client, path, "if-none-match", &given).await;
                assert_eq!(known.status, 304, "{} {path} {given}", base.label);
                assert!(known.body.is_empty());
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(known.header(name), got.header(name), "{path}: {name}");
                }
            }
            for given in ["\"x\"", "x", "", &tag[1..tag.len() - 1], "\"x\", \"y\""] {
                assert_eq!(with(&client, path, "if-none-match", given).await.status, 200, "{path} {given}");
            }
            for since in ["Sun, 22 Nov 2099 10:00:00 GMT", "yesterday"] {
                let both = request("GET", path).insert_header(("if-none-match", "\"x\""));
                let answer = client.send(both.insert_header(("if-modified-since", since))).await;
                assert_eq!(answer.status, 200, "If-None-Match decides alone");
            }
        }
    }
}

#[actix_web::test]
async fn another_answer_has_another_tag() {
    let base = sqlite("caching_tags");
    let client = Client::new(&base.db).await;
    let paths = [
        "/v1/goals",
        "/v1/goals?format=csv",
        "/v1/goals?lang=en",
        "/v1/goals?limit=3",
        "/v1/goals?fields=id",
        "/v1/goals?fields=id,plan",
        "/v1/goals?plan=rus-2016-2020",
        "/v1/goals?sort=-id",
        "/v1/goals?as_of=4",
        "/v1/measures",
        "/v1/goals/rus-2016-2020-g3/history",
        "/v1/goals/rus-2016-2020-g1/history",
    ];
    let mut tags = vec![];
    for path in paths {
        tags.push(client.tag(path).await);
    }
    let distinct: std::collections::BTreeSet<&String> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "{tags:#?}");
    assert_eq!(client.tag("/v1/goals?limit=03&plan=a,b").await, client.tag("/v1/goals?plan=a&limit=3&plan=b").await);
    let item = ["", "?lang=en", "?fields=id", "?lang=nn&fields=id"].map(|e| format!("/v1/goals/rus-2016-2020-g3{e}"));
    let mut tags = std::collections::BTreeSet::new();
    for path in &item {
        tags.insert(client.tag(path).await);
    }
    assert_eq!(tags.len(), item.len());
}

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut out = vec![];
    let body = &answer.body[..];
    match answer.header("content-encoding") {
        Some("br") => drop(brotli::Decompressor::new(body, 4_096).read_to_end(&mut out).unwrap()),
        Some("gzip") => drop(flate2::read::GzDecoder::new(body).read_to_end(&mut out).unwrap()),
        Some("zstd") => out = zstd::bulk::decompress(body, 10_000_000).unwrap(),
        Some(other) => panic!("{other}"),
        None => out = body.to_vec(),
    }
    out
}

#[actix_web::test]
async fn every_encoding_gives_the_same_bytes_under_its_own_tag() {
    let base = sqlite("caching_encodings");
    let client = Client::new(&base.db).await;
    for path in ["/v1/municipalities?limit=200", "/v1/goals?format=csv", "/openapi.json", "/v1/dictionary"] {
        let plain = client.get(path).await.done(200);
        assert_eq!(plain.header("content-encoding"), None);
        let mut tags = vec![plain.tag().to_owned()];
        for encoding in ["br", "zstd", "gzip"] {
            let packed = with(&client, path, "accept-encoding", encoding).await.done(200);
            assert_eq!(packed.header("content-encoding"), Some(encoding), "{path}");
            assert!(packed.body.len() < plain.body.len() && unpacked(&packed) == plain.body, "{path} {encoding}");
            assert!(packed.header("vary").unwrap().contains("Accept-Encoding"));
            let again = request("GET", path).insert_header(("accept-encoding", encoding));
            let known = client.send(again.insert_header(("if-none-match", packed.tag()))).await;
            assert_eq!((known.status, known.tag()), (304, packed.tag()));
            tags.push(packed.tag().to_owned());
        }
        tags.dedup();
        assert_eq!(tags.len(), 4, "{tags:?}");
        for none in ["identity", "x", "gzip;q=0", "br;q=0, gzip;q=0.0", ""] {
            let answer = with(&client, path, "accept-encoding", none).await.done(200);
            assert_eq!(answer.header("content-encoding"), None, "{none}");
        }
        assert!(plain.header("vary").unwrap().contains("Accept-Encoding"), "also where it was not compressed");
    }
}

#[actix_web::test]
async fn a_tag_read_packed_or_in_another_language_is_good_for_a_write() {
    let base = sqlite("caching_write");
    let client = Client::new(&base.db).await;
    let path = "/v1/goals/rus-2016-2020-g3";
    for (name, value) in [("accept-encoding", "br"), ("accept-encoding", "gzip"), ("accept-language", "en")] {
        let tag = with(&client, path, name, value).await.done(200).tag().to_owned();
        client.patch(path, &tag, &json!({ "note": value })).await.done(200);
    }
}

#[actix_web::test]
async fn vary_names_what_had_a_say() {
    let base = sqlite("caching_vary");
    let client = Client::new(&base.db).await;
    let vary = async |path: &str| {
        let answer = client.get(path).await;
        let mut names: Vec<String> = answer.header("vary").unwrap().split(", ").map(str::to_lowercase).collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(vary("/v1/goals").await, "accept accept-encoding accept-language");
    assert_eq!(vary("/v1/goals?lang=nb").await, "accept accept-encoding");
    assert_eq!(vary("/v1/goals?format=json").await, "accept-encoding accept-language");
    assert_eq!(vary("/v1/goals?format=csv&lang=en").await, "accept-encoding");
    assert_eq!(vary("/v1/goals/rus-2016-2020-g3").await, "accept-encoding accept-language");
}

#[actix_web::test]
async fn the_language_is_the_one_asked_for() {
    for base in databases("caching_language") {
        let client = Client::new(&base.db).await;
        let path = "/v1/goals/rus-2016-2020-g3";
        let row = client.json(path).await;
        for (accepted, wanted) in [
            ("en", "en"),
            ("en-GB,en;q=0.9", "en"),
            ("nn", "nn"),
            ("nn-NO, nb;q=0.5", "nn"),
            ("no", "nb"),
            ("de, en;q=0.5", "en"),
            ("de", "nb"),
            ("*", "nb"),
            ("nb;q=0, en", "en"),
            ("garbage;;;", "nb"),
            ("", "nb"),
        ] {
            let answer = with(&client, path, "accept-language", accepted).await.done(200);
            assert_eq!(answer.header("content-language"), Some(wanted), "{accepted}");
            assert_eq!(answer.json()["title"], row[format!("title_{wanted}")], "{accepted}");
        }
        let both = request("GET", "/v1/goals/rus-2016-2020-g3?lang=en").insert_header(("accept-language", "nn"));
        assert_eq!(client.send(both).await.header("content-language"), Some("en"), "lang= beats Accept-Language");
        assert_eq!(client.json("/v1/observations?region=NO&lang=en&limit=1").await["data"][0]["region_name"], "Norway");
        assert_eq!(client.json("/v1/observations?region=NO&lang=no&limit=1").await["data"][0]["region_name"], "Norge");
    }
}

#[actix_web::test]
async fn links_say_what_describes_and_licenses_an_answer_and_how_to_cite_it() {
    let base = sqlite("caching_links");
    let client = Client::new(&base.db).await;
    for path in ["/v1/goals", "/v1/goals?format=csv", "/v1/goals/rus-2016-2020-g3"] {
        let answer = client.get(path).await.done(200);
        let links = answer.all("link");
        for relation in ["describedby", "license", "cite-as"] {
            let link = links.iter().find(|l| l.ends_with(&format!("rel=\"{relation}\"")));
            assert!(link.is_some_and(|l| l.starts_with("<http")), "{path}: no {relation} in {links:?}");
        }
        let cited = links.iter().find(|l| l.contains("cite-as")).unwrap();
        let url = cited.trim_start_matches('<').split('>').next().unwrap();
        let cited = client.get(url.trim_start_matches("http://127.0.0.1:8080")).await.done(200);
        let rows = |a: &Answer| match a.header("content-type").unwrap().contains("json") {
            true => a.json().get("data").cloned().unwrap_or_else(|| a.json()),
            false => Value::String(a.text()),
        };
        assert_eq!(rows(&cited), rows(&answer), "{path}");
        assert!(cited.header("cache-control").unwrap().contains("immutable"), "{path}");
    }
}

#[actix_web::test]
async fn an_answer_at_a_revision_never_changes() {
    for base in databases("caching_as_of") {
        let client = Client::new(&base.db).await;
        let at = base.db.head().revision;
        let mut before = vec![];
        for collection in collections() {
            let name = collection.name();
            for path in [
                format!("/v1/{name}?limit=20&as_of={at}"),
                format!("/v1/{name}?limit=20&format=csv&as_of={at}"),
                format!("/v1/{name}/{}?as_of={at}", collection.example),
            ] {
                before.push((client.get(&path).await.done(200), path));
            }
        }
        for (path, patch) in [
            ("/v1/goals/rus-2016-2020-g3", json!({ "note": "later" })),
            ("/v1/plans/rus-2016-2020", json!({ "note": "later" })),
            ("/v1/grants/rus-2016-2020-grants-f15-2016-2020", json!({ "amount_nok": 1 })),
        ] {
            client.patch(path, &client.tag(path).await, &patch).await.done(200);
        }
        let wording = "/v1/wordings/rus-2016-2020-g1-w1";
        client.delete(wording, &client.tag(wording).await).await.done(204);
        let row = json!({ "title": "New", "publisher": "P", "kind": "report" });
        client.send(write("PUT", "/v1/sources/0-first").set_json(row)).await.done(201);
        for (was, path) in before {
            let now = client.get(&path).await.done(200);
            assert_eq!((now.tag(), now.text()), (was.tag(), was.text()), "{} {path}", base.label);
            assert_eq!(now.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
            assert_eq!(now.header("last-modified"), was.header("last-modified"), "{path}");
        }
        let brief = client.get("/v1/goals").await;
        let briefly = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400";
        assert_eq!(brief.header("cache-control"), Some(briefly));
        let timed = client.get("/v1/goals?as_of=2099-01-01T00:00:00Z").await.done(200);
        assert!(!timed.header("cache-control").unwrap().contains("immutable"));
    }
}

#[actix_web::test]
async fn an_empty_list_can_be_cited_too() {
    for base in empty("caching_empty") {
        let client = Client::new(&base.db).await;
        let list = client.json("/v1/goals").await;
        let cited = list["meta"]["cite_as"].as_str().unwrap().replace("http://127.0.0.1:8080", "");
        let again = client.get(&cited).await;
        assert_eq!(again.status, 200, "{} {cited}: {}", base.label, again.text());
    }
}

#[actix_web::test]
async fn what_is_not_there_is_not_confirmed() {
    for base in databases("caching_absent") {
        let client = Client::new(&base.db).await;
        for path in ["/v1/goals/nothing", "/v1/goals/nothing/history", "/v1/goals/rus-2016-2020-g3?as_of=1"] {
            let answer = with(&client, path, "if-none-match", "*").await;
            assert_eq!(answer.status, 404, "{} {path}", base.label);
        }
    }
}

#[actix_web::test]
async fn versions_of_one_code_have_tags_of_their_own() {
    for base in databases("caching_code") {
        let client = Client::new(&base.db).await;
        let versions = client.rows("/v1/municipalities?region=K-5001").await;
        assert_eq!(versions.len(), 3, "Trondheim, with Klæbu, and with its name in Southern Sámi");
        let mut tags = std::collections::BTreeSet::new();
        for version in &versions {
            let day = version["valid_from"].as_str().unwrap();
            tags.insert(client.tag(&format!("/v1/municipalities/K-5001?valid_on={day}")).await);
        }
        assert_eq!(tags.len(), versions.len(), "{}: a cache would take one for the other", base.label);
    }
}

#[actix_web::test]
async fn a_write_elsewhere_leaves_a_tag_alone() {
    let base = sqlite("caching_apart");
    let client = Client::new(&base.db).await;
    let (goals, measures) = (client.tag("/v1/goals").await, client.tag("/v1/measures").await);
    let path = "/v1/goals/rus-2016-2020-g3";
    client.patch(path, &client.tag(path).await, &json!({ "note": "x" })).await.done(200);
    assert_ne!(client.tag("/v1/goals").await, goals);
    assert_eq!(client.tag("/v1/measures").await, measures);
}

#[actix_web::test]
async fn a_past_can_be_named_by_its_time() {
    for base in databases("caching_time") {
        let client = Client::new(&base.db).await;
        let about = client.json("/v1/about").await;
        let loaded = about["updated_at"].as_str().unwrap().to_owned();
        let now = client.rows("/v1/goals").await;
        assert_eq!(client.rows(&format!("/v1/goals?as_of={loaded}")).await, now, "{}", base.label);
        assert_eq!(client.rows("/v1/goals?as_of=2000-01-01T00:00:00Z").await, [] as [Value; 0]);
        let offset = loaded.replace('Z', "%2B00:00");
        assert_eq!(client.rows(&format!("/v1/goals?as_of={offset}")).await, now);
    }
}
