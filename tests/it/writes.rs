//! Writing one thing: preconditions, rules, revisions.
use crate::client::{Client, collections, names, request, write};
use crate::support::{databases, empty};
use opptrapping::api::RESOURCES;
use opptrapping::db::{Author, Statement};
use serde_json::{Value, json};

fn source(id: &str, title: &str) -> Value {
    json!({ "id": id, "title": title, "publisher": "Helsedirektoratet", "kind": "report" })
}

fn grant(id: &str) -> Value {
    json!({
        "id": id, "plan": "rus-2016-2020", "scheme": "kommunalt-rusarbeid", "region": "K-0301", "period": "2017",
        "amount_nok": 1_000_000, "stage": "paid", "approximate": false, "source": "prop-15-s-2015-2016",
    })
}

#[actix_web::test]
async fn a_thing_is_created_replaced_and_left_alone() {
    for base in databases("writes_put") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let start = base.db.head().revision;

        let created = client.put(path, &grant("g-1")).await.done(201);
        assert_eq!(created.header("location"), Some("http://127.0.0.1:8080/v1/grants/g-1"));
        assert_eq!(base.db.head().revision, start + 1);
        let read = client.get(path).await.done(200);
        assert_eq!((created.tag(), created.json()), (read.tag(), read.json()));
        assert_eq!((read.json()["region_name"].as_str(), read.json()["county"].as_str()), (Some("Oslo"), Some("F-03")));

        let same = client.replace(path, read.tag(), &grant("g-1")).await.done(200);
        assert_eq!((same.tag(), base.db.head().revision), (read.tag(), start + 1), "{}", base.label);

        let mut more = grant("g-1");
        more["amount_nok"] = json!(2_000_000);
        let replaced = client.replace(path, read.tag(), &more).await.done(200);
        assert_ne!(replaced.tag(), read.tag());
        assert_eq!(replaced.json()["amount_nok"], 2_000_000);
        assert_eq!((replaced.header("location"), base.db.head().revision), (None, start + 2));
        assert_eq!(client.tag(path).await, replaced.tag());
    }
}

#[actix_web::test]
async fn what_exists_is_changed_only_by_who_knows_its_version() {
    for base in databases("writes_match") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let first = client.put(path, &grant("g-1")).await.done(201).tag().to_owned();
        let mut changed = grant("g-1");
        changed["amount_nok"] = json!(5);

        let unsaid = client.put(path, &changed).await;
        unsaid.refused(428, "precondition-required");
        assert_eq!(unsaid.tag(), first, "428 names the current version");
        client.send(write("DELETE", path)).await.refused(428, "precondition-required");

        let second = client.replace(path, &first, &changed).await.done(200).tag().to_owned();
        for answer in [
            client.replace(path, &first, &grant("g-1")).await,
            client.patch(path, &first, &json!({ "note": "x" })).await,
            client.delete(path, &first).await,
        ] {
            answer.refused(412, "precondition-failed");
            assert_eq!(answer.tag(), second, "412 names the current version");
            assert_eq!(answer.header("retry-after"), None);
        }
        for any in ["*", "x", "\"", "W/\"1\""] {
            client.replace(path, any, &grant("g-1")).await.refused(400, "malformed-request");
        }
        client.replace(path, "\"x\"", &grant("g-1")).await.refused(412, "precondition-failed");
        client.replace(path, &format!("\"0\", {second}"), &grant("g-1")).await.done(200);
        client.replace("/v1/grants/g-2", &second, &grant("g-2")).await.refused(412, "precondition-failed");
    }
}

#[actix_web::test]
async fn create_only_creates_once() {
    for base in databases("writes_create") {
        let client = Client::new(&base.db).await;
        let create = async || {
            let request = write("PUT", "/v1/grants/g-1").insert_header(("if-none-match", "*"));
            client.send(request.set_json(grant("g-1"))).await
        };
        let created = create().await.done(201);
        let again = create().await;
        again.refused(412, "precondition-failed");
        assert_eq!(again.tag(), created.tag(), "{}", base.label);
        let other = write("PUT", "/v1/grants/g-1").insert_header(("if-none-match", "\"1\"")).set_json(grant("g-1"));
        client.send(other).await.refused(400, "malformed-request");
    }
}

