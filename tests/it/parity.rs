//! The same requests on both databases give the same bytes.
use crate::client::{Answer, Client, collections, request, write};
use crate::copies::unpacked;
use crate::operations::operations;
use crate::support::{Base, databases, empty};
use opptrapping::db::Author;
use opptrapping::http::asked::encode;
use serde_json::{Value, json};

/// An answer without what a database cannot share: when it was loaded.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = ["etag", "content-type", "cache-control", "vary", "allow", "location", "link", "content-disposition"];
    let headers = headers.iter().map(|name| ((*name).to_owned(), answer.all(name).join(", "))).collect();
    let text = match answer.header("content-type") {
        // An archive has times in the middle of what is packed and summed; `copies` compares archives byte by byte.
        Some("application/zip") => {
            unpacked(&answer.body).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join("\n")
        }
        _ => timeless(&answer.text()),
    };
    (answer.status, headers, text)
}

/// A text with every time of the form `"2026-11-22T10:00:00.000Z"` replaced.
fn timeless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("Z\"") {
        let (before, after) = rest.split_at(at + 1);
        let stamp = before.len().checked_sub(24).and_then(|start| before.get(start..));
        match stamp.filter(|s| s.as_bytes()[10] == b'T' && s.as_bytes()[19] == b'.') {
            Some(_) => out.push_str(&format!("{}TIME", &before[..before.len() - 24])),
            None => out.push_str(before),
        }
        rest = after;
    }
    out + rest
}

