//! The results of a plan and the progress of an indicator: what the reference data says, and what follows from writes.
use crate::client::{Client, request};
use crate::support::databases;
use serde_json::{Value, json};

const RESULTS: &str = "/v1/plans/rus-2016-2020/results";

/// The one element of a list whose member `name` is `value`.
#[track_caller]
fn one<'v>(list: &'v Value, name: &str, value: &str) -> &'v Value {
    let found: Vec<&Value> = list.as_array().unwrap().iter().filter(|v| v[name] == value).collect();
    assert_eq!(found.len(), 1, "{name}={value}");
    found[0]
}

fn strings<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|v| v[name].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn what_fafo_concluded_and_on_what() {
    for base in databases("results_fafo") {
        let client = Client::new(&base.db).await;
        let plan = client.json(RESULTS).await;
        let fafo: Vec<&Value> =
            plan["assessments"].as_array().unwrap().iter().filter(|a| a["assessor"] == "Fafo").collect();
        let verdicts: Vec<&str> = fafo.iter().map(|a| a["verdict"].as_str().unwrap()).collect();
        assert_eq!(verdicts, ["increased", "met", "mostly_right_direction", "large_variation"]);
        let scale = strings(&plan["verdicts"], "code");
        assert!(verdicts.iter().all(|verdict| scale.contains(verdict)), "{scale:?}");
        for assessment in fafo {
            assert!(assessment["quotation"].as_str().is_some_and(|q| q.len() > 20));
            let report = one(&plan["evaluations"], "id", assessment["evaluation"].as_str().unwrap());
            assert_eq!(report["series"], "Fafo-rapport 2021:17");
            one(&plan["sources"], "id", assessment["source"].as_str().unwrap());
        }
        // The one who disputes it stands beside.
        assert_eq!(one(&plan["assessments"], "assessor", "Actis")["verdict"], "disputed");
    }
}

#[actix_web::test]
async fn indicators_go_from_a_baseline_to_their_newest_value() {
    for base in databases("results_indicators") {
        let client = Client::new(&base.db).await;
        let plan = client.json(RESULTS).await;
        let years = one(&plan["indicators"], "id", "municipal-man-years-total");
        assert_eq!(years["baseline"]["period"], "2015");
        assert_eq!((&years["baseline"]["value"], &years["actual"]["value"]), (&json!(13_131), &json!(16_569)));
        assert_eq!(years["progress"]["change_absolute"], 3_438);
        assert_eq!(years["series_breaks"], json!(["2020"]));
        assert_eq!(one(&years["values"], "period", "2020")["series_break"], true);
        assert_eq!(years["progress"]["attained_share"], Value::Null, "no target, no share");
        assert!(years["lacking"].as_array().unwrap().iter().any(|l| l["code"] == "no_target"));

        let third = one(&plan["goals"], "id", "rus-2016-2020-g3");
        let waiting = one(&third["indicators"], "id", "waiting-time-mean-tsb");
        assert_eq!((&waiting["baseline"]["period"], &waiting["baseline"]["value"]), (&json!("2015-T2"), &json!(46)));
        let next = one(&waiting["values"], "period", "2016-T2");
        assert_eq!((&next["value"], &next["change_absolute"]), (&json!(35), &json!(-11)));
        // A whole year is not set beside a tertial.
        assert_eq!(one(&waiting["values"], "period", "2018")["change_absolute"], Value::Null);

        let deaths = one(&plan["indicators"], "id", "overdose-deaths");
        let last = one(&deaths["values"], "period", "2020");
        assert_eq!((&last["value"], &last["vintages"]), (&json!(331), &json!(2)), "the newest vintage");
        assert_eq!(deaths["latest"]["period"], "2023");
    }
}

