//! Who may read what is withheld, and that nobody else does.
use super::{bulk, figure, indicator};
use crate::client::{Client, request, scoped};
use crate::service::{command, database};
use crate::support::{Folder, databases};
use opptrapping::db::Statement;
use serde_json::{Value, json};

const PATH: &str = "/v1/observations/unsuppressed";
const SCOPE: &str = "indicators:read-unsuppressed";

fn county(of: &str) -> Vec<Value> {
    let all = [("F-15", 60.0), ("K-1505", 20.0), ("K-1511", 3.0), ("K-1515", 12.0), ("K-1516", 25.0)];
    all.map(|(region, value)| figure(of, region, "2023", value)).into()
}

type Read = (String, String, i64);

#[actix_web::test]
async fn true_values_are_read_with_leave_and_every_reading_is_kept() {
    for base in databases("small_reading") {
        let client = Client::new(&base.db).await;
        indicator(&client, "x", json!({})).await;
        bulk(&base, &county("x")).unwrap();
        let revision = base.db.head().revision;
        let kept = || {
            let sql = "SELECT subject, query, row_count FROM unsuppressed_reads ORDER BY time, id";
            base.db.read(|conn| Ok(Statement::new(sql).rows::<Read>(conn)?)).unwrap()
        };
        client.get(PATH).await.refused(401, "authentication-required");
        client.send(scoped("GET", PATH, "observations:write")).await.refused(403, "insufficient-scope");
        client.send(scoped("GET", &format!("{PATH}?nonsense=1"), SCOPE)).await.refused(400, "unknown-parameter");
        assert_eq!(kept(), []);
        let answer = client.send(scoped("GET", &format!("{PATH}?indicator=x&withheld=true"), SCOPE)).await.done(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let rows = answer.json();
        let cells: Vec<_> = rows["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                (
                    row["region"].as_str().unwrap(),
                    row["value"].as_f64().unwrap(),
                    row["status"].as_str().unwrap(),
                    row["withheld"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            cells,
            [("K-1511", 3.0, "ok", "primary"), ("K-1515", 12.0, "ok", "complementary")],
            "{}",
            base.label
        );
        assert_eq!(kept(), [("tester".to_owned(), "indicator=x&withheld=true".to_owned(), 2)]);
        // A page after the other, and by region.
        let mut next = Some(format!("{PATH}?indicator=x&limit=2&region=1505,F-15,1511"));
        let mut regions = vec![];
        while let Some(path) = next {
            let page = client.send(scoped("GET", &path, SCOPE)).await.done(200).json();
            assert_eq!(page["total"], 3);
            regions
                .extend(page["data"].as_array().unwrap().iter().map(|row| row["region"].as_str().unwrap().to_owned()));
            next = page["next"].as_str().map(|next| next.trim_start_matches("http://127.0.0.1:8080").to_owned());
        }
        assert_eq!(regions, ["F-15", "K-1505", "K-1511"]);
        assert_eq!(kept().len(), 3);
        // It is no part of what is published.
        assert_eq!(base.db.head().revision, revision);
        let cited = client.get("/v1/cite?url=/v1/observations/unsuppressed").await;
        assert_eq!(cited.status, 400, "{}", cited.text());
        let alike = client
            .send(
                request("GET", "/v1/observations?indicator=x")
                    .insert_header(("authorization", crate::client::bearer(SCOPE))),
            )
            .await;
        assert!(alike.done(200).json()["data"][2]["value"].is_null());
    }
}

#[test]
fn no_log_has_a_hidden_value_at_any_level() {
    let folder = Folder::new("small_log");
    let (database, file) = (database(&folder), folder.0.join("x.csv"));
    let run = |arguments: &[&str]| {
        let output = command(arguments).env("RUST_LOG", "trace").output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}");
        said
    };
    run(&[
        "import",
        "sources",
        crate::support::root().join("data/sources.csv").to_str().unwrap(),
        "--database-url",
        &database,
    ]);
    let mut said = String::new();
    let head = "indicator,region,period,published,value,status,confidence,source\n";
    let row = |region: &str, value: f64| format!("x,{region},2023,2025,{value},ok,primary,ssb-07459\n");
    let indicators =
        "id,title_nb,unit,decimals,direction,aggregation,source\nx,Pasienter,patients,0,neutral,sum,ssb-07459\n";
    let places = ["health-regions", "counties", "municipalities", "municipality-changes"];
    for collection in places {
        let data = crate::support::root().join(format!("data/{collection}.csv"));
        run(&["import", collection, data.to_str().unwrap(), "--database-url", &database]);
    }
    std::fs::write(&file, indicators).unwrap();
    run(&["import", "indicators", file.to_str().unwrap(), "--database-url", &database]);
    // Two wholes that share a part are solved, and not only subtracted.
    let rows = [
        ("F-15", 60.0),
        ("H-MN", 80.5),
        ("K-1505", 20.0),
        ("K-1511", 3.1875),
        ("K-1515", 12.0),
        ("K-1516", 24.8125),
        ("K-5001", 20.5),
    ];
    let table = rows.iter().map(|(region, value)| row(region, *value)).collect::<String>();
    std::fs::write(&file, format!("{head}{table}")).unwrap();
    said.push_str(&run(&["import", "observations", file.to_str().unwrap(), "--database-url", &database]));
    said.push_str(&run(&["export", "observations", "--database-url", &database]));
    assert!(said.contains("suppressed") && said.contains("24.8125"), "{said}");
    assert!(!said.contains("3.1875"), "a hidden value was told: {said}");
    assert!(said.contains("K-1511"));
    assert!(run(&["check", "--database-url", &database]).contains(": 0 found"));
}
