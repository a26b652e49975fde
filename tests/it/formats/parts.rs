//! Lengths, parts of tables, and packed tables.
use crate::client::{Answer, Client, collections, request};
use crate::support::{databases, sqlite};
use actix_web::body::BodySize;
use opptrapping::http::format::Format;
use std::io::Read;

async fn ranged(client: &Client, path: &str, range: &str) -> Answer {
    client.send(request("GET", path).insert_header(("range", range))).await
}

#[actix_web::test]
async fn the_length_of_every_form_is_told_and_any_part_of_it_given() {
    for base in databases("formats_parts") {
        let client = Client::new(&base.db).await;
        for collection in collections() {
            for format in Format::offered(collection.cube.is_some()).filter(|f| f.is_table()) {
                let path = format!("/v1/{}?format={}", collection.name(), format.word());
                let what = format!("{} {path}", base.label);
                let whole = client.get(&path).await.done(200);
                let length = whole.body.len();
                assert!(length > 20, "{what}");
                assert_eq!(whole.header("content-type"), Some(format.content_type()), "{what}");
                let named = whole.header("content-disposition").unwrap();
                let ending = format!(".{}\"", format.ending());
                assert!(named.contains(collection.name()) && named.ends_with(&ending), "{what}: {named}");

                let head = client.send(request("HEAD", &path)).await.done(200);
                assert_eq!(head.size, BodySize::Sized(length as u64), "{what}");
                for name in ["etag", "content-type", "accept-ranges", "content-disposition", "cache-control", "vary"] {
                    assert_eq!(head.header(name), whole.header(name), "{what}: {name}");
                }
                assert_eq!(head.header("accept-ranges"), Some("bytes"), "{what}");

                for (range, part) in [
                    ("bytes=0-9".to_owned(), 0..10),
                    (format!("bytes={}-", length - 7), length - 7..length),
                    ("bytes=-8".to_owned(), length - 8..length),
                    (format!("bytes=3-{}", length * 2), 3..length),
                ] {
                    let answer = ranged(&client, &path, &range).await.done(206);
                    assert_eq!(answer.body, whole.body[part.clone()], "{what} {range}");
                    let told = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                    assert_eq!(answer.header("content-range"), Some(told.as_str()), "{what}");
                    assert_eq!(answer.header("etag"), whole.header("etag"));
                }
            }
        }
    }
}

#[actix_web::test]
async fn a_part_that_is_not_there_is_refused_and_what_is_no_part_is_the_whole() {
    let base = sqlite("formats_beyond");
    let client = Client::new(&base.db).await;
    let path = "/v1/goals?format=csv";
    let whole = client.get(path).await.done(200);
    let length = whole.body.len();
    for beyond in [format!("bytes={length}-"), "bytes=-0".into(), "bytes=99999999999999999999-".into()] {
        let answer = ranged(&client, path, &beyond).await;
        answer.refused(416, "range-not-satisfiable");
        assert_eq!(answer.header("content-range"), Some(format!("bytes */{length}").as_str()), "{beyond}");
    }
    for ignored in ["bytes=0-1,4-5", "bytes=9-2", "lines=0-1", "bytes=x-y", "garbage"] {
        assert_eq!(ranged(&client, path, ignored).await.done(200).body, whole.body, "{ignored}");
    }
    let conditional = |version: &str| {
        request("GET", path).insert_header(("range", "bytes=0-1")).insert_header(("if-range", version.to_owned()))
    };
    assert_eq!(client.send(conditional(whole.tag())).await.status, 206);
    for other in ["\"other\"", &format!("W/{}", whole.tag()), "Tue, 24 Nov 2026 20:00:00 GMT"] {
        assert_eq!(client.send(conditional(other)).await.done(200).body, whole.body, "{other}");
    }
    // A part is a part of the plain bytes, whatever the client could unpack.
    let packed = request("GET", path).insert_header(("range", "bytes=0-9")).insert_header(("accept-encoding", "gzip"));
    let answer = client.send(packed).await.done(206);
    assert_eq!((answer.header("content-encoding"), &answer.body[..]), (None, &whole.body[..10]));
    let known =
        request("GET", path).insert_header(("range", "bytes=0-9")).insert_header(("if-none-match", whole.tag()));
    client.send(known).await.done(304);
    // A page of JSON has no parts.
    assert_eq!(ranged(&client, "/v1/goals", "bytes=0-1").await.done(200).header("accept-ranges"), None);
}

#[actix_web::test]
async fn what_is_streamed_is_packed_as_it_goes() {
    let base = sqlite("formats_packed");
    let client = Client::new(&base.db).await;
    for path in ["/v1/observations?format=csv", "/v1/observations?format=ndjson&sort=region"] {
        let plain = client.get(path).await.done(200);
        assert_eq!(plain.size, BodySize::Stream, "{path}");
        for (encoding, ending) in [("gzip", "-gz\""), ("br", "-br\""), ("zstd", "-zst\"")] {
            let answer = client.send(request("GET", path).insert_header(("accept-encoding", encoding))).await.done(200);
            assert_eq!(answer.header("content-encoding"), Some(encoding));
            assert!(answer.tag().ends_with(ending) && answer.body.len() * 3 < plain.body.len(), "{path} {encoding}");
            let mut unpacked = vec![];
            match encoding {
                "gzip" => flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut unpacked),
                "br" => brotli::Decompressor::new(&answer.body[..], 4_096).read_to_end(&mut unpacked),
                _ => zstd::Decoder::new(&answer.body[..]).unwrap().read_to_end(&mut unpacked),
            }
            .unwrap();
            assert!(unpacked == plain.body, "{path} {encoding}");
        }
    }
}

#[actix_web::test]
async fn a_page_of_a_table_links_to_the_next() {
    let base = sqlite("formats_pages");
    let client = Client::new(&base.db).await;
    let mut next = Some("/v1/grants?format=csv&limit=1&fields=id".to_owned());
    let mut ids = vec![];
    while let Some(path) = next {
        let page = client.get(&path).await.done(200);
        ids.extend(page.text().lines().skip(1).map(str::to_owned));
        let links = page.all("link").into_iter().find(|link| link.ends_with("rel=\"next\"")).map(str::to_owned);
        next = links.map(|link| {
            let address = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
            address.trim_start_matches("http://127.0.0.1:8080").to_owned()
        });
    }
    let all = client.get("/v1/grants?format=csv&fields=id").await.done(200).text();
    assert!(ids.len() > 1 && all.lines().skip(1).eq(ids.iter().map(String::as_str)), "{ids:?}");
}
