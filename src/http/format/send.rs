//! Sends a table in the form asked for: in one piece where it is small, while it is written where it is large, and from a
//! finished file where its length or a part of it is wanted.
use super::growing::Reader;
use super::spool::Exports;
use super::table::{Source, Table, Writer};
use super::wide::turned;
use super::{Form, writer};
use crate::db::rows::Rows;
use crate::error::{Error, Kind};
use crate::http::Settings;
use crate::http::answer::Head;
use crate::http::encoding::{Encoding, Packer};
use crate::http::guard::OnlyHead;
use crate::http::pace::{SLICE, kept_up};
use crate::http::range;
use actix_web::body::{BodySize, MessageBody, SizedStream};
use actix_web::http::{StatusCode, header};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use std::io::Write;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long the first rows of a table may take. A database that has stopped answering would be waited for without end.
const FIRST: Duration = Duration::from_secs(10);

/// A table and where its rows come from.
pub type Opened = (Table, Box<dyn Source>);

/// Answers with a table. `head` has its tag; `open` reads what is needed and is called off the event loop, and not at
/// all where the file is there or on its way. What fails before the first byte is answered as a problem; what fails later
/// cuts the connection, so that no part can be taken for the whole.
pub async fn send(
    req: &HttpRequest,
    settings: &Settings,
    exports: &Data<Exports>,
    head: Head,
    form: Form,
    open: impl FnOnce() -> Result<Opened, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let only_head = req.extensions().contains::<OnlyHead>();
    if !form.streams() || only_head || req.headers().contains_key(header::RANGE) {
        return file(req, settings, exports, &head, move |out| write(&form, open()?, out)).await;
    }
    let encoding = Encoding::choose(req);
    let tag = head.tag_in(encoding);
    let follow = |reader: Reader| head.begin(StatusCode::OK, settings, encoding).streaming(sent(reader, 0..u64::MAX));
    if let Some(reader) = exports.growing(&tag) {
        return Ok(follow(reader));
    }
    let turn = exports.turn().await?;
    // While this one waited for its turn another may have begun.
    if let Some(reader) = exports.growing(&tag) {
        return Ok(follow(reader));
    }
    let beginning = web::block(move || {
        let _turn = turn;
        Beginning::read(&form, open()?)
    });
    let late = |_| Error::unavailable(Kind::DatabaseUnavailable, "no first rows of a table");
    let beginning = timeout(FIRST, beginning).await.map_err(late)?.map_err(Error::internal)??;
    match beginning {
        Beginning::Whole(bytes) => Ok(head.ok(req, settings, bytes)),
        Beginning::More(rest) => Ok(follow(exports.file(&tag, move |out| rest.write(encoding, out)).await?)),
    }
}

/// Answers with a file, whole or in part, that `make` writes where there is none with the tag of `head`.
pub async fn file(
    req: &HttpRequest,
    settings: &Settings,
    exports: &Exports,
    head: &Head,
    make: impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let reader = exports.file(&head.tag, make).await?;
    let length = reader.length().await?;
    finished(req, settings, head, reader, length)
}

/// Writes a whole table.
pub fn write(form: &Form, opened: Opened, out: &mut dyn Write) -> Result<(), Error> {
    let (table, mut source) = if form.wide { turned(opened, form.labels)? } else { opened };
    let mut writer = writer(form, &table)?;
    while let Some(rows) = source.next()? {
        writer.rows(&rows, out)?;
    }
    writer.finish(out)
}

/// A table of which the first rows have been read.
enum Beginning {
    /// That was all, written down.
    Whole(Vec<u8>),
    More(Rest),
}

/// A table of which more is to be read.
struct Rest {
    source: Box<dyn Source>,
    writer: Box<dyn Writer>,
    /// The rows read.
    read: [Rows; 2],
}

impl Beginning {
    /// Reads the first rows, and the second to know whether there are any.
    fn read(form: &Form, (table, mut source): Opened) -> Result<Self, Error> {
        let mut writer = writer(form, &table)?;
        let mut bytes = vec![];
        if let Some(first) = source.next()? {
            if let Some(second) = source.next()? {
                return Ok(Self::More(Rest { source, writer, read: [first, second] }));
            }
            writer.rows(&first, &mut bytes)?;
        }
        writer.finish(&mut bytes)?;
        Ok(Self::Whole(bytes))
    }
}

impl Rest {
    /// Writes all of it, the beginning so that it can be read at once.
    fn write(mut self, encoding: Option<Encoding>, out: &mut dyn Write) -> Result<(), Error> {
        let mut out = Packer::of(encoding, out).map_err(Error::internal)?;
        for rows in self.read {
            self.writer.rows(&rows, &mut out)?;
            out.flush().map_err(Error::internal)?;
        }
        while let Some(rows) = self.source.next()? {
            self.writer.rows(&rows, &mut out)?;
        }
        self.writer.finish(&mut out)?;
        out.finish().map(drop).map_err(Error::internal)
    }
}

/// What is in a file between two places, in slices, for as long as they are taken.
fn sent(reader: Reader, range: Range<u64>) -> impl Stream<Item = Result<Bytes, Error>> {
    let slices = |mut bytes: Bytes| {
        stream::iter(std::iter::from_fn(move || {
            let slice = bytes.split_to(bytes.len().min(SLICE));
            (!slice.is_empty()).then_some(Ok(slice))
        }))
    };
    let pieces = reader.pieces(range).inspect_err(|e| log::error!("a table was cut off: {e}"));
    kept_up(pieces.map_ok(slices).try_flatten().boxed_local())
}

/// Answers from a finished file, whole or in part. Never compressed: lengths and ranges are of the bytes as they are.
fn finished(
    req: &HttpRequest,
    settings: &Settings,
    head: &Head,
    reader: Reader,
    length: u64,
) -> Result<HttpResponse, Error> {
    let (status, range) = match range::asked(req, head, length)? {
        Some(range) => (StatusCode::PARTIAL_CONTENT, range),
        None => (StatusCode::OK, 0..length),
    };
    let mut out = head.begin(status, settings, None);
    if status == StatusCode::PARTIAL_CONTENT {
        let last = range.end.saturating_sub(1);
        out.insert_header((header::CONTENT_RANGE, format!("bytes {}-{last}/{length}", range.start)));
    }
    if req.extensions().contains::<OnlyHead>() {
        return Ok(out.body(Length(range.end - range.start)));
    }
    Ok(out.body(SizedStream::new(range.end - range.start, sent(reader, range))))
}

/// A body of which only the length is told.
struct Length(u64);

impl MessageBody for Length {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        Poll::Ready(None)
    }
}
