//! HTTP to one endpoint, whatever it speaks.

use std::time::Duration;

use http::StatusCode;
use reqwest::{RequestBuilder, Url};
use serde_json::Value;

use super::{ExecutorError, lost, unavailable};
use crate::config::EndpointConfig;

/// A client for one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    http: reqwest::Client,
    config: EndpointConfig,
}

/// An answer: a status, and a body that is JSON or else `null`.
pub(super) type Answer = (StatusCode, Value);

impl Connection {
    pub(super) fn new(config: EndpointConfig) -> Self {
        Self {
            http: reqwest::Client::new(),
            config,
        }
    }

    /// `GET path?query`, waiting `timeout_ms` at most.
    pub(super) async fn get(
        &self,
        path: &str,
        query: Option<&str>,
        timeout_ms: u64,
    ) -> Result<Answer, ExecutorError> {
        self.send(self.http.get(self.url(path, query)), timeout_ms)
            .await
    }

    /// `POST path?query` with a body of JSON.
    pub(super) async fn post(
        &self,
        path: &str,
        query: Option<&str>,
        body: Vec<u8>,
        timeout_ms: u64,
    ) -> Result<Answer, ExecutorError> {
        let request = self
            .http
            .post(self.url(path, query))
            .header("content-type", "application/json")
            .body(body);
        self.send(request, timeout_ms).await
    }

    async fn send(
        &self,
        mut request: RequestBuilder,
        timeout_ms: u64,
    ) -> Result<Answer, ExecutorError> {
        if let Some(token) = &self.config.token {
            let header = self.config.token_header.as_str();
            request = if header.eq_ignore_ascii_case("authorization") {
                request.bearer_auth(token.expose())
            } else {
                request.header(header, token.expose())
            };
        }
        // The log needs the cause, not the address.
        let no_answer = |error: reqwest::Error| lost(error.without_url().to_string());
        let response = request
            .timeout(Duration::from_millis(timeout_ms.max(1)))
            .send()
            .await
            .map_err(no_answer)?;
        let status = response.status();
        let body = response.bytes().await.map_err(no_answer)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn url(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.config.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url.set_query(query);
        url
    }
}

/// What an answer that brings no result means. `said` is what the endpoint says
/// about itself, if it says anything.
pub(super) fn failure(status: StatusCode, said: Option<String>) -> ExecutorError {
    let code = || format!("HTTP {}", status.as_u16());
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNPROCESSABLE_ENTITY => ExecutorError::Refused(format!(
            "The execution endpoint refused the job: {}",
            said.unwrap_or_else(|| status.to_string())
        )),
        StatusCode::INTERNAL_SERVER_ERROR => ExecutorError::Failed(code()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => unavailable(code()),
        // A proxy before the endpoint may say this for an endpoint that is
        // away, or for this job alone; a look tells.
        _ => lost(code()),
    }
}

/// The text of a member, taken out of its object; `None` when it is absent or
/// `null`. Errors: the member's name, when it is something else.
pub(super) fn text(object: &mut Value, name: &'static str) -> Result<Option<String>, &'static str> {
    match object.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(name),
    }
}

/// Some endpoints measure in fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a negative measurement means none"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.round() as u64
}
