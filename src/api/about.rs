//! What the service is, what it holds and where it stands.
use crate::db::{CURRENT, Database, Statement, idempotency};
use crate::error::{Error, Kind};
use crate::http::answer::Head;
use crate::http::asked::Asked;
use crate::http::docs::ReadOperation;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::format::Format;
use crate::http::parameter::{MOST_ROWS, ROWS};
use crate::http::resource::Entry;
use crate::http::{ATTRIBUTION, LICENSE_URL, Settings, body};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

pub const ABOUT: Endpoint = Endpoint {
    path: "/v1/about",
    methods: READ,
    routes: || vec![web::get().to(about)],
    document: |document| {
        document.schema::<About>();
        document.reading(&ReadOperation {
            path: "/v1/about",
            id: "get_about",
            tag: "service",
            summary: "What the service is and holds",
            about: "The newest revision, the collections with their sizes, the limits, the licence and whom to name.",
            parameters: &[],
            schema: "About",
        });
    },
};

pub const DICTIONARY: Endpoint = Endpoint {
    path: "/v1/dictionary",
    methods: READ,
    routes: || vec![web::get().to(dictionary)],
    document: |document| {
        document.schema::<Dictionary>();
        document.reading(&ReadOperation {
            path: "/v1/dictionary",
            id: "get_dictionary",
            tag: "service",
            summary: "Every field",
            about: "Every field of every collection: its meaning, its type, its unit, and what it refers to.",
            parameters: &[],
            schema: "Dictionary",
        });
    },
};

/// What the service is and holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    /// The newest revision.
    #[schema(example = 18)]
    pub revision: i64,
    /// When it was written.
    pub updated_at: Option<String>,
    /// The version of the program.
    pub version: &'static str,
    /// Who publishes this instance.
    pub publisher: String,
    /// Where the publisher is reached.
    pub contact: Option<String>,
    /// The licence of the data (SPDX).
    pub license: String,
    /// Where the licence is to be read.
    pub license_url: &'static str,
    /// Whom to name when using the data.
    pub attribution: &'static str,
    /// What `lang` may be.
    pub languages: Vec<&'static str>,
    /// What `format` may be.
    pub formats: Vec<&'static str>,
    /// What a request may ask for.
    pub limits: Limits,
    /// What is held, in the order of the document.
    pub collections: Vec<Holding>,
}

/// What a request may ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Limits {
    /// Rows on a page unless asked.
    pub rows_default: i64,
    /// The most rows on a page.
    pub rows_most: i64,
    /// The largest body, in bytes, unpacked.
    pub body_bytes: usize,
    /// The largest table that may be sent to be written, in bytes, unpacked.
    #[schema(minimum = 0, example = 1_073_741_824)]
    pub bulk_bytes: u64,
    /// How many hours an `Idempotency-Key` makes a retry safe.
    #[schema(example = 24)]
    pub idempotency_hours: i64,
}

/// What is held of a collection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Holding {
    /// The collection.
    #[schema(example = "goals")]
    pub collection: &'static str,
    /// Where it is listed.
    #[schema(example = "/v1/goals")]
    pub path: String,
    /// How many rows it has now.
    #[schema(example = 15)]
    pub rows: i64,
    /// The revision that last touched it.
    pub revision: i64,
    /// When that was.
    pub updated_at: Option<String>,
    /// What its current rows add up to, for those who keep a copy: the sum, modulo 2^256, of the SHA-256 of every line of
    /// `?format=ndjson&lang=nb` (and `published=all`, of observations), each without its end of line, as 64 hexadecimal
    /// digits. It depends neither on the order of the rows nor on the database they are in.
    #[schema(example = "5f1b0d0e8a0c4be1b4f6f4a3c0d9e2b17a6655443322110000112233445566ff")]
    pub digest: String,
}

