//! The same rows in every form, on both databases.
use super::{csv_rows, plain};
use crate::client::{Client, collections, names};
use crate::support::{databases, sqlite};
use actix_web::web::Bytes;
use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use opptrapping::http::format::Format;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Value, json};
use std::io::Cursor;

type Row = Map<String, Value>;

/// Every row of a list, page by page.
async fn all(client: &Client, path: &str) -> Vec<Value> {
    let glue = if path.contains('?') { '&' } else { '?' };
    let mut rows = vec![];
    let mut next = Some(format!("{path}{glue}limit=5000"));
    while let Some(path) = next {
        let page = client.json(path.trim_start_matches("http://127.0.0.1:8080")).await;
        rows.extend(page["data"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    rows
}

#[actix_web::test]
async fn csv_and_ndjson_hold_the_rows_of_the_pages() {
    for base in databases("formats_text") {
        let client = Client::new(&base.db).await;
        for collection in collections() {
            let path = format!("/v1/{}", collection.name());
            let pages = all(&client, &path).await;
            assert!(!pages.is_empty());
            let csv = client.get(&format!("{path}?format=csv")).await.done(200);
            let rows = csv_rows(&csv.body);
            assert_eq!(rows.len(), pages.len(), "{} {path}", base.label);
            for (row, page) in rows.iter().zip(&pages) {
                let wanted: Vec<_> =
                    page.as_object().unwrap().iter().map(|(name, v)| (name.clone(), plain(v))).collect();
                assert_eq!(*row, wanted, "{} {path}", base.label);
            }
            let lines = client.get(&format!("{path}?format=ndjson")).await.done(200).text();
            let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(rows, pages, "{} {path}", base.label);
        }
    }
}

#[actix_web::test]
async fn every_order_is_kept_by_what_is_streamed() {
    for base in databases("formats_orders") {
        let client = Client::new(&base.db).await;
        for sort in ["indicator", "-region", "region_name", "-period_start,region", "published,-indicator"] {
            let path = format!("/v1/observations?sort={sort}");
            let ids: Vec<String> =
                all(&client, &path).await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            let csv = client.get(&format!("{path}&format=csv&fields=id")).await.done(200).text();
            assert!(ids.len() > 4_000);
            assert!(csv.lines().skip(1).eq(ids.iter().map(String::as_str)), "{} {sort}", base.label);
        }
    }
}

/// The rows of the one sheet, and the cells of the other.
fn xlsx_rows(body: &[u8]) -> (Vec<Row>, Vec<Vec<String>>) {
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(body.to_vec())).unwrap();
    assert_eq!(book.sheet_names(), ["data", "about"]);
    let data = book.worksheet_range("data").unwrap();
    let header: Vec<String> = data.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let cell = |cell: &Data| match cell {
        Data::Empty => Value::Null,
        Data::String(text) => text.clone().into(),
        Data::Float(number) if number.fract() == 0.0 => (*number as i64).into(),
        Data::Float(number) => (*number).into(),
        Data::Int(number) => (*number).into(),
        Data::Bool(truth) => (*truth).into(),
        other => panic!("{other:?}"),
    };
    let row = |row: &[Data]| header.iter().cloned().zip(row.iter().map(cell)).collect();
    let about = book.worksheet_range("about").unwrap();
    let about = about.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    (data.rows().skip(1).map(row).collect(), about)
}

/// The rows, and what is said in the metadata.
fn parquet_rows(body: Bytes) -> (Vec<Row>, Vec<(String, String)>) {
    let reader = SerializedFileReader::new(body).unwrap();
    let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let said = said.iter().map(|pair| (pair.key.clone(), pair.value.clone().unwrap())).collect();
    let cell = |field: &Field| match field {
        Field::Null => Value::Null,
        Field::Str(text) => text.clone().into(),
        Field::Long(number) => (*number).into(),
        Field::Double(number) if number.fract() == 0.0 => (*number as i64).into(),
        Field::Double(number) => (*number).into(),
        Field::Bool(truth) => (*truth).into(),
        other => panic!("{other:?}"),
    };
    let rows = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), cell(field))).collect());
    (rows.collect(), said)
}

