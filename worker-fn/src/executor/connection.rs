//! HTTP to one endpoint, whatever its protocol.

use std::rc::Rc;
use std::time::Duration;

use http::StatusCode;
use reqwest::{RequestBuilder, Url};
use serde_json::Value;
use shared::domain::client::CALLER_HEADER;

use super::ExecutorError;
use super::endpoint_states::{EndpointId, EndpointStates};
use crate::config::EndpointConfig;
use crate::runtime::Runtime;

/// An HTTP client for one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    http: reqwest::Client,
    config: EndpointConfig,
}

/// What the client of any kind of endpoint works with.
#[derive(Debug)]
pub(super) struct EndpointContext {
    pub connection: Connection,
    /// `RUN_TIMEOUT_MS`.
    pub run_timeout_ms: Option<u64>,
    pub runtime: Runtime,
    pub id: EndpointId,
    pub states: Rc<EndpointStates>,
}

impl EndpointContext {
    pub(super) fn now_ms(&self) -> u64 {
        (self.runtime.now_ms)()
    }
}

/// A response: its status, and its body, which is JSON or else `null`.
pub(super) type JsonResponse = (StatusCode, Value);

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
    ) -> Result<JsonResponse, ExecutorError> {
        self.send(self.http.get(self.url(path, query)), timeout_ms)
            .await
    }

    /// `POST path?query` with a body of JSON, on behalf of `caller` if one is
    /// given.
    pub(super) async fn post(
        &self,
        path: &str,
        query: Option<&str>,
        caller: Option<&str>,
        body: Vec<u8>,
        timeout_ms: u64,
    ) -> Result<JsonResponse, ExecutorError> {
        let mut request = self
            .http
            .post(self.url(path, query))
            .header("content-type", "application/json")
            .body(body);
        if let Some(caller) = caller {
            request = request.header(CALLER_HEADER, caller);
        }
        self.send(request, timeout_ms).await
    }

    async fn send(
        &self,
        mut request: RequestBuilder,
        timeout_ms: u64,
    ) -> Result<JsonResponse, ExecutorError> {
        if let Some(token) = &self.config.token {
            let header = self.config.token_header.as_str();
            request = if header.eq_ignore_ascii_case("authorization") {
                request.bearer_auth(token.expose())
            } else {
                request.header(header, token.expose())
            };
        }
        // Without the URL: the log needs the cause, not the address.
        let no_response =
            |error: reqwest::Error| ExecutorError::NoResponse(error.without_url().to_string());
        let response = request
            .timeout(Duration::from_millis(timeout_ms.max(1)))
            .send()
            .await
            .map_err(no_response)?;
        let status = response.status();
        let body = response.bytes().await.map_err(no_response)?;
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

/// Takes a member's text out of its object; `None` when it is absent or `null`.
/// Errors: the member's name, when it is of another type.
pub(super) fn text(object: &mut Value, name: &'static str) -> Result<Option<String>, &'static str> {
    match object.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(name),
    }
}

/// A measurement in whole units; some endpoints measure in fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a negative measurement means none"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.round() as u64
}