#[test]
fn only_times_are_left_out_of_the_comparison() {
    assert_eq!(timeless(r#"{"a":"2026-11-22T10:00:00.000Z","b":"xZ"}"#), r#"{"a":"TIME","b":"xZ"}"#);
}

/// Requests derived from what a collection takes and holds.
async fn requests(client: &Client) -> Vec<String> {
    let mut all: Vec<String> =
        ["/v1/dictionary", "/v1/goals/nothing", "/v1/nothing", "/v1/goals?limt=1", "/v1/goals?limit=0"]
            .map(str::to_owned)
            .into();
    for collection in collections() {
        let path = format!("/v1/{}", collection.name());
        let rows = client.rows(&format!("{path}?limit=40")).await;
        for filter in &collection.filters {
            for parameter in filter.parameters() {
                let mut values: Vec<String> = rows
                    .iter()
                    .filter_map(|row| match &row[parameter.name.as_str()] {
                        Value::String(text) => Some(encode(text)),
                        Value::Null => None,
                        other => Some(other.to_string()),
                    })
                    .collect();
                values.dedup();
                values.truncate(3);
                if values.is_empty() {
                    let ranges = ["_min", "_max", "_from", "_to"];
                    let dates = parameter.name.ends_with("_from") || parameter.name.ends_with("_to");
                    let ranged = ranges.iter().any(|r| parameter.name.ends_with(r));
                    values.push(if ranged && !dates { "1000000".into() } else { "2016".into() });
                }
                all.extend(values.iter().map(|v| format!("{path}?{}={v}&limit=50", parameter.name)));
                if parameter.list {
                    all.push(format!("{path}?{}={}&limit=50", parameter.name, values.join(",")));
                }
            }
        }
        for sort in collection.sorts {
            all.extend([format!("{path}?sort={sort}&limit=7"), format!("{path}?sort=-{sort}&limit=7")]);
        }
        for ending in [
            "format=csv",
            "format=ndjson&lang=en",
            "format=csv&dialect=excel&labels=both&lang=nn",
            "format=csv&labels=name&limit=5",
            "limit=5&labels=both",
            "lang=nn&limit=20",
            "lang=en&limit=20",
            "as_of=0",
            "as_of=5",
            "as_of=2000-01-01T00:00:00Z",
            "q=oslo",
            "q=%C3%A5",
            "q=a%20b",
            "q=%25",
            "sort=secret",
            "cursor=x",
            "fields=id,source",
        ] {
            all.push(format!("{path}?{ending}"));
        }
        if collection.cube.is_some() {
            let cubes = ["format=json-stat2", "format=json-stat2&lang=en", "format=csv&layout=wide&labels=both"];
            all.extend(cubes.map(|ending| format!("{path}?{ending}")));
        }
        let id = &collection.example;
        all.extend(
            ["", "?lang=en", "?fields=id", "/history", "?as_of=1", "?as_of=30000"].map(|e| format!("{path}/{id}{e}")),
        );
    }
    // What is put together from several collections, as the document has it.
    // (`/v1/about` says when things were written, and its tag is made of that.)
    for operation in operations().iter().filter(|o| o.reads() && o.path != "/v1/about") {
        all.extend(["", "lang=nn", "lang=en", "as_of=5"].map(|query| operation.example_url(query)));
    }
    all.extend(["results", "money", "results?lang=en"].map(|view| format!("/v1/plans/rus-2007-2012/{view}")));
    for region in ["NO", "F-15", "K-0301", "H-N", "K-9999"] {
        all.push(format!("/v1/indicators/waiting-time-mean-tsb/progress?region={region}&on=2018-06-30"));
    }
    all.extend(summaries());
    all.extend(carried());
    for query in ["from=2016&to=2024", "from=2024&to=2016&lang=en", "from=2023&to=2024&format=csv", "from=2000&to=x"] {
        all.push(format!("/v1/municipalities/correspondence?{query}"));
    }
    for place in ["municipalities/1534", "municipalities/K-0101", "counties/F-30"] {
        all.extend(["1990-01-01", "2016-01-01", "2024-01-01"].map(|day| format!("/v1/{place}?valid_on={day}")));
    }
    all.push("/v1/municipalities?region=K-1507,K-0720,K-9999&valid_on=2018-01-01&lang=en".into());
    all.extend(
        ["K-0301", "0301", "K-0301?valid_on=2016-01-01", "1507", "K-1504/history", "K-9999"]
            .map(|id| format!("/v1/municipalities/{id}")),
    );
    all.extend(
        ["all", "first", "latest", "2021", "2021-06", "2022-06-23"]
            .map(|p| format!("/v1/observations?indicator=overdose-deaths&published={p}")),
    );
    all
}

/// Rows on another map, in every text format that they have.
fn carried() -> Vec<String> {
    let cubes = [
        "json-stat2",
        "csv&layout=wide&labels=both",
        "csv&dialect=excel&lang=nn",
        "ndjson&lang=en",
        "csv&labels=name",
        "json",
    ];
    let mut all = vec![];
    for map in ["2024&estimate=shares", "2016&explain=1", "comparable", "2020-06-01", "original&per=1000"] {
        let of = format!("boundaries={map}");
        for form in cubes {
            all.push(format!(
                "/v1/observations?indicator=population,overdose-deaths&period_from=2018&{of}&format={form}"
            ));
            all.push(format!("/v1/grants?{of}&per=capita&format={form}").replace("&per=1000&per=capita", "&per=1000"));
        }
        for form in ["json&lang=nn", "csv&dialect=excel", "ndjson", "json-stat2"] {
            let of = of.replace("&per=1000", "");
            all.push(format!("/v1/grants/summary?group_by=region,period&{of}&per=capita&format={form}"));
            all.push(format!("/v1/budgets/summary?group_by=county,period&{of}&format={form}"));
        }
        let of = of.replace("&explain=1", "").replace("&per=1000", "");
        all.extend(
            ["json&lang=en", "csv"]
                .map(|form| format!("/v1/coverage?indicator=population&{of}&period=2019&format={form}")),
        );
    }
    all
}

/// Each field a summary can have, alone and in company, and what a summary can be asked for beside it.
fn summaries() -> Vec<String> {
    let mut all = vec![];
    for operation in operations().iter().filter(|o| o.path.ends_with("/summary")) {
        let groups = operation.query_parameters().find(|p| p["name"] == "group_by").unwrap();
        let path = &operation.path;
        for group in groups["schema"]["items"]["enum"].as_array().unwrap().iter().filter_map(Value::as_str) {
            for rest in ["", ",period", ",period,stage&lang=en", "&format=csv", "&sort=-sum_nok&limit=2", "&as_of=9"] {
                all.push(format!("{path}?group_by={group}{rest}"));
            }
        }
        for place in ["county", "municipality", "region"] {
            for per in ["capita", "1000", "10000", "100000"] {
                all.push(format!("{path}?group_by={place},period&per={per}"));
            }
        }
        all.extend(
            ["", "?group_by=", "?group_by=countty", "?group_by=plan&per=capita", "?group_by=plan&sort=scheme"]
                .map(|q| format!("{path}{q}")),
        );
    }
    assert!(all.len() > 100);
    all
}

async fn both(mut bases: Vec<Base>) -> Option<[(Base, Client); 2]> {
    let postgres = bases.pop().filter(|base| base.label == "postgres")?;
    let sqlite = bases.pop()?;
    let (one, other) = (Client::new(&sqlite.db).await, Client::new(&postgres.db).await);
    Some([(sqlite, one), (postgres, other)])
}

#[track_caller]
fn same(one: &Answer, other: &Answer, what: &str) {
    let (one, other) = (comparable(one), comparable(other));
    assert_eq!((&one.0, &one.1), (&other.0, &other.1), "{what}");
    let at = one.2.bytes().zip(other.2.bytes()).position(|(a, b)| a != b).unwrap_or(one.2.len().min(other.2.len()));
    let near = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(80)..(at + 80).min(text.len())]).into_owned()
    };
    assert!(one.2 == other.2, "{what}: sqlite …{}…, postgres …{}…", near(&one.2), near(&other.2));
}

