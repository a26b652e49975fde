//! Lists: pages, orders, cursors, search.
use crate::client::{Client, collections, request};
use crate::figures;
use crate::support::{Base, databases, empty, sqlite};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Walks a list to its end; every page repeats the total.
async fn walk(client: &Client, first: &str) -> Vec<Value> {
    let mut rows = vec![];
    let mut total = None;
    let mut path = first.to_owned();
    loop {
        let page = client.json(&path).await;
        let said = page["total"].as_i64().unwrap();
        assert_eq!(*total.get_or_insert(said), said, "{first}: the total changed");
        let data = page["data"].as_array().unwrap();
        rows.extend(data.iter().cloned());
        let Some(next) = page["next"].as_str() else {
            assert!(page["next_cursor"].is_null());
            assert_eq!(rows.len() as i64, said, "{first}");
            return rows;
        };
        assert!(!data.is_empty() && next.contains(page["next_cursor"].as_str().unwrap()), "{next}");
        path = next.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    }
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect()
}

/// Filters that leave a few dozen rows of the large collections.
fn narrowed(collection: &str) -> &'static str {
    match collection {
        "municipalities" => "county=F-15,F-18&",
        "municipality-changes" => "kind=split,rename&",
        "observations" => "published=all&level=nation&",
        _ => "",
    }
}

#[actix_web::test]
async fn pages_hold_every_row_once_in_order_whatever_the_order() {
    for base in databases("pages") {
        let client = Client::new(&base.db).await;
        for collection in collections() {
            let path = format!("/v1/{}?{}", collection.name(), narrowed(collection.name()));
            for field in collection.sorts {
                for sort in [(*field).to_owned(), format!("-{field}")] {
                    let whole = client.rows(&format!("{path}sort={sort}&limit=10000")).await;
                    let distinct: BTreeSet<String> = ids(&whole).into_iter().collect();
                    assert_eq!(distinct.len(), whole.len(), "{path}{sort}");
                    let limit = (whole.len() / 6).max(1);
                    let pages = walk(&client, &format!("{path}sort={sort}&limit={limit}")).await;
                    assert_eq!(pages, whole, "{} {path}{sort}", base.label);
                }
                let up = ids(&client.rows(&format!("{path}sort={field}&limit=10000")).await);
                let mut down = ids(&client.rows(&format!("{path}sort=-{field}&limit=10000")).await);
                down.reverse();
                assert_eq!(up, down, "{} {path}{field}: the orders are not each other's reverse", base.label);
            }
        }
    }
}

#[actix_web::test]
async fn orders_of_mixed_directions_page_too() {
    let cases = [
        ("grants", "-amount_nok,region_name"),
        ("grants", "region_name,-period_start,amount_nok"),
        ("goals", "plan,-number"),
        ("goals", "-plan,number,-title_nb"),
        ("municipalities", "-valid_from,region_name"),
        ("observations", "indicator,-period_start,published"),
        ("municipality-changes", "-change_date,new_region,-old_region"),
    ];
    for base in databases("mixed") {
        let client = Client::new(&base.db).await;
        for (collection, sort) in cases {
            let path = format!("/v1/{collection}?{}sort={sort}", narrowed(collection));
            let whole = client.rows(&format!("{path}&limit=10000")).await;
            let pages = walk(&client, &format!("{path}&limit={}", (whole.len() / 7).max(1))).await;
            assert_eq!(pages, whole, "{} {path}", base.label);
        }
    }
}

#[actix_web::test]
async fn rows_without_a_value_have_a_place_in_every_order() {
    for base in databases("nulls") {
        let client = Client::new(&base.db).await;
        let mut mixed = 0;
        for collection in collections() {
            let nullable = |field: &&&str| collection.table.column(field).is_some_and(|c| c.nullable);
            for field in collection.sorts.iter().filter(nullable) {
                let path = format!("/v1/{}?sort={field}", collection.name());
                let rows = client.rows(&path).await;
                let known: Vec<bool> = rows.iter().map(|r| !r[*field].is_null()).collect();
                assert!(known.is_sorted(), "{} {path}: nulls come first", base.label);
                assert_eq!(walk(&client, &format!("{path}&limit=2")).await, rows, "{} {path}", base.label);
                mixed += usize::from(known.contains(&true) && known.contains(&false));
            }
        }
        assert!(mixed > 0, "no order has rows with and without a value");
    }
}

fn source(id: &str, title: &str) -> Value {
    json!({ "id": id, "title": title, "publisher": "P", "kind": "report" })
}