#[actix_web::test]
async fn a_patch_changes_what_it_names() {
    for base in databases("writes_patch") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let tag = client.put(path, &grant("g-1")).await.done(201).tag().to_owned();
        let before = client.json(path).await;
        let patched = client.patch(path, &tag, &json!({ "note": "two words", "scheme": null })).await.done(200);
        let mut wanted = before.clone();
        (wanted["note"], wanted["scheme"]) = (json!("two words"), Value::Null);
        assert_eq!(patched.json(), wanted, "{}", base.label);

        let head = base.db.head().revision;
        for nothing in [json!({}), json!({ "note": "two words" })] {
            let same = client.patch(path, patched.tag(), &nothing).await.done(200);
            assert_eq!((same.tag(), base.db.head().revision), (patched.tag(), head));
        }
        let null =
            client.patch(path, patched.tag(), &json!({ "amount_nok": null })).await.refused(422, "invalid-content");
        assert!(names(&null, "amount_nok", "invalid"), "{null}");
        client.patch("/v1/grants/nothing", &tag, &json!({})).await.refused(404, "not-found");
        client
            .send(
                write("PATCH", path)
                    .insert_header(("content-type", "application/merge-patch+json"))
                    .set_payload("{\"note\":\"y\"}"),
            )
            .await
            .refused(428, "precondition-required");
    }
}

#[actix_web::test]
async fn what_is_deleted_is_gone_and_not_forgotten() {
    for base in databases("writes_delete") {
        let client = Client::new(&base.db).await;
        let path = "/v1/grants/g-1";
        let tag = client.put(path, &grant("g-1")).await.done(201).tag().to_owned();
        let alive = base.db.head().revision;
        let was = client.json(path).await;
        let deleted = client.delete(path, &tag).await.done(204);
        assert!(deleted.body.is_empty());
        client.get(path).await.refused(410, "gone");
        client.delete(path, &tag).await.refused(410, "gone");
        assert!(client.rows("/v1/grants?limit=100").await.iter().all(|g| g["id"] != "g-1"));
        assert_eq!(client.json(&format!("{path}?as_of={alive}")).await, was, "{}", base.label);
        client.get(&format!("{path}?as_of={}", alive + 1)).await.refused(404, "not-found");
        let history = client.json(&format!("{path}/history")).await;
        assert_eq!((&history["total"], &history["data"][0]["ended"]), (&json!(1), &json!(alive + 1)));

        client.put(path, &grant("g-1")).await.done(201);
        assert_eq!(client.json(&format!("{path}/history")).await["total"], 2);
    }
}

#[actix_web::test]
async fn what_others_refer_to_stays() {
    for base in databases("writes_referenced") {
        let client = Client::new(&base.db).await;
        let path = "/v1/plans/rus-2007-2012";
        let problem = client.delete(path, &client.tag(path).await).await.refused(409, "referenced");
        let told = problem["errors"].as_array().unwrap();
        assert!(told.iter().any(|m| m["message"].as_str().unwrap().contains("/v1/plans/rus-2016-2020")), "{problem}");
        assert!(told.iter().any(|m| m["message"].as_str().unwrap().contains("/v1/goals/")), "{problem}");
        client.get(path).await.done(200);
    }
}

#[actix_web::test]
async fn a_region_with_figures_stays() {
    for base in databases("writes_region") {
        let client = Client::new(&base.db).await;
        let path = "/v1/health-regions/H-MN";
        client.delete(path, &client.tag(path).await).await.refused(409, "referenced");
    }
}

#[actix_web::test]
async fn a_reference_to_nothing_is_refused() {
    for base in databases("writes_dangling") {
        let client = Client::new(&base.db).await;
        let mut row = grant("g-1");
        (row["plan"], row["source"]) = (json!("no-such-plan"), json!("no-such-source"));
        let problem = client.put("/v1/grants/g-1", &row).await.refused(422, "invalid-content");
        for name in ["plan", "source"] {
            assert!(names(&problem, name, "reference"), "{}: {problem}", base.label);
        }
        client.get("/v1/grants/g-1").await.refused(404, "not-found");
    }
}

