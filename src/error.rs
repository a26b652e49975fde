//! One error type, one shape on the wire: RFC 9457 `application/problem+json`.
//! The only file that knows status codes and Diesel's kinds of error.
use actix_web::http::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Declares the kinds of problem: code, status, title, and what a reader is told to do about it.
macro_rules! kinds {
    ($($name:ident $slug:literal $status:literal $title:literal $help:literal;)+) => {
        /// Every kind of problem the service answers with; each has a page at `/problems/{slug}`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($name,)+ }
        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)+];
            fn row(self) -> (&'static str, u16, &'static str, &'static str) {
                match self { $(Kind::$name => ($slug, $status, $title, $help),)+ }
            }
        }
    };
}

kinds! {
    MalformedRequest "malformed-request" 400 "The request cannot be read" "A header or the request line is not well formed. The detail names it.";
    UnknownParameter "unknown-parameter" 400 "There is no such parameter" "Nothing is ignored in silence: a misspelt parameter would answer another question than the one asked. `errors` lists each unknown name, the nearest one and those allowed.";
    InvalidParameter "invalid-parameter" 400 "A parameter has a value it cannot have" "`errors` names each parameter at fault and what it may be.";
    InvalidEncoding "invalid-encoding" 400 "The URL is not well encoded" "Percent-encode UTF-8. NUL characters are refused.";
    QueryTooComplex "query-too-complex" 400 "The query asks for too many things at once" "Ask with fewer values in a list.";
    InvalidCursor "invalid-cursor" 400 "This cursor was not given out for this query" "A cursor belongs to the query, the order and the revision it came from. Follow `next`, or begin again without it.";
    MalformedJson "malformed-json" 400 "The body is not well-formed" "The detail gives the line and the column. JSON is UTF-8 (RFC 8259).";
    AuthenticationRequired "authentication-required" 401 "A token is needed" "Reading is open to all. To write, send `Authorization: Bearer <token>`.";
    InvalidToken "invalid-token" 401 "The token is not valid" "It may have expired, be meant for another service, or be signed with a key that is not known here.";
    InsufficientScope "insufficient-scope" 403 "The token does not give leave to do this" "The detail names the scope that is needed.";
    NotFound "not-found" 404 "There is nothing here" "Check the id, or list the collection.";
    MethodNotAllowed "method-not-allowed" 405 "Not by that method" "`Allow` lists the methods this resource has.";
    NotAcceptable "not-acceptable" 406 "Not in that format" "`errors` lists the formats there are. `format=` decides before `Accept`.";
    RequestTimeout "request-timeout" 408 "The request did not arrive in time" "Send the body without pausing.";
    Duplicate "duplicate" 409 "It exists already" "Another thing has this id, or two rows of the request share it.";
    ConsultationClosed "consultation-closed" 409 "The consultation takes no submissions now" "The detail says when it opens and closes. A consultation whose dates are not known takes none.";
    Referenced "referenced" 409 "Others refer to it" "Remove or change what refers to it first; `errors` lists them.";
    IdempotencyInProgress "idempotency-in-progress" 409 "The first request with this key is under way" "Try again after the seconds in `Retry-After`: you are then told what became of it.";
    CursorFromFuture "cursor-from-future" 409 "This place in the log of changes has not been written" "You have seen changes that this database does not have: it was restored from a backup, or it is another one. Take a new copy, and follow the changes from there.";
    Gone "gone" 410 "It was deleted" "Its versions are kept: see its history, or ask with `as_of`.";
    Erased "erased" 410 "It was erased" "Nothing of it is kept, and nothing of it can be read by any address.";
    PreconditionFailed "precondition-failed" 412 "It has changed since you read it" "Read it again, apply your change to what is there now, and send that version's `ETag` in `If-Match`.";
    PayloadTooLarge "payload-too-large" 413 "The body is too large" "The detail gives the limit.";
    RangeNotSatisfiable "range-not-satisfiable" 416 "There is no such part" "`Content-Range` gives the length in bytes.";
    UnsupportedMediaType "unsupported-media-type" 415 "The body is of a kind that is not understood" "`Accept-Post`, `Accept-Patch` or the detail lists what is.";
    InvalidContent "invalid-content" 422 "The content breaks a rule" "`errors` has a JSON pointer, or a row and a column, for each mistake.";
    IdempotencyKeyReused "idempotency-key-reused" 422 "The key was used for another request" "An `Idempotency-Key` is for one request and its retries, which are the same in every byte. Make a new one for each request.";
    PreconditionRequired "precondition-required" 428 "Say which version you are changing" "Send the `ETag` you read in `If-Match`.";
    RateLimited "rate-limited" 429 "Too many from one caller" "`Retry-After` says when the next is taken, and `RateLimit-Policy` how many are.";
    Internal "internal" 500 "Our mistake" "It is logged under the request id in `X-Request-Id`.";
    NotImplemented "not-implemented" 501 "No such method" "This HTTP method is not known here.";
    DatabaseUnavailable "database-unavailable" 503 "The database is away" "Try again shortly; `Retry-After` says when.";
    Contention "contention" 503 "Too many are writing at once" "Nothing was written. Try again shortly.";
    RevisionNotHere "revision-not-here" 503 "This instance does not know that revision yet" "Try again shortly: an instance learns of what others wrote within a second.";
    StorageFault "storage-fault" 503 "The storage is damaged or gone" "Nothing was written. What can be read is read; those who run the service must look after it.";
    SchemaNewer "schema-newer" 503 "The database belongs to a newer version of the service" "This instance reads from it and writes nothing. Try again shortly: a newer one takes its place.";
    StorageFull "storage-full" 503 "There is no room to write" "Nothing was written. Reading goes on.";
    Overloaded "overloaded" 503 "Too many requests at once" "Try again shortly.";
    AuthUnavailable "auth-unavailable" 503 "This service takes no writes" "It has no key to check tokens with. Where `Retry-After` says when to come again, the key cannot be had at the moment; otherwise the service is read-only.";
}