#[actix_web::test]
async fn everything_stands_in_one_place_and_names_a_source_that_is_there() {
    for base in databases("results_whole") {
        let client = Client::new(&base.db).await;
        for id in ["rus-2016-2020", "rus-2007-2012"] {
            let plan = client.json(&format!("/v1/plans/{id}/results")).await;
            let mut found = std::collections::BTreeMap::new();
            collect(&plan, &mut found);
            for (collection, member) in [
                ("goals", "goals"),
                ("measures", "measures"),
                ("indicators", "indicators"),
                ("assessments", "assessments"),
            ] {
                let mut wanted: Vec<String> = client
                    .rows(&format!("/v1/{collection}?plan={id}"))
                    .await
                    .iter()
                    .map(|row| row["id"].as_str().unwrap().to_owned())
                    .collect();
                let mut got = found.remove(member).unwrap_or_default();
                got.sort();
                wanted.sort();
                assert_eq!(got, wanted, "{id}: {collection}");
            }
            let mut named = vec![];
            sources(&plan, &mut named);
            let listed = strings(&plan["sources"], "id");
            assert!(named.iter().all(|source| listed.contains(&source.as_str())));
        }
    }
}

/// The ids of the rows in each list of that name, wherever it stands.
fn collect(value: &Value, found: &mut std::collections::BTreeMap<String, Vec<String>>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let Value::Array(rows) = member {
                    let ids = rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned));
                    found.entry(name.clone()).or_default().extend(ids);
                }
                collect(member, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn sources(value: &Value, named: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            named.extend(members.get("source").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| sources(value, named));
        }
        Value::Array(all) => all.iter().for_each(|value| sources(value, named)),
        _ => {}
    }
}

#[actix_web::test]
async fn the_plan_of_2007_and_what_became_of_its_goals() {
    for base in databases("results_2007") {
        let client = Client::new(&base.db).await;
        let plan = client.json("/v1/plans/rus-2007-2012/results?lang=en").await;
        assert_eq!(strings(&plan["goals"], "id").len(), 5);
        let third = one(&plan["goals"], "id", "rus-2007-2012-g3");
        assert_eq!(strings(&third["goals"], "id").len(), 5);
        assert_eq!((&plan["measures_stated"], &plan["measures_itemised"]), (&json!(147), &json!(0)));
        assert_eq!(plan["measures"], json!([]));
        assert_eq!(plan["succeeded_by"], json!(["rus-2016-2020"]));
        let [later] = &third["succeeded_by"].as_array().unwrap()[..] else { panic!("{third}") };
        assert_eq!((&later["id"], &later["plan"]), (&json!("rus-2016-2020-g3"), &json!("rus-2016-2020")));
        let now = client.json(RESULTS).await;
        assert_eq!(one(&now["goals"], "id", "rus-2016-2020-g3")["succeeds"]["id"], "rus-2007-2012-g3");
        assert_eq!(strings(&plan["status_reports"], "reported_by"), ["Helsedirektoratet"]);
    }
}

