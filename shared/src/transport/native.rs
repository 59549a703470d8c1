//! By `reqwest`.

use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header};
use reqwest::RequestBuilder;

use super::error::SendError;

#[derive(Debug)]
pub(super) struct Response {
    response: reqwest::Response,
    timeout_ms: u64,
}

pub(super) async fn send(request: RequestBuilder, timeout_ms: u64) -> Result<Response, SendError> {
    let sent = request.timeout(Duration::from_millis(timeout_ms)).send();
    match sent.await {
        Ok(response) => Ok(Response {
            response,
            timeout_ms,
        }),
        Err(error) => Err(told(&error, timeout_ms)),
    }
}

pub(super) async fn exchange(
    request: RequestBuilder,
    timeout_ms: u64,
) -> Result<(StatusCode, Vec<u8>), SendError> {
    let response = send(request, timeout_ms).await?;
    Ok((response.status(), response.bytes().await?))
}

impl Response {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn declared_length(&self) -> Option<usize> {
        let headers = self.response.headers();
        let length = headers.get(header::CONTENT_LENGTH)?;
        let length = length.to_str().ok()?.parse().ok()?;
        let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
        (!is_encoded).then_some(length)
    }

    pub(super) async fn bytes(self) -> Result<Vec<u8>, SendError> {
        let bytes = self.response.bytes().await;
        let bytes = bytes.map_err(|error| told(&error, self.timeout_ms))?;
        Ok(bytes.into())
    }

    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, SendError> {
        let chunk = self.response.chunk().await;
        chunk.map_err(|error| told(&error, self.timeout_ms))
    }
}

fn told(error: &reqwest::Error, timeout_ms: u64) -> SendError {
    if error.is_timeout() {
        SendError::TimedOut(timeout_ms)
    } else if error.is_body() || error.is_decode() {
        SendError::BODY_CUT_OFF
    } else {
        SendError::NOT_SENT
    }
}
