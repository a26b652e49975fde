//! Citations: every answer has an address that stays, and it can be cited in words.
use crate::client::{Answer, Client, collections, names, request};
use crate::operations::operations;
use crate::support::{Base, databases, sqlite};
use opptrapping::api::sources::Source;
use opptrapping::db::{Author, Expect};
use opptrapping::domain::{Language, titles};
use opptrapping::http::asked::encode;
use serde_json::Value;

fn own(url: &str) -> &str {
    url.strip_prefix("http://127.0.0.1:8080").unwrap_or_else(|| panic!("{url}"))
}

/// The address in `Link: …; rel="cite-as"`.
pub fn cited(answer: &Answer) -> Option<String> {
    let link = answer.all("link").into_iter().find(|link| link.contains("rel=\"cite-as\""))?;
    Some(own(link.split(['<', '>']).nth(1)?).to_owned())
}

/// What everyone may read and has revisions.
pub fn public() -> impl Iterator<Item = &'static crate::operations::Operation> {
    let all: &'static Vec<_> = Box::leak(Box::new(operations()));
    // Submissions are not part of the dataset: they are erased when their sender asks for it.
    all.iter().filter(|o| o.reads() && o.scope().is_none() && !o.path.contains("submissions"))
}

#[actix_web::test]
async fn every_answer_says_what_to_cite_and_that_answers_the_same() {
    for base in databases("cite_all") {
        let client = Client::new(&base.db).await;
        let mut count = 0;
        for operation in public() {
            let url = operation.example_url("");
            let answer = client.get(&url).await.done(200);
            let address = cited(&answer).unwrap_or_else(|| panic!("{} {url}: no cite-as", base.label));
            let again = client.get(&address).await.done(200);
            assert_eq!(cited(&again).as_deref(), Some(address.as_str()), "{} {url}", base.label);
            let json = |answer: &Answer| serde_json::from_slice::<Value>(&answer.body).ok();
            if let (Some(first), Some(second)) = (json(&answer), json(&again)) {
                assert_eq!(first["data"], second["data"], "{} {url}", base.label);
                if !first["meta"].is_null() {
                    assert_eq!(first["meta"]["cite_as"], format!("http://127.0.0.1:8080{address}"), "{url}");
                    assert!(again.header("cache-control").unwrap().contains("immutable"), "{url}");
                }
            }
            count += 1;
        }
        assert!(count > 60, "{count}");
    }
}

/// A thousand revisions, of which every second changes a row that answers show.
pub fn go_on(base: &Base, rounds: usize) {
    for n in 0..rounds {
        let row = serde_json::json!({ "id": "prop-15-s-2015-2016", "title": format!("T{n}"), "publisher": "P", "kind": "report" });
        let row: Source = serde_json::from_value(row).unwrap();
        base.db.write(&Author::local("test"), None, |write| write.put(row, &Expect::Anything)).unwrap();
    }
}

#[actix_web::test]
async fn what_was_cited_is_the_same_bytes_after_a_thousand_revisions_and_a_restart() {
    for base in databases("cite_stays") {
        let mut recorded = vec![];
        {
            let client = Client::new(&base.db).await;
            for operation in
                public().filter(|o| !["/v1/about", "/v1/dictionary", "/v1/cite"].contains(&o.path.as_str()))
            {
                let address = cited(&client.get(&operation.example_url("")).await.done(200)).unwrap();
                recorded.push((address.clone(), client.get(&address).await.done(200)));
            }
        }
        go_on(&base, 1_000);
        let restarted = opptrapping::open(&base.url).unwrap();
        let client = Client::new(&restarted).await;
        for (address, before) in recorded {
            let after = client.get(&address).await.done(200);
            assert!(after.body == before.body, "{} {address}: {} became {}", base.label, before.text(), after.text());
            assert_eq!(after.tag(), before.tag(), "{} {address}", base.label);
        }
    }
}

async fn citation(client: &Client, url: &str, more: &str) -> String {
    client.get(&format!("/v1/cite?url={}{more}", encode(url))).await.done(200).text()
}

#[actix_web::test]
async fn a_list_is_cited_by_the_address_it_gives_itself() {
    for base in databases("cite_lists") {
        let client = Client::new(&base.db).await;
        for collection in collections() {
            let list = format!("/v1/{}?limit=5", collection.name());
            let one = format!("/v1/{}/{}", collection.name(), collection.example);
            for url in [list, one.clone(), format!("{one}/history")] {
                let answer = client.get(&url).await.done(200);
                let wanted = cited(&answer).unwrap();
                let text = citation(&client, &url, "").await;
                let found = own(text.trim().rsplit(' ').next().unwrap()).to_owned();
                let same = |address: &str| address.split("as_of=").next().unwrap().to_owned();
                assert_eq!(same(&found), same(&wanted), "{} {url}: {text}", base.label);
                client.get(&found).await.done(200);
            }
        }
    }
}