#[actix_web::test]
async fn reads_give_the_same_bytes() {
    let Some([(_one, sqlite), (_other, postgres)]) = both(databases("parity")).await else { return };
    let requests = requests(&sqlite).await;
    assert!(requests.len() > 400, "{}", requests.len());
    for path in requests {
        let answer = sqlite.get(&path).await;
        assert_ne!(answer.status, 500, "{path}");
        same(&answer, &postgres.get(&path).await, &path);
        let mut next = answer
            .header("content-type")
            .filter(|t| t.starts_with("application/json") && answer.status == 200)
            .and_then(|_| answer.json()["next"].as_str().map(str::to_owned));
        for _ in 0..3 {
            let Some(url) = next else { break };
            let path = url.trim_start_matches("http://127.0.0.1:8080");
            let page = sqlite.get(path).await;
            same(&page, &postgres.get(path).await, path);
            next = page.json()["next"].as_str().map(str::to_owned);
        }
    }
}

fn source(id: &str, title: &str) -> Value {
    json!({ "id": id, "title": title, "publisher": "P", "kind": "report" })
}

#[actix_web::test]
async fn writes_have_the_same_outcome() {
    let Some([(one, sqlite), (other, postgres)]) = both(empty("parity_writes")).await else { return };
    let put = |id: &str, body: Value| (write("PUT", &format!("/v1/sources/{id}")).set_json(body), id.to_owned());
    let tagged = |method: &str, id: &str, tag: &str, body: Value| {
        let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = write(method, &format!("/v1/sources/{id}")).insert_header(("if-match", tag.to_owned()));
        (request.insert_header(("content-type", media)).set_payload(body.to_string()), id.to_owned())
    };
    let sequence = || {
        vec![
            put("a", source("a", "Ås")),
            put("b", source("b", "Aas")),
            put("a", source("a", "again")),
            put("c", source("c", "x\u{0}y")),
            put("c", json!({ "title": 1 })),
            tagged("PUT", "a", "\"1\"", source("a", "Østre")),
            tagged("PUT", "a", "\"1\"", source("a", "stale")),
            tagged("PATCH", "b", "\"2\"", json!({ "note": "'; --", "license": null })),
            tagged("PATCH", "b", "\"4\"", json!({})),
            tagged("PATCH", "b", "\"4\"", json!({ "kind": "rumour" })),
            tagged("DELETE", "a", "\"3\"", json!({})),
            tagged("DELETE", "a", "\"3\"", json!({})),
            put("a", source("a", "back")),
        ]
    };
    for ((first, id), (second, _)) in sequence().into_iter().zip(sequence()) {
        same(&sqlite.send(first).await, &postgres.send(second).await, &id);
        for path in [format!("/v1/sources/{id}"), format!("/v1/sources/{id}/history"), "/v1/sources?sort=title".into()]
        {
            same(&sqlite.get(&path).await, &postgres.get(&path).await, &path);
        }
        assert_eq!(one.db.head().revision, other.db.head().revision);
    }
    assert_eq!(one.db.head().revision, 6);
    for at in 0..=6 {
        let path = format!("/v1/sources?as_of={at}&format=csv");
        same(&sqlite.send(request("GET", &path)).await, &postgres.send(request("GET", &path)).await, &path);
    }
}

