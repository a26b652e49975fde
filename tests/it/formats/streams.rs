//! Tables that are sent while they are read.
use crate::client::{Client, request};
use crate::support::{databases, sqlite};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::test::{init_service, try_call_service};
use actix_web::web::Bytes;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opptrapping::Shared;
use opptrapping::db::Database;
use opptrapping::http::Settings;
use std::future::poll_fn;
use std::pin::Pin;

const PATH: &str = "/v1/observations?format=csv";

async fn open(db: &Database) -> BoxBody {
    let shared = Shared::new(db.clone(), Settings::default(), opptrapping::http::token::Issuers::default());
    let service = init_service(opptrapping::app(&shared)).await;
    let response = try_call_service(&service, request("GET", PATH).to_request()).await.unwrap();
    assert_eq!(response.status(), 200);
    response.map_into_boxed_body().into_parts().1.into_body()
}

async fn next(body: &mut BoxBody) -> Option<Result<Bytes, String>> {
    let part = poll_fn(|cx| Pin::new(&mut *body).poll_next(cx)).await;
    part.map(|part| part.map_err(|e| e.to_string()))
}

#[actix_web::test]
async fn writes_while_a_table_is_sent_are_not_in_it() {
    for base in databases("streams_writes") {
        let client = Client::new(&base.db).await;
        let before = client.get(PATH).await.done(200).body;
        let mut body = open(&base.db).await;
        let mut got = next(&mut body).await.unwrap().unwrap().to_vec();
        assert!(got.len() < before.len() / 4, "the whole came at once");
        // The last row of the order, which has not been read.
        let last = client.rows("/v1/observations?sort=-id&limit=1").await.remove(0);
        let path = format!("/v1/observations/{}", last["id"].as_str().unwrap());
        client.delete(&path, &client.tag(&path).await).await.done(204);
        while let Some(part) = next(&mut body).await {
            got.extend(part.unwrap());
        }
        assert!(got == before, "{}", base.label);
        assert_ne!(client.get(PATH).await.done(200).body, before, "{}", base.label);
    }
}

#[actix_web::test]
async fn what_fails_midway_is_cut_and_never_looks_whole() {
    let base = sqlite("streams_cut");
    let mut body = open(&base.db).await;
    let mut conn = SqliteConnection::establish(base.url.trim_start_matches("sqlite://")).unwrap();
    conn.batch_execute("ALTER TABLE observations RENAME TO elsewhere").unwrap();
    loop {
        match next(&mut body).await {
            Some(Ok(_)) => {}
            Some(Err(_)) => return,
            None => panic!("a part was given as the whole"),
        }
    }
}

#[actix_web::test]
async fn what_fails_before_the_first_byte_is_a_problem() {
    let base = sqlite("streams_first");
    let client = Client::new(&base.db).await;
    let mut conn = SqliteConnection::establish(base.url.trim_start_matches("sqlite://")).unwrap();
    conn.batch_execute("ALTER TABLE observations RENAME TO elsewhere").unwrap();
    for format in ["csv", "ndjson", "parquet", "xlsx", "json-stat2"] {
        client.get(&format!("/v1/observations?format={format}")).await.refused(500, "internal");
    }
    conn.batch_execute("ALTER TABLE elsewhere RENAME TO observations").unwrap();
    for format in ["csv", "parquet"] {
        client.get(&format!("/v1/observations?format={format}")).await.done(200);
    }
}
