//! What is read can be written back, row by row and as tables.
use crate::client::{Client, collections};
use crate::support::databases;
use opptrapping::api::RESOURCES;
use opptrapping::db::{Author, Statement};
use opptrapping::domain::Language;
use opptrapping::http::{Settings, listing};

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
            let mut exported = vec![];
            listing::export(&base.db, collection, &Settings::default(), "csv", Language::Nb, &mut exported).unwrap();
            assert!(exported == csv, "{}: export and GET differ", collection.name());
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
