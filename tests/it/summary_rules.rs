//! What a summary says beside its sums: populations, warnings, names, tags; and what it refuses.
use crate::client::{Answer, Client, names, request, write};
use crate::support::{databases, sqlite};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A grant with nothing but these.
fn paid(id: &str, region: &str, period: &str, amount_nok: i64) -> (String, Value) {
    let row = json!({
        "region": region, "period": period, "amount_nok": amount_nok, "stage": "paid", "approximate": false,
        "source": "prop-15-s-2015-2016", "plan": "rus-2016-2020", "scheme": null,
    });
    (format!("/v1/grants/{id}"), row)
}

async fn put_all(client: &Client, grants: &[(String, Value)]) {
    for (path, grant) in grants {
        client.put(path, grant).await.done(201);
    }
}

#[actix_web::test]
async fn sums_per_inhabitant_have_the_population_of_the_place_in_the_year() {
    for base in databases("summaries_capita") {
        let client = Client::new(&base.db).await;
        let grants = [
            paid("a", "K-0301", "2019", 681_071),
            paid("b", "F-07", "2015", 1_000_000),
            paid("c", "K-0701", "2015", 2_000_000),
            paid("d", "NO", "2019", 5_328_212),
            paid("e", "H-MN", "2019", 1_000),
            paid("f", "K-0301", "2016-2020", 1_000),
            paid("g", "K-0301", "2019-Q1", 1_000),
            paid("h", "F-15", "2006", 1_000),
            paid("i", "F-07", "2018", 500),
        ];
        put_all(&client, &grants).await;
        let of = async |query: &str| -> BTreeMap<(String, String), (Value, Value)> {
            let rows = client.rows(&format!("/v1/grants/summary?{query}&per=capita&plan=rus-2016-2020")).await;
            let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("null").to_owned();
            let place = query.trim_start_matches("group_by=").split(',').next().unwrap();
            rows.iter()
                .map(|r| {
                    ((text(r, place), text(r, "period")), (r["population"].clone(), r["sum_nok_per_capita"].clone()))
                })
                .collect()
        };
        let region = of("group_by=region,period").await;
        let known = |place: &str, period: &str| region[&(place.to_owned(), period.to_owned())].clone();
        assert_eq!(known("K-0301", "2019"), (json!(681_071), json!(1)), "{}", base.label);
        assert_eq!(known("NO", "2019"), (json!(5_328_212), json!(1)));
        for (place, period) in [("H-MN", "2019"), ("K-0301", "2016-2020"), ("K-0301", "2019-Q1"), ("F-15", "2006")] {
            assert_eq!(known(place, period), (Value::Null, Value::Null), "{place} {period}");
        }
        // Vestfold in 2015: 0706, 0719 and 0720 have one figure together.
        let figures = client.rows("/v1/observations?indicator=population&period=2015&limit=10000").await;
        let inside = |row: &&Value| {
            let region = row["region"].as_str().unwrap();
            region.starts_with("K-07") || region == "U-0706.0719.0720"
        };
        let vestfold: i64 = figures.iter().filter(inside).map(|row| row["value"].as_i64().unwrap()).sum();
        assert!((230_000..250_000).contains(&vestfold), "{vestfold}");
        let county = of("group_by=county,period").await;
        let (population, each) = county[&("F-07".to_owned(), "2015".to_owned())].clone();
        assert_eq!(population, vestfold, "{}", base.label);
        assert_eq!(each.as_f64(), Some(3_000_000.0 / vestfold as f64));
        assert_eq!(county[&("null".to_owned(), "2019".to_owned())], (Value::Null, Value::Null));

        let row = &client.rows("/v1/grants/summary?group_by=stage&region=0301&period=2019&per=100000").await[0];
        assert_eq!((&row["population"], &row["sum_nok_per_100000"]), (&json!(681_071), &json!(100_000)), "{row}");
        // A part of the figures is not the population of the whole.
        let figure = figures.iter().find(|row| row["region"] == "K-0701").unwrap()["id"].as_str().unwrap();
        let path = format!("/v1/observations/{figure}");
        client.delete(&path, &client.tag(&path).await).await.done(204);
        let county = of("group_by=county,period").await;
        assert_eq!(county[&("F-07".to_owned(), "2015".to_owned())], (Value::Null, Value::Null), "{}", base.label);
        let then = format!("group_by=county,period&as_of={}", base.db.head().revision - 1);
        assert_eq!(of(&then).await[&("F-07".to_owned(), "2015".to_owned())].0, vestfold);
    }
}

