//! Summaries: every sum, number, mean and median is that of SQL written here, and what may not be added is not.
use crate::client::Client;
use crate::operations::operations;
use crate::support::{Base, databases};
use opptrapping::api::grants::Grant;
use opptrapping::db::{Author, CURRENT, Expect, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GRANTS: usize = 60_000;

/// A grant whose fields each repeat at a length of their own, so that groups differ in size and have nulls.
fn grant(n: usize, municipalities: &[String]) -> Grant {
    let pick = |from: &[Option<&str>]| from[n % from.len()].map(str::to_owned);
    let region = match n % 23 {
        0 => None,
        1 => Some("NO".to_owned()),
        2 => Some("F-15".to_owned()),
        3 => Some("H-MN".to_owned()),
        _ => Some(municipalities[n % municipalities.len()].clone()),
    };
    let period = if n.is_multiple_of(29) { "2012-2015".to_owned() } else { (2010 + n / 350 % 10).to_string() };
    let row = json!({
        "id": format!("g{n:05}"), "plan": pick(&[None, Some("rus-2016-2020"), Some("rus-2007-2012")]),
        "scheme": pick(&[Some("kommunalt-rusarbeid"), None, None, None, None]),
        "measure": pick(&[Some("rus-2016-2020-m01"), Some("rus-2016-2020-m02"), None, None, None, None, None]),
        "region": region, "recipient_name": "Somebody", "recipient_orgnr": null, "period": period,
        "amount_nok": (n * 7_919) % 5_000_011, "stage": (if n % 3 == 2 { "allocated" } else { "paid" }), "approximate": false,
        "source": "prop-15-s-2015-2016", "note": null,
    });
    serde_json::from_value(row).unwrap()
}

fn add(base: &Base, grants: impl Iterator<Item = Grant>) {
    let author = Author::local("test");
    let put = |write: &mut opptrapping::db::Write| {
        for grant in grants {
            write.put(grant, &Expect::Anything, None)?;
        }
        Ok(())
    };
    base.db.write(&author, Some("a test of summaries"), put).unwrap();
}

/// Municipalities that were there from 2010 to 2019.
fn municipalities(base: &Base) -> Vec<String> {
    let sql = "SELECT region FROM municipalities WHERE valid_from <= '2010-01-01' AND (valid_to IS NULL OR valid_to >= '2020-01-01') ORDER BY id";
    let found: Vec<(String,)> = base.db.read(|conn| Ok(Statement::new(sql).rows(conn)?)).unwrap();
    assert!(found.len() > 300);
    found.into_iter().map(|(region,)| region).collect()
}

/// What a summary must say of a group: sum, number, number without amount, mean in thousandths, median.
type Numbers = (Option<i64>, i64, i64, Option<i64>, Option<f64>);

/// The reader of JSON here may be off by the last bit of a double.
fn thousandths(mean: f64) -> i64 {
    (mean * 1_000.0).round() as i64
}

/// The groups of the current rows of a table, by SQL that both databases read.
fn by_sql(base: &Base, table: &str, fields: &[&str]) -> Groups {
    let expression = |field: &&str| match (*field, table) {
        ("municipality", _) => "region".to_owned(),
        ("county", "budgets") => {
            "CASE WHEN region LIKE 'K-%' THEN 'F-' || SUBSTR(region, 3, 2) WHEN region LIKE 'F-%' THEN region END"
                .into()
        }
        (field, _) => field.to_owned(),
    };
    let keys = fields.iter().map(expression).collect::<Vec<_>>().join(", ");
    let only = if fields.contains(&"municipality") { "AND region LIKE 'K-%'" } else { "" };
    let sql = format!(
        "SELECT CAST(SUM(amount_nok) AS BIGINT), COUNT(*), COUNT(*) - COUNT(amount_nok), \
         CAST(SUM(amount_nok) AS DOUBLE PRECISION) / NULLIF(COUNT(amount_nok), 0), \
         CAST(AVG(CASE WHEN number IN ((size + 1) / 2, (size + 2) / 2) THEN amount_nok END) AS DOUBLE PRECISION), {keys} \
         FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY CASE WHEN amount_nok IS NULL THEN 1 ELSE 0 END, amount_nok) AS number, \
         COUNT(amount_nok) OVER (PARTITION BY {keys}) AS size FROM {table} WHERE ended = {CURRENT} {only}) ranked GROUP BY {keys}"
    );
    type Row = (Option<i64>, i64, i64, Option<f64>, Option<f64>, Vec<Option<String>>);
    let rows: Vec<Row> = base.db.read(|conn| Ok(Statement::new(sql.clone()).rows(conn)?)).unwrap();
    rows.into_iter()
        .map(|(sum, count, without, mean, median, key)| (key, (sum, count, without, mean.map(thousandths), median)))
        .collect()
}

/// The same from rows of a summary.
fn by_service(rows: &[Value], fields: &[&str]) -> Groups {
    let key = |row: &Value| fields.iter().map(|field| row[*field].as_str().map(str::to_owned)).collect();
    let numbers = |row: &Value| {
        let whole = |field: &str| row[field].as_i64();
        let count = |field: &str| whole(field).unwrap_or_else(|| panic!("{row} has no {field}"));
        (
            whole("sum_nok"),
            count("count"),
            count("count_without_amount"),
            row["mean_nok"].as_f64().map(thousandths),
            row["median_nok"].as_f64(),
        )
    };
    let groups: BTreeMap<_, _> = rows.iter().map(|row| (key(row), numbers(row))).collect();
    assert_eq!(groups.len(), rows.len(), "a group stands twice");
    groups
}

/// The groups of one kind, by the values they share.
type Groups = BTreeMap<Vec<Option<String>>, Numbers>;

/// Requires the same groups, and names the first that differ.
#[track_caller]
fn same(found: &Groups, wanted: &Groups, what: &str) {
    let differing: Vec<_> =
        found.keys().chain(wanted.keys()).filter(|key| found.get(*key) != wanted.get(*key)).take(3).collect();
    let shown: Vec<_> = differing.iter().map(|key| (key, found.get(*key), wanted.get(*key))).collect();
    assert!(shown.is_empty(), "{what}: found, wanted: {shown:#?}");
}

/// Every field that can be grouped by, and every pair of them.
fn groupings(collection: &str) -> Vec<Vec<String>> {
    let path = format!("/v1/{collection}/summary");
    let operation = operations().into_iter().find(|o| o.path == path).unwrap();
    let parameter = operation.query_parameters().find(|p| p["name"] == "group_by").unwrap();
    let words = parameter["schema"]["items"]["enum"].as_array().unwrap();
    let words: Vec<String> = words.iter().map(|w| w.as_str().unwrap().to_owned()).collect();
    let mut all: Vec<Vec<String>> = words.iter().map(|word| vec![word.clone()]).collect();
    for (number, first) in words.iter().enumerate() {
        all.extend(words[number + 1..].iter().map(|second| vec![first.clone(), second.clone()]));
    }
    all
}

#[actix_web::test]
async fn sixty_thousand_grants_sum_up_as_in_sql_however_they_are_grouped() {
    for base in databases("summaries_many") {
        let regions = municipalities(&base);
        add(&base, (0..GRANTS).map(|n| grant(n, &regions)));
        let client = Client::new(&base.db).await;
        for fields in groupings("grants") {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let path = format!("/v1/grants/summary?group_by={}&limit=10000", fields.join(","));
            let found = by_service(&client.rows(&path).await, &fields);
            let wanted = by_sql(&base, "grants", &fields);
            assert!(wanted.len() > 1, "{path}");
            same(&found, &wanted, &format!("{} {path}", base.label));
        }
        let counted: i64 =
            client.rows("/v1/grants/summary?group_by=stage").await.iter().map(|r| r["count"].as_i64().unwrap()).sum();
        assert_eq!(counted, GRANTS as i64 + 3, "{}", base.label);
        walks(&client).await;
    }
}

/// Pages of every size and order, in both forms, are parts of one whole.
async fn walks(client: &Client) {
    for (order, size) in
        [("", 97), ("&sort=-sum_nok", 200), ("&sort=region_name,-period", 333), ("&sort=median_nok", 1_000)]
    {
        let path = format!("/v1/grants/summary?group_by=county,period,stage{order}");
        let whole = client.json(&format!("{path}&limit=10000")).await;
        let mut next = Some(format!("{path}&limit={size}"));
        let mut rows = vec![];
        while let Some(url) = next {
            let page = client.json(url.trim_start_matches("http://127.0.0.1:8080")).await;
            assert_eq!(page["total"], whole["total"]);
            rows.extend(page["data"].as_array().unwrap().clone());
            next = page["next"].as_str().map(str::to_owned);
        }
        assert!(rows.len() > 300 && rows == *whole["data"].as_array().unwrap(), "{path}");
        let csv = client.get(&format!("{path}&format=csv")).await.done(200);
        let mut reader = csv::Reader::from_reader(&csv.body[..]);
        let header = reader.headers().unwrap().clone();
        assert_eq!(header.iter().collect::<Vec<_>>(), rows[0].as_object().unwrap().keys().collect::<Vec<_>>());
        for (record, row) in reader.records().map(Result::unwrap).zip(&rows) {
            for (cell, name) in record.iter().zip(&header) {
                let same = match &row[name] {
                    Value::Null => cell.is_empty(),
                    Value::String(text) => cell == text,
                    number => serde_json::from_str::<Value>(cell).unwrap() == *number,
                };
                assert!(same, "{name} is {cell} of {row}");
            }
        }
    }
    let sums: Vec<Option<i64>> = client
        .rows("/v1/grants/summary?group_by=county,period&sort=-sum_nok")
        .await
        .iter()
        .map(|r| r["sum_nok"].as_i64())
        .collect();
    assert!(sums.is_sorted_by(|a, b| a >= b), "{sums:?}");
}

#[actix_web::test]
async fn budget_lines_are_never_added_across_flows_and_stages() {
    for base in databases("summaries_budgets") {
        let client = Client::new(&base.db).await;
        for fields in groupings("budgets") {
            let mut fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let path = format!("/v1/budgets/summary?group_by={}", fields.join(","));
            let answer = client.json(&path).await;
            let apart: Vec<&str> = ["flow", "stage"].into_iter().filter(|field| !fields.contains(field)).collect();
            fields.extend(&apart);
            let rows = answer["data"].as_array().unwrap();
            let wanted = by_sql(&base, "budgets", &fields);
            same(&by_service(rows, &fields), &wanted, &format!("{} {path}", base.label));
            let told = answer["meta"]["warnings"].to_string().contains("group_by");
            assert_eq!(told, !apart.is_empty(), "{path}: {}", answer["meta"]["warnings"]);
        }
        let rows = client.rows("/v1/budgets/summary?group_by=flow&flow=integration_in_block_grant").await;
        let nothing = json!({
            "flow": "integration_in_block_grant", "stage": "decided", "sum_nok": null, "count": 1,
            "count_without_amount": 1, "mean_nok": null, "median_nok": null,
        });
        assert_eq!(rows, [nothing], "{}: no amount is not 0", base.label);
    }
}