#[actix_web::test]
async fn names_sort_as_norwegians_sort() {
    let sorted = ["Asker", "Vågå", "Zakarias", "Ærfugl", "Øyer", "Aasen", "Åsnes"];
    for base in empty("collation") {
        let client = Client::new(&base.db).await;
        for (number, title) in sorted.iter().rev().enumerate() {
            client.put(&format!("/v1/sources/s{number}"), &source(&format!("s{number}"), title)).await.done(201);
        }
        let titles: Vec<String> = walk(&client, "/v1/sources?sort=title&limit=2")
            .await
            .iter()
            .map(|r| r["title"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(titles, sorted, "{}", base.label);
    }
}

#[actix_web::test]
async fn a_search_minds_neither_case_nor_accents() {
    for base in databases("search") {
        let client = Client::new(&base.db).await;
        let found = async |q: &str| ids(&client.rows(&format!("/v1/municipalities?q={q}")).await);
        let karasjok = found("Karasjok").await;
        assert!(!karasjok.is_empty(), "{}", base.label);
        for q in ["K%C3%A1r%C3%A1%C5%A1johka", "karasjohka", "KARASJOHKA"] {
            let again = found(q).await;
            assert!(!again.is_empty() && again.iter().all(|id| karasjok.contains(id)), "{} {q}: {again:?}", base.label);
        }
        let accented = found("%C3%98ystre").await;
        assert!(!accented.is_empty() && accented == found("oystre").await, "{}", base.label);
        let both = found("oystre%20slidre").await;
        assert!(!both.is_empty() && both.iter().all(|id| accented.contains(id)), "every word must be found");
        assert!(found("oystre%20karasjok").await.is_empty());
    }
}

#[actix_web::test]
async fn what_means_something_to_like_is_taken_literally() {
    for base in empty("like") {
        let client = Client::new(&base.db).await;
        for (id, title) in
            [("a", "100 % of it"), ("b", "100 of it"), ("c", "under_score"), ("d", "underscore"), ("e", "back\\slash")]
        {
            client.put(&format!("/v1/sources/{id}"), &source(id, title)).await.done(201);
        }
        let found = async |q: &str| ids(&client.rows(&format!("/v1/sources?q={q}")).await);
        assert_eq!(found("%25").await, ["a"], "{}", base.label);
        assert_eq!(found("%25%25").await, [] as [&str; 0]);
        assert_eq!(found("_").await, ["c"]);
        assert_eq!(found("r_s").await, ["c"]);
        assert_eq!(found("%5C").await, ["e"]);
        assert_eq!(found("'").await, [] as [&str; 0]);
    }
}

#[actix_web::test]
async fn a_cursor_is_good_for_nothing_but_its_own_question() {
    for base in databases("cursors") {
        let client = Client::new(&base.db).await;
        let page = client.json("/v1/goals?plan=rus-2007-2012,rus-2016-2020&sort=number&limit=2").await;
        let cursor = page["next_cursor"].as_str().unwrap().to_owned();
        let question = "plan=rus-2007-2012,rus-2016-2020&sort=number";
        client.get(&format!("/v1/goals?{question}&limit=2&cursor={cursor}")).await.done(200);

        let mut others = vec![
            format!("/v1/goals?cursor={cursor}"),
            format!("/v1/goals?plan=rus-2016-2020&sort=number&cursor={cursor}"),
            format!("/v1/goals?plan=rus-2007-2012,rus-2016-2020&sort=-number&cursor={cursor}"),
            format!("/v1/goals?plan=rus-2007-2012,rus-2016-2020&cursor={cursor}"),
            format!("/v1/measures?plan=rus-2007-2012,rus-2016-2020&sort=number&cursor={cursor}"),
            format!("/v1/goals?{question}&q=hjelp&cursor={cursor}"),
            format!("/v1/goals?{question}&cursor={cursor}{cursor}"),
            format!("/v1/goals?{question}&cursor=eyJyIjoxfQ"),
            format!("/v1/goals?{question}&cursor=-"),
        ];
        for at in 0..cursor.len() {
            let mut bent = cursor.clone().into_bytes();
            // The bit below the highest of six, so that the last letter's padding bits are not all that changes.
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let value = letters.iter().position(|l| *l == bent[at]).unwrap();
            bent[at] = letters[value ^ 0b010000];
            others.push(format!("/v1/goals?{question}&cursor={}", String::from_utf8(bent).unwrap()));
            if at > 0 {
                others.push(format!("/v1/goals?{question}&cursor={}", &cursor[..at]));
            }
        }
        for path in others {
            let answer = client.get(&path).await;
            assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid-cursor"), "{} {path}", base.label);
        }
    }
}

#[actix_web::test]
async fn an_empty_list_is_a_list_and_the_last_page_has_no_next() {
    for base in databases("edges") {
        let client = Client::new(&base.db).await;
        let nothing = client.json("/v1/goals?plan=there-is-none").await;
        assert_eq!((&nothing["data"], &nothing["total"], &nothing["next"]), (&json!([]), &json!(0), &Value::Null));
        let exact = client.get("/v1/goals?plan=rus-2016-2020&limit=5").await;
        assert!(exact.json()["next"].is_null() && !exact.all("link").iter().any(|l| l.contains("rel=\"next\"")));
        let more = client.get("/v1/goals?plan=rus-2016-2020&limit=4").await;
        let next = more.json()["next"].as_str().unwrap().to_owned();
        assert!(more.all("link").contains(&format!("<{next}>; rel=\"next\"").as_str()));
        client.get("/v1/goals?page=100000").await.refused(400, "unknown-parameter");
    }
}

#[actix_web::test]
async fn a_table_holds_every_row() {
    for base in databases("tables") {
        let client = Client::new(&base.db).await;
        let csv = client.get("/v1/observations?indicator=population&format=csv").await.done(200);
        let rows = csv::Reader::from_reader(&csv.body[..]).records().count();
        let listed = client.json("/v1/observations?indicator=population&limit=1").await["total"].as_u64().unwrap();
        assert!(rows > 8_000 && rows as u64 == listed, "{}: {rows} of {listed}", base.label);
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    }
}

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Step {
    Page,
    Insert(u8),
    Update(u8),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Page),
        1 => any::<u8>().prop_map(Step::Insert),
        1 => any::<u8>().prop_map(Step::Update),
        1 => any::<u8>().prop_map(Step::Delete),
    ];
    proptest::collection::vec(step, 1..24)
}

