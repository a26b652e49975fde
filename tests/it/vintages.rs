//! The newest vintage of a figure is the same row, whether the database looks for it or it is picked from rows as they come.
use crate::client::Client;
use crate::support::{Base, databases};
use opptrapping::api::RESOURCES;
use opptrapping::db::Author;
use opptrapping::domain::vocabulary::Confidence;
use std::fmt::Write as _;

/// Figures of which some have no other vintage, and some more than are read at once for a short page.
fn publish(base: &Base) {
    let mut csv = String::from("indicator,region,period,published,value,status,confidence,source\n");
    for (n, region) in ["NO", "F-15", "K-0301", "K-1103", "K-4601"].into_iter().enumerate() {
        for year in 2020..2024 {
            for vintage in 0..(n * 17 + year) % 41 {
                let (published, confidence) = (2031 + vintage, ["primary", "secondary"][vintage % 2]);
                let _ = writeln!(csv, "population,{region},{year},{published},{vintage},ok,{confidence},ssb-07459");
            }
        }
    }
    let entry = RESOURCES.iter().find(|entry| (entry.table)().collection == "observations").unwrap();
    base.db.write(&Author::local("test"), None, |write| (entry.load)(write, &mut csv.as_bytes())).unwrap();
}

/// The ids of all pages, and the total that the first tells.
async fn walk(client: &Client, question: &str, limit: usize) -> (Vec<String>, i64) {
    let page = |more: &str| format!("/v1/observations?{question}&fields=id&limit={limit}{more}");
    let mut answer = client.json(&page("")).await;
    let (mut ids, total) = (vec![], answer["total"].as_i64().unwrap());
    loop {
        ids.extend(answer["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = answer["next_cursor"].as_str() else { return (ids, total) };
        answer = client.json(&page(&format!("&cursor={cursor}"))).await;
    }
}

#[actix_web::test]
async fn the_newest_vintages_are_those_the_database_finds() {
    for base in databases("vintages") {
        publish(&base);
        let client = Client::new(&base.db).await;
        // It asks for nothing, and of a field in which vintages differ: so the database looks for each row's.
        let looked_for = format!("confidence={}", Confidence::WORDS.join(","));
        for question in [
            "indicator=population&period=2021&region=NO,F-15,K-0301,K-1103,K-4601",
            "indicator=population&period_from=2020&period_to=2023&region=NO,F-15,K-0301,K-1103,K-4601",
            "region=K-0301",
            "level=county,nation&period=2020,2021,2022",
            "indicator=population,overdose-deaths&region=NO",
            "indicator=no-such-indicator",
        ] {
            let (found, total) = walk(&client, &format!("{question}&{looked_for}"), 10_000).await;
            for limit in [1, 2, 7, 10_000] {
                let picked = walk(&client, question, limit).await;
                assert_eq!(picked, (found.clone(), total), "{}: {question}, {limit} a page", base.label);
            }
            let csv = client.get(&format!("/v1/observations?{question}&fields=id&format=csv")).await.done(200).text();
            assert!(csv.lines().skip(1).eq(found.iter().map(String::as_str)), "{}: {question}", base.label);
        }
        let (all, total) = walk(&client, "sort=id", 10_000).await;
        assert_eq!((all, total), walk(&client, &looked_for, 10_000).await, "{}", base.label);
    }
}