#[actix_web::test]
async fn an_answer_is_tagged_by_what_it_is_made_of_and_cited_for_good() {
    for base in databases("results_tag") {
        let client = Client::new(&base.db).await;
        let before = client.get(RESULTS).await.done(200);
        let cite = before.json()["meta"]["cite_as"].as_str().unwrap().replace("http://127.0.0.1:8080", "");
        let cited = client.get(&cite).await.done(200);
        assert_eq!(cited.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let known = request("GET", RESULTS).insert_header(("if-none-match", before.tag()));
        client.send(known).await.done(304);
        // What the answer does not show leaves its tag alone; what it shows does not.
        let grant = crate::rows::grant("g-results");
        client.put("/v1/grants/g-results", &grant).await.done(201);
        assert_eq!(client.tag(RESULTS).await, before.tag());
        let goal = client.get("/v1/goals/rus-2016-2020-g1").await;
        client.patch("/v1/goals/rus-2016-2020-g1", goal.tag(), &json!({ "note": "seen" })).await.done(200);
        assert_ne!(client.tag(RESULTS).await, before.tag());
        let again = client.get(&cite).await.done(200);
        assert_eq!((again.tag(), again.text()), (cited.tag(), cited.text()));
    }
}

#[actix_web::test]
async fn a_plan_that_is_not_there_has_no_results() {
    for base in databases("results_absent") {
        let client = Client::new(&base.db).await;
        for path in ["results", "money", "events"] {
            client.get(&format!("/v1/plans/nothing/{path}")).await.refused(404, "not-found");
            client.get(&format!("/v1/plans/rus-2016-2020/{path}?nonsense=1")).await.refused(400, "unknown-parameter");
            let any = request("GET", &format!("/v1/plans/nothing/{path}")).insert_header(("if-none-match", "*"));
            client.send(any).await.refused(404, "not-found");
        }
        client.get("/v1/plans/rus-2016-2020/results?as_of=1").await.refused(404, "not-found");
        client.get("/v1/indicators/nothing/progress").await.refused(404, "not-found");
        let plan = json!({ "id": "short", "title_nb": "T", "period": "2021", "source": "prop-15-s-2015-2016" });
        let tag = client.put("/v1/plans/short", &plan).await.done(201).tag().to_owned();
        assert_eq!(client.json("/v1/plans/short/results").await["goals"], json!([]));
        client.delete("/v1/plans/short", &tag).await.done(204);
        client.get("/v1/plans/short/results").await.refused(410, "gone");
    }
}

#[actix_web::test]
async fn progress_towards_a_target_and_at_a_day() {
    for base in databases("progress") {
        let client = Client::new(&base.db).await;
        let path = "/v1/indicators/waiting-time-mean-tsb";
        let tag = client.tag(path).await;
        let target = json!({ "baseline_period": "2015-T2", "baseline_value": 46, "target_period": "2019-T2", "target_value": 26 });
        client.patch(path, &tag, &target).await.done(200);
        let progress = client.json(&format!("{path}/progress?on=2016-12-31&lang=en")).await;
        assert_eq!(progress["baseline"]["basis"], "stated");
        assert_eq!(progress["actual"]["period"], "2016-T2");
        let got = &progress["progress"];
        assert_eq!(got["attained_share"], 0.55);
        assert_eq!((&got["on_track"], &got["gap"], &got["change_absolute"]), (&json!(true), &json!(-9), &json!(-11)));
        // A year of four is past: five days of twenty are due.
        assert_eq!(got["expected_value"].as_f64().unwrap().round(), 41.0);
        assert_eq!(got["needed_pace_per_year"].as_f64().unwrap().round(), -3.0);
        assert_eq!(progress["method"]["code"], "linear");

        let newest = client.json(&format!("{path}/progress")).await;
        assert_eq!(newest["actual"]["period"], "2017-T2");
        // Expected 36 by then, 34 reached.
        assert_eq!(newest["progress"]["on_track"], true);
        let north = client.json(&format!("{path}/progress?region=H-N&lang=nn")).await;
        assert_eq!((&north["target"], &north["progress"]["attained_share"]), (&Value::Null, &Value::Null));
        assert!(north["meta"]["warnings"][0].as_str().unwrap().contains("gjeld heile landet"));
    }
}

#[actix_web::test]
async fn progress_refuses_what_it_does_not_understand() {
    for base in databases("progress_bad") {
        let client = Client::new(&base.db).await;
        let path = "/v1/indicators/overdose-deaths/progress";
        for (query, name) in [
            ("region=K-9999", "region"),
            ("region=nowhere", "region"),
            ("on=2016", "on"),
            ("on=2016-13-01", "on"),
            ("region=NO&region=F-15", "region"),
            ("on=", "on"),
        ] {
            let problem = client.get(&format!("{path}?{query}")).await.refused(400, "invalid-parameter");
            assert!(problem["errors"].as_array().unwrap().iter().any(|m| m["name"] == name), "{query}: {problem}");
        }
        let nothing = client.json(&format!("{path}?region=K-0301")).await;
        assert_eq!(
            (&nothing["baseline"], &nothing["actual"], &nothing["values"]),
            (&Value::Null, &Value::Null, &json!([]))
        );
        assert_eq!(nothing["region_name"], "Oslo");
    }
}