const SORTS: [&str; 5] = ["id", "-id", "title", "-title", "publisher,-title"];

/// Walks while others write: what was there when the walk began is met once, as it was, and nothing else is.
async fn interleaved(client: &Client, sort: &str, limit: u8, steps: &[Step]) {
    let path = |n: u8| format!("/v1/sources/s{:02}", n % 40);
    let row = |n: u8, title: &str| json!({ "id": format!("s{:02}", n % 40), "title": title, "publisher": format!("P{}", n % 3), "kind": "report" });
    let reset = client.rows("/v1/sources?limit=100").await;
    for left in &reset {
        let path = format!("/v1/sources/{}", left["id"].as_str().unwrap());
        client.delete(&path, &client.tag(&path).await).await.done(204);
    }
    for n in (0..40).step_by(4) {
        client.put(&path(n), &row(n, &format!("T{}", n % 7))).await.done(201);
    }
    let before = client.rows(&format!("/v1/sources?sort={sort}")).await;

    let mut met = vec![];
    let mut next = Some(format!("/v1/sources?sort={sort}&limit={limit}"));
    for step in steps.iter().cloned().chain(std::iter::repeat_n(Step::Page, 20)) {
        match step {
            Step::Page => {
                let Some(path) = &next else { continue };
                let page = client.json(path).await;
                assert_eq!(page["total"], before.len());
                met.extend(page["data"].as_array().unwrap().iter().cloned());
                next = page["next"].as_str().map(|n| n.trim_start_matches("http://127.0.0.1:8080").to_owned());
            }
            // A walk begins with its first page; nothing is promised of what happens before.
            _ if met.is_empty() => {}
            Step::Insert(n) => drop(client.put(&path(n), &row(n, "new")).await),
            Step::Update(n) | Step::Delete(n) => {
                let there = client.get(&path(n)).await;
                if let Some(tag) = there.header("etag") {
                    match step {
                        Step::Update(_) => client.replace(&path(n), tag, &row(n, &format!("A{n}"))).await.done(200),
                        _ => client.delete(&path(n), tag).await.done(204),
                    };
                }
            }
        }
    }
    assert!(next.is_none(), "the walk did not end");
    assert_eq!(met, before, "sort={sort}&limit={limit} {steps:?}");
}

fn walks(base: &Base, cases: u32) {
    let system = actix_web::rt::System::new();
    let client = system.block_on(Client::new(&base.db));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(sort in 0..SORTS.len(), limit in 1..8u8, steps in steps())| {
        system.block_on(interleaved(&client, SORTS[sort], limit, &steps));
    });
}

#[test]
fn writes_during_a_walk_neither_hide_nor_repeat_a_row() {
    for base in empty("interleaved") {
        let (few, full) = if base.label == "sqlite" { (200, 1_000) } else { (40, 200) };
        walks(&base, figures::either(few, full));
    }
}

#[actix_web::test]
async fn only_the_fields_asked_for_come_in_the_order_asked() {
    let base = sqlite("fields");
    let client = Client::new(&base.db).await;
    let answer = client.get("/v1/goals?fields=number,id&plan=rus-2016-2020&limit=1").await.done(200);
    assert!(answer.text().starts_with("{\"data\":[{\"number\":1,\"id\":\"rus-2016-2020-g1\"}]"), "{}", answer.text());
    let csv = client.send(request("GET", "/v1/goals?fields=number,id&format=csv")).await.done(200);
    assert!(csv.text().starts_with("number,id\n"), "{}", csv.text());
    client.get("/v1/goals?fields=nubmer").await.refused(400, "invalid-parameter");
}
