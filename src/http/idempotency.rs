//! `Idempotency-Key`: a write that is sent again with its key is answered as it was the first time, and done once.
use crate::db::idempotency::{Answer, Done, Keyed, Turn};
use crate::db::{Author, Database};
use crate::error::{Error, Kind, Mistake};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How many characters a key may have. A shorter one is no random one, and would be met again.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=255;

/// The headers that say what a write is to do.
const DECISIVE: [&str; 4] = ["if-match", "if-none-match", "reason", "content-type"];

/// The key of a request that has its turn, or none where it has no key.
pub struct Claim(Option<(String, String, Turn)>);

impl Claim {
    /// Reads the key and waits for its turn. Keys are of those who write: two that choose the same have nothing to do with
    /// one another. Who needs no token is one with all others who need none.
    pub async fn of(req: &HttpRequest, db: &Database, author: Option<&Author>) -> Result<Self, Error> {
        let Some(key) = key(req)? else { return Ok(Self(None)) };
        let (issuer, subject) = author.map_or(("", ""), |author| (&author.issuer, &author.subject));
        let name = digest([issuer, subject, &key]);
        let turn = db.turns().take(&name).await?;
        Ok(Self(Some((name, key, turn))))
    }

    /// For a request that has no effect: its key must be one, and is not taken.
    pub fn untaken(req: &HttpRequest) -> Result<Self, Error> {
        key(req).map(|_| Self(None))
    }

    /// Says what is asked for, now that the body has come, by its digest.
    pub fn on(self, req: &HttpRequest, body: &[u8]) -> Once {
        Once(self.0.map(|(name, key, turn)| {
            let mut said = vec![key.as_bytes(), req.method().as_str().as_bytes()];
            said.extend([req.path().as_bytes(), req.query_string().as_bytes()]);
            said.extend(DECISIVE.map(|name| req.headers().get(name).map_or(&b""[..], HeaderValue::as_bytes)));
            // With the key, which is not kept: what was sent cannot be guessed at by its digest.
            let request = digest(said.into_iter().chain([body]));
            (Keyed { name, request, at: chrono::Utc::now(), path: req.path().to_owned() }, turn)
        }))
    }
}

/// The digest of a body.
pub fn of_body(bytes: &[u8]) -> impl AsRef<[u8]> {
    Sha256::digest(bytes)
}

/// A digest of several texts, as hexadecimal digits. Each with its length: `ab`, `c` is not `a`, `bc`.
fn digest<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.as_ref().len() as u64).to_be_bytes());
        digest.update(part);
    }
    format!("{:x}", digest.finalize())
}

/// A write that is done once, if it has a key, and else as often as it is asked for.
pub struct Once(Option<(Keyed, Turn)>);

impl Once {
    /// What was answered to it before.
    pub async fn answered(&self, db: &Data<Database>) -> Result<Option<HttpResponse>, Error> {
        let Some((keyed, _)) = &self.0 else { return Ok(None) };
        let keyed = keyed.clone();
        let found = db.looking(move |db| db.answered(&keyed)).await?;
        found.map(|answer| response(Done { answer, replayed: true })).transpose()
    }

    /// Runs `work` off the event loop, and answers with what it did. The turn lasts until it is done, also where the
    /// client has gone. Where the connection breaks meanwhile it is run once more, if there is a key by which it is found out
    /// whether the first time was in vain.
    pub async fn run(
        self,
        db: Data<Database>,
        work: impl Fn(&Database, Option<&Keyed>) -> Result<Done, Error> + Send + 'static,
    ) -> Result<HttpResponse, Error> {
        if let Some(answered) = self.answered(&db).await? {
            return Ok(answered);
        }
        let again = move |db: &Database, keyed: Option<&Keyed>| match work(db, keyed) {
            Err(e) if keyed.is_some() && e.is_broken_connection() => {
                log::info!("a write with a key is tried again: {e}");
                work(db, keyed)
            }
            done => done,
        };
        response(self.execute(db, again).await?)
    }

    /// The same for work that takes as long as there is to do.
    pub async fn run_long(
        self,
        db: Data<Database>,
        work: impl FnOnce(&Database, Option<&Keyed>) -> Result<Done, Error> + Send + 'static,
    ) -> Result<HttpResponse, Error> {
        if let Some(answered) = self.answered(&db).await? {
            return Ok(answered);
        }
        response(db.writing_long(move |db| work(db, self.0.as_ref().map(|(keyed, _)| keyed))).await?)
    }