impl Kind {
    /// Names the kind in `type` and in the address of its page.
    pub fn slug(self) -> &'static str {
        self.row().0
    }
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
    pub fn title(self) -> &'static str {
        self.row().2
    }
    /// Whether a write that was refused so would be refused again, so that its refusal may be kept for a retry.
    pub fn is_final(self) -> bool {
        let status = self.row().1;
        (400..500).contains(&status) && !matches!(status, 401 | 403 | 408 | 429) && self != Self::IdempotencyInProgress
    }
    /// What a reader can do about it, in a sentence or two.
    pub fn help(self) -> &'static str {
        self.row().3
    }
}

/// One mistake in a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Mistake {
    /// Where it is: `query`, `path`, `header` or `body`.
    #[schema(example = "query")]
    pub r#in: &'static str,
    /// The parameter, header or field at fault.
    #[schema(example = "regoin")]
    pub name: String,
    /// JSON pointer (RFC 6901) into the body, where the mistake is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The row of a table sent, counted from 1; 0 is the header of a CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The column of that row, by its name; none where the whole row is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Where that row is in the file it came from.
    #[serde(skip)]
    #[schema(ignore)]
    pub place: Option<Place>,
    /// A word for programs: `unknown`, `invalid`, `required`, `read_only`, `reference`, …
    #[schema(example = "unknown")]
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The allowed name or value nearest to the one given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
    /// What is allowed instead, where that is a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    /// The cell of a table, or the character of a text; none where the whole line is meant.
    pub column: Option<usize>,
}

