//! The feed as server-sent events (WHATWG HTML §9.2). Each client takes the next piece when its connection has room for
//! it: a slow one holds a small page and nothing more, however far it is behind.
use super::Feed;
use super::page::Page;
use super::point::Point;
use super::question::Question;
use super::waiting::{Place, Woken};
use crate::db::Database;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Data};
use futures_util::stream::unfold;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Changes on a page of a stream. A slow client keeps one in memory.
const CHANGES: i64 = 100;
/// Small changes are sent together up to about so many bytes.
const PIECE: usize = 16 << 10;
/// How often a client hears from us when there is nothing to tell, so that proxies keep the connection, and so that it
/// resumes where the log is and not where it last was told something.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a stream begins with: how many milliseconds to wait before coming again.
const BEGINNING: &[u8] = b"retry: 2000\n\n";

struct Follower {
    feed: Data<Feed>,
    db: Data<Database>,
    question: Question,
    /// Up to here everything has been read into `page`.
    point: Point,
    page: Arc<Page>,
    /// How many changes of the page have been sent.
    sent: usize,
    place: Place,
    beat: Instant,
}

/// An answer that goes on until the client, or the service, ends it.
pub fn answer(feed: Data<Feed>, db: Data<Database>, question: Question, after: Point, place: Place) -> HttpResponse {
    let page = Arc::new(Page::empty(after));
    let follower = Follower { feed, db, question, point: after, page, sent: 0, place, beat: Instant::now() };
    let begun = unfold((follower, false), |(mut follower, begun)| async move {
        let piece = if begun { follower.next().await? } else { Bytes::from_static(BEGINNING) };
        Some((Ok::<_, Infallible>(piece), (follower, true)))
    });
    head().streaming(begun)
}

/// The head of such an answer.
pub fn head() -> actix_web::HttpResponseBuilder {
    let mut out = HttpResponse::Ok();
    out.content_type("text/event-stream; charset=utf-8");
    out.insert_header((header::CACHE_CONTROL, "no-store"));
    out.insert_header((header::VARY, "Accept, Accept-Language"));
    // nginx would hold small pieces back.
    out.insert_header(("x-accel-buffering", "no"));
    out
}

impl Follower {
    /// The next piece; none where the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.piece() {
                self.beat = Instant::now();
                return Some(piece);
            }
            self.place.look();
            match self.feed.following(&self.db, &self.question, self.point, CHANGES).await {
                Ok(page) => {
                    self.point = page.last;
                    let more = page.more || !page.changes.is_empty();
                    (self.page, self.sent) = (page, 0);
                    if more {
                        continue;
                    }
                }
                // The client comes again, and is told then what is the matter.
                Err(e) => {
                    log::info!("a stream of changes ends: {e}");
                    return None;
                }
            }
            match self.place.wait(self.beat + HEARTBEAT).await {
                Woken::Moved => {}
                Woken::Closing => return None,
                Woken::Late => {
                    self.beat = Instant::now();
                    return Some(format!(": nothing new\nid: {}\n\n", self.point).into());
                }
            }
        }
    }

    fn piece(&mut self) -> Option<Bytes> {
        let rest = self.page.changes.get(self.sent..)?;
        let first = rest.first()?;
        let mut size = 0;
        let fitting = rest.iter().take_while(|told| {
            size += told.frame.len();
            size <= PIECE
        });
        let count = fitting.count().max(1);
        self.sent += count;
        if count == 1 {
            return Some(first.frame.clone());
        }
        let mut piece = BytesMut::with_capacity(size);
        rest.iter().take(count).for_each(|told| piece.extend_from_slice(&told.frame));
        Some(piece.freeze())
    }
}
