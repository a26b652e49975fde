//! What writers see and do where values are withheld.
use super::{bulk, figure, id, indicator, put};
use crate::client::{Client, names, request, scoped, write};
use crate::support::{Base, databases};
use opptrapping::db::Statement;
use serde_json::{Value, json};

/// The county of Møre og Romsdal with four of its municipalities; together they are the whole.
fn county(of: &str) -> Vec<Value> {
    [("F-15", 60.0), ("K-1505", 20.0), ("K-1511", 3.0), ("K-1515", 12.0), ("K-1516", 25.0)]
        .map(|(region, value)| figure(of, region, "2023", value))
        .into()
}

/// What is published of an indicator: region and value, or the status where there is none.
async fn shown(client: &Client, of: &str) -> Vec<String> {
    let rows = client.rows(&format!("/v1/observations?indicator={of}&published=all&sort=id")).await;
    let cell = |row: &Value| match &row["value"] {
        Value::Null => format!("{} {}", row["region"].as_str().unwrap(), row["status"].as_str().unwrap()),
        value => format!("{} {value}", row["region"].as_str().unwrap()),
    };
    rows.iter().map(cell).collect()
}

const HIDDEN: [&str; 5] = ["F-15 60", "K-1505 20", "K-1511 suppressed", "K-1515 suppressed", "K-1516 25"];

/// What is withheld: id, value, why.
fn withheld(base: &Base, of: &str) -> Vec<(String, f64, String)> {
    let sql =
        || Statement::new("SELECT region, value, why FROM withheld WHERE indicator = ").bind(of).sql(" ORDER BY id");
    base.db.read(|conn| Ok(sql().rows(conn)?)).unwrap()
}

fn kept(all: &[(&str, f64, &str)]) -> Vec<(String, f64, String)> {
    all.iter().map(|(region, value, why)| ((*region).to_owned(), *value, (*why).to_owned())).collect()
}

#[actix_web::test]
async fn an_indicator_that_counts_persons_has_a_threshold_unless_it_says_otherwise() {
    for base in databases("small_default") {
        let client = Client::new(&base.db).await;
        let of = |row: &Value| (row["threshold"].clone(), row["zero_hidden"].clone());
        for (members, wanted) in [
            (json!({}), (json!(5), json!(false))),
            (json!({ "unit": "persons", "zero_hidden": true }), (json!(5), json!(true))),
            (json!({ "unit": "deaths", "threshold": 10 }), (json!(10), json!(false))),
            (json!({ "threshold": 0 }), (json!(0), json!(null))),
            (json!({ "unit": "nok" }), (json!(null), json!(null))),
            (json!({ "unit": "percent", "rate_of": "patients-tsb" }), (json!(null), json!(null))),
            (json!({ "rate_of": "patients-tsb" }), (json!(null), json!(null))),
        ] {
            assert_eq!(of(&indicator(&client, "x", members.clone()).await), wanted, "{members}");
        }
        let tag = client.tag("/v1/indicators/x").await;
        for (members, name) in [
            (json!({ "threshold": 2 }), "threshold"),
            (json!({ "threshold": -5 }), "threshold"),
            (json!({ "threshold": 5000 }), "threshold"),
            (json!({ "threshold": 5, "rate_of": "patients-tsb" }), "threshold"),
            (json!({ "rate_of": "x" }), "rate_of"),
            (json!({ "threshold": 0, "rate_of": null, "zero_hidden": true }), "zero_hidden"),
        ] {
            let problem = client.patch("/v1/indicators/x", &tag, &members).await.refused(422, "invalid-content");
            assert!(names(&problem, name, "invalid"), "{members}: {problem}");
        }
        // What ships has been published by its sources.
        let shipped = client.rows("/v1/indicators?unit=persons,deaths,patients").await;
        let shipped: Vec<&Value> = shipped.iter().filter(|row| row["id"] != "x").collect();
        assert!(shipped.len() > 10 && shipped.iter().all(|row| row["threshold"] == 0), "{}", base.label);
    }
}

