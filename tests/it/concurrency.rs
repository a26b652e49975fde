//! Several writers at once.
use crate::client::{Client, write};
use crate::support::{Base, databases, empty};
use futures_util::future::{join, join_all};
use opptrapping::db::{Db, Statement, verify};
use opptrapping::error::Error;
use serde_json::{Value, json};

fn source(id: &str, note: &str) -> Value {
    json!({ "id": id, "title": "T", "publisher": "P", "kind": "report", "note": note })
}

/// Revisions follow one another without a gap, and everything agrees with them.
fn whole(base: &Base) {
    let wrong = base.db.read(|conn| verify::whole(conn, base.db.tables())).unwrap();
    assert!(wrong.is_empty(), "{}: {wrong:#?}", base.label);
    let sql = "SELECT COUNT(*), COUNT(DISTINCT revision), COALESCE(MIN(revision), 1), COALESCE(MAX(revision), 0) FROM revisions";
    let counts = base.db.read(|conn| Ok(Statement::new(sql).row::<(i64, i64, i64, i64)>(conn)?)).unwrap().unwrap();
    assert_eq!((counts.0, counts.1, counts.2), (counts.3, counts.3, 1), "{}", base.label);
}

#[actix_web::test]
async fn of_two_changes_to_the_same_version_one_is_made() {
    for base in empty("race_two") {
        let client = Client::new(&base.db).await;
        let mut tag = client.put("/v1/sources/a", &source("a", "0")).await.done(201).tag().to_owned();
        for round in 0..20 {
            let change = |who: &str| {
                let (client, tag, body) = (client.clone(), tag.clone(), source("a", &format!("{round} {who}")));
                async move { client.replace("/v1/sources/a", &tag, &body).await }
            };
            let answers = join_all([change("one"), change("other")]).await;
            let mut statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412], "{}", base.label);
            let winner = answers.iter().find(|a| a.status == 200).unwrap();
            let loser = answers.iter().find(|a| a.status == 412).unwrap();
            assert_eq!(loser.tag(), winner.tag(), "412 names the version that won");
            tag = client.tag("/v1/sources/a").await;
            assert_eq!(tag, winner.tag());
        }
        assert_eq!(base.db.head().revision, 21);
        whole(&base);
    }
}

const WRITERS: u64 = 8;
const ROUNDS: u64 = 200;

/// Adds one to the number in `note`, until it was added.
async fn add_one(client: &Client) {
    loop {
        let read = client.get("/v1/sources/counter").await.done(200);
        let number: u64 = read.json()["note"].as_str().unwrap().parse().unwrap();
        let body = source("counter", &(number + 1).to_string());
        let answer = client.replace("/v1/sources/counter", read.tag(), &body).await;
        match answer.status {
            200 => return,
            412 => {}
            // Too many at once is no loss: nothing was written, and the writer is told to come again.
            503 => assert!(answer.header("retry-after").is_some()),
            _ => panic!("{}: {}", answer.status, answer.text()),
        }
    }
}

#[actix_web::test]
async fn no_update_is_lost() {
    for base in empty("race_counter") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/counter", &source("counter", "0")).await.done(201);
        join_all((0..WRITERS).map(|_| {
            let client = client.clone();
            async move {
                for _ in 0..ROUNDS {
                    add_one(&client).await;
                }
            }
        }))
        .await;
        let total = WRITERS * ROUNDS;
        assert_eq!(client.json("/v1/sources/counter").await["note"], total.to_string(), "{}", base.label);
        assert_eq!(client.json("/v1/sources/counter/history").await["total"], total + 1);
        assert_eq!(base.db.head().revision as u64, total + 1);
        whole(&base);
    }
}

#[actix_web::test]
async fn of_many_who_create_the_same_thing_one_does() {
    for base in empty("race_create") {
        let client = Client::new(&base.db).await;
        for round in 0..5 {
            let path = format!("/v1/sources/s-{round}");
            let create = |who: usize| {
                let body = source(&format!("s-{round}"), &who.to_string());
                let request = write("PUT", &path).insert_header(("if-none-match", "*")).set_json(body);
                let client = client.clone();
                async move { client.send(request).await.status }
            };
            let statuses = join_all((0..8).map(create)).await;
            assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 1, "{}: {statuses:?}", base.label);
            assert_eq!(statuses.iter().filter(|s| **s == 412).count(), 7, "{}: {statuses:?}", base.label);
        }
        assert_eq!(base.db.head().revision, 5);
        whole(&base);
    }
}

#[actix_web::test]
async fn a_thing_referred_to_meanwhile_is_not_deleted() {
    for base in databases("race_reference") {
        let client = Client::new(&base.db).await;
        for round in 0..10 {
            let (source_path, goal_path) = (format!("/v1/sources/s-{round}"), format!("/v1/goals/g-{round}"));
            let tag = client.put(&source_path, &source(&format!("s-{round}"), "n")).await.done(201).tag().to_owned();
            let goal = json!({ "plan": "rus-2016-2020", "number": 9, "title_nb": "M", "source": format!("s-{round}") });
            let (deleted, created) = join(client.delete(&source_path, &tag), client.put(&goal_path, &goal)).await;
            let outcome = (deleted.status, created.status);
            assert!(matches!(outcome, (204, 422) | (409, 201)), "{}: {outcome:?}", base.label);
        }
        whole(&base);
    }
}

/// Looks at so many connections for reading, each while the others are held. There are three on a machine with one core.
fn each(base: &Base, left: usize, look: &dyn Fn(&mut Db)) {
    if left == 0 {
        return;
    }
    let within = |conn: &mut Db| {
        look(conn);
        each(base, left - 1, look);
        Ok(())
    };
    base.db.read(within).unwrap();
}

#[test]
fn every_connection_of_sqlite_keeps_references_and_waits_for_the_disk() {
    let base = crate::support::sqlite("race_pragmas");
    let settings = |conn: &mut Db| -> Result<[String; 4], Error> {
        let of = |name: &str| format!("(SELECT CAST(p.{name} AS TEXT) FROM pragma_{name} p)");
        let sql = format!(
            "SELECT {}, {}, {}, {}",
            of("foreign_keys"),
            of("synchronous"),
            of("journal_mode"),
            of("query_only")
        );
        Ok(Statement::new(sql).row::<(String, String, String, String)>(conn)?.unwrap().into())
    };
    let wanted = |reads_only: &str| ["1", "2", "wal", reads_only].map(str::to_owned);
    each(&base, 3, &|conn| assert_eq!(settings(conn).unwrap(), wanted("1")));
    assert_eq!(base.db.beside(settings).unwrap(), wanted("0"));
}

#[actix_web::test]
async fn a_read_sees_one_revision_whole() {
    for base in empty("race_reads") {
        let client = Client::new(&base.db).await;
        client.put("/v1/sources/a", &source("a", "0")).await.done(201);
        let writer = async {
            for n in 1..60 {
                let tag = client.tag("/v1/sources/a").await;
                client.replace("/v1/sources/a", &tag, &source("a", &n.to_string())).await.done(200);
            }
        };
        let reader = async {
            for _ in 0..60 {
                let list = client.json("/v1/sources").await;
                let revision = list["meta"]["revision"].as_i64().unwrap();
                assert_eq!(list["data"][0]["note"], (revision - 1).to_string(), "{}", base.label);
            }
        };
        join(writer, reader).await;
    }
}
