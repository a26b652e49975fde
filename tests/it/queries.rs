//! Query strings: what is not understood is refused by name.
use crate::client::{Client, collections, names, request};
use crate::operations::operations;
use crate::support::{databases, sqlite};
use opptrapping::http::format::Format;

#[actix_web::test]
async fn an_unknown_parameter_is_refused_with_the_nearest_and_the_allowed() {
    let base = sqlite("queries_unknown");
    let client = Client::new(&base.db).await;
    let problem = client.get("/v1/observations?regoin=0301&limt=3").await.refused(400, "unknown-parameter");
    let told = problem["errors"].as_array().unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["did_you_mean"], &told[1]["did_you_mean"]), (&"region".into(), &"limit".into()));
    assert!(told[0]["allowed"].as_array().unwrap().contains(&"period_from".into()), "{problem}");
    for path in [
        "/v1/about?x=1",
        "/v1/dictionary?x",
        "/v1/goals/rus-2016-2020-g3?limit=1",
        "/v1/goals?LIMIT=1",
        "/v1/goals?plan[]=x",
        "/v1/goals?_=1",
    ] {
        client.get(path).await.refused(400, "unknown-parameter");
    }
}

#[actix_web::test]
async fn a_limit_is_never_bent_to_fit() {
    let base = sqlite("queries_limit");
    let client = Client::new(&base.db).await;
    for bad in [
        "0",
        "-1",
        "abc",
        "10001",
        "4294967296",
        "99999999999999999999",
        "%2B1",
        "+1",
        "1e3",
        "",
        "1.0",
        "1,2",
        "%D9%A1",
        "0x10",
        " 1",
    ] {
        let path = format!("/v1/goals?limit={}", bad.replace(' ', "%20"));
        let problem = client.get(&path).await.refused(400, "invalid-parameter");
        assert!(names(&problem, "limit", "invalid"), "{path}");
    }
    client.get("/v1/goals?limit=1&limit=2").await.refused(400, "invalid-parameter");
    for good in ["1", "10000", "0007"] {
        client.get(&format!("/v1/goals?limit={good}")).await.done(200);
    }
}

#[actix_web::test]
async fn bad_encoding_is_refused_in_every_place() {
    let base = sqlite("queries_encoding");
    let client = Client::new(&base.db).await;
    for bad in ["%00", "%ff", "%ed%a0%80", "%", "%u00e5", "%4", "a%zz", "%c0%af"] {
        for path in [
            format!("/v1/goals?q={bad}"),
            format!("/v1/goals?{bad}=1"),
            format!("/v1/goals?plan={bad}"),
            format!("/v1/goals/{bad}"),
        ] {
            let answer = client.get(&path).await;
            assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid-encoding"), "{path}");
        }
    }
    client.get("/v1/goals?q=%C3%A5").await.done(200);
}

#[actix_web::test]
async fn a_search_has_a_longest_length_and_no_power() {
    for base in databases("queries_search") {
        let client = Client::new(&base.db).await;
        client.get(&format!("/v1/observations?q={}", "%25".repeat(100))).await.done(200);
        for bad in ["", &"a".repeat(101), &"%C3%A5".repeat(101)] {
            client.get(&format!("/v1/municipalities?q={bad}")).await.refused(400, "invalid-parameter");
        }
        for q in ["_", "%25", "%5C", "%27", "%22", "%28", "%5B%5D", "%2E%2A", "%24%7B1%7D", "%F0%9F%87%B3"] {
            let list = client.json(&format!("/v1/indicators?q={q}")).await;
            let all = client.json("/v1/indicators").await;
            assert!(list["total"].as_i64() < all["total"].as_i64(), "{} {q} finds everything", base.label);
        }
    }
}

#[actix_web::test]
async fn only_the_orders_named_may_be_asked_for() {
    let base = sqlite("queries_sort");
    let client = Client::new(&base.db).await;
    for bad in
        ["secret", "revision", "search_text", "ended", "id%20desc", "--id", "", "id,", "1", "-value", "t.id", "id;drop"]
    {
        let problem = client.get(&format!("/v1/observations?sort={bad}")).await.refused(400, "invalid-parameter");
        assert!(names(&problem, "sort", "invalid"), "{bad}");
    }
    for collection in collections() {
        for field in collection.sorts {
            assert!(collection.table.column(field).is_some(), "{} {field}", collection.name());
        }
    }
}

