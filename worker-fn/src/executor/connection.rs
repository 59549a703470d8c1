//! HTTP to one endpoint, whatever its protocol.
//!
//! An endpoint answers with what a hostile program printed. So a response is read
//! piece by piece and only up to a limit, and only while the instance has memory
//! for it; and it becomes a tree of values only if that stays small beside its
//! text.

use std::rc::Rc;

use http::StatusCode;
use reqwest::{RequestBuilder, Url};
use serde_json::Value;
use shared::domain::client::CALLER_HEADER;
use shared::json::Json;
use shared::trace::{Span, TRACEPARENT};
use shared::transport::{self, Response, SendError};

use super::ExecutorError;
use super::endpoint_states::{EndpointId, EndpointStates};
use crate::config::EndpointConfig;
use crate::limits::JobBudget;
use crate::runtime::Runtime;

/// The longest response to a run that is read, in bytes: twice the most that a
/// problem's limit on output may allow, because escapes make it longer.
pub(super) const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// The longest list of languages that is read, in bytes.
const MAX_LIST_BYTES: usize = 256 * 1024;
/// The most objects in a response: a thousand cases with room to spare. Each takes
/// about 600 bytes as a tree of values.
const MAX_OBJECTS: usize = 5_000;
/// The most values in a response. Each takes 24 bytes.
const MAX_VALUES: usize = 100_000;

/// An HTTP client for one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    http: reqwest::Client,
    config: EndpointConfig,
    /// The request or drain that it works for.
    span: Option<Span>,
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

/// A call for a run.
pub(super) struct Call<'a> {
    /// Below the endpoint's URL.
    pub path: &'a str,
    /// The query, if there is one.
    pub query: Option<&'a str>,
    /// On whose behalf it is made.
    pub caller: Option<&'a str>,
    /// JSON, for `POST`; `None` for `GET`.
    pub body: Option<Vec<u8>>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Connection {
    pub(super) fn new(config: EndpointConfig, span: Option<Span>) -> Self {
        Self {
            http: reqwest::Client::new(),
            config,
            span,
        }
    }

    /// `GET path?query`, waiting `timeout_ms` at most: for lists of languages.
    pub(super) async fn get(
        &self,
        path: &str,
        query: Option<&str>,
        timeout_ms: u64,
    ) -> Result<JsonResponse, ExecutorError> {
        let request = self.http.get(self.url(path, query));
        let trace = self.span.as_ref().map(Span::next_traceparent);
        let (status, response) = self.send(request, trace, timeout_ms).await?;
        let body = response.read(MAX_LIST_BYTES).await.map_err(no_response)?;
        Ok((status, body.map(|body| tree(&body)).unwrap_or_default()))
    }

    /// Makes a call for a run. `None`: the response is longer than
    /// [`MAX_RESPONSE_BYTES`]. Its memory is reserved until `budget` releases it.
    pub(super) async fn exchange(
        &self,
        call: Call<'_>,
        context: &EndpointContext,
        budget: &JobBudget,
    ) -> Result<Option<JsonResponse>, ExecutorError> {
        let url = self.url(call.path, call.query);
        let mut request = match call.body {
            None => self.http.get(url),
            Some(body) => self
                .http
                .post(url)
                .header("content-type", "application/json")
                .body(body),
        };
        if let Some(caller) = call.caller {
            request = request.header(CALLER_HEADER, caller);
        }
        // A probe that a drain makes between jobs is in none's trace.
        let own = || self.span.as_ref().map(Span::next_traceparent);
        let trace = budget.next_traceparent().or_else(own);
        let (status, response) = self.send(request, trace, call.timeout_ms).await?;
        // Its text, and as much again that is read out of it.
        let declared = response.declared_length();
        let bytes = declared.unwrap_or(MAX_RESPONSE_BYTES);
        if bytes > MAX_RESPONSE_BYTES {
            return Ok(None);
        }
        let responses = &budget.memory().responses;
        let left_ms = budget.most_ms(context.now_ms());
        let Some(memory) = responses
            .reserve(2 * bytes, context.runtime.sleep, left_ms)
            .await
        else {
            return Err(ExecutorError::BudgetExhausted(1));
        };
        budget.hold_response(memory);
        let body = response.read(MAX_RESPONSE_BYTES).await;
        let body = body.map_err(no_response)?;
        Ok(body.map(|body| (status, tree(&body))))
    }

    async fn send(
        &self,
        mut request: RequestBuilder,
        trace: Option<String>,
        timeout_ms: u64,
    ) -> Result<(StatusCode, Response), ExecutorError> {
        if let Some(trace) = trace {
            request = request.header(TRACEPARENT, trace);
        }
        if let Some(token) = &self.config.token {
            let header = self.config.token_header.as_str();
            request = if header.eq_ignore_ascii_case("authorization") {
                request.bearer_auth(token.expose())
            } else {
                request.header(header, token.expose())
            };
        }
        let response = transport::send(request, timeout_ms.max(1))
            .await
            .map_err(no_response)?;
        Ok((response.status(), response))
    }

    fn url(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.config.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url.set_query(query);
        url
    }
}

fn no_response(error: SendError) -> ExecutorError {
    ExecutorError::NoResponse(error.to_string())
}

/// A body as a value; `null` if it is not JSON, or if it would become too large.
fn tree(body: &[u8]) -> Value {
    let fits = |json: &Json<'_>| {
        let (values, objects) = json.size();
        values <= MAX_VALUES && objects <= MAX_OBJECTS
    };
    match Json::parse(body).ok().filter(fits) {
        Some(json) => serde_json::from_str(json.as_str()).unwrap_or_default(),
        None => Value::Null,
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
