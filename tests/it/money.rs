//! The money of a plan: the figures of the reference data, and what writes do to the reckoning.
use crate::client::Client;
use crate::rows::grant;
use crate::support::databases;
use serde_json::{Value, json};

const MONEY: &str = "/v1/plans/rus-2016-2020/money";

/// Every line of a group or a share, parts included.
fn lines(value: &Value, found: &mut Vec<Value>) {
    for line in value["lines"].as_array().into_iter().chain(value["parts"].as_array()).flatten() {
        found.push(line.clone());
        lines(line, found);
    }
}

/// Every budget line of the answer, wherever it stands.
fn all_lines(money: &Value) -> Vec<Value> {
    let mut found: Vec<Value> = money["frame"].as_array().unwrap().clone();
    for inside in money["inside_frame"].as_array().unwrap() {
        inside["measures"].as_array().unwrap().iter().for_each(|share| lines(share, &mut found));
    }
    for measure in money["measures"].as_array().unwrap() {
        measure["groups"].as_array().unwrap().iter().for_each(|group| lines(group, &mut found));
    }
    for place in ["outside_frame", "unplaced"] {
        money[place].as_array().unwrap().iter().for_each(|group| lines(group, &mut found));
    }
    found
}

#[actix_web::test]
async fn the_frame_its_measures_and_what_remains() {
    for base in databases("money_frame") {
        let client = Client::new(&base.db).await;
        let money = client.json(MONEY).await;
        assert_eq!(money["frame_nok"], 2_400_000_000_i64);
        let [inside] = &money["inside_frame"].as_array().unwrap()[..] else { panic!("{}", money["inside_frame"]) };
        assert_eq!(inside["measures"].as_array().unwrap().len(), 5);
        assert_eq!(inside["itemised_nok"], 868_500_000);
        assert_eq!(inside["remainder"]["amount_nok"], 1_531_500_000);
        let [outside] = &money["outside_frame"].as_array().unwrap()[..] else { panic!() };
        assert_eq!(
            (&outside["sum_nok"], &outside["flow"]),
            (&json!(185_000_000), &json!("specialist_treatment_growth"))
        );
        let positions = money["contested"][0]["positions"].as_array().unwrap();
        let who: Vec<(&str, &str)> =
            positions.iter().map(|p| (p["assessor"].as_str().unwrap(), p["verdict"].as_str().unwrap())).collect();
        assert_eq!(who, [("Actis", "disputed"), ("Fafo", "met")]);
    }
}

#[actix_web::test]
async fn two_kinds_of_money_in_one_county_are_nowhere_summed() {
    for base in databases("money_kinds") {
        let client = Client::new(&base.db).await;
        let money = client.json(MONEY).await;
        let [scheme] = &money["grants"].as_array().unwrap()[..] else { panic!("{}", money["grants"]) };
        let [granted] = &scheme["regions"].as_array().unwrap()[..] else { panic!("{scheme}") };
        assert_eq!((&granted["region"], &granted["sum_nok"]), (&json!("F-15"), &json!(121_000_000)));
        let free = all_lines(&money).into_iter().find(|l| l["region"] == "F-15" && l["period"] == "2016-2020").unwrap();
        assert_eq!((&free["amount_nok"], &free["flow"]), (&json!(48_000_000), &json!("free_income_growth")));
        assert!(!money.to_string().contains("169000000"), "121 and 48 million were added");
    }
}

#[actix_web::test]
async fn every_budget_line_stands_once_with_its_source() {
    for base in databases("money_once") {
        let client = Client::new(&base.db).await;
        for plan in ["rus-2016-2020", "rus-2007-2012"] {
            let money = client.json(&format!("/v1/plans/{plan}/money")).await;
            let mut got: Vec<String> =
                all_lines(&money).iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect();
            got.sort();
            let rows = client.rows(&format!("/v1/budgets?plan={plan}")).await;
            let mut wanted: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            wanted.sort();
            assert_eq!(got, wanted, "{plan}");
            let listed: Vec<&Value> = money["sources"].as_array().unwrap().iter().map(|s| &s["id"]).collect();
            assert!(all_lines(&money).iter().all(|line| listed.contains(&&line["source"])));
        }
    }
}

#[actix_web::test]
async fn what_is_itemised_and_what_remains_make_the_frame_after_every_write() {
    for base in databases("money_writes") {
        let client = Client::new(&base.db).await;
        let line = |period: &str, amount: Option<i64>| {
            json!({
                "plan": "rus-2016-2020", "measure": "rus-2016-2020-m01", "region": "NO", "title_nb": "L", "period": period,
                "amount_nok": amount, "flow": "allocation", "stage": "planned", "inside_frame": true,
                "approximate": false, "source": "prop-15-s-2015-2016",
            })
        };
        let inside = async || client.json(MONEY).await["inside_frame"][0].clone();
        // A year of a measure is a part of its five years: nothing is counted twice.
        client.put("/v1/budgets/x-2016", &line("2016", Some(90_000_000))).await.done(201);
        let got = inside().await;
        assert_eq!(
            (&got["itemised_nok"], &got["remainder"]["amount_nok"]),
            (&json!(868_500_000), &json!(1_531_500_000))
        );
        let whole = &got["measures"][0]["lines"][0];
        assert_eq!((&whole["parts"][0]["id"], &whole["remainder_nok"]), (&json!("x-2016"), &json!(410_000_000)));
        // A line beside the five years of another measure is more.
        let mut other = line("2016-2020", Some(31_500_000));
        other["measure"] = json!("rus-2016-2020-m06");
        let tag = client.put("/v1/budgets/x-more", &other).await.done(201).tag().to_owned();
        let got = inside().await;
        assert_eq!(
            (&got["itemised_nok"], &got["remainder"]["amount_nok"]),
            (&json!(900_000_000), &json!(1_500_000_000))
        );
        // An amount that is not known makes the sum unknown, and not smaller.
        let mut unknown = other.clone();
        unknown["amount_nok"] = Value::Null;
        client.replace("/v1/budgets/x-more", &tag, &unknown).await.done(200);
        let got = inside().await;
        assert_eq!((&got["itemised_nok"], &got["remainder"]["amount_nok"]), (&Value::Null, &Value::Null));
    }
}

#[actix_web::test]
async fn grants_add_up_by_county_and_keep_their_stages_apart() {
    for base in databases("money_grants") {
        let client = Client::new(&base.db).await;
        for (id, region, amount, stage) in [
            ("g-1", "K-1502", 5, "paid"),
            ("g-2", "K-1504", 7, "paid"),
            ("g-3", "K-1504", 11, "allocated"),
            ("g-4", "K-0301", 13, "paid"),
        ] {
            let mut row = grant(id);
            (row["region"], row["amount_nok"], row["stage"]) = (json!(region), json!(amount), json!(stage));
            client.put(&format!("/v1/grants/{id}"), &row).await.done(201);
        }
        let money = client.json(MONEY).await;
        let scheme = money["grants"].as_array().unwrap().iter().find(|s| s["scheme"] == "kommunalt-rusarbeid").unwrap();
        let sums: Vec<(&str, &str, i64, i64)> = scheme["regions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                let text = |name: &str| r[name].as_str().unwrap();
                (text("region"), text("stage"), r["sum_nok"].as_i64().unwrap(), r["count"].as_i64().unwrap())
            })
            .collect();
        assert_eq!(sums, [("F-03", "paid", 13, 1), ("F-15", "allocated", 11, 1), ("F-15", "paid", 12, 2)]);
        assert_eq!(scheme["regions"][1]["region_name"], "Møre og Romsdal");
    }
}