#[actix_web::test]
async fn what_a_filter_cannot_be_is_refused() {
    let base = sqlite("queries_values");
    let client = Client::new(&base.db).await;
    let mut taken = vec![];
    for (collection, query) in [
        ("observations", "period=2016-13"),
        ("observations", "period_from=1016&period_to=2016"),
        ("observations", "period=abc"),
        ("observations", "period=20166"),
        ("observations", "period_from=2016&period_to=2016-13"),
        ("observations", "period_from=2020&period_to=2016"),
        ("observations", "region=301"),
        ("observations", "region=%D9%A0%D9%A3%D9%A0%D9%A1"),
        ("observations", "region=%200301"),
        ("observations", "region=K-301"),
        ("observations", "county=0301"),
        ("observations", "level=planet"),
        ("observations", "status=OK"),
        ("observations", "published=newest"),
        ("municipalities", "valid_on=2016-02-30"),
        ("municipalities", "valid_on=2016"),
        ("municipalities", "valid_on=yesterday"),
        ("municipality-changes", "change_date_from=2020-01-01&change_date_to=2016"),
        ("municipality-changes", "county_changed=1"),
        ("municipality-changes", "county_changed=TRUE"),
        ("grants", "amount_nok_min=1.5"),
        ("grants", "amount_nok_min=9223372036854775808"),
        ("grants", "amount_nok_min=10&amount_nok_max=5"),
        ("goals", "plan="),
        ("goals", "plan=a,,b"),
        ("goals", "lang=de"),
        ("goals", "lang=nb&lang=en"),
        ("goals", "format=xml"),
        ("goals", "fields=secret"),
        ("goals", "as_of=-1"),
        ("goals", "as_of=1000000"),
        ("goals", "as_of=2016-13-01T00:00:00Z"),
        ("goals", "as_of=yesterday"),
        ("status-reports", "year=16"),
        ("status-reports", "year=99999"),
    ] {
        let answer = client.get(&format!("/v1/{collection}?{query}")).await;
        if answer.status == 200 {
            taken.push(format!("/v1/{collection}?{query}"));
            continue;
        }
        let problem = answer.refused(400, "invalid-parameter");
        let told = problem["errors"][0]["name"].as_str().unwrap();
        assert!(query.split('&').any(|pair| pair.split('=').next() == Some(told)), "{query}: {problem}");
    }
    assert!(taken.is_empty(), "{taken:#?}");
}

#[actix_web::test]
async fn a_list_of_too_many_values_is_refused() {
    for base in databases("queries_many") {
        let client = Client::new(&base.db).await;
        for operation in operations().iter().filter(|o| o.reads()) {
            for parameter in operation.query_parameters().filter(|p| p["schema"]["type"] == "array") {
                let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
                let most = schema["maxItems"].as_u64().unwrap_or_else(|| panic!("{name} may be endless")) as usize;
                assert!(most <= 10_000, "{name}");
                let path = operation.example_url(&format!("{name}="));
                for more in [most + 1, 10_001] {
                    let answer = operation.get(&client, &format!("{path}{}", vec!["x"; more].join(","))).await;
                    assert_eq!((answer.status, answer.problem().as_str()), (400, "query-too-complex"), "{path}");
                }
                if schema["items"]["pattern"].is_null()
                    && schema["items"]["enum"].is_null()
                    && schema["items"]["type"] == "string"
                {
                    operation.get(&client, &format!("{path}{}", vec!["x"; most].join(","))).await.done(200);
                }
            }
        }
    }
}

#[actix_web::test]
async fn several_values_mean_or_and_several_filters_mean_and() {
    for base in databases("queries_or") {
        let client = Client::new(&base.db).await;
        let total =
            async |query: &str| client.json(&format!("/v1/municipalities?{query}")).await["total"].as_i64().unwrap();
        let (one, other) = (total("county=F-15").await, total("county=F-18").await);
        assert!(one > 0 && other > 0);
        assert_eq!(total("county=F-15,F-18").await, one + other, "{}", base.label);
        assert_eq!(total("county=F-15&county=18").await, one + other);
        assert_eq!(total("county=F-15&region=K-0301").await, 0);
        let both = total("county=F-15&valid_on=2016-01-01").await;
        assert!(both > 0 && both < one);
    }
}

#[actix_web::test]
async fn what_is_accepted_decides_the_form() {
    let base = sqlite("queries_accept");
    let client = Client::new(&base.db).await;
    let accept =
        async |value: &str| client.send(request("GET", "/v1/goals?limit=1").insert_header(("accept", value))).await;
    for (value, wanted) in [
        ("*/*", "application/json"),
        ("application/*;q=0.1", "application/json"),
        ("text/csv;q=0.9", "text/csv"),
        ("text/csv, application/json;q=0.5", "text/csv"),
        ("application/json;q=0, */*;q=0.5", "text/csv"),
        ("text/*", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("garbage", "application/json"),
        (";;;,,,", "application/json"),
        ("", "application/json"),
        (&"a/b,".repeat(10), "406"),
        ("text/html", "406"),
        ("application/json;q=0", "406"),
    ] {
        let answer = accept(value).await;
        if wanted == "406" {
            let problem = answer.refused(406, "not-acceptable");
            let offered: Vec<&str> = Format::offered(false).map(Format::media_type).collect();
            assert_eq!(problem["errors"][0]["allowed"], serde_json::json!(offered), "{value}");
        } else {
            assert_eq!(answer.status, 200, "{value}: {}", answer.text());
            assert!(answer.header("content-type").unwrap().starts_with(wanted), "{value}");
        }
    }
    let long = accept(&"x".repeat(8_192)).await;
    assert!(long.status < 500, "{}", long.status);
    let both = request("GET", "/v1/goals?format=csv").insert_header(("accept", "application/json"));
    assert!(client.send(both).await.header("content-type").unwrap().starts_with("text/csv"), "format= beats Accept");
}
