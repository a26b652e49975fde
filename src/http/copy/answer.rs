//! A full copy as an archive, made once for a revision however many ask for it, and sent from a file.
use super::Copies;
use super::files::Zip;
use crate::db::Database;
use crate::error::Error;
use crate::http::Settings;
use crate::http::answer::Head;
use crate::http::asked::Asked;
use crate::http::at::{At, When};
use crate::http::format::{Exports, send};
use crate::http::list::address;
use crate::http::page::short_hash;
use crate::http::parameter::Parameter;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

/// Where a full copy is.
pub const PATH: &str = "/v1/export";

pub fn parameters() -> Vec<Parameter> {
    vec![Parameter::as_of()]
}

/// `GET /v1/export`
pub async fn export(
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
    exports: Data<Exports>,
    copies: Data<Copies>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &parameters())?;
    let all: Vec<&str> = db.tables().iter().map(|table| table.collection).collect();
    let at = At::of(&asked, &db, &all)?;
    let keep = at.keep();
    let mark = match at.point {
        When::Newest(mark) => mark,
        _ => db.reading(move |conn| at.mark(conn)).await?,
    };
    // Another program, or another licence, makes other bytes of the same revision.
    let variant = short_hash(&[copies.document(), copies.license.as_bytes()]);
    let cite_as = address(PATH, &format!("as_of={}", mark.revision));
    let head = Head {
        keep,
        time: Some(mark.time.clone()).filter(|time| !time.is_empty()),
        content_type: "application/zip",
        links: vec![(settings.base_url.clone() + &cite_as, "cite-as")],
        file_name: Some(format!("opptrapping-r{}.zip", mark.revision)),
        ..Head::json(format!("copy-{}-{variant}", mark.revision))
    };
    if head.is_known(&req) {
        return Ok(head.not_modified(&req));
    }
    let (db, copies) = (db.get_ref().clone(), copies.clone());
    let make = move |out: &mut dyn std::io::Write| copies.write(&db, &mark, Box::new(Zip::new(out))).map(drop);
    send::file(&req, &settings, &exports, &head, make).await
}
