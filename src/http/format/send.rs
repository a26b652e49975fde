//! Sends a table in the form asked for: in one piece where it is small, while it is read where it is large, and from a
//! finished file where its length or a part of it is wanted.
use super::spool::{Exports, Finished, Permit};
use super::table::{Source, Table, Writer};
use super::wide::turned;
use super::{Form, writer};
use crate::error::{Error, Kind};
use crate::http::Settings;
use crate::http::answer::Head;
use crate::http::encoding::{Encoding, Packer};
use crate::http::guard::OnlyHead;
use crate::http::pace::{SLICE, kept_up};
use crate::http::range::{self, Range};
use actix_web::body::{BodySize, MessageBody, SizedStream};
use actix_web::http::{StatusCode, header};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long the first rows of a table may take. A database that has stopped answering would be waited for without end.
const FIRST: Duration = Duration::from_secs(10);
/// How many bytes of a file are sent at a time.
const PIECE: u64 = 256 * 1024;

/// A table and where its rows come from.
pub type Opened = (Table, Box<dyn Source>);

/// Answers with a table. `head` has its tag; `open` reads what is needed and is called off the event loop, and not at
/// all where a finished file is kept. What fails before the first byte is answered as a problem; what fails later cuts
/// the connection, so that no part can be taken for the whole.
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
    let turn = exports.turn().await?;
    let beginning = web::block(move || {
        let _turn = turn;
        Rest::begin(&form, open()?)
    });
    let late = |_| Error::unavailable(Kind::DatabaseUnavailable, "no first rows of a table");
    let (start, mut rest) = timeout(FIRST, beginning).await.map_err(late)?.map_err(Error::internal)??;
    if rest.pending.is_none() {
        return Ok(head.ok(req, settings, start));
    }
    let permit = exports.stream()?;
    let encoding = Encoding::choose(req);
    rest.packer = Packer::of(encoding).map_err(Error::internal)?;
    let start = rest.packer.pack(start).map_err(Error::internal)?;
    Ok(head.begin(StatusCode::OK, settings, encoding).streaming(rest.stream(start.into(), permit)))
}

/// Answers with a file, whole or in part, that `make` writes where there is none with the tag of `head`.
pub async fn file(
    req: &HttpRequest,
    settings: &Settings,
    exports: &Exports,
    head: &Head,
    make: impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    finished(req, settings, head, exports.file(&head.tag, make).await?)
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

/// A table that is being sent.
struct Rest {
    source: Box<dyn Source>,
    writer: Box<dyn Writer>,
    packer: Packer,
    /// Rows that were read and not sent, as they will be: they have a tenth of the size that they had when they were read,
    /// and a reader that stands still has us keep them. None when there are no more.
    pending: Option<Vec<u8>>,
}

impl Rest {
    /// Reads the first rows, and the second to know whether there are any.
    fn begin(form: &Form, (table, mut source): Opened) -> Result<(Vec<u8>, Self), Error> {
        let mut writer = writer(form, &table)?;
        let start = next(&mut *source, &mut *writer)?;
        let pending = if start.is_some() { next(&mut *source, &mut *writer)? } else { None };
        let mut start = start.unwrap_or_default();
        if pending.is_none() {
            writer.finish(&mut start)?;
        }
        Ok((start, Self { source, writer, packer: Packer::Plain(vec![]), pending }))
    }

    /// The next bytes, and what is left to send after them.
    fn step(mut self) -> Result<(Bytes, Option<Self>), Error> {
        match self.pending.take() {
            Some(bytes) => {
                let packed = self.packer.pack(bytes).map_err(Error::internal)?;
                self.pending = next(&mut *self.source, &mut *self.writer)?;
                Ok((packed.into(), Some(self)))
            }
            None => {
                self.writer.finish(&mut self.packer)?;
                Ok((self.packer.finish().map_err(Error::internal)?.into(), None))
            }
        }
    }

    /// Reads on when the bytes before have been taken, so that a slow reader holds up the database and not the memory;
    /// one that goes away ends the reading.
    fn stream(self, start: Bytes, permit: Permit) -> impl Stream<Item = Result<Bytes, Error>> {
        let steps = stream::try_unfold((Some(self), permit), |(rest, permit)| async move {
            let Some(rest) = rest else { return Ok(None) };
            let turn = permit.turn().await?;
            let step = move || {
                let _turn = turn;
                rest.step()
            };
            let (bytes, rest) = web::block(step).await.map_err(Error::internal)??;
            Ok(Some((bytes, (rest, permit))))
        });
        let steps = steps.inspect_err(|e| log::error!("a table was cut off: {e}"));
        sliced(stream::once(async { Ok(start) }).chain(steps))
    }
}

/// Some more rows, as they are sent; none when there are no more.
fn next(source: &mut dyn Source, writer: &mut dyn Writer) -> Result<Option<Vec<u8>>, Error> {
    let Some(rows) = source.next()? else { return Ok(None) };
    let mut bytes = vec![];
    writer.rows(&rows, &mut bytes)?;
    bytes.shrink_to_fit();
    Ok(Some(bytes))
}

fn sliced(bytes: impl Stream<Item = Result<Bytes, Error>> + 'static) -> impl Stream<Item = Result<Bytes, Error>> {
    let slices = |mut bytes: Bytes| {
        stream::iter(std::iter::from_fn(move || {
            let slice = bytes.split_to(bytes.len().min(SLICE));
            (!slice.is_empty()).then_some(Ok(slice))
        }))
    };
    kept_up(bytes.map_ok(slices).try_flatten().boxed_local())
}

/// Answers from a finished file, whole or in part. Never compressed: lengths and ranges are of the bytes as they are.
fn finished(req: &HttpRequest, settings: &Settings, head: &Head, file: Arc<Finished>) -> Result<HttpResponse, Error> {
    let length = file.len();
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
    Ok(out.body(SizedStream::new(range.end - range.start, pieces(file, range))))
}

fn pieces(file: Arc<Finished>, range: Range) -> impl Stream<Item = Result<Bytes, Error>> {
    let read = stream::try_unfold((file, range), |(file, range)| async move {
        if range.is_empty() {
            return Ok::<_, Error>(None);
        }
        let end = range.end.min(range.start + PIECE);
        let (source, start, length) = (file.clone(), range.start, (end - range.start) as usize);
        let bytes = web::block(move || source.read(start, length)).await.map_err(Error::internal)??;
        Ok(Some((bytes, (file, end..range.end))))
    });
    sliced(read)
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