#[actix_web::test]
async fn what_was_written_can_be_written_again_and_what_was_read_too() {
    for base in databases("small_again") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        let (tally, revision) = bulk(&base, &county("x")).unwrap();
        assert_eq!((tally.inserted, revision), (5, Some(base.db.head().revision)));
        assert_eq!(shown(&client, "x").await, HIDDEN, "{}", base.label);
        let all = kept(&[("K-1511", 3.0, "primary"), ("K-1515", 12.0, "complementary")]);
        assert_eq!(withheld(&base, "x"), all);
        // The truth again, and the export.
        let (tally, revision) = bulk(&base, &county("x")).unwrap();
        assert_eq!((tally.unchanged, revision), (5, None), "{}", base.label);
        for row in client.rows("/v1/observations?indicator=x").await {
            let path = format!("/v1/observations/{}", row["id"].as_str().unwrap());
            let tag = client.tag(&path).await;
            assert_eq!(client.replace(&path, &tag, &row).await.done(200).tag(), tag);
        }
        for row in county("x") {
            let answer = put(&client, &row).await.done(200);
            let stays = client.get(&format!("/v1/observations/{}", id(&row))).await;
            assert_eq!((answer.json(), answer.tag()), (stays.json(), stays.tag()), "{}", base.label);
        }
        assert_eq!((base.db.head().revision, withheld(&base, "x")), (revision_of(&base), all.clone()));
        // A note on a hidden figure neither shows nor loses it.
        let path = "/v1/observations/x.K-1511.2023.2025";
        let noted = client.patch(path, &client.tag(path).await, &json!({ "note": "a note" })).await.done(200).json();
        assert_eq!(
            (&noted["value"], &noted["status"], &noted["note"]),
            (&json!(null), &json!("suppressed"), &json!("a note"))
        );
        assert_eq!((shown(&client, "x").await, withheld(&base, "x")), (HIDDEN.map(str::to_owned).into(), all));
    }
}

fn revision_of(base: &Base) -> i64 {
    let found: Option<(i64,)> =
        base.db.read(|conn| Ok(Statement::new("SELECT revision FROM dataset").row(conn)?)).unwrap();
    found.unwrap().0
}

#[actix_web::test]
async fn another_value_that_is_hidden_as_well_changes_no_published_byte() {
    for base in databases("small_stirred") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        bulk(&base, &county("x")).unwrap();
        let paths = [
            "/v1/observations?indicator=x&published=all",
            "/v1/observations/x.K-1511.2023.2025",
            "/v1/observations/x.K-1511.2023.2025/history",
            "/v1/changes?indicator=x",
            "/v1/about",
            "/v1/observations?indicator=x&format=csv",
        ];
        let mut before = vec![];
        for path in paths {
            let answer = client.get(path).await.done(200);
            before.push((answer.tag().to_owned(), answer.body));
        }
        let mut rows = county("x");
        rows[2]["value"] = json!(4);
        let answer = put(&client, &rows[2]).await.done(200);
        assert_eq!((answer.json()["value"].clone(), answer.tag()), (json!(null), before[1].0.as_str()));
        // In bulk, as a rehearsal and in earnest.
        rows[2]["value"] = json!(2);
        for (path, before) in paths.iter().zip(&before) {
            let answer = client.get(path).await.done(200);
            assert!(answer.tag() == before.0 && answer.body == before.1, "{} {path}: {}", base.label, answer.text());
        }
        let (tally, revision) = bulk(&base, &rows).unwrap();
        assert_eq!((tally.unchanged, revision), (5, None));
        for (path, before) in paths.iter().zip(&before) {
            let answer = client.get(path).await.done(200);
            assert!(answer.tag() == before.0 && answer.body == before.1, "{} {path}: {}", base.label, answer.text());
        }
        assert_eq!(withheld(&base, "x")[0].1, 2.0);
        let audited = "SELECT subject, observation FROM withheld_writes ORDER BY time, id";
        let audited: Vec<(String, String)> = base.db.read(|conn| Ok(Statement::new(audited).rows(conn)?)).unwrap();
        let wanted = ["tester", "test"].map(|who| (who.to_owned(), "x.K-1511.2023.2025".to_owned()));
        assert_eq!(audited, wanted, "{}", base.label);
        // The number that was given back is the next one's.
        let next = base.db.head().revision + 1;
        rows[1]["note"] = json!("a note");
        assert_eq!(bulk(&base, &rows).unwrap().1, Some(next));
    }
}

#[actix_web::test]
async fn a_figure_that_is_small_no_more_is_shown_from_then_on() {
    for base in databases("small_shown") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        bulk(&base, &county("x")).unwrap();
        let then = base.db.head().revision;
        let mut rows = county("x");
        (rows[2]["value"], rows[0]["value"]) = (json!(7), json!(64));
        let answer = put(&client, &rows[2]).await.done(200).json();
        assert_eq!(answer["value"], 7, "{}", base.label);
        assert_eq!(shown(&client, "x").await, ["F-15 60", "K-1505 20", "K-1511 7", "K-1515 12", "K-1516 25"]);
        assert_eq!(withheld(&base, "x"), []);
        let past = client.rows(&format!("/v1/observations?indicator=x&as_of={then}&sort=id")).await;
        assert_eq!((&past[2]["status"], &past[2]["value"]), (&json!("suppressed"), &json!(null)));
    }
}