#[actix_web::test]
async fn spreadsheets_and_parquet_hold_the_rows_of_the_pages_with_their_types() {
    for base in databases("formats_files") {
        let client = Client::new(&base.db).await;
        for collection in collections() {
            let path = format!("/v1/{}", collection.name());
            let pages = all(&client, &path).await;
            let pages: Vec<&Row> = pages.iter().map(|row| row.as_object().unwrap()).collect();
            let what = format!("{} {path}", base.label);

            let (rows, about) = xlsx_rows(&client.get(&format!("{path}?format=xlsx")).await.done(200).body);
            assert!(rows.iter().eq(pages.iter().copied()), "{what}: xlsx");
            let told = |text: &str| about.iter().flatten().any(|cell| cell.contains(text));
            assert!(
                told("NLOD-2.0") && told("?format=xlsx") && told("as_of=") && told("Statistics Norway"),
                "{about:?}"
            );

            let (rows, said) = parquet_rows(client.get(&format!("{path}?format=parquet")).await.done(200).body);
            assert!(rows.iter().eq(pages.iter().copied()), "{what}: parquet");
            let said = |name: &str| said.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()).unwrap();
            assert_eq!((said("license"), said("query")), ("NLOD-2.0".into(), format!("{path}?format=parquet")));
        }
    }
}

#[actix_web::test]
async fn the_same_question_has_the_same_bytes_each_time() {
    let base = sqlite("formats_again");
    for format in Format::offered(true) {
        let path = format!("/v1/observations?indicator=overdose-deaths&format={}", format.word());
        let mut answers = vec![];
        // Another service each time, so that nothing kept is given again.
        for _ in 0..2 {
            answers.push(Client::new(&base.db).await.get(&path).await.done(200).body);
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
}

#[actix_web::test]
async fn codes_are_kept_replaced_or_accompanied_by_their_names() {
    for base in databases("formats_labels") {
        let client = Client::new(&base.db).await;
        let path = "/v1/observations?indicator=overdose-deaths&region=NO&period=2020";
        let row = async |rest: &str| client.json(&format!("{path}{rest}")).await["data"][0].clone();
        assert_eq!(row("").await.get("indicator_name"), None);
        let both = row("&labels=both").await;
        assert_eq!(
            (&both["indicator"], &both["indicator_name"], &both["region"], &both["region_name"]),
            (&json!("overdose-deaths"), &json!("Narkotikautløste dødsfall"), &json!("NO"), &json!("Norge")),
            "{both}"
        );
        let name = row("&labels=name&lang=en").await;
        assert!(name.get("indicator").is_none() && name.get("region").is_none(), "{name}");
        assert_eq!(name["region_name"], "Norway");
        assert_ne!(name["indicator_name"], both["indicator_name"], "in the language asked for");
        let picked = row("&labels=both&fields=value,indicator").await;
        let fields: Vec<&String> = picked.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["value", "indicator", "indicator_name"]);
        let csv = client.get(&format!("{path}&labels=name&format=csv")).await.done(200).text();
        assert!(csv.starts_with("id,indicator_name,region_code,region_name,"), "{csv}");
    }
}

/// A name that changes changes the answers that show it, and their tags.
#[actix_web::test]
async fn a_name_is_that_of_the_revision_read() {
    for base in databases("formats_renamed") {
        let client = Client::new(&base.db).await;
        let path = "/v1/observations?indicator=overdose-deaths&labels=name&limit=1";
        let before = client.get(path).await.done(200);
        let thing = "/v1/indicators/overdose-deaths";
        let tag = client.tag(thing).await;
        client.patch(thing, &tag, &json!({ "title_nb": "Et annet navn" })).await.done(200);
        let after = client.get(path).await.done(200);
        assert_eq!(after.json()["data"][0]["indicator_name"], "Et annet navn", "{}", base.label);
        assert_ne!(before.tag(), after.tag());
        let cited = before.json()["meta"]["cite_as"].as_str().unwrap().replace("http://127.0.0.1:8080", "");
        assert_eq!(client.json(&cited).await["data"], before.json()["data"]);
    }
}

#[actix_web::test]
async fn excel_gets_its_own_dialect_and_no_formulas() {
    for base in databases("formats_excel") {
        let client = Client::new(&base.db).await;
        for (index, title) in
            ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "a;b", "a,b", "plain \"quoted\"", "Ærlig = sant"]
                .iter()
                .enumerate()
        {
            let source = crate::rows::source(&format!("excel-{index}"), title);
            client.put(&format!("/v1/sources/excel-{index}"), &source).await.done(201);
        }
        let get = async |rest: &str| {
            client
                .get(&format!("/v1/sources?q=Helsedirektoratet&sort=id&fields=id,title&{rest}"))
                .await
                .done(200)
                .text()
        };
        let raw = get("format=csv").await;
        let excel = get("format=csv&dialect=excel").await;
        assert!(raw.contains("excel-0,\"=HYPERLINK(\"\"x\"\")\"\nexcel-1,+1\nexcel-2,-1\nexcel-3,@SUM(A1)\nexcel-4,a;b\nexcel-5,\"a,b\"\n"), "{raw}");
        assert!(excel.starts_with("\u{feff}id;title\r\n"), "{excel}");
        for line in [
            "excel-0;\"'=HYPERLINK(\"\"x\"\")\"\r\n",
            "excel-1;'+1\r\n",
            "excel-2;'-1\r\n",
            "excel-3;'@SUM(A1)\r\n",
            "excel-4;\"a;b\"\r\n",
            "excel-5;a,b\r\n",
            "excel-6;\"plain \"\"quoted\"\"\"\r\n",
            "excel-7;Ærlig = sant\r\n",
        ] {
            assert!(excel.contains(line), "{line:?} in {excel}");
        }
        let values = "/v1/observations?fields=value&format=csv&dialect=excel";
        let excel = client.get(values).await.done(200).text();
        let raw = client.get("/v1/observations?fields=value&format=csv").await.done(200).text();
        assert!(raw.contains('.') && !excel.contains('.'));
        assert_eq!(excel.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace(',', "."), raw);
    }
}

