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
//! | the queue is full, or its submissions are too large together | 429, with `Retry-After` |
//! | a body that takes longer than a minute | 408 |
//! | a program cannot be started for want of descriptors, memory or processes; a shutdown | 503, with `Retry-After` |
//! | a mistake in the runner | 500 with an empty body |
//!
//! Errors other than 500 have the body `{"message": …}`. Source: Piston's
//! `api/src/index.js` and `api/src/api/v2.js`. Piston has no 401, 403, 408, 429 and
//! 503, and answers malformed JSON with 400 and a stack trace instead of a message.
//!
//! Who may call is checked in `caller.rs`, what a submission is in `request.rs`; how it
//! runs, in `execute.rs`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::api_error::ApiError;
use crate::app::App;
use crate::caller::{caller, check_caller};
use crate::execute::{self, ExecuteError};
use crate::guarded_body::guarded_bytes;
use crate::invalid_request::InvalidRequest;
use crate::json::parse_members;
use crate::memory::Reserved;
use crate::metrics::Gauges;
use crate::request::{self, Submission};
use crate::sandbox::{Cancel, Sandbox};
use crate::slots::QueueFull;
use crate::trace::trace_id;
use crate::wire::{ExecuteResponse, Message, RuntimeInfo};

/// The whole HTTP service. Its requests must have a [`ConnectInfo`].
pub fn router(app: Arc<App>) -> Router {
    let runtimes = get(runtimes).fallback(not_found);
    let execute = post(execute).fallback(not_found);
    // Express, with which Piston serves, ignores a slash at the end, and some clients
    // send it.
    let v2 = Router::new()
        .route("/runtimes", runtimes.clone())
        .route("/runtimes/", runtimes)
        .route("/execute", execute.clone())
        .route("/execute/", execute)
        .route("/packages", any(packages))
        .route("/packages/", any(packages))
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
        .with_state(app)
}

/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

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
        warm: app.sandbox.status(),
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
    let warm = app.sandbox.status();
    Json(json!({
        "status": "ok",
        "sandbox": app.sandbox.tier().as_str(),
        "runtimes": app.runtimes.0.len(),
        "running": app.slots.running(),
        "waiting": app.slots.waiting(),
        "warm": {"waiting": warm.waiting, "wanted": warm.wanted, "memory": warm.memory_bytes},
    }))
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
            allowance: runtime.language.allowance,
        })
        .collect();
    Json(list).into_response()
}

async fn execute(
    State(app): State<Arc<App>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = caller(address, request.headers());
    let trace = trace_id(request.headers());
    let (submission, memory) = receive(&app, request).await?;
    let arrived = Instant::now();
    let slot = app.slots.acquire(&caller, submission.queue_age);
    let slot = match submission.queue_timeout {
        None => slot.await,
        // As if the queue were full: the caller may come again, or go elsewhere.
        Some(at_most) => timeout(at_most, slot).await.unwrap_or(Err(QueueFull)),
    };
    let permit = slot.inspect_err(|QueueFull| app.metrics.rejected())?;
    let queued = arrived.elapsed();
    // When the client disconnects, this future is dropped, and with it the guard.
    let cancel = app.cancel.child();
    let mut disconnected = cancel.on_drop();
    let language = submission.runtime.language.name.clone();
    let result = tokio::task::spawn_blocking({
        let app = Arc::clone(&app);
        move || {
            let answer = answer(
                &app,
                &submission,
                arrived,
                queued,
                trace.as_deref(),
                &cancel,
            );
            // Here, not above: the run goes on after its client has disconnected.
            drop((submission, memory));
            (answer, permit)
        }
    })
    .await;
    disconnected.disarm();
    match result {
        Ok((Ok(answer), permit)) => {
            // The slot stays taken until the answer has room: otherwise clients that
            // read slowly would fill the memory with answers.
            let unsent = app.answers.reserve(answer.len()).await;
            drop(permit);
            let headers = [(header::CONTENT_TYPE, "application/json")];
            Ok((headers, guarded_bytes(answer, unsent)).into_response())
        }
        Ok((Err(AnswerError::Execute(error)), _)) => {
            if matches!(error, ExecuteError::Cancelled) {
                app.metrics.cancelled();
                tracing::info!(language, "cancelled");
            } else {
                app.metrics.unavailable();
            }
            Err(ApiError::Unavailable(error))
        }
        Ok((Err(AnswerError::Json(error)), _)) => {
            tracing::error!(language, %error, "the response cannot be written");
            Err(ApiError::Internal)
        }
        Err(_) => {
            tracing::error!(language, "panicked");
            Err(ApiError::Internal)
        }
    }
}

