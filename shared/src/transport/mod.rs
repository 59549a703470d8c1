//! Sending a request that `reqwest` has built: to Redis and to execution endpoints.
//!
//! Natively, where the tests run, `reqwest` sends it. On the edge `reqwest` would send it
//! too, but most of a call's processor time there goes into what nobody reads: the URL
//! parsed a second time, every header of the response copied, a timer with a closure of
//! its own and an exception with a stack trace to end it. So on wasm the request goes to
//! the platform's `fetch` directly, and only what is asked for is taken out of the
//! response. Both sides have the same rules, which are here: how long a call may take,
//! when a body is read whole, and what is said where there is no response.
//!
//! A call follows redirects, as `reqwest` does. A call whose future is dropped before the
//! response began goes on behind it until its time is over; nothing reads it.

mod error;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "wasm32")]
mod web;

pub use error::SendError;
use http::StatusCode;
#[cfg(not(target_arch = "wasm32"))]
use native as platform;
use reqwest::RequestBuilder;
#[cfg(target_arch = "wasm32")]
use web as platform;

/// A response whose head is there.
#[derive(Debug)]
pub struct Response(platform::Response);

/// Sends a request. It may take `timeout_ms`, with the whole body of the response.
pub async fn send(request: RequestBuilder, timeout_ms: u64) -> Result<Response, SendError> {
    platform::send(request, timeout_ms).await.map(Response)
}

/// Sends a request whose response is text and short, and gives its status and its body,
/// however long it is. It may take `timeout_ms` in all. On the edge this costs less than
/// [`send`] and [`Response::bytes`].
pub async fn exchange(
    request: RequestBuilder,
    timeout_ms: u64,
) -> Result<(StatusCode, Vec<u8>), SendError> {
    platform::exchange(request, timeout_ms).await
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// How many bytes the body has, where the response says so. With a
    /// `content-encoding` it does not: the length is then that of the encoded body, and
    /// what comes out of that may be a thousand times as long.
    pub fn declared_length(&self) -> Option<usize> {
        self.0.declared_length()
    }

    /// The whole body, however long it is.
    pub async fn bytes(self) -> Result<Vec<u8>, SendError> {
        self.0.bytes().await
    }

    /// The whole body; `None` if it is longer than `limit`. Where the length is declared,
    /// it is read at once; otherwise piece by piece, and not more than the limit of it.
    pub async fn read(mut self, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        if let Some(length) = self.declared_length() {
            // The connection carries no more than was declared, and less is an error.
            return if length > limit {
                Ok(None)
            } else {
                self.0.bytes().await.map(Some)
            };
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.0.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }
}
