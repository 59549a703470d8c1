//! Routes and status codes.
//!
//! | call | answer |
//! | --- | --- |
//! | `GET /api/v2/runtimes` | 200, an array of [`RuntimeInfo`] |
//! | `POST /api/v2/execute` | 200, a [`Execution`] |
//! | `GET /healthz` | 200; asks for no token |
//! | `GET /metrics` | 200, Prometheus' text |
//! | `/api/v2/packages` | 403: languages are the operator's business |
//! | a body that is not JSON by its type, nor what `fetch` sends without one | 415 |
//! | a request that makes no sense, or is too large | 400 |
//! | no token, or a wrong one | 401 |
//! | no token configured, and a `Host` that is not this machine | 403 |
//! | anything else | 404, also for a known path with another method |
//! | the queue is full | 429, with `Retry-After` |
//! | our fault | 500 with an empty body |
//!
//! Errors other than 500 have the body `{"message": …}`. Source: Piston's
//! `api/src/index.js` and `api/src/api/v2.js`; 401, 403 and 429 are ours. For
//! malformed JSON Piston answers 400 with a stack trace; here it is a message.

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

use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::execute::{self, ExecuteError};
use crate::metrics::{Metrics, Now};
use crate::probe::Runtimes;
use crate::request::{self, Refusal};
use crate::sandbox::{Cancel, Sandbox};
use crate::slots::{Full, Slots};
use crate::wire::{Execution, Message, RuntimeInfo};

/// What the handlers share.
pub struct App {
    /// How to work.
    pub config: Config,
    /// What can be run.
    pub runtimes: Runtimes,
    /// Where to run.
    pub slots: Slots,
    /// What was done so far.
    pub metrics: Metrics,
    /// What was compiled before.
    pub artifacts: Artifacts,
    /// How programs are held.
    pub sandbox: Box<dyn Sandbox>,
    /// Stops every run.
    pub cancel: Cancel,
}

/// The whole HTTP service, which knows its callers' addresses.
pub fn service(app: Arc<App>) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router(app).into_make_service_with_connect_info::<SocketAddr>()
}

fn router(app: Arc<App>) -> Router {
    let v2 = Router::new()
        .route("/runtimes", get(runtimes).fallback(not_found))
        .route("/execute", post(execute).fallback(not_found))
        .route("/packages", any(packages))
        .fallback(not_found)
        .layer(middleware::from_fn(demand_json))
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

/// What a call fails with.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error(transparent)]
    Refused(#[from] Refusal),
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
    Full(#[from] Full),
    #[error("execution failed")]
    Ours,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = || {
            Json(Message {
                message: self.to_string(),
            })
        };
        match &self {
            Self::Refused(_) => (StatusCode::BAD_REQUEST, message()).into_response(),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, message()).into_response(),
            Self::Unauthorized => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (StatusCode::UNAUTHORIZED, challenge, message()).into_response()
            }
            Self::ForeignHost | Self::NoPackages => {
                (StatusCode::FORBIDDEN, message()).into_response()
            }
            Self::NotFound => (StatusCode::NOT_FOUND, message()).into_response(),
            Self::Full(_) => {
                let later = [(header::RETRY_AFTER, "1")];
                (StatusCode::TOO_MANY_REQUESTS, later, message()).into_response()
            }
            Self::Ours => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
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
    let page = app.metrics.page(Now {
        running: app.slots.running(),
        waiting: app.slots.waiting(),
        artifact_bytes: app.artifacts.bytes(),
    });
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], page).into_response()
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
        // A page on the web can have its own name resolve to 127.0.0.1, and its
        // script would then be of the same origin as this service. Without a
        // token, the name it was called by is all that tells it apart.
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

async fn demand_json(request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let headers = request.headers();
    let kind = headers.get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    // `piston-client` names no type, and this is what JavaScript's `fetch` gives a
    // text then. From a web page it would come without the browser asking first
    // whether it may, so whatever a browser marks as its own is refused.
    let is_nameless = kind.is_some_and(|kind| kind == "text/plain;charset=UTF-8")
        && !headers.contains_key(header::ORIGIN)
        && !headers.contains_key("sec-fetch-site");
    if !reads && !is_json && !is_nameless {
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
) -> Result<Json<Execution>, ApiError> {
    let body = body.map_err(|_| Refusal("request entity too large".to_owned()))?;
    let job = request::parse(&parse_json(&body)?, &app.runtimes, &app.config.stages)?;
    // It has been copied out of; a queue of bodies would be memory for nothing.
    drop(body);

    let arrived = Instant::now();
    let permit = app
        .slots
        .enter(&caller(&app, address, &headers))
        .await
        .inspect_err(|Full| app.metrics.turned_away())?;
    let queued = arrived.elapsed();
    // When the caller goes away, this future is dropped, and with it the guard.
    let cancel = app.cancel.child();
    let mut gone = cancel.on_drop();
    let language = job.runtime.language.name.clone();
    let result = tokio::task::spawn_blocking({
        let app = Arc::clone(&app);
        move || {
            let result =
                execute::execute(&job, arrived, app.sandbox.as_ref(), &app.artifacts, &cancel);
            drop(permit);
            result
        }
    })
    .await;
    gone.disarm();
    match result {
        Ok(Ok(mut execution)) => {
            execution.queue_time = u64::try_from(queued.as_millis()).unwrap_or(u64::MAX);
            app.metrics.executed(&execution);
            log(&execution);
            Ok(Json(execution))
        }
        Ok(Err(ExecuteError::Cancelled)) => {
            app.metrics.cancelled();
            tracing::info!(language, "cancelled");
            Err(ApiError::Ours)
        }
        Err(_) => {
            tracing::error!(language, "panicked");
            Err(ApiError::Ours)
        }
    }
}

/// Whose turn it is in the queue: the address, or what a caller with the token
/// says for whom it calls.
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

/// An empty body is an empty object to Express, which Piston is built on.
fn parse_json(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
        Ok(_) => Err(Refusal("the body must be a JSON object".to_owned())),
        Err(error) => Err(Refusal(format!("the body is not valid JSON: {error}"))),
    }
}

/// One line for each submission. Never its code, input or output.
fn log(execution: &Execution) {
    let run = &execution.run;
    tracing::info!(
        language = execution.language,
        version = execution.version,
        compile_status = execution.compile.as_ref().and_then(|stage| stage.status),
        compile_ms = execution.compile.as_ref().map(|stage| stage.wall_time),
        status = run.status,
        code = run.code,
        signal = run.signal,
        wall_ms = run.wall_time,
        cpu_ms = run.cpu_time,
        memory_bytes = run.memory,
        limit = run.limit,
        runs = execution.runs.as_ref().map(Vec::len),
        queued_ms = execution.queue_time,
        "executed"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
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
}
