//! Who may write. Reading is for everyone, but for what waits to be moderated.
use super::debounce::Debounce;
use super::resource::Resource;
use super::token::{Issuers, LONGEST, Lacking, Refused, Verified};
use crate::db::Author;
use crate::error::{Error, Kind, Mistake};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::Utc;
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    if issuers.is_empty() {
        return Err(Error::new(Kind::AuthUnavailable)
            .detail("this service was started without a key for tokens and is read-only"));
    }
    if !issuers.can_verify(Utc::now().timestamp()) {
        return Err(away());
    }
    let caller = req.extensions().get::<Caller>().cloned();
    let verified = caller.ok_or_else(|| Error::internal("nobody looked who asks"))?.0?.ok_or_else(|| {
        Error::new(Kind::AuthenticationRequired)
            .detail("send Authorization: Bearer <token>")
            .header(header::WWW_AUTHENTICATE, "Bearer realm=\"opptrapping\"")
    })?;
    let why = match verified.covers(scope) {
        Ok(()) => return Ok(verified.author.clone()),
        Err(Lacking::Scope) => format!("the scope {scope} is needed"),
        Err(Lacking::Organisation) => format!("the organisation of this token may not do what needs the scope {scope}"),
    };
    Err(Error::new(Kind::InsufficientScope)
        .detail(why)
        .header(header::WWW_AUTHENTICATE, &format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")))
}

/// Who asks: what their token says, none where there is no token, or why it is refused. Found out once, before the
/// handler, because a key set may have to be waited for.
#[derive(Clone)]
pub struct Caller(Result<Option<Arc<Verified>>, Error>);

impl Caller {
    /// Looks who asks.
    pub async fn of(req: &ServiceRequest) -> Self {
        match req.app_data::<Data<Issuers>>() {
            Some(issuers) => Self(presented(req.headers(), issuers).await),
            None => Self(Ok(None)),
        }
    }

    /// Who it is, by a token that was verified: issuer, subject, organisation.
    pub fn principal(&self) -> Option<[String; 3]> {
        let author = &self.0.as_ref().ok()?.as_ref()?.author;
        Some([author.issuer.clone(), author.subject.clone(), author.organisation.clone().unwrap_or_default()])
    }

    /// Refuses a bad token, on reads too: a caller who believes to be known must not be served as a stranger in silence.
    pub fn refused(&self) -> Result<(), Error> {
        self.0.clone().map(drop)
    }
}

/// The token of a request, checked; none where none was sent.
async fn presented(headers: &HeaderMap, issuers: &Issuers) -> Result<Option<Arc<Verified>>, Error> {
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
    let why = match token {
        None => "not a bearer token",
        Some((_, token)) => match issuers.check(token).await {
            Ok(verified) => return Ok(Some(verified)),
            Err(refused @ Refused::Away) => {
                REFUSALS.tell(refused.why());
                return Err(away());
            }
            Err(refused) => refused.why(),
        },
    };
    REFUSALS.tell(why);
    Err(Error::new(Kind::InvalidToken)
        .detail("the token was not accepted")
        .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""))
}

/// The keys of an issuer cannot be had now. They are tried again by themselves.
fn away() -> Error {
    Error::new(Kind::AuthUnavailable)
        .detail("the keys that tokens are checked with cannot be had at the moment")
        .header(header::RETRY_AFTER, "30")
}

/// Refused tokens, for the log and for those who look at the figures.
struct Refusals {
    debounce: Debounce,
    /// How many there were since the process began, by why: words of ours, of which there are a few dozen.
    reasons: Mutex<BTreeMap<&'static str, u64>>,
}

static REFUSALS: Refusals = Refusals { debounce: Debounce::untold(), reasons: Mutex::new(BTreeMap::new()) };

/// How many tokens this process has refused, by why.
pub fn refusals() -> BTreeMap<&'static str, u64> {
    REFUSALS.reasons().clone()
}

impl Refusals {
    fn reasons(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, why: &'static str) {
        *self.reasons().entry(why).or_default() += 1;
        if let Some(count) = self.debounce.due() {
            log::info!("tokens refused: {count}, the last because: {why}");
        }
    }
}