impl Mistake {
    pub fn query(name: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { r#in: "query", name: clip(name), code, message: message.into(), ..Self::default() }
    }
    pub fn header(name: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { r#in: "header", name: clip(name), code, message: message.into(), ..Self::default() }
    }
    /// A mistake in a member of a JSON body, or a column of a row.
    pub fn field(name: &str, code: &'static str, message: impl Into<String>) -> Self {
        let pointer = format!("/{}", clip(name).replace('~', "~0").replace('/', "~1"));
        Self {
            r#in: "body",
            name: clip(name),
            pointer: Some(pointer),
            code,
            message: message.into(),
            ..Self::default()
        }
    }
    /// Says that it is in a row of a table, and no more in a body as a whole.
    pub fn in_row(mut self, number: usize, place: Option<Place>) -> Self {
        self.column = Some(self.name.clone()).filter(|name| !name.is_empty());
        (self.row, self.place, self.pointer) = (Some(number), self.place.or(place), None);
        self
    }
    pub fn allowing<S: AsRef<str>>(mut self, given: &str, allowed: &[S]) -> Self {
        self.allowed = allowed.iter().map(|a| a.as_ref().to_owned()).collect();
        self.did_you_mean = crate::domain::nearest::nearest(given, allowed.iter().map(AsRef::as_ref));
        self
    }
}

/// Names from the request are quoted back, but not by the kilobyte and not with control characters.
fn clip(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// What went wrong, with what the caller may know of it.
#[derive(Debug, Clone)]
pub struct Error {
    pub kind: Kind,
    pub detail: Option<String>,
    pub mistakes: Vec<Mistake>,
    /// How many more mistakes there are than those listed.
    pub unlisted: usize,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What is logged and never told.
    cause: Option<String>,
}

/// The body of every error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, and the address of the page about it.
    #[schema(example = "/problems/unknown-parameter")]
    pub r#type: String,
    /// The kind of problem in a few words, always the same for a kind.
    #[schema(example = "There is no such parameter")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 400, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is the matter with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/goals")]
    pub instance: Option<String>,
    /// Every mistake found in the request, not only the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
    /// How many more mistakes there are than `errors` lists.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub unlisted: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Error {
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, mistakes: vec![], unlisted: 0, headers: vec![], cause: None }
    }
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
    pub fn mistakes(mut self, mistakes: Vec<Mistake>) -> Self {
        self.mistakes = mistakes;
        self
    }
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
    /// An error of ours: logged in full, told as nothing but a kind.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Kind::Internal) }
    }
    pub fn unavailable(kind: Kind, cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(kind) }
    }
    /// One mistake, told both in the sentence and in the list.
    pub fn because(kind: Kind, mistake: Mistake) -> Self {
        Self::all(kind, vec![mistake])
    }
    /// Every mistake found; the detail repeats the first, for readers who look no further.
    pub fn all(kind: Kind, mistakes: Vec<Mistake>) -> Self {
        let detail = mistakes.first().map(|m| match (m.name.as_str(), m.row) {
            ("", _) => m.message.clone(),
            (name, Some(row)) => format!("row {row}, {name}: {}", m.message),
            (name, None) => format!("{name}: {}", m.message),
        });
        Self { detail, mistakes, ..Self::new(kind) }
    }
    /// Says that there are more mistakes than those listed.
    pub fn and_more(mut self, unlisted: usize) -> Self {
        self.unlisted = unlisted;
        if unlisted > 0 {
            self.detail = self.detail.map(|detail| format!("{detail} (and {unlisted} mistakes that are not listed)"));
        }
        self
    }
    /// What only the log may say.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
    /// Whether the connection, and not the request, is at fault, so that another connection may do better.
    pub fn is_broken_connection(&self) -> bool {
        self.kind == Kind::DatabaseUnavailable
    }

    /// After how many seconds to come again. Those who are turned away together do not come back together.
    fn retry_after(&self) -> u32 {
        match self.kind {
            Kind::Overloaded => 1 + chrono::Utc::now().timestamp_subsec_micros() % 5,
            Kind::RevisionNotHere => 1,
            _ => 2,
        }
    }

    /// The answer, naming the path it answers.
    pub fn response(&self, instance: Option<&str>) -> HttpResponse {
        let mut out = HttpResponse::build(self.kind.status());
        for (name, value) in &self.headers {
            out.append_header((name.clone(), value.clone()));
        }
        let said = self.headers.iter().any(|(name, _)| name == "retry-after");
        if matches!(self.kind.row().1, 429 | 503) && self.kind != Kind::AuthUnavailable && !said {
            out.insert_header(("retry-after", self.retry_after()));
        }
        out.insert_header(("cache-control", "no-store"));
        out.insert_header(("content-language", "en"));
        out.content_type("application/problem+json; charset=utf-8").json(Problem {
            r#type: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.row().1,
            detail: self.detail.clone(),
            instance: instance.map(str::to_owned),
            errors: self.mistakes.clone(),
            unlisted: self.unlisted,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.title())?;
        if let Some(why) = self.detail.as_ref().or(self.cause.as_ref()) {
            write!(f, ": {why}")?;
        }
        for m in &self.mistakes {
            let row = m.row.map(|r| format!("row {r}, ")).unwrap_or_default();
            write!(f, "\n  {row}{}: {}", m.name, m.message)?;
        }
        Ok(())
    }
}
impl std::error::Error for Error {}
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }
    fn error_response(&self) -> HttpResponse {
        self.response(None)
    }
}

