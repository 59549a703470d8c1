//! Reads a request body up to a limit. `server.rs` calls it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;

/// How long the rest of a body that is too large is read before the response.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of a body that is too large is read before the response, in multiples of
/// the limit.
const MAX_DISCARDED_LIMITS: usize = 4;

/// Why a body cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body is longer than the limit. The text is Upstash's.
    #[error("ERR max request size exceeded. Limit: {limit} bytes, Actual: {actual} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
        /// The announced length, or the bytes received until reading stopped.
        actual: usize,
    },
    /// The client stopped in the middle of the body.
    #[error("ERR the request body ended early")]
    Broken,
}

/// Reads all of a body.
///
/// The rest of a body that is too large is read and discarded, up to a limit of
/// bytes and time: many clients send the whole body before they read the response,
/// and would otherwise see a broken connection instead of the 413.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if let Some(actual) = announced.filter(|announced| *announced > limit) {
        // A client that sends `Expect` waits for the response before the body.
        if !headers.contains_key(header::EXPECT) {
            discard(body, limit).await;
        }
        return Err(BodyError::TooLarge { limit, actual });
    }

    let mut body = body;
    let mut parts = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
            continue;
        };
        if parts.len() + data.len() > limit {
            let actual = parts.len() + data.len() + discard(body, limit).await;
            return Err(BodyError::TooLarge { limit, actual });
        }
        parts.extend_from_slice(&data);
    }
    Ok(parts.into())
}

/// Discards the rest of a body and returns its length in bytes.
async fn discard(mut body: Body, limit: usize) -> usize {
    let mut discarded = 0;
    let discarding = async {
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > limit.saturating_mul(MAX_DISCARDED_LIMITS) {
                break;
            }
        }
    };
    // On a timeout, discarding just stops.
    drop(tokio::time::timeout(DISCARD_TIMEOUT, discarding).await);
    discarded
}
