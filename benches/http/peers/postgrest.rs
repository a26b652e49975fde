//! PostgREST on the same tables: views of the current rows, with the columns that the service shows. Its aggregates are on,
//! statements are prepared, and nothing is logged.
use super::install;
use crate::children::{self, Server};
use crate::data::Data;
use crate::question::{CURRENT, GRANT, OBSERVATION, Question};
use crate::wire::Request;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// Views for reading, and one for writing that fills what the service fills. The account of the connection is the anonymous
/// role, so no role is left on the server.
fn views() -> String {
    format!(
        "CREATE SCHEMA IF NOT EXISTS api;
         CREATE OR REPLACE VIEW api.grants AS SELECT {GRANT} FROM public.grants WHERE {CURRENT};
         CREATE OR REPLACE VIEW api.observations AS SELECT {OBSERVATION} FROM public.observations WHERE {CURRENT};
         CREATE OR REPLACE VIEW api.new_grants AS SELECT * FROM public.grants;
         ALTER VIEW api.new_grants ALTER revision SET DEFAULT 1, ALTER ended SET DEFAULT 9223372036854775807,
             ALTER region_name_key SET DEFAULT '', ALTER search_text SET DEFAULT '';"
    )
}

pub fn start(data: &Data) -> Result<Server, String> {
    let program = install::postgrest()?;
    let mut conn = PgConnection::establish(&data.url).map_err(|e| e.to_string())?;
    let account = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("CURRENT_USER::text"));
    let account: String = account.get_result(&mut conn).map_err(|e| e.to_string())?;
    // `ALTER VIEW` takes one column at a time.
    let views = views().replace(", ALTER ", "; ALTER VIEW api.new_grants ALTER ");
    conn.batch_execute(&views).map_err(|e| e.to_string())?;
    let (port, folder) = (children::free_port(), super::folder(data, "postgrest")?);
    let settings = format!(
        "db-uri = \"{}\"\ndb-schemas = \"api\"\ndb-anon-role = \"{account}\"\ndb-aggregates-enabled = true\n\
         db-pool = 16\nserver-host = \"127.0.0.1\"\nserver-port = {port}\nlog-level = \"crit\"\nopenapi-mode = \"disabled\"\n",
        data.url
    );
    std::fs::write(folder.join("conf"), settings).map_err(|e| e.to_string())?;
    let mut command = children::pinned(children::SERVERS, program);
    command.arg(folder.join("conf"));
    Server::start(command, port, &folder.join("log"))
}

pub fn ask(_: &Data, question: &Question) -> Option<Request> {
    Some(Request::get(match question {
        Question::Grant(id) => format!("/grants?id=eq.{id}"),
        Question::Page { region, year } => {
            format!("/grants?region=eq.{region}&period=eq.{year}&order=id&limit=100")
        }
        Question::Year { indicator, year } => {
            format!("/observations?indicator=eq.{indicator}&period=eq.{year}&level=eq.municipality&order=id")
        }
        Question::Place(region) => format!("/observations?region=eq.{region}&order=id&limit=400"),
        Question::Summary => "/grants?select=county,period,sum_nok:amount_nok.sum(),grants:count()".into(),
    }))
}

/// A grant written, whose number is twelve @.
pub fn write(row: &str) -> Request {
    Request::with_body("POST", "/new_grants", "application/json", row).header("Prefer", "return=minimal")
}