#[actix_web::test]
async fn a_threshold_that_comes_takes_old_versions_with_it_and_one_that_goes_does_not_bring_them_back() {
    for base in databases("small_threshold") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({ "threshold": 0 })).await;
        let mut rows = county("x");
        rows[2]["value"] = json!(1);
        bulk(&base, &rows).unwrap();
        bulk(&base, &county("x")).unwrap();
        let then = base.db.head().revision;
        let list = format!("/v1/observations?indicator=x&as_of={then}&sort=id");
        let table = format!("{list}&format=csv");
        let (old, old_table) = (client.get(&list).await.done(200), client.send(request("HEAD", &table)).await);
        assert!(old.text().contains("\"value\":3"));
        let changed = indicator(&client, "x", json!({ "threshold": 5 })).await;
        assert_eq!(changed["threshold"], 5);
        assert_eq!(shown(&client, "x").await, HIDDEN, "{}", base.label);
        // A new version of what was published, and nothing of it left in the old ones.
        let history = client.json("/v1/observations/x.K-1511.2023.2025/history").await;
        let versions = history["data"].as_array().unwrap();
        assert_eq!(versions.len(), 3);
        assert!(
            versions.iter().all(|v| v["row"]["value"].is_null() && v["row"]["status"] == "suppressed"),
            "{history}"
        );
        assert!(history["meta"]["warnings"][0].as_str().unwrap().contains("personvern"), "{history}");
        for path in [list.as_str(), &table, "/v1/changes?indicator=x", "/v1/diff?from=1&to=20&type=observations"] {
            let answer = client.get(path).await.done(200);
            let row = answer
                .text()
                .split('\n')
                .flat_map(|line| line.split("},{").map(str::to_owned).collect::<Vec<_>>())
                .filter(|row| row.contains("K-1511"))
                .collect::<String>();
            assert!(
                !row.contains("\"value\":3") && !row.contains("\"value\":1") && !row.contains(",3,ok"),
                "{path}: {row}"
            );
        }
        // Who has the old answer must not be told that it still holds.
        let again = client.send(request("GET", &list).insert_header(("if-none-match", old.tag()))).await.done(200);
        assert_ne!(again.tag(), old.tag());
        assert_ne!(client.send(request("HEAD", &table)).await.tag(), old_table.tag());
        // Lower, higher, none.
        indicator(&client, "x", json!({ "threshold": 3 })).await;
        assert_eq!(shown(&client, "x").await[2..4], ["K-1511 3", "K-1515 12"], "{}", base.label);
        assert_eq!(withheld(&base, "x"), []);
        indicator(&client, "x", json!({ "threshold": 13 })).await;
        assert_eq!(withheld(&base, "x")[0].1, 3.0);
        indicator(&client, "x", json!({ "threshold": 0 })).await;
        assert!(!shown(&client, "x").await.iter().any(|row| row.contains("suppressed")));
        let past = client.get(&list).await.done(200).text();
        assert!(past.contains("suppressed") && !past.contains("\"value\":3,"), "{past}");
    }
}

#[actix_web::test]
async fn a_small_number_that_was_corrected_or_deleted_is_in_no_old_version() {
    for base in databases("small_corrected") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({ "threshold": 0 })).await;
        let mut rows = county("x");
        rows.push(figure("x", "K-1517", "2022", 4.0));
        bulk(&base, &rows).unwrap();
        let then = base.db.head().revision;
        (rows[2]["value"], rows[0]["value"]) = (json!(8), json!(65));
        bulk(&base, &rows[..5]).unwrap();
        let path = "/v1/observations/x.K-1517.2022.2025";
        client.delete(path, &client.tag(path).await).await.done(204);
        indicator(&client, "x", json!({ "threshold": 5 })).await;
        assert_eq!(shown(&client, "x").await, ["F-15 65", "K-1505 20", "K-1511 8", "K-1515 12", "K-1516 25"]);
        let old = client.rows(&format!("/v1/observations?indicator=x&as_of={then}&sort=id")).await;
        let values: Vec<Option<f64>> = old.iter().map(|row| row["value"].as_f64()).collect();
        // The county of then, less the others of then, would be what was small.
        assert_eq!(values, [None, Some(20.0), None, Some(12.0), Some(25.0), None], "{}", base.label);
        assert!(!client.json(&format!("{path}/history")).await.to_string().contains("\"value\":4"));
    }
}