    /// The same without looking for an answer first.
    pub async fn execute<T: Send + 'static>(
        self,
        db: Data<Database>,
        work: impl FnOnce(&Database, Option<&Keyed>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        db.writing(move |db| work(db, self.0.as_ref().map(|(keyed, _)| keyed))).await
    }
}

/// The answer as it is sent.
pub fn response(done: Done) -> Result<HttpResponse, Error> {
    let Done { answer, replayed } = done;
    let status = StatusCode::from_u16(answer.status).map_err(Error::internal)?;
    let mut out = HttpResponse::build(status);
    for (name, value) in answer.headers {
        out.insert_header((name, value));
    }
    out.insert_header((header::CACHE_CONTROL, "no-store"));
    if replayed {
        out.insert_header((REPLAYED, "true"));
    }
    Ok(if answer.body.is_empty() { out.finish() } else { out.body(answer.body) })
}

/// A JSON answer to a write, as it can be kept.
pub fn kept(status: u16, headers: &[(HeaderName, String)], body: &impl serde::Serialize) -> Result<Answer, Error> {
    let own = [(header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned())];
    let headers = headers.iter().chain(&own).map(|(name, value)| (name.to_string(), value.clone())).collect();
    Ok(Answer { status, headers, body: serde_json::to_string(body).map_err(Error::internal)? })
}

/// The key: a text of RFC 8941 in quotation marks, or the same without them.
fn key(req: &HttpRequest) -> Result<Option<String>, Error> {
    let mut given = req.headers().get_all(KEY);
    let Some(first) = given.next() else { return Ok(None) };
    let refuse = |why: &str| Error::because(Kind::MalformedRequest, Mistake::header("Idempotency-Key", "invalid", why));
    if given.next().is_some() {
        return Err(refuse("may stand once only"));
    }
    let text = first.to_str().ok().map(str::trim).and_then(unquoted);
    match text.filter(|key| LENGTH.contains(&key.len())) {
        Some(key) => Ok(Some(key)),
        None => Err(refuse("must be 16 to 255 printable ASCII characters, in quotation marks or without")),
    }
}

fn unquoted(text: &str) -> Option<String> {
    let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let Some(inner) = text.strip_prefix('"') else {
        return (printable(text) && !text.contains('"')).then(|| text.to_owned());
    };
    let inner = inner.strip_suffix('"').filter(|inner| printable(inner))?;
    let (mut key, mut rest) = (String::with_capacity(inner.len()), inner.chars());
    while let Some(c) = rest.next() {
        match c {
            '"' => return None,
            '\\' => key.push(rest.next().filter(|c| matches!(c, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn read(given: &[&str]) -> Result<Option<String>, Kind> {
        let request = TestRequest::put();
        let request = given.iter().fold(request, |request, value| request.append_header((KEY, *value)));
        key(&request.to_http_request()).map_err(|e| e.kind)
    }

    #[test]
    fn a_key_is_the_same_in_quotation_marks_and_without() {
        let key = "0123456789abcdef";
        assert_eq!(read(&[key]), Ok(Some(key.into())));
        assert_eq!(read(&[&format!("\"{key}\"")]), Ok(Some(key.into())));
        assert_eq!(read(&["\"0123456789\\\"\\\\abcd\""]), Ok(Some("0123456789\"\\abcd".into())));
        assert_eq!(read(&[&"x".repeat(255)]), Ok(Some("x".repeat(255))));
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (short, long) = ("x".repeat(15), "x".repeat(256));
        for bad in [
            "",
            &short,
            &long,
            "\"0123456789abcdef",
            "0123456789abc\"def",
            "\"0123456789\"abcdef\"",
            "\"0123456789abcde\\x\"",
        ] {
            assert_eq!(read(&[bad]), Err(Kind::MalformedRequest), "{bad}");
        }
        assert_eq!(read(&["0123456789abcdef", "0123456789abcdef"]), Err(Kind::MalformedRequest));
        let bytes = HeaderValue::from_bytes("øøøøøøøøøøøøøøøø".as_bytes()).unwrap();
        let request = TestRequest::put().insert_header((KEY, bytes)).to_http_request();
        assert!(key(&request).is_err());
    }

    #[test]
    fn what_is_said_apart_is_not_said_together() {
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
    }
}
