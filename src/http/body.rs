//! Bodies: read with a limit and a deadline, unpacked, and parsed without forgiving anything.
use super::pace::ARRIVAL;
use crate::error::{Error, Kind, Mistake};
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::io::Read;

/// The largest JSON body, unpacked.
pub const MOST_BYTES: usize = 1_048_576;

/// Requires one of the media types named, so that nothing is guessed; says which it is.
pub fn require_type<'a>(
    req: &HttpRequest,
    allowed: &[&'a str],
    advertise: header::HeaderName,
) -> Result<&'a str, Error> {
    let given = req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let media = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if let Some(found) = allowed.iter().find(|known| **known == media) {
        return Ok(found);
    }
    let mistake = Mistake::header("Content-Type", "unsupported", format!("must be {}", allowed.join(" or ")));
    Err(Error::because(Kind::UnsupportedMediaType, mistake).header(advertise, &allowed.join(", ")))
}

/// Reads the whole body.
pub async fn bytes(req: &HttpRequest, payload: web::Payload) -> Result<Vec<u8>, Error> {
    bytes_within(req, payload, MOST_BYTES).await
}

/// Reads the whole body, of at most so many bytes, unpacked.
pub async fn bytes_within(req: &HttpRequest, mut payload: web::Payload, most: usize) -> Result<Vec<u8>, Error> {
    let packed = admit(req, most as u64)?;
    let arrival = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|e| Error::new(Kind::MalformedRequest).detail(e.to_string()))?;
            if body.len() + chunk.len() > most {
                return Err(too_large(most as u64));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    let body = actix_web::rt::time::timeout(ARRIVAL, arrival).await.map_err(|_| {
        Error::new(Kind::RequestTimeout).detail(format!("the body did not arrive in {} seconds", ARRIVAL.as_secs()))
    })??;
    if !packed {
        return Ok(body);
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(body.as_slice())
        .take(most as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|_| Error::new(Kind::MalformedRequest).detail("the body is not gzip, as Content-Encoding says"))?;
    if unpacked.len() > most { Err(too_large(most as u64)) } else { Ok(unpacked) }
}

/// The refusal of a body that is too large.
pub fn too_large(most: u64) -> Error {
    Error::new(Kind::PayloadTooLarge).detail(format!("at most {most} bytes, unpacked"))
}

/// What can be said of a body before it is read: that it is too large by its own account, or packed in a way that is not
/// known. Says whether it is packed with gzip.
pub fn admit(req: &HttpRequest, most: u64) -> Result<bool, Error> {
    let length = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|n| n > most) {
        return Err(too_large(most));
    }
    match req.headers().get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("?")) {
        None | Some("identity") => Ok(false),
        Some("gzip") => Ok(true),
        Some(_) => {
            let mistake = Mistake::header("Content-Encoding", "unsupported", "must be gzip or identity");
            Err(Error::because(Kind::UnsupportedMediaType, mistake))
        }
    }
}

/// An object as it was sent: every member, in order, also those that stand twice.
pub struct Members(pub Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut members = vec![];
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Reader)
    }
}

/// Parses a JSON object. The message says where it went wrong and never repeats what was sent.
pub fn object(bytes: &[u8]) -> Result<Members, Error> {
    let malformed = |why: String| Error::new(Kind::MalformedJson).detail(why);
    if std::str::from_utf8(bytes).is_err() {
        return Err(malformed("the body is not UTF-8".into()));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(malformed("the body begins with a byte order mark".into()));
    }
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    let parsed: Result<Members, _> = serde_json::from_slice(bytes);
    parsed.map_err(|e| match e.classify() {
        serde_json::error::Category::Data if first != Some(&b'{') => Error::because(
            Kind::InvalidContent,
            Mistake { pointer: Some(String::new()), ..Mistake::field("", "invalid", "must be a JSON object") },
        ),
        _ => malformed(format!("not JSON at line {}, column {}", e.line(), e.column())),
    })
}