/// `GET /v1/about`
pub async fn about(req: HttpRequest, db: Data<Database>, settings: Data<Settings>) -> Result<HttpResponse, Error> {
    Asked::read(req.query_string(), &[])?;
    let head = db.head();
    let counted = db.clone();
    let (known, base) = (head.clone(), settings.clone());
    let collections = db
        .reading(move |conn| {
            let mut all = vec![];
            for table in counted.tables() {
                let mark = known.of(table.collection);
                let sql = Statement::new(format!("SELECT COUNT(*) FROM {} WHERE revision <= ", table.name))
                    .bind(mark.revision)
                    .sql(" AND ended > ")
                    .bind(mark.revision.min(CURRENT - 1));
                let rows = sql.row::<(i64,)>(conn)?.map_or(0, |(n,)| n);
                all.push(Holding {
                    collection: table.collection,
                    path: format!("/v1/{}", table.collection),
                    rows,
                    revision: mark.revision,
                    updated_at: Some(mark.time).filter(|t| !t.is_empty()),
                    digest: known.digest(table.collection),
                });
            }
            Ok(all)
        })
        .await?;
    let newest = head.newest();
    let about = About {
        revision: head.revision,
        updated_at: Some(newest.time).filter(|t| !t.is_empty()),
        version: env!("CARGO_PKG_VERSION"),
        publisher: base.publisher.clone(),
        contact: base.contact.clone(),
        license: base.license.clone(),
        license_url: LICENSE_URL,
        attribution: ATTRIBUTION,
        languages: vec!["nb", "nn", "en"],
        formats: Format::words(true).to_vec(),
        limits: Limits {
            rows_default: ROWS,
            rows_most: MOST_ROWS,
            body_bytes: body::MOST_BYTES,
            bulk_bytes: base.bulk_bytes,
            idempotency_hours: idempotency::KEPT_HOURS,
        },
        collections,
    };
    json(&req, &settings, &about)
}

/// One field of one collection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Field {
    /// The collection the field is in.
    #[schema(example = "grants")]
    pub collection: &'static str,
    /// Its name, in JSON and CSV alike.
    #[schema(example = "amount_nok")]
    pub field: String,
    /// `text`, `integer`, `number` or `boolean`.
    #[schema(example = "integer")]
    pub r#type: &'static str,
    /// Whether it may be null, which means not known or not applicable.
    pub nullable: bool,
    /// Whether the service fills it.
    pub read_only: bool,
    /// The unit, where the name carries one.
    #[schema(example = "NOK")]
    pub unit: Option<&'static str>,
    /// The words it may be, where that is a closed list.
    pub words: Vec<String>,
    /// The collection whose id it holds.
    pub refers_to: Option<&'static str>,
    /// What it means.
    pub meaning: String,
}

/// The dictionary.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dictionary {
    /// The fields.
    pub data: Vec<Field>,
    /// How many there are.
    pub total: usize,
}

/// `GET /v1/dictionary`
pub async fn dictionary(req: HttpRequest, settings: Data<Settings>) -> Result<HttpResponse, Error> {
    use crate::db::statement::Type;
    Asked::read(req.query_string(), &[])?;
    let mut data = vec![];
    for table in super::RESOURCES.iter().map(|entry: &Entry| (entry.table)()) {
        for column in &table.columns {
            data.push(Field {
                collection: table.collection,
                field: column.name.clone(),
                r#type: match column.holds {
                    Type::Text => "text",
                    Type::Integer => "integer",
                    Type::Number => "number",
                    Type::Boolean => "boolean",
                },
                nullable: column.nullable,
                read_only: column.read_only,
                unit: column.name.ends_with("_nok").then_some("NOK"),
                words: column.words.clone(),
                refers_to: table.references.iter().find(|r| r.field == column.name).map(|r| r.table),
                meaning: column.description.clone(),
            });
        }
    }
    json(&req, &settings, &Dictionary { total: data.len(), data })
}

/// `GET /problems/{slug}`
pub async fn problem(slug: Path<String>) -> Result<HttpResponse, Error> {
    let kind = Kind::ALL.iter().find(|k| k.slug() == slug.as_str());
    let kind = kind.ok_or_else(|| Error::new(Kind::NotFound).detail("there is no such kind of problem"))?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><p><code>{slug}</code>, status {status}</p><p>{help}</p><p><a href=\"/docs/\">The document</a></p>",
        title = kind.title(),
        slug = kind.slug(),
        status = kind.status().as_u16(),
        help = kind.help().replace('&', "&amp;").replace('<', "&lt;"),
    );
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "public, max-age=86400"))
        .insert_header(("content-security-policy", "default-src 'none'"))
        .body(page))
}

fn json<T: Serialize>(req: &HttpRequest, settings: &Settings, body: &T) -> Result<HttpResponse, Error> {
    let bytes = serde_json::to_vec(body).map_err(Error::internal)?;
    let mut head = Head::of_bytes(&bytes);
    // It is of the service, and not of the data at a revision.
    head.links.push((format!("{}{}", settings.base_url, req.path()), "cite-as"));
    Ok(if head.is_known(req) { head.not_modified(req) } else { head.ok(req, settings, bytes) })
}
