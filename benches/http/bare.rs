//! The yardstick: actix-web and Diesel's typed queries with nothing between, on one backend, for the same two queries.
use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use serde::Serialize;

diesel::table! {
    grants (id) {
        revision -> BigInt,
        ended -> BigInt,
        id -> Text,
        plan -> Nullable<Text>,
        scheme -> Nullable<Text>,
        measure -> Nullable<Text>,
        region -> Nullable<Text>,
        region_code -> Nullable<Text>,
        region_name -> Nullable<Text>,
        level -> Nullable<Text>,
        county -> Nullable<Text>,
        recipient_name -> Nullable<Text>,
        recipient_orgnr -> Nullable<Text>,
        period -> Text,
        period_start -> Text,
        period_end -> Text,
        amount_nok -> BigInt,
        stage -> Text,
        approximate -> Bool,
        source -> Text,
        note -> Nullable<Text>,
    }
}

#[derive(Serialize, Queryable, Selectable)]
#[diesel(table_name = grants)]
struct Grant {
    id: String,
    plan: Option<String>,
    scheme: Option<String>,
    measure: Option<String>,
    region: Option<String>,
    region_code: Option<String>,
    region_name: Option<String>,
    level: Option<String>,
    county: Option<String>,
    recipient_name: Option<String>,
    recipient_orgnr: Option<String>,
    period: String,
    period_start: String,
    period_end: String,
    amount_nok: i64,
    stage: String,
    approximate: bool,
    source: String,
    note: Option<String>,
}

#[derive(Serialize)]
struct Page {
    data: Vec<Grant>,
}

#[derive(serde::Deserialize)]
struct Asked {
    period: String,
    limit: i64,
}

/// The newest revision, read once: a bare handler would have no versions at all.
#[derive(Clone, Copy)]
struct Newest(i64);

macro_rules! server {
    ($name:ident, $connection:ty) => {
        /// Serves until the process ends. A connection for each client, so that it never waits for one.
        pub fn $name(url: &str, port: u16, connections: u32, newest: i64) -> std::io::Result<()> {
            type Connections = Pool<ConnectionManager<$connection>>;

            #[allow(clippy::disallowed_types, reason = "the yardstick is what one writes without this project")]
            async fn page(
                pool: web::Data<Connections>,
                newest: web::Data<Newest>,
                asked: web::Query<Asked>,
            ) -> HttpResponse {
                let found = web::block(move || {
                    let mut conn = pool.get().map_err(|e| e.to_string())?;
                    grants::table
                        .filter(grants::revision.le(newest.0).and(grants::ended.gt(newest.0)))
                        .filter(grants::period.eq(&asked.period))
                        .order(grants::id)
                        .limit(asked.limit + 1)
                        .select(Grant::as_select())
                        .load(&mut conn)
                        .map_err(|e| e.to_string())
                })
                .await;
                match found {
                    Ok(Ok(data)) => HttpResponse::Ok().json(Page { data }),
                    other => HttpResponse::InternalServerError().body(format!("{:?}", other.err())),
                }
            }

            async fn one(
                pool: web::Data<Connections>,
                newest: web::Data<Newest>,
                id: web::Path<String>,
            ) -> HttpResponse {
                let found = web::block(move || {
                    let mut conn = pool.get().map_err(|e| e.to_string())?;
                    grants::table
                        .filter(grants::revision.le(newest.0).and(grants::ended.gt(newest.0)))
                        .filter(grants::id.eq(id.as_str()))
                        .select(Grant::as_select())
                        .first(&mut conn)
                        .map_err(|e| e.to_string())
                })
                .await;
                match found {
                    Ok(Ok(grant)) => HttpResponse::Ok().json(grant),
                    other => HttpResponse::NotFound().body(format!("{:?}", other.err())),
                }
            }

            let manager = ConnectionManager::<$connection>::new(url);
            let pool = Pool::builder()
                .max_size(connections)
                .test_on_check_out(false)
                .build(manager)
                .map_err(std::io::Error::other)?;
            actix_web::rt::System::new().block_on(
                HttpServer::new(move || {
                    App::new()
                        .app_data(web::Data::new(pool.clone()))
                        .app_data(web::Data::new(Newest(newest)))
                        .route("/v1/grants", web::get().to(page))
                        .route("/v1/grants/{id}", web::get().to(one))
                })
                .workers(1)
                .bind(("127.0.0.1", port))?
                .run(),
            )
        }
    };
}

server!(sqlite, SqliteConnection);
server!(postgres, PgConnection);