/// Receives a request's body, within the memory and the time that bodies may take.
/// Returns the memory that the submission holds.
async fn receive(app: &App, request: Request) -> Result<(Submission, Reserved), ApiError> {
    let too_large = || InvalidRequest("request entity too large".to_owned());
    let most = app.config.max_body_bytes;
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > most) {
        return Err(too_large().into());
    }
    let Some(memory) = app.requests.try_reserve(length.unwrap_or(most)) else {
        app.metrics.rejected();
        return Err(ApiError::TooManyBytes);
    };
    let body = axum::body::to_bytes(request.into_body(), most);
    let body = timeout(BODY_TIMEOUT, body)
        .await
        .map_err(|_| ApiError::SlowBody)?
        .map_err(|_| too_large())?;
    // The submission is a copy of the body, which is dropped here.
    let submission = request::parse(&parse_json(&body)?, &app.runtimes, &app.config.limits)?;
    Ok((submission, memory))
}

/// Why there is no answer.
enum AnswerError {
    Execute(ExecuteError),
    Json(serde_json::Error),
}

/// Executes the submission, counts and logs it. Returns the response as JSON.
fn answer(
    app: &App,
    submission: &Submission,
    arrived: Instant,
    queued: Duration,
    trace: Option<&str>,
    cancel: &Cancel,
) -> Result<Vec<u8>, AnswerError> {
    let mut response = execute::execute(submission, arrived, &app.sandbox, &app.artifacts, cancel)
        .map_err(AnswerError::Execute)?;
    response.queue_time = u64::try_from(queued.as_millis()).unwrap_or(u64::MAX);
    app.metrics.executed(&response);
    log(&response, trace);
    let mut json = serde_json::to_vec(&response).map_err(AnswerError::Json)?;
    json.shrink_to_fit();
    Ok(json)
}

/// Parses a body. Piston's framework Express treats an empty one as an empty object.
fn parse_json(body: &[u8]) -> Result<Value, InvalidRequest> {
    let body = if body.is_empty() { b"{}" } else { body };
    parse_members(body, request::MEMBERS).map_err(|error| {
        InvalidRequest(
            if error.is_data() && error.to_string().contains("expected an object") {
                "the body must be a JSON object".to_owned()
            } else {
                format!("the body is not valid JSON: {error}")
            },
        )
    })
}

/// Logs one line per submission, without its code, input or output.
fn log(response: &ExecuteResponse, trace: Option<&str>) {
    let run = response.deciding_stage();
    tracing::info!(
        language = response.language,
        version = response.version,
        compile_status = response.compile.as_ref().and_then(|stage| stage.status),
        compile_ms = response.compile.as_ref().map(|stage| stage.wall_time),
        status = run.and_then(|run| run.status),
        code = run.and_then(|run| run.code),
        signal = run.and_then(|run| run.signal),
        wall_ms = run.map(|run| run.wall_time),
        cpu_ms = run.map(|run| run.cpu_time),
        memory_bytes = run.map(|run| run.memory),
        limit = run.and_then(|run| run.limit),
        runs = response.runs.as_ref().map(Vec::len),
        queued_ms = response.queue_time,
        trace,
        "executed"
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_oneof};

    use super::*;
    use fuzz::fuzz;

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
}