impl From<Diesel> for Error {
    fn from(e: Diesel) -> Self {
        // Diesel shows no SQLSTATE: what it calls `Unknown` is told apart by the words of the database.
        let words = e.to_string().to_lowercase();
        let says = |any: &[&str]| any.iter().any(|w| words.contains(w));
        let kind = match &e {
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Kind::DatabaseUnavailable,
            Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Kind::Contention,
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Kind::Contention,
            _ if says(&["database is locked", "deadlock", "lock timeout", "could not serialize"]) => Kind::Contention,
            _ if says(&["disk is full", "no space left"]) => Kind::StorageFull,
            _ if says(&["malformed", "is not a database", "readonly database"]) => Kind::StorageFault,
            _ if says(&[
                "connection",
                "terminating",
                "shutting down",
                "starting up",
                "disk i/o error",
                "unable to open",
                "timeout",
                "too many clients",
                "connection slots",
                // A server that became a standby, or one that never was the primary.
                "read-only transaction",
            ]) =>
            {
                Kind::DatabaseUnavailable
            }
            _ => Kind::Internal,
        };
        Self::unavailable(kind, e)
    }
}
impl From<r2d2::Error> for Error {
    fn from(e: r2d2::Error) -> Self {
        Self::unavailable(Kind::DatabaseUnavailable, e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_says_is_never_our_mistake_where_it_is_its_own() {
        let said = |words: &str| {
            Error::from(Diesel::DatabaseError(DatabaseErrorKind::Unknown, Box::new(words.to_owned()))).kind
        };
        for (words, kind) in [
            ("cannot execute UPDATE in a read-only transaction", Kind::DatabaseUnavailable),
            ("sorry, too many clients already", Kind::DatabaseUnavailable),
            (
                "remaining connection slots are reserved for roles with the SUPERUSER attribute",
                Kind::DatabaseUnavailable,
            ),
            ("terminating connection due to administrator command", Kind::DatabaseUnavailable),
            ("the database system is starting up", Kind::DatabaseUnavailable),
            ("canceling statement due to statement timeout", Kind::DatabaseUnavailable),
            ("disk I/O error", Kind::DatabaseUnavailable),
            ("deadlock detected", Kind::Contention),
            ("could not serialize access due to concurrent update", Kind::Contention),
            ("canceling statement due to lock timeout", Kind::Contention),
            ("database is locked", Kind::Contention),
            ("could not extend file: No space left on device", Kind::StorageFull),
            ("database or disk is full", Kind::StorageFull),
            ("database disk image is malformed", Kind::StorageFault),
            ("attempt to write a readonly database", Kind::StorageFault),
            ("syntax error at or near \"SELEC\"", Kind::Internal),
        ] {
            assert_eq!(said(words), kind, "{words}");
        }
    }
}
