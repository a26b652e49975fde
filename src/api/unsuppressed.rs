//! Observations with the values that are not published, for readers with leave to see them. Every reading is kept.
use crate::db::Database;
use crate::db::unsuppressed::{self, Unsuppressed, Wanted};
use crate::domain::Region;
use crate::error::Error;
use crate::http::Settings;
use crate::http::answer::unkept;
use crate::http::asked::Asked;
use crate::http::auth::{Permission, Writer};
use crate::http::docs::Document;
use crate::http::docs::operation::Operation;
use crate::http::parameter::{LONGEST_VALUE, Parameter, Shape};
use crate::http::walk::Walk;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The scope of tokens that read what is withheld. Leave to write does not include it.
const SCOPE: &str = "indicators:read-unsuppressed";
/// Where it is read.
pub const PATH: &str = "/v1/observations/unsuppressed";

/// Leave to read what is withheld.
pub struct Unveiling;

impl Permission for Unveiling {
    fn scope() -> &'static str {
        SCOPE
    }
}

/// A page of observations with their true values.
#[derive(Serialize, ToSchema)]
pub struct UnsuppressedList {
    /// The observations, by indicator and id.
    pub data: Vec<Unsuppressed>,
    /// How many there are, on all pages.
    #[schema(minimum = 0)]
    pub total: i64,
    /// Give this as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The address of the next page.
    #[schema(required)]
    pub next: Option<String>,
}

fn parameters() -> Vec<Parameter> {
    let own = [
        Parameter::new("indicator", "Values of these indicators.", Shape::Text(LONGEST_VALUE)).list(),
        Parameter::new("region", "Values for these regions.", Shape::Region).list(),
        Parameter::new("period", "Values for these periods.", Shape::Period).list(),
        Parameter::new("withheld", "Whether the value is withheld from others.", Shape::Truth).example("true"),
    ];
    own.into_iter().chain(Walk::parameters()).collect()
}

/// `GET /v1/observations/unsuppressed`
pub async fn list(
    reader: Writer<Unveiling>,
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters())?;
    let walk = Walk::read(req.path(), &asked)?;
    let (page, query) = (walk.clone(), asked.canonical(&[]));
    let (mut rows, total) = db
        .reading(move |conn| {
            let key = |text: &String| Region::parse(text).map_or_else(|_| text.clone(), |region| region.key());
            let regions: Vec<String> = asked.all("region").iter().map(key).collect();
            let wanted = Wanted {
                indicators: asked.all("indicator"),
                regions: &regions,
                periods: asked.all("period"),
                withheld: asked.one("withheld").map(|truth| truth == "true"),
                after: page.after.as_ref(),
                limit: page.wanted(),
            };
            unsuppressed::list(conn, &wanted)
        })
        .await?;
    let (next_cursor, next) =
        walk.next(&settings.base_url, &mut rows, |row| (row.indicator.clone(), row.id.clone())).unzip();
    let count = rows.len() as i64;
    db.writing(move |db| unsuppressed::audit(db, &reader.author, &query, count)).await?;
    unkept(&req, &settings, &UnsuppressedList { data: rows, total, next_cursor, next })
}

/// The operation in the document.
pub fn document(document: &mut Document) {
    document.schema::<Unsuppressed>();
    document.schema::<UnsuppressedList>();
    let shown = document.example("observations");
    let mut row = json!({});
    let names = [
        "id",
        "indicator",
        "region",
        "region_code",
        "region_name",
        "level",
        "period",
        "published",
        "mapped_on",
        "value",
        "status",
    ];
    names.iter().for_each(|name| row[*name] = shown[*name].clone());
    row["withheld"] = json!(null);
    let list = json!({ "data": [row], "total": 1, "next_cursor": null, "next": null });
    document.add(&Operation {
        path: PATH,
        method: "get",
        id: "list_unsuppressed_observations",
        tag: "observations",
        summary: "List observations with the values that are not published",
        about: "Every vintage, as it is now, with small numbers and what would give them away. Who reads what and when is \
                kept. What is read here must not be published; no cache may keep it.",
        of: None,
        parameters: &parameters(),
        conditional: false,
        body: None,
        answers: &[(200, "The observations.", Some(("UnsuppressedList", list)))],
        problems: &[400, 401, 403, 500, 503],
        scope: Some(SCOPE),
    });
}
