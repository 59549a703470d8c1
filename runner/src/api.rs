//! Routes, status codes, and who may call.
//!
//! | request | response |
//! | --- | --- |
//! | `GET /api/v2/runtimes` | 200, an array of [`RuntimeInfo`] |
//! | `POST /api/v2/execute` | 200, an [`ExecuteResponse`] |
//! | `GET /healthz` | 200; needs no token |
//! | `GET /metrics` | 200, Prometheus' text format |
//! | `/api/v2/packages` | 403: the operator installs languages |
//! | a content type other than JSON, or than `fetch`'s default | 415 |
//! | an invalid request, or one that is too large | 400 |
//! | no token, or a wrong one | 401 |
//! | no token configured, and a `Host` that is not this machine | 403 |
//! | anything else, also a known path with another method | 404 |
//! | the queue is full | 429, with `Retry-After` |
//! | a failure of the runner | 500 with an empty body |
//!
//! Errors other than 500 have the body `{"message": …}`. Source: Piston's
//! `api/src/index.js` and `api/src/api/v2.js`. Piston has no 401, 403 and 429, and
//! answers malformed JSON with 400 and a stack trace instead of a message.
//!
//! What a submission is, is checked in `request.rs`; how it runs, in `execute.rs`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use crate::artifacts::ArtifactCache;
use crate::config::Config;
use crate::execute::{self, ExecuteError};
use crate::invalid_request::InvalidRequest;
use crate::metrics::{Gauges, Metrics};
use crate::probe::Runtimes;
use crate::request;
use crate::sandbox::{Cancel, Sandbox};
use crate::slots::{QueueFull, Slots};
use crate::wire::{ExecuteResponse, Message, RuntimeInfo};

/// The state that all handlers share.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The languages of this machine.
    pub runtimes: Runtimes,
    /// The slots that submissions run in.
    pub slots: Slots,
    /// Counters since the start.
    pub metrics: Metrics,
    /// Compiled programs.
    pub artifacts: ArtifactCache,
    /// The sandbox that runs programs.
    pub sandbox: Box<dyn Sandbox>,
    /// Stops every run.
    pub cancel: Cancel,
}

/// The whole HTTP service. Its handlers see the callers' addresses.
pub fn service(app: Arc<App>) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router(app).into_make_service_with_connect_info::<SocketAddr>()
}

fn router(app: Arc<App>) -> Router {
    let v2 = Router::new()
        .route("/runtimes", get(runtimes).fallback(not_found))
        .route("/execute", post(execute).fallback(not_found))
        .route("/packages", any(packages))
        .fallback(not_found)
        .layer(middleware::from_fn(require_json))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            check_caller,
        ));
    let metrics = get(metrics)
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            check_caller,
        ));
    Router::new()
        .route("/", get(root).fallback(not_found))
        .route("/healthz", get(healthz).fallback(not_found))
        .route("/metrics", metrics)
        .nest("/api/v2", v2)
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(app.config.max_body_bytes))
        .with_state(app)
}

/// An error response.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error(transparent)]
    InvalidRequest(#[from] InvalidRequest),
    #[error("requests must be of type application/json")]
    NotJson,
    #[error("a valid bearer token is required")]
    Unauthorized,
    #[error("call this by a loopback address or localhost, or set a token")]
    ForeignHost,
    #[error("packages are installed by this machine's operator, not over the network")]
    NoPackages,
    #[error("Not Found")]
    NotFound,
    #[error(transparent)]
    QueueFull(#[from] QueueFull),
    #[error("execution failed")]
    Internal,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = || {
            Json(Message {
                message: self.to_string(),
            })
        };
        match &self {
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, message()).into_response(),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, message()).into_response(),
            Self::Unauthorized => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (StatusCode::UNAUTHORIZED, challenge, message()).into_response()
            }
            Self::ForeignHost | Self::NoPackages => {
                (StatusCode::FORBIDDEN, message()).into_response()
            }
            Self::NotFound => (StatusCode::NOT_FOUND, message()).into_response(),
            Self::QueueFull(_) => {
                let retry_after_s = [(header::RETRY_AFTER, "1")];
                (StatusCode::TOO_MANY_REQUESTS, retry_after_s, message()).into_response()
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

async fn not_found() -> ApiError {
    ApiError::NotFound
}

async fn packages() -> ApiError {
    ApiError::NoPackages
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let page = app.metrics.render(Gauges {
        running: app.slots.running(),
        waiting: app.slots.waiting(),
        artifact_bytes: app.artifacts.bytes(),
    });
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], page).into_response()
}