#[actix_web::test]
async fn what_does_not_go_together_is_refused_by_name() {
    let base = sqlite("formats_refused");
    let client = Client::new(&base.db).await;
    for (path, parameter) in [
        ("/v1/observations?dialect=excel", "dialect"),
        ("/v1/observations?dialect=excel&format=parquet", "dialect"),
        ("/v1/observations?layout=wide", "layout"),
        ("/v1/observations?layout=wide&format=json-stat2", "layout"),
        ("/v1/observations?format=json-stat2&fields=id", "fields"),
        ("/v1/observations?format=json-stat2&sort=id", "sort"),
        ("/v1/observations?format=json-stat2&labels=both", "labels"),
        ("/v1/observations?format=csv&layout=wide&fields=source", "fields"),
        ("/v1/goals?format=json-stat2", "format"),
        ("/v1/goals?format=excel", "format"),
    ] {
        let problem = client.get(path).await.refused(400, "invalid-parameter");
        assert!(names(&problem, parameter, "invalid"), "{path}: {problem}");
    }
    let problem = client.get("/v1/goals?format=csv&layout=wide").await.refused(400, "unknown-parameter");
    assert!(names(&problem, "layout", "unknown"), "{problem}");
    let problem = client.get("/v1/observations?dialect=excel&layout=wide").await.refused(400, "invalid-parameter");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "every mistake at once");
    let defaults = "indicator=population&period=2021&level=county&dialect=raw&labels=code";
    for format in ["json", "json-stat2", "ndjson"] {
        client.get(&format!("/v1/observations?{defaults}&format={format}")).await.done(200);
    }
}