#[actix_web::test]
async fn tables_over_http_and_retries_have_the_same_outcome() {
    let Some([(one, sqlite), (other, postgres)]) = both(empty("parity_puts")).await else { return };
    let json = "application/json";
    let cases = || {
        let row = |id: &str, title: &str| json!({ "id": id, "title": title, "publisher": "P", "kind": "report" });
        let put = |media: &'static str, body: String| {
            write("PUT", "/v1/sources").insert_header(("content-type", media)).set_payload(body)
        };
        let keyed =
            |key: &'static str, body: Value| put(json, body.to_string()).insert_header(("idempotency-key", key));
        vec![
            keyed("the-first-key-of-all", json!([row("a", "Ås"), row("b", "Øst")])),
            keyed("the-first-key-of-all", json!([row("a", "Ås"), row("b", "Øst")])),
            keyed("the-first-key-of-all", json!([row("a", "other")])),
            keyed("another-key-for-this", json!([row("a", "Ås"), row("a", "Ås")])),
            keyed("another-key-for-this", json!([row("a", "Ås"), row("a", "Ås")])),
            put("text/csv", "id,title,publisher,kind\nb,Østre,P,report\nc,,P,rumour\n".into()),
            put("text/csv", "id,titel\n".into()),
            put("application/x-ndjson", format!("{}\n{}\n", row("b", "Østre"), row("c", "C"))),
            put(json, format!("[{},", row("d", "D"))),
            put(json, json!([row("d", "x\u{0}y"), 1]).to_string()),
        ]
    };
    for (n, (first, second)) in cases().into_iter().zip(cases()).enumerate() {
        let (first, second) = (sqlite.send(first).await, postgres.send(second).await);
        same(&first, &second, &format!("case {n}"));
        assert_eq!(first.header("idempotency-replayed"), second.header("idempotency-replayed"), "case {n}");
        assert_eq!(one.db.head().revision, other.db.head().revision, "case {n}");
    }
    assert_eq!(one.db.head().revision, 2);
    for path in ["/v1/sources?sort=title", "/v1/changes", "/v1/sources/b/history"] {
        same(&sqlite.get(path).await, &postgres.get(path).await, path);
    }
}

#[actix_web::test]
async fn tables_have_the_same_outcome() {
    let Some([(one, sqlite), (other, postgres)]) = both(databases("parity_tables")).await else { return };
    let entry = opptrapping::api::RESOURCES.iter().find(|e| (e.table)().collection == "grants").unwrap();
    let head = "id,region,period,amount_nok,stage,approximate,source\n";
    let tables = [
        format!(
            "{head}x1,K-0301,2017,5,paid,false,prop-15-s-2015-2016\nx2,F-15,2018,6,paid,true,prop-15-s-2015-2016\n"
        ),
        format!("{head}x1,K-0301,2017,7,paid,false,prop-15-s-2015-2016\nx3,K-1504,2021,6,paid,true,nowhere\n"),
        format!("{head}x1,K-0301,2017,5,paid,false,prop-15-s-2015-2016\n"),
        head.to_owned(),
    ];
    for csv in tables {
        let load = |base: &Base| {
            let done = base.db.write(&Author::local("test"), None, |write| (entry.load)(write, &mut csv.as_bytes()));
            done.map_err(|e| e.to_string())
        };
        assert_eq!(load(&one), load(&other), "{csv}");
        let path = "/v1/grants?limit=100";
        same(&sqlite.get(path).await, &postgres.get(path).await, path);
    }
}