#[actix_web::test]
async fn a_code_must_be_valid_in_the_period() {
    for base in databases("writes_period") {
        let client = Client::new(&base.db).await;
        let mut row = grant("g-1");
        // Ålesund was 1504 until 2020, and 1507 until 2024.
        (row["region"], row["period"]) = (json!("K-1504"), json!("2021"));
        let problem = client.put("/v1/grants/g-1", &row).await.refused(422, "invalid-content");
        assert!(names(&problem, "region", "not_valid") && problem.to_string().contains("K-1507"), "{problem}");
        row["period"] = json!("2019");
        assert_eq!(client.put("/v1/grants/g-1", &row).await.done(201).json()["region_name"], "Ålesund");
        row["id"] = json!("g-2");
        for unknown in ["K-9999", "F-99"] {
            row["region"] = json!(unknown);
            let problem = client.put("/v1/grants/g-2", &row).await.refused(422, "invalid-content");
            assert!(names(&problem, "region", "reference"), "{}: {problem}", base.label);
        }
        for wrong in ["301", "٠٣٠١", " 0301", "K-301", "no"] {
            row["region"] = json!(wrong);
            client.put("/v1/grants/g-2", &row).await.refused(422, "invalid-content");
        }
        (row["id"], row["region"], row["period"]) = (json!("g-3"), json!("0301"), json!("2019"));
        let bare = client.put("/v1/grants/g-3", &row).await.done(201).json();
        assert_eq!((bare["region"].as_str(), bare["region_code"].as_str()), (Some("K-0301"), Some("0301")));
    }
}

#[actix_web::test]
async fn what_the_service_fills_must_agree_where_it_is_sent() {
    for base in databases("writes_filled") {
        let client = Client::new(&base.db).await;
        let mut row = grant("g-1");
        row["region_name"] = json!("Bergen");
        let problem = client.put("/v1/grants/g-1", &row).await.refused(422, "invalid-content");
        assert!(names(&problem, "region_name", "read_only"), "{problem}");
        row["region_name"] = json!("Oslo");
        client.put("/v1/grants/g-1", &row).await.done(201);
        row["id"] = json!("g-9");
        let problem = client.put("/v1/grants/g-2", &row).await.refused(422, "invalid-content");
        assert!(names(&problem, "id", "invalid"), "{}: {problem}", base.label);
    }
}