#[actix_web::test]
async fn a_citation_has_what_it_needs_in_every_style() {
    let base = sqlite("cite_styles");
    let client = Client::new(&base.db).await;
    let url = "http://127.0.0.1:8080/v1/goals?plan=rus-2016-2020&lang=en&as_of=5";
    let text = citation(&client, url, "&lang=en&accessed=2026-11-24").await;
    assert!(
        text.starts_with("Opptrapping (20")
            && text.contains("). Goals [plan: rus-2016-2020]. Revision 5. Licence: NLOD-2.0."),
        "{text}"
    );
    assert!(text.contains("/v1/goals?lang=en&plan=rus-2016-2020&as_of=5 (Accessed 2026-11-24)"), "{text}");
    assert!(citation(&client, url, "&lang=nn").await.contains("Mål [plan"));
    let bibtex = citation(&client, url, "&style=bibtex").await;
    assert!(
        bibtex.starts_with("@misc{opptrapping-r5-") && bibtex.contains("url = {http://127.0.0.1:8080/v1/goals?"),
        "{bibtex}"
    );
    let ris = citation(&client, url, "&style=ris").await;
    assert!(ris.starts_with("TY  - DATA\r\n") && ris.ends_with("ER  - \r\n"), "{ris}");
    let csl: Value = serde_json::from_str(&citation(&client, url, "&style=csl-json").await).unwrap();
    assert_eq!((&csl[0]["type"], &csl[0]["version"]), (&"dataset".into(), &"5".into()));
    for (accept, media) in [
        ("application/x-bibtex", "application/x-bibtex"),
        ("*/*", "text/plain"),
        ("application/vnd.citationstyles.csl+json", "application/vnd.citationstyles.csl+json"),
    ] {
        let answer = client
            .send(request("GET", &format!("/v1/cite?url={}", encode(url))).insert_header(("accept", accept)))
            .await;
        assert!(answer.done(200).header("content-type").unwrap().starts_with(media), "{accept}");
    }
    let one = citation(&client, "/v1/goals/rus-2016-2020-g3", "&lang=en").await;
    assert!(one.contains("(Goals)") && one.contains("Source: 2,4 milliarder"), "{one}");
    // What a code stands for is another version on another day, so the version is named.
    let oslo = client.json("/v1/municipalities/0301").await["id"].as_str().unwrap().to_owned();
    assert_ne!(oslo, "0301");
    let coded = citation(&client, "/v1/municipalities/0301", "").await;
    assert!(coded.contains(&format!("/v1/municipalities/{oslo}?as_of=")), "{coded}");
    assert!(
        citation(&client, "/v1/plans/rus-2016-2020/results", "&lang=en").await.contains("(Escalation plans), results.")
    );
    assert!(citation(&client, "/v1/diff?from=1&to=5", "").await.contains("/v1/diff?from=1&to=5"));
}

#[actix_web::test]
async fn what_cannot_be_cited_is_refused_with_the_reason() {
    let base = sqlite("cite_refused");
    let client = Client::new(&base.db).await;
    for (url, why) in [
        ("https://evil.example/v1/goals", "not an address"),
        ("http://127.0.0.1:8080.evil.example/v1/goals", "not an address"),
        ("/v1/nothing", "not an address"),
        ("/docs/", "not an address"),
        ("/v1/goals#x", "not an address"),
        ("/v1/cite?url=/v1/goals", "not an address"),
        ("/v1/goals?plam=x", "plam"),
        ("/v1/goals?limit=x", "limit"),
        ("/v1/goals?as_of=99999", "has not been written"),
        ("/v1/goals/nothing", "no `nothing`"),
        ("/v1/about", "no answer that stays"),
        ("/v1/diff?from=1", "no answer that stays"),
    ] {
        let answer = client.get(&format!("/v1/cite?url={}", encode(url))).await;
        let problem = answer.refused(400, "invalid-parameter");
        assert!(answer.text().contains(why), "{url}: {problem}");
        assert_eq!(problem["errors"][0]["name"], "url", "{url}");
    }
    let missing = client.get("/v1/cite").await.refused(400, "invalid-parameter");
    assert!(names(&missing, "url", "required"));
    client
        .send(request("GET", "/v1/cite?url=/v1/goals").insert_header(("accept", "image/png")))
        .await
        .refused(406, "not-acceptable");
}

#[test]
fn every_collection_and_view_has_a_title_in_every_language() {
    for collection in collections() {
        let title =
            titles::collection(collection.name()).unwrap_or_else(|| panic!("{} has no title", collection.name()));
        assert!(Language::ALL.iter().all(|language| !title.to(*language).is_empty()));
    }
    for operation in public().filter(|o| o.path.matches('/').count() > 2) {
        let last = operation.path.rsplit('/').next().unwrap();
        let known = last.starts_with('{') || titles::view(last).is_some() || titles::collection(last).is_some();
        assert!(known, "{} has no title", operation.path);
    }
}
