//! Bodies of responses that hold something until they have been sent.
//!
//! `connections.rs` keeps its connection busy with one, `api.rs` the bytes of an answer
//! counted.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// Bytes that are passed to the connection at once. It takes more only when it has
/// sent most of the earlier ones, so the guard lives about as long as the bytes.
const PIECE_BYTES: usize = 64 << 10;

/// A body that drops its guard after its last frame was taken.
#[derive(Debug)]
pub(crate) struct GuardedBody<B, G> {
    body: B,
    _guard: G,
}

impl<B, G> GuardedBody<B, G> {
    /// `body`, which holds `guard`.
    pub(crate) fn new(body: B, guard: G) -> Self {
        Self {
            body,
            _guard: guard,
        }
    }
}

impl<B: HttpBody + Unpin, G: Unpin> HttpBody for GuardedBody<B, G> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes that are sent in pieces.
struct Pieces(Bytes);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.0.len().min(PIECE_BYTES);
        let piece = self.0.split_to(length);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// A body of these bytes that holds the guard until they have been sent.
pub(crate) fn guarded_bytes(bytes: Vec<u8>, guard: impl Send + Unpin + 'static) -> Body {
    Body::new(GuardedBody::new(Pieces(bytes.into()), guard))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn guarded_bytes_arrive_whole_and_hold_the_guard_until_the_last_piece() {
        let bytes: Vec<u8> = (0..PIECE_BYTES * 2 + 5).map(|n| n as u8).collect();
        let guard = Arc::new(());
        let mut body = guarded_bytes(bytes.clone(), Arc::clone(&guard));
        assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
        let mut received = Vec::new();
        let mut sizes = Vec::new();
        while let Some(frame) =
            std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
        {
            let piece = frame.unwrap().into_data().unwrap();
            sizes.push(piece.len());
            received.extend_from_slice(&piece);
            assert_eq!(Arc::strong_count(&guard), 2);
        }
        assert_eq!(received, bytes);
        assert_eq!(sizes, [PIECE_BYTES, PIECE_BYTES, 5]);
        drop(body);
        assert_eq!(Arc::strong_count(&guard), 1);
    }
}