#[actix_web::test]
async fn every_mistake_is_told_at_once_with_where_it_is() {
    for base in databases("writes_mistakes") {
        let client = Client::new(&base.db).await;
        let body = json!({
            "plann": "x", "amount_nok": "much", "stage": "payed", "approximate": null, "period": 2017, "sour/ce": 1,
        });
        let problem = client.put("/v1/grants/g-1", &body).await.refused(422, "invalid-content");
        for (name, code) in [
            ("plann", "unknown"),
            ("amount_nok", "invalid"),
            ("stage", "invalid"),
            ("approximate", "invalid"),
            ("period", "invalid"),
            ("source", "required"),
        ] {
            assert!(names(&problem, name, code), "{}: {name} {code} in {problem}", base.label);
        }
        let of = |name: &str| problem["errors"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap().clone();
        assert_eq!((&of("plann")["did_you_mean"], &of("plann")["pointer"]), (&json!("plan"), &json!("/plann")));
        assert_eq!(of("stage")["did_you_mean"], "paid");
        assert_eq!(of("sour/ce")["pointer"], "/sour~1ce");

        let rules = json!({
            "id": "g-1", "region": "K-9x", "period": "2016-13", "amount_nok": -1, "stage": "paid", "approximate": false,
            "source": "prop-15-s-2015-2016", "recipient_orgnr": "123456789",
        });
        let problem = client.put("/v1/grants/g-1", &rules).await.refused(422, "invalid-content");
        for name in ["region", "period", "amount_nok", "recipient_orgnr"] {
            assert!(names(&problem, name, "invalid"), "{}: {name} in {problem}", base.label);
        }
        assert_eq!(client.get("/v1/grants/g-1").await.status, 404);
    }
}

#[actix_web::test]
async fn what_was_read_can_be_put_back_and_nothing_changes() {
    for base in databases("writes_back") {
        let client = Client::new(&base.db).await;
        let before = base.db.head().revision;
        for collection in collections() {
            let path = format!("/v1/{}?limit=3", collection.name());
            let mut rows = client.rows(&path).await;
            rows.push(client.json(&format!("/v1/{}/{}", collection.name(), collection.example)).await);
            for row in rows {
                for lang in ["nb", "nn", "en"] {
                    let path = format!("/v1/{}/{}?lang={lang}", collection.name(), row["id"].as_str().unwrap());
                    let read = client.get(&path).await.done(200);
                    let put = client.replace(&path, read.tag(), &read.json()).await;
                    assert_eq!(put.status, 200, "{} {path}: {}", base.label, put.text());
                    assert_eq!((put.tag(), put.json()), (read.tag(), read.json()), "{} {path}", base.label);
                }
            }
        }
        assert_eq!(base.db.head().revision, before, "{}", base.label);
    }
}

#[actix_web::test]
async fn what_was_exported_can_be_loaded_back_and_nothing_changes() {
    for base in databases("writes_csv") {
        let client = Client::new(&base.db).await;
        let before = base.db.head().revision;
        for entry in &RESOURCES {
            let collection = (entry.collection)();
            let all = if collection.name() == "observations" { "&published=all" } else { "" };
            let csv = client.get(&format!("/v1/{}?format=csv&sort=id{all}", collection.name())).await.done(200).body;
            let dumped = base.db.read(|conn| (entry.dump)(conn, before)).unwrap();
            assert!(dumped == csv, "{}: export and GET differ", collection.name());
            let (tally, revision) =
                base.db.write(&Author::local("test"), None, |write| (entry.load)(write, &mut &csv[..])).unwrap();
            let rows = csv::Reader::from_reader(&csv[..]).records().count();
            assert!(rows > 0);
            assert_eq!((tally.inserted, tally.updated, tally.unchanged), (0, 0, rows), "{}", collection.name());
            assert_eq!(revision, None, "{} {}", base.label, collection.name());
        }
        assert_eq!(base.db.head().revision, before);
    }
}

#[actix_web::test]
async fn one_bad_row_spoils_the_table_and_is_named() {
    let goals = RESOURCES.iter().find(|e| (e.table)().collection == "goals").unwrap();
    for base in databases("writes_row") {
        let before = base.db.head().revision;
        let load = |csv: &str| {
            let load = base.db.write(&Author::local("test"), None, |write| (goals.load)(write, &mut csv.as_bytes()));
            load.expect_err("a bad table was taken")
        };
        let head = "id,plan,number,title_nb,source\n";
        let good = "new-goal,rus-2016-2020,9,Nytt mål,prop-15-s-2015-2016\n";
        let bad = "bad-goal,rus-2016-2020,many,,prop-15-s-2015-2016\n";
        let error = load(&format!("{head}{good}{bad}"));
        let told: Vec<(Option<usize>, &str)> = error.mistakes.iter().map(|m| (m.row, m.name.as_str())).collect();
        assert!(told.contains(&(Some(2), "number")) && told.contains(&(Some(2), "title_nb")), "{told:?}");
        let error = load(&format!("{head}{good}other,no-plan,1,Mål,prop-15-s-2015-2016\n"));
        assert_eq!((error.mistakes[0].row, error.mistakes[0].code), (Some(2), "reference"));
        let error = load(&format!("{head}{good}{good}"));
        assert_eq!((error.kind.slug(), error.mistakes[0].row), ("invalid-content", Some(2)), "{error}");
        assert_eq!(load("id,plan,nubmer\n").mistakes[0].did_you_mean.as_deref(), Some("number"));
        load(&format!("{head}short,row\n"));
        load(&format!("{head}{good}\u{0}x,rus-2016-2020,1,Mål,prop-15-s-2015-2016\n"));
        assert_eq!(base.db.head().revision, before, "{}", base.label);
        let rows = base.db.read(|conn| {
            Ok(Statement::new("SELECT COUNT(*) FROM goals WHERE id = ").bind("new-goal").row::<(i64,)>(conn)?)
        });
        assert_eq!(rows.unwrap(), Some((0,)), "{}", base.label);
    }
}

#[actix_web::test]
async fn the_reason_is_kept_with_the_revision() {
    for base in empty("writes_reason") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a?reason=f%C3%B8rst", &source("a", "A")).await.done(201);
        let tag = client.tag("/v1/sources/a").await;
        let request = write("PUT", "/v1/sources/a").insert_header(("if-match", tag));
        let titled = request.insert_header(("reason", "then this")).set_json(source("a", "B"));
        client.send(titled).await.done(200);
        let history = client.json("/v1/sources/a/history").await;
        let reasons: Vec<&Value> = history["data"].as_array().unwrap().iter().map(|v| &v["reason"]).collect();
        assert_eq!(reasons, ["først", "then this"], "{}", base.label);
        assert_eq!(history["data"][1]["changed"], json!(["title"]));
        let author = base
            .db
            .read(|conn| {
                Ok(Statement::new("SELECT issuer, subject, token_id FROM revisions WHERE revision = 1").row::<(
                    String,
                    String,
                    Option<String>,
                )>(
                    conn
                )?)
            })
            .unwrap()
            .unwrap();
        assert_eq!((author.0.as_str(), author.1.as_str(), author.2.is_some()), ("opptrapping", "tester", true));
    }
}

