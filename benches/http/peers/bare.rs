//! The yardstick: actix-web and Diesel's typed queries with nothing between, on one backend, for the same queries.
//!
//! It has the same versions, since it reads the same tables; it has no vintages, no total, no cursor, no metadata, no tags
//! and no cache. A connection for each client, so that it never waits for one, and one worker.
use super::rows::{Grant, Observation, grants, observations};
use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use serde::Serialize;

const CONNECTIONS: u32 = 16;

#[derive(Serialize)]
struct Page<T> {
    data: Vec<T>,
}

#[derive(serde::Deserialize)]
struct OfPlace {
    region: String,
    period: String,
    limit: i64,
}

#[derive(serde::Deserialize)]
struct OfYear {
    indicator: String,
    period: String,
    level: String,
}

#[derive(serde::Deserialize)]
struct Limit {
    limit: i64,
}

/// The newest revision, read once: a bare handler would have no versions at all.
#[derive(Clone, Copy)]
struct Newest(i64);

fn answered<T: Serialize, E: std::fmt::Debug>(found: Result<Result<T, String>, E>) -> HttpResponse {
    match found {
        Ok(Ok(found)) => HttpResponse::Ok().json(found),
        other => HttpResponse::InternalServerError().body(format!("{:?}", other.map(|found| found.err()))),
    }
}

macro_rules! handler {
    ($connections:ty, $name:ident, $asked:ty, |$conn:ident, $newest:ident, $given:ident| $query:expr) => {
        #[allow(clippy::disallowed_types, reason = "the yardstick is what one writes without this project")]
        async fn $name(pool: web::Data<$connections>, newest: web::Data<Newest>, given: $asked) -> HttpResponse {
            let work = move || {
                let $conn = &mut *pool.get().map_err(|e| e.to_string())?;
                let ($newest, $given) = (newest.0, given);
                $query.map_err(|e: diesel::result::Error| e.to_string())
            };
            answered(web::block(work).await)
        }
    };
}

macro_rules! server {
    ($name:ident, $connection:ty) => {
        /// Serves until the process ends.
        pub fn $name(url: &str, port: u16, newest: i64) -> std::io::Result<()> {
            type Connections = Pool<ConnectionManager<$connection>>;

            handler!(Connections, one, web::Path<String>, |conn, newest, id| grants::table
                .filter(grants::revision.le(newest).and(grants::ended.gt(newest)))
                .filter(grants::id.eq(id.as_str()))
                .select(Grant::as_select())
                .first(conn));
            handler!(Connections, page, web::Query<OfPlace>, |conn, newest, asked| grants::table
                .filter(grants::revision.le(newest).and(grants::ended.gt(newest)))
                .filter(grants::region.eq(&asked.region))
                .filter(grants::period.eq(&asked.period))
                .order(grants::id)
                .limit(asked.limit)
                .select(Grant::as_select())
                .load(conn)
                .map(|data| Page { data }));
            handler!(Connections, year, web::Query<OfYear>, |conn, newest, asked| observations::table
                .filter(observations::revision.le(newest).and(observations::ended.gt(newest)))
                .filter(observations::indicator.eq(&asked.indicator))
                .filter(observations::period.eq(&asked.period))
                .filter(observations::level.eq(&asked.level))
                .order(observations::id)
                .select(Observation::as_select())
                .load(conn)
                .map(|data| Page { data }));
            #[allow(clippy::disallowed_types, reason = "as above")]
            type Place = (web::Path<String>, web::Query<Limit>);
            handler!(Connections, place, Place, |conn, newest, asked| observations::table
                .filter(observations::revision.le(newest).and(observations::ended.gt(newest)))
                .filter(observations::region.eq(asked.0.as_str()))
                .order(observations::id)
                .limit(asked.1.limit)
                .select(Observation::as_select())
                .load(conn)
                .map(|data| Page { data }));

            let manager = ConnectionManager::<$connection>::new(url);
            let pool = Pool::builder()
                .max_size(CONNECTIONS)
                .test_on_check_out(false)
                .build(manager)
                .map_err(std::io::Error::other)?;
            actix_web::rt::System::new().block_on(
                HttpServer::new(move || {
                    App::new()
                        .app_data(web::Data::new(pool.clone()))
                        .app_data(web::Data::new(Newest(newest)))
                        .route("/grants", web::get().to(page))
                        .route("/grants/{id}", web::get().to(one))
                        .route("/observations", web::get().to(year))
                        .route("/observations/of/{region}", web::get().to(place))
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
