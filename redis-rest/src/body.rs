//! Reading a request's body, up to a limit.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;

/// How long the rest of a refused body is read before the answer is sent
/// anyway.
const DISCARD_WAIT: Duration = Duration::from_secs(5);

/// How much of a refused body is read before the answer is sent anyway, in
/// multiples of the limit.
const DISCARD_LIMITS: usize = 4;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is longer than the limit. The text is Upstash's.
    #[error("ERR max request size exceeded. Limit: {limit} bytes, Actual: {actual} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
        /// What was announced, or what had come when reading stopped, in bytes.
        actual: usize,
    },
    /// The client stopped in the middle.
    #[error("ERR the request body ended early")]
    Broken,
}

/// Reads all of a body.
///
/// Of a body that is too large, the rest is read and thrown away (within
/// reason): many clients send everything before they look for an answer, and
/// would see a broken connection instead of the 413.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if let Some(actual) = announced.filter(|announced| *announced > limit) {
        // Whoever asks before sending has not sent anything yet.
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

/// Throws away what is left of a body; says how many bytes that were.
async fn discard(mut body: Body, limit: usize) -> usize {
    let mut discarded = 0;
    let discarding = async {
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > limit.saturating_mul(DISCARD_LIMITS) {
                break;
            }
        }
    };
    // Out of time is one more reason to stop.
    drop(tokio::time::timeout(DISCARD_WAIT, discarding).await);
    discarded
}
