//! Who may write. Reading is for everyone, but for what waits to be moderated.
use super::resource::Resource;
use super::token::{Issuers, LONGEST, Verified};
use crate::db::Author;
use crate::error::{Error, Kind, Mistake};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// What a token must give leave to do: to write a resource, or something that is no collection's.
pub trait Permission {
    /// The scope of tokens that do.
    fn scope() -> &'static str;
}

impl<R: Resource> Permission for R {
    fn scope() -> &'static str {
        R::collection().scope
    }
}

/// A caller whose token gives leave to write a resource, or another permission.
///
/// Synchronous, and the first parameter of a handler, so that it decides before the body is looked at and before
/// any connection is taken.
pub struct Writer<P> {
    pub author: Author,
    of: PhantomData<P>,
}

impl<P: Permission> FromRequest for Writer<P> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(permitted(req, P::scope()).map(|author| Self { author, of: PhantomData }))
    }
}

fn permitted(req: &HttpRequest, scope: &str) -> Result<Author, Error> {
    let issuers = req.app_data::<Data<Issuers>>().ok_or_else(|| Error::internal("no issuers in the application"))?;
    if issuers.0.is_empty() {
        return Err(Error::new(Kind::AuthUnavailable)
            .detail("this service was started without a key for tokens and is read-only"));
    }
    let verified = presented(req.headers(), issuers)?.ok_or_else(|| {
        Error::new(Kind::AuthenticationRequired)
            .detail("send Authorization: Bearer <token>")
            .header(header::WWW_AUTHENTICATE, "Bearer realm=\"opptrapping\"")
    })?;
    if verified.may(scope) {
        return Ok(verified.author);
    }
    Err(Error::new(Kind::InsufficientScope)
        .detail(format!("the scope {scope} is needed"))
        .header(header::WWW_AUTHENTICATE, &format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")))
}

/// The token of a request, checked; none where none was sent. A bad one is refused on reads too: a caller who
/// believes to be known must not be served as a stranger in silence.
pub fn presented(headers: &HeaderMap, issuers: &Issuers) -> Result<Option<Verified>, Error> {
    let mut given = headers.get_all(header::AUTHORIZATION);
    let Some(first) = given.next() else { return Ok(None) };
    let malformed =
        |why: &str| Error::because(Kind::MalformedRequest, Mistake::header("Authorization", "invalid", why));
    if given.next().is_some() {
        return Err(malformed("may stand once only"));
    }
    if first.len() > LONGEST {
        return Err(malformed(&format!("must be at most {LONGEST} bytes")));
    }
    let token =
        first.to_str().ok().and_then(|v| v.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let now = chrono::Utc::now().timestamp();
    match token.map(|(_, token)| issuers.verify(token, now)) {
        Some(Ok(verified)) => Ok(Some(verified)),
        refused => {
            let why = refused.and_then(Result::err).map_or("not a bearer token", |r| r.0);
            log::info!("a token was refused: {why}");
            Err(Error::new(Kind::InvalidToken)
                .detail("the token was not accepted")
                .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""))
        }
    }
}
