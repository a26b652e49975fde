//! While the database has not been opened nothing is known of it, not even which revision is the newest: what would be
//! answered without a query would be wrong.
use crate::db::Database;
use crate::error::{Error, Kind};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;

/// Refuses what asks for data before there is any.
pub async fn every(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    let unopened = req.app_data::<Data<Database>>().and_then(|db| db.standing().unopened());
    match unopened {
        Some(fault) if req.method() != Method::OPTIONS => {
            let refused = Error::unavailable(Kind::DatabaseUnavailable, fault.slug());
            let refused = refused.detail("the database has not been opened yet");
            Ok(req.error_response(refused).map_into_right_body())
        }
        _ => Ok(next.call(req).await?.map_into_left_body()),
    }
}
