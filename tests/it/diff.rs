//! Differences between two states: the net outcome.
use crate::client::{Client, names};
use crate::support::{databases, empty};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn source(title: &str) -> Value {
    json!({ "title": title, "publisher": "P", "kind": "report" })
}

#[actix_web::test]
async fn only_what_is_different_in_the_end_is_told() {
    for base in empty("diff_net") {
        let client = Client::new(&base.db).await;
        let put = async |id: &str, title: &str| {
            let path = format!("/v1/sources/{id}");
            let answer = client.get(&path).await;
            if answer.status == 200 {
                client.replace(&path, answer.tag(), &source(title)).await
            } else {
                client.put(&path, &source(title)).await
            }
        };
        put("gone", "1").await.done(201); // 1
        put("back", "1").await.done(201); // 2
        put("changed", "1").await.done(201); // 3
        put("back", "2").await.done(200); // 4
        put("back", "1").await.done(200); // 5
        put("changed", "2").await.done(200); // 6
        put("brief", "1").await.done(201); // 7
        for id in ["gone", "brief"] {
            let path = format!("/v1/sources/{id}");
            client.delete(&path, &client.tag(&path).await).await.done(204); // 8, 9
        }
        put("new", "1").await.done(201); // 10
        let told = |page: &Value| -> Vec<(String, String)> {
            let text = |v: &Value| v.as_str().unwrap().to_owned();
            page["data"].as_array().unwrap().iter().map(|d| (text(&d["operation"]), text(&d["id"]))).collect()
        };
        let pairs =
            |all: &[(&str, &str)]| all.iter().map(|(o, i)| ((*o).to_owned(), (*i).to_owned())).collect::<Vec<_>>();
        let page = client.json("/v1/diff?from=3").await;
        assert_eq!(
            told(&page),
            pairs(&[("update", "changed"), ("delete", "gone"), ("create", "new")]),
            "{}",
            base.label
        );
        assert_eq!(page["data"][0]["changed"], json!(["title"]));
        assert_eq!(
            (&page["data"][0]["before"]["title"], &page["data"][0]["after"]["title"]),
            (&json!("1"), &json!("2"))
        );
        assert_eq!((&page["meta"]["from"], &page["meta"]["to"]), (&json!(3), &json!(10)));
        for (query, wanted) in [
            ("from=4&to=5", vec![("update", "back")]),
            ("from=2&to=5", vec![("create", "changed")]),
            ("from=10", vec![]),
            ("from=3&operation=delete", vec![("delete", "gone")]),
            ("from=3&id=new,back", vec![("create", "new")]),
            ("from=3&type=goals", vec![]),
            ("from=3&region=NO", vec![]),
            ("from=2000-01-01T00:00:00Z&to=3", vec![("create", "back"), ("create", "changed"), ("create", "gone")]),
        ] {
            let page = client.json(&format!("/v1/diff?{query}")).await;
            assert_eq!(told(&page), pairs(&wanted), "{} {query}", base.label);
        }
        let control = async |path: &str| client.get(path).await.done(200).header("cache-control").unwrap().to_owned();
        assert!(control("/v1/diff?from=1&to=5").await.contains("immutable"));
        assert!(!control("/v1/diff?from=1").await.contains("immutable"));
        for bad in ["from=5&to=4", "from=99", "from=1&to=99", "to=1", "from=x", "from=1&type=x"] {
            client.get(&format!("/v1/diff?{bad}")).await.refused(400, "invalid-parameter");
        }
        assert!(names(&client.get("/v1/diff").await.json(), "from", "required"));
    }
}

#[actix_web::test]
async fn a_difference_from_nothing_is_everything_page_by_page() {
    for base in databases("diff_all") {
        let client = Client::new(&base.db).await;
        let (mut found, mut path) =
            (BTreeMap::new(), "/v1/diff?from=0&limit=700&type=grants,sources,observations".to_owned());
        loop {
            let page = client.json(&path).await;
            for row in page["data"].as_array().unwrap() {
                let key = (row["resource"].to_string(), row["id"].to_string());
                assert!(found.insert(key, row["after"].clone()).is_none(), "twice: {row}");
            }
            // What is written meanwhile is not part of a walk that has begun.
            if found.len() == 700 {
                client.put("/v1/sources/meanwhile", &source("m")).await.done(201);
            }
            let Some(next) = page["next"].as_str() else { break };
            path = next.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
        }
        let mut count = 0;
        for name in ["grants", "sources", "observations"] {
            count += client
                .json(&format!("/v1/{name}?limit=1{}", if name == "observations" { "&published=all" } else { "" }))
                .await["total"]
                .as_i64()
                .unwrap();
        }
        assert_eq!(found.len() as i64, count - 1, "{}", base.label);
        client.get("/v1/diff?from=1&cursor=x").await.refused(400, "invalid-cursor");
        let grants = client.json("/v1/diff?from=0&region=K-1502&type=grants").await;
        assert!(grants["data"].as_array().unwrap().iter().all(|d| d["after"]["region"] == "K-1502"));
    }
}

#[actix_web::test]
async fn as_csv_every_field_that_differs_has_a_line() {
    for base in empty("diff_csv") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a", &source("one, \"two\"")).await.done(201);
        client.replace("/v1/sources/a", &client.tag("/v1/sources/a").await, &source("three")).await.done(200);
        client.put("/v1/sources/b", &source("new")).await.done(201);
        let answer = client.get("/v1/diff?from=1&to=2&format=csv").await.done(200);
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        let header = "resource,id,operation,field,before,after\n";
        let changed = "sources,a,update,title,\"one, \"\"two\"\"\",three\n";
        assert_eq!(answer.text(), format!("{header}{changed}"), "{}", base.label);
        let page = client.get("/v1/diff?from=1&to=3&format=csv&limit=1").await.done(200);
        assert_eq!(page.text(), format!("{header}{changed}"));
        let next = page.all("link").into_iter().find(|link| link.contains("rel=\"next\"")).unwrap().to_owned();
        let next = next.split(['<', '>']).nth(1).unwrap().trim_start_matches("http://127.0.0.1:8080").to_owned();
        let rest = client.get(&next).await.done(200).text();
        assert!(rest.starts_with(header) && rest.contains("sources,b,create,title,,new\n"), "{rest}");
        assert!(rest.contains("sources,b,create,url,,\n"), "what is not known is an empty cell: {rest}");
    }
}