#[actix_web::test]
async fn money_that_may_be_counted_twice_is_warned_of_in_the_language_asked_for() {
    for base in databases("summaries_warnings") {
        let client = Client::new(&base.db).await;
        let warnings = async |query: &str| -> Vec<String> {
            let answer = client.json(&format!("/v1/grants/summary?{query}")).await;
            serde_json::from_value(answer["meta"]["warnings"].clone()).unwrap()
        };
        assert!(warnings("group_by=county,period").await.is_empty(), "{}", base.label);
        let mut allocated = paid("b", "K-1504", "2016-2020", 7);
        allocated.1["stage"] = "allocated".into();
        put_all(&client, &[paid("a", "K-1504", "2016-2020", 5), allocated, paid("c", "K-1504", "2017", 6)]).await;
        for (language, words) in [("nb", "legger sammen"), ("nn", "legg saman"), ("en", "adds")] {
            let told = warnings(&format!("group_by=county,period&lang={language}")).await;
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(told.iter().all(|warning| warning.contains(words)), "{told:?}");
            assert!(told[0].contains("`stage`") && told[0].contains("allocated, paid"), "{told:?}");
            assert!(told[1].contains("`level`") && told[1].contains("county, municipality"), "{told:?}");
        }
        let told = warnings("group_by=county&stage=paid&level=municipality&lang=en").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("overlap (2016-2020, 2017)"), "{told:?}");
        for quiet in [
            "group_by=county,period,stage&level=municipality",
            "group_by=region,period,stage",
            "group_by=municipality,period&stage=paid",
            "group_by=county&stage=paid&level=municipality&period=2017",
        ] {
            assert_eq!(warnings(quiet).await, [] as [String; 0], "{quiet}");
        }
    }
}

#[actix_web::test]
async fn names_are_those_of_the_place_that_is_most_exact() {
    for base in databases("summaries_names") {
        let client = Client::new(&base.db).await;
        put_all(&client, &[paid("a", "K-1502", "2019", 5), paid("b", "NO", "2019", 7)]).await;
        let named = async |query: &str| -> BTreeSet<String> {
            let rows = client.rows(&format!("/v1/grants/summary?plan=rus-2016-2020&period=2019&{query}")).await;
            rows.iter().filter_map(|row| row["region_name"].as_str().map(str::to_owned)).collect()
        };
        assert_eq!(named("group_by=county").await, BTreeSet::from(["Møre og Romsdal".into()]), "{}", base.label);
        assert_eq!(named("group_by=county,municipality").await, BTreeSet::from(["Molde".into()]));
        assert_eq!(named("group_by=region&lang=en").await, BTreeSet::from(["Molde".into(), "Norway".into()]));
        let row = &client.rows("/v1/grants/summary?group_by=period&plan=rus-2016-2020").await[0];
        assert!(row.get("region_name").is_none(), "{row}");
        let picked = client.rows("/v1/grants/summary?group_by=county,period&fields=sum_nok,county&sort=-sum_nok").await;
        assert_eq!(picked[0], json!({ "sum_nok": 121_000_000, "county": "F-15" }));
    }
}

#[actix_web::test]
async fn middles_and_large_sums_are_exact() {
    for base in databases("summaries_exact") {
        let client = Client::new(&base.db).await;
        let one = async |path: &str| client.rows(path).await[0].clone();
        let path = "/v1/grants/summary?group_by=municipality&period=2018";
        put_all(
            &client,
            &[paid("a", "K-0301", "2018", 1), paid("b", "K-0301", "2018", 100), paid("c", "K-0301", "2018", 4)],
        )
        .await;
        let row = one(path).await;
        assert_eq!((&row["median_nok"], &row["mean_nok"]), (&json!(4), &json!(35)), "{}", base.label);
        put_all(&client, &[paid("d", "K-0301", "2018", 5)]).await;
        let row = one(path).await;
        assert_eq!((&row["median_nok"], &row["mean_nok"]), (&json!(4.5), &json!(27.5)), "{}", base.label);
        let then = format!("{path}&as_of={}", base.db.head().revision - 1);
        assert_eq!(one(&then).await["median_nok"], 4);
        let cited = client.json(path).await["meta"]["cite_as"].as_str().unwrap().to_owned();

        put_all(&client, &[paid("e", "K-1103", "2018", i64::MAX)]).await;
        assert_eq!(client.rows(path).await[1]["sum_nok"], i64::MAX);
        put_all(&client, &[paid("f", "K-1103", "2018", i64::MAX)]).await;
        let problem = client.get(path).await.refused(400, "invalid-parameter");
        assert!(names(&problem, "group_by", "too_large"), "{problem}");
        assert_eq!(one(cited.trim_start_matches("http://127.0.0.1:8080")).await, row);
    }
}