async fn root() -> Json<Message> {
    Json(Message {
        message: concat!("edgejudge runner v", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

async fn healthz(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "sandbox": app.sandbox.tier().as_str(),
        "runtimes": app.runtimes.0.len(),
        "running": app.slots.running(),
        "waiting": app.slots.waiting(),
    }))
}

async fn check_caller(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    match &app.config.token {
        Some(token) if !bearer(headers).is_some_and(|given| token.matches(given)) => {
            return ApiError::Unauthorized.into_response();
        }
        // DNS rebinding: a web page can have its own name resolve to 127.0.0.1, and
        // its script then has the origin of this service. Without a token, only the
        // name in `Host` distinguishes such a call.
        None if !headers
            .get(header::HOST)
            .is_none_or(|host| is_this_machine(host.as_bytes())) =>
        {
            return ApiError::ForeignHost.into_response();
        }
        _ => {}
    }
    next.run(request).await
}

/// Whether a `Host` header names loopback.
fn is_this_machine(host: &[u8]) -> bool {
    let Ok(host) = str::from_utf8(host) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The token of an `Authorization: Bearer` header; the scheme in any case.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

async fn require_json(request: Request, next: Next) -> Response {
    let has_no_body = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let headers = request.headers();
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_json =
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    // `piston-client` sets no type, and JavaScript's `fetch` then sends this one for
    // a text. A browser sends it to other origins without a CORS preflight, so a
    // request that a browser has marked is refused.
    let is_default_of_fetch = content_type.is_some_and(|value| value == "text/plain;charset=UTF-8")
        && !headers.contains_key(header::ORIGIN)
        && !headers.contains_key("sec-fetch-site");
    if !has_no_body && !is_json && !is_default_of_fetch {
        return ApiError::NotJson.into_response();
    }
    next.run(request).await
}

async fn runtimes(State(app): State<Arc<App>>) -> Response {
    let list: Vec<_> = app
        .runtimes
        .0
        .iter()
        .map(|runtime| RuntimeInfo {
            language: &runtime.language.name,
            version: runtime.version.to_string(),
            aliases: &runtime.language.aliases,
            runtime: runtime.language.runtime.as_deref(),
        })
        .collect();
    Json(list).into_response()
}

async fn execute(
    State(app): State<Arc<App>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ExecuteResponse>, ApiError> {
    let body = body.map_err(|_| InvalidRequest("request entity too large".to_owned()))?;
    let submission = request::parse(&parse_json(&body)?, &app.runtimes, &app.config.limits)?;
    // The submission is a copy; waiting in the queue must not hold both.
    drop(body);

    let arrived = Instant::now();
    let permit = app
        .slots
        .acquire(&caller(&app, address, &headers))
        .await
        .inspect_err(|QueueFull| app.metrics.rejected())?;
    let queued = arrived.elapsed();
    // When the client disconnects, this future is dropped, and with it the guard.
    let cancel = app.cancel.child();
    let mut disconnected = cancel.on_drop();
    let language = submission.runtime.language.name.clone();
    let result = tokio::task::spawn_blocking({
        let app = Arc::clone(&app);
        move || {
            let sandbox = app.sandbox.as_ref();
            let result = execute::execute(&submission, arrived, sandbox, &app.artifacts, &cancel);
            drop(permit);
            result
        }
    })
    .await;
    disconnected.disarm();
    match result {
        Ok(Ok(mut response)) => {
            response.queue_time = u64::try_from(queued.as_millis()).unwrap_or(u64::MAX);
            app.metrics.executed(&response);
            log(&response);
            Ok(Json(response))
        }
        Ok(Err(ExecuteError::Cancelled)) => {
            app.metrics.cancelled();
            tracing::info!(language, "cancelled");
            Err(ApiError::Internal)
        }
        Err(_) => {
            tracing::error!(language, "panicked");
            Err(ApiError::Internal)
        }
    }
}

/// The name under which the queue counts the caller: its address, and if it has the
/// token, the value of `X-Caller` as well.
fn caller(app: &App, address: SocketAddr, headers: &HeaderMap) -> String {
    let named = headers
        .get("x-caller")
        .and_then(|name| name.to_str().ok())
        .filter(|name| app.config.token.is_some() && name.len() <= 100);
    let address = address.ip();
    match named {
        Some(name) => format!("{address} {name}"),
        None => address.to_string(),
    }
}

/// Parses a body. Piston's framework Express treats an empty one as an empty object.
fn parse_json(body: &[u8]) -> Result<Value, InvalidRequest> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
        Ok(_) => Err(InvalidRequest("the body must be a JSON object".to_owned())),
        Err(error) => Err(InvalidRequest(format!(
            "the body is not valid JSON: {error}"
        ))),
    }
}

/// Logs one line per submission, without its code, input or output.
fn log(response: &ExecuteResponse) {
    let run = &response.run;
    tracing::info!(
        language = response.language,
        version = response.version,
        compile_status = response.compile.as_ref().and_then(|stage| stage.status),
        compile_ms = response.compile.as_ref().map(|stage| stage.wall_time),
        status = run.status,
        code = run.code,
        signal = run.signal,
        wall_ms = run.wall_time,
        cpu_ms = run.cpu_time,
        memory_bytes = run.memory,
        limit = run.limit,
        runs = response.runs.as_ref().map(Vec::len),
        queued_ms = response.queue_time,
        "executed"
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_oneof};

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn host_header_must_name_this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:2000",
            "127.0.0.1:2000",
            "127.8.8.8",
            "[::1]:2000",
            "[::1]",
            "runner.localhost:1",
        ] {
            assert!(is_this_machine(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:2000",
            "localhost.evil.example",
            "192.168.1.1",
            "[::]:2000",
            "127.0.0.1.evil.example",
            "notlocalhost",
        ] {
            assert!(!is_this_machine(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn fuzz_parse_json_accepts_objects_and_arrays_only() {
        let bodies = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[\\[\\]{}:,\"0-9a-z ]{0,30}".prop_map(String::into_bytes),
            // Deeper than the parser's stack allows.
            (0..3000_usize).prop_map(|depth| "[".repeat(depth).into_bytes()),
        ];
        fuzz(&bodies, |body| {
            match parse_json(&body) {
                Ok(value) => prop_assert!(value.is_object() || value.is_array()),
                Err(InvalidRequest(message)) => prop_assert!(message.starts_with("the body ")),
            }
            Ok(())
        });
    }

    #[test]
    fn fuzz_host_header_of_a_foreign_name_is_refused() {
        let hosts = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..30),
            "(localhost|127[.]0[.]0[.]1|[\\[\\]]|::1|[a-z.]{0,5}){0,3}(:[0-9]{0,5})?"
                .prop_map(String::into_bytes),
        ];
        fuzz(&hosts, |mut host| {
            is_this_machine(&host);
            host.extend(b".evil.example");
            prop_assert!(!is_this_machine(&host));
            host.extend(b":2000");
            prop_assert!(!is_this_machine(&host));
            Ok(())
        });
    }
}
