//! Large answers, handed to their connections in small pieces. A connection copies what it is handed before it sends: an
//! answer of megabytes would be copied for every reader that is slow to take it, where the bytes themselves are shared.
use super::pace::SLICE;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

struct Slices(Bytes);

/// A body of these bytes.
pub fn body(bytes: Bytes) -> BoxBody {
    if bytes.len() <= SLICE { BoxBody::new(bytes) } else { BoxBody::new(Slices(bytes)) }
}

/// The same body, where it is whole and large in slices.
pub fn of(whole: BoxBody) -> BoxBody {
    match whole.size() {
        BodySize::Sized(length) if length > SLICE as u64 => whole.try_into_bytes().map_or_else(|body| body, body),
        _ => whole,
    }
}

impl MessageBody for Slices {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(SLICE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;

    #[actix_web::test]
    async fn the_bytes_and_their_number_are_the_same() {
        for length in [0, SLICE, SLICE + 1, 3 * SLICE] {
            let bytes = Bytes::from(vec![7; length]);
            let sliced = body(bytes.clone());
            assert_eq!(sliced.size(), BodySize::Sized(length as u64));
            assert_eq!(to_bytes(sliced).await.unwrap(), bytes);
            assert_eq!(body(bytes.clone()).try_into_bytes().unwrap(), bytes);
        }
    }
}