#[actix_web::test]
async fn a_summary_is_known_by_its_tag_until_what_it_shows_changes() {
    for base in databases("summaries_tags") {
        let client = Client::new(&base.db).await;
        let again = async |path: &str, tag: &str| -> Answer {
            client.send(request("GET", path).insert_header(("if-none-match", tag))).await
        };
        let (plain, per) =
            ("/v1/grants/summary?group_by=scheme", "/v1/grants/summary?group_by=county,period&per=capita");
        let (tag, per_tag) = (client.tag(plain).await, client.tag(per).await);
        again(plain, &tag).await.done(304);
        let (path, _) = paid("nothing", "K-0301", "2019", 1);
        let observation = json!({
            "indicator": "population", "region": "NO", "period": "2027", "published": "2027", "value": 5_700_000,
            "status": "provisional", "confidence": "primary", "source": "ssb-07459",
        });
        client.put("/v1/observations/population.NO.2027.2027", &observation).await.done(201);
        again(plain, &tag).await.done(304);
        again(per, &per_tag).await.done(200);
        client.put(&path, &paid("nothing", "K-0301", "2019", 1).1).await.done(201);
        again(plain, &tag).await.done(200);
    }
}

#[actix_web::test]
async fn what_cannot_be_summed_up_is_refused_by_name() {
    let base = sqlite("summaries_refused");
    let client = Client::new(&base.db).await;
    for (query, kind, name, code) in [
        ("", "invalid-parameter", "group_by", "required"),
        ("?group_by=", "invalid-parameter", "group_by", "invalid"),
        ("?group_by=countty", "invalid-parameter", "group_by", "invalid"),
        ("?group_by=flow", "invalid-parameter", "group_by", "invalid"),
        ("?group_by=amount_nok", "invalid-parameter", "group_by", "invalid"),
        ("?group_by=county%3Bdrop%20table%20grants", "invalid-parameter", "group_by", "invalid"),
        ("?group_by=county&group_by=x", "invalid-parameter", "group_by", "invalid"),
        ("?groupby=county", "unknown-parameter", "groupby", "unknown"),
        ("?group_by=county&sort=period", "invalid-parameter", "sort", "invalid"),
        ("?group_by=county&sort=-amount_nok", "invalid-parameter", "sort", "invalid"),
        ("?group_by=county&fields=population", "invalid-parameter", "fields", "invalid"),
        ("?group_by=county&fields=id", "invalid-parameter", "fields", "invalid"),
        ("?group_by=county&per=capita", "invalid-parameter", "per", "invalid"),
        ("?group_by=period&per=capita", "invalid-parameter", "per", "invalid"),
        ("?group_by=county&period=2016,2017&per=capita", "invalid-parameter", "per", "invalid"),
        ("?group_by=county,period&per=7", "invalid-parameter", "per", "invalid"),
        ("?group_by=county,period&per=capita&per=1000", "invalid-parameter", "per", "repeated"),
        ("?group_by=county&limit=0", "invalid-parameter", "limit", "invalid"),
        ("?group_by=county&as_of=99999", "invalid-parameter", "as_of", "invalid"),
        ("?group_by=county&cursor=x", "invalid-cursor", "cursor", "invalid"),
        ("?group_by=county&q=", "invalid-parameter", "q", "invalid"),
    ] {
        let problem = client.get(&format!("/v1/grants/summary{query}")).await.refused(400, kind);
        assert!(names(&problem, name, code), "{query}: {problem}");
    }
    let problem =
        client.get("/v1/grants/summary?group_by=countty&sort=-sum_nokk&limt=1").await.refused(400, "unknown-parameter");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
    assert_eq!(problem["errors"][1]["did_you_mean"], "county");
    let first = client.json("/v1/grants/summary?group_by=county,period&limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    for other in ["group_by=period,county", "group_by=county,period&sort=-count", "group_by=county,period&per=capita"] {
        client.get(&format!("/v1/grants/summary?{other}&cursor={cursor}")).await.refused(400, "invalid-cursor");
    }
    client.get(&format!("/v1/grants?cursor={cursor}")).await.refused(400, "invalid-cursor");
    client.send(write("PUT", "/v1/grants/summary").set_json(json!({}))).await.refused(405, "method-not-allowed");
}