const AMOUNTS: [(&str, u16); 12] = [
    ("1.0", 201),
    ("1e3", 201),
    ("-0", 201),
    ("0", 201),
    ("9223372036854775807", 201),
    ("1.5", 422),
    ("9223372036854775808", 422),
    ("-1", 422),
    ("true", 422),
    ("\"1\"", 422),
    ("1e400", 400),
    ("NaN", 400),
];

#[actix_web::test]
async fn amounts_are_whole_and_exact() {
    for base in databases("writes_amounts") {
        let client = Client::new(&base.db).await;
        for (number, (written, status)) in AMOUNTS.iter().enumerate() {
            let path = format!("/v1/grants/n-{number}");
            let mut row = grant(&format!("n-{number}"));
            row["amount_nok"] = json!("AMOUNT");
            let body = row.to_string().replace("\"AMOUNT\"", written);
            let answer = client
                .send(write("PUT", &path).insert_header(("content-type", "application/json")).set_payload(body))
                .await;
            assert_eq!(answer.status, *status, "{} {written}: {}", base.label, answer.text());
        }
        assert_eq!(client.json("/v1/grants/n-0").await["amount_nok"], 1);
        assert_eq!(client.json("/v1/grants/n-1").await["amount_nok"], 1_000);
        assert_eq!(client.json("/v1/grants/n-4").await["amount_nok"], i64::MAX);
    }
}

const HOSTILE_TEXTS: [&str; 9] = [
    "'; DROP TABLE sources; --",
    "\" OR 1=1 --",
    "$1 ? :a @b",
    "\\'; SELECT 1",
    "100 % _ \\",
    "=HYPERLINK(\"x\")",
    "line\nline\r\nline\ttab",
    "æøå ÆØÅ Kárášjohka 日本 🇳🇴",
    "<script>alert(1)</script>",
];

#[actix_web::test]
async fn texts_are_stored_as_they_are() {
    for base in empty("writes_texts") {
        let client = Client::new(&base.db).await;
        for (number, text) in HOSTILE_TEXTS.iter().enumerate() {
            let path = format!("/v1/sources/t-{number}");
            let mut row = source(&format!("t-{number}"), text);
            for field in ["publisher", "language", "license", "note"] {
                row[field] = json!(text);
            }
            row["language"] = json!("nb");
            client.put(&path, &row).await.done(201);
            let read = client.json(&path).await;
            for field in ["title", "publisher", "license", "note"] {
                assert_eq!(read[field], *text, "{} {field}", base.label);
            }
        }
        assert_eq!(client.json("/v1/sources").await["total"], HOSTILE_TEXTS.len());
        let csv = client.get("/v1/sources?format=csv").await.body;
        let titles: Vec<String> =
            csv::Reader::from_reader(&csv[..]).records().map(|r| r.unwrap()[1].to_owned()).collect();
        assert_eq!(titles, HOSTILE_TEXTS);
    }
}

#[actix_web::test]
async fn ids_are_readable_and_safe_in_a_url() {
    for base in empty("writes_ids") {
        let client = Client::new(&base.db).await;
        for id in ["%C3%A6", "a%20b", "a%27b", "-a", "a_b", "%2e%2e", "a%2Fb", &"x".repeat(121)] {
            let body = json!({ "title": "T", "publisher": "P", "kind": "report" });
            let answer = client.put(&format!("/v1/sources/{id}"), &body).await;
            assert!(matches!(answer.status, 404 | 422), "{} {id}: {}", base.label, answer.text());
        }
        assert_eq!(client.json("/v1/sources").await["total"], 0);
        client
            .send(request("PUT", "/v1/sources/a").set_json(source("a", "A")))
            .await
            .refused(401, "authentication-required");
    }
}