#[actix_web::test]
async fn what_says_that_there_is_no_value_is_believed_and_what_is_deleted_leaves_nothing() {
    for base in databases("small_gone") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        bulk(&base, &county("x")).unwrap();
        let path = "/v1/observations/x.K-1511.2023.2025";
        let missing = json!({ "status": "missing" });
        client.patch(path, &client.tag(path).await, &missing).await.done(200);
        assert_eq!(shown(&client, "x").await[2..4], ["K-1511 missing", "K-1515 12"], "{}", base.label);
        assert_eq!(withheld(&base, "x"), []);
        bulk(&base, &county("x")).unwrap();
        assert_eq!(withheld(&base, "x").len(), 2);
        client.delete(path, &client.tag(path).await).await.done(204);
        assert!(withheld(&base, "x").iter().all(|(region, ..)| region != "K-1511"));
        let old = client.json(&format!("{path}/history")).await;
        assert!(!old.to_string().contains("\"value\":3"), "{old}");
        // A source that hides a figure itself says so, as ever.
        let mut row = county("x")[2].clone();
        (row["value"], row["status"]) = (json!(null), json!("suppressed"));
        put(&client, &row).await.done(201);
        assert!(withheld(&base, "x").iter().all(|(region, ..)| region != "K-1511"));
    }
}

#[actix_web::test]
async fn a_rate_is_shown_where_its_count_is() {
    for base in databases("small_rate") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        let rate = json!({ "unit": "per_100000", "decimals": 1, "aggregation": "none", "rate_of": "x" });
        indicator(&client, "x-rate", rate.clone()).await;
        let rates: Vec<Value> = county("x-rate")
            .into_iter()
            .map(|mut row| {
                row["value"] = json!(row["value"].as_f64().unwrap() * 1.5);
                row
            })
            .collect();
        // The rates come first: nobody can say yet what they would give away.
        bulk(&base, &rates).unwrap();
        assert!(shown(&client, "x-rate").await.iter().all(|row| row.ends_with("suppressed")), "{}", base.label);
        bulk(&base, &county("x")).unwrap();
        let wanted = ["F-15 90", "K-1505 30", "K-1511 suppressed", "K-1515 suppressed", "K-1516 37.5"];
        assert_eq!(shown(&client, "x-rate").await, wanted, "{}", base.label);
        assert!(withheld(&base, "x-rate").iter().all(|(.., why)| why == "rate"));
        assert_eq!(bulk(&base, &rates).unwrap().1, None);
        // Its count gets larger; its count is counted no more.
        let mut rows = county("x");
        rows[2]["value"] = json!(6);
        put(&client, &rows[2]).await.done(200);
        assert!(!shown(&client, "x-rate").await.iter().any(|row| row.ends_with("suppressed")));
        put(&client, &county("x")[2]).await.done(200);
        assert_eq!(shown(&client, "x-rate").await, wanted);
        let mut free = rate;
        free["rate_of"] = json!(null);
        indicator(&client, "x-rate", free).await;
        assert_eq!(shown(&client, "x-rate").await[2], "K-1511 4.5");
    }
}

#[actix_web::test]
async fn refusals_tell_of_no_hidden_value() {
    for base in databases("small_refused") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        let mut rows = county("x");
        rows[2]["value"] = json!(3.625);
        bulk(&base, &rows).unwrap();
        let path = "/v1/observations/x.K-1511.2023.2025";
        let tag = client.tag(path).await;
        let mut said = vec![];
        for patch in [
            json!({ "status": "ok" }),
            json!({ "value": null, "status": "provisional" }),
            json!({ "source": "nowhere" }),
            json!({ "valeu": 1 }),
        ] {
            said.push(client.patch(path, &tag, &patch).await);
        }
        said.push(client.replace(path, "\"1\"", &rows[2]).await);
        said.push(client.send(write("PUT", path).set_json(&rows[2])).await);
        said.push(client.get(&format!("{path}?value=3")).await);
        for answer in said {
            assert!(
                (400..500).contains(&answer.status) && !answer.text().contains("3.625"),
                "{}: {}",
                base.label,
                answer.text()
            );
        }
        // Nothing is chosen or ordered by what is hidden.
        for query in ["value=3", "value_min=1", "value_max=4", "sort=value", "sort=-value"] {
            client
                .get(&format!("/v1/observations?indicator=x&{query}"))
                .await
                .refused(400, if query.starts_with("sort") { "invalid-parameter" } else { "unknown-parameter" });
        }
        assert_eq!(client.rows("/v1/observations?indicator=x&status=suppressed").await.len(), 2);
        let without = scoped("GET", "/v1/observations/unsuppressed?indicator=x", "observations:write indicators:write");
        client.send(without).await.refused(403, "insufficient-scope");
    }
}
