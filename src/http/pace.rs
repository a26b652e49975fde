//! How slow a client may be: in sending what it was asked for, and in taking what it asked for. The framework has a limit
//! for the head of a request alone.
use crate::error::{Error, Kind};
use actix_web::web::Bytes;
use futures_util::ready;
use futures_util::stream::{Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How long a body of up to a megabyte may take to arrive, and how long nothing of a larger one may arrive. A second
/// after that the connection is closed.
pub const ARRIVAL: Duration = Duration::from_secs(9);
/// The least that must arrive of a larger one in a second, on the whole: it is not to be held open byte by byte.
pub const ARRIVING_BYTES_PER_SECOND: u64 = 16_384;

/// How long a client may take no byte of what is sent to it. An answer that goes on for as long as the client likes is
/// otherwise kept for one that is gone, or that has stopped reading, for as long as TCP is patient.
pub const STALLED: Duration = Duration::from_secs(10);
/// How long it may take over one slice: a byte now and then is no reading.
const SLOWEST: Duration = Duration::from_secs(30);
/// The pieces in which answers are handed to their connections, in bytes: what a reader that stands still costs.
pub const SLICE: usize = 32 * 1024;

/// A stream of slices that ends with an error where its reader takes too long over one.
pub struct KeptUp<S> {
    slices: S,
    slowest: Duration,
    /// When a slice was handed over, until the next is asked for.
    handed: Option<Instant>,
}

pub fn kept_up<S>(slices: S) -> KeptUp<S> {
    KeptUp { slices, slowest: SLOWEST, handed: None }
}

impl<S: Stream<Item = Result<Bytes, Error>> + Unpin> Stream for KeptUp<S> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Asked for the first time since: how long a slice then takes to be made is not the reader's doing.
        if self.handed.take().is_some_and(|handed| handed.elapsed() > self.slowest) {
            log::info!("an answer was cut off: its reader is too slow");
            return Poll::Ready(Some(Err(Error::new(Kind::RequestTimeout).detail("the reader is too slow"))));
        }
        let next = ready!(self.slices.poll_next_unpin(context));
        self.handed = next.is_some().then(Instant::now);
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[actix_web::test]
    async fn a_reader_that_takes_its_time_over_a_slice_is_left_and_one_that_waits_for_it_is_not() {
        let slowest = Duration::from_millis(50);
        let slices = stream::iter([b"a", b"b", b"c"]).then(|slice| async move {
            actix_web::rt::time::sleep(slowest * 2).await;
            Ok(Bytes::from_static(slice))
        });
        let mut kept_up = KeptUp { slowest, ..kept_up(Box::pin(slices)) };
        assert_eq!(kept_up.next().await.unwrap().unwrap(), "a");
        assert_eq!(kept_up.next().await.unwrap().unwrap(), "b");
        actix_web::rt::time::sleep(slowest * 2).await;
        assert_eq!(kept_up.next().await.unwrap().unwrap_err().kind, Kind::RequestTimeout);
    }
}
