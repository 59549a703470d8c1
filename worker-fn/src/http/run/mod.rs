//! `POST /run`: code with an input of the caller's, run at once and stored
//! nowhere. A page's "Run" button, beside "Submit".
//!
//! For a program the input is `stdin`; for a problem that asks for a function,
//! `args`. It does not use the queue, so only submit-fn may call it, which limits
//! its rate.

mod prepare;
mod request;
mod response;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use shared::domain::client::CALLER_HEADER;
use shared::http::{ApiError, Code, response as http_response};
use shared::text::hex;

use crate::config::Config;
use crate::executor::{Endpoints, ExecutorError, PROBE_TIMEOUT_MS, Run};
use crate::instance::Instance;
use crate::limits::{CallCounter, JobBudget};
use crate::runtime::Runtime;
use prepare::PreparedRun;
use request::RunRequest;

/// Runs and answers.
pub(super) async fn run(
    config: &Config,
    runtime: Runtime,
    instance: &Instance,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let caller = request.headers().get(CALLER_HEADER);
    let caller = caller.and_then(|name| name.to_str().ok());
    let request = RunRequest::read(request.body())?;
    let nonce = hex(&(runtime.random)());
    let prepared = PreparedRun::new(config, runtime, instance, &request, nonce).await?;
    let endpoints = Endpoints::new(&config.executor, runtime, instance);
    let deadline_ms = (runtime.now_ms)() + config.executor.timeout_ms;
    let calls = CallCounter::new(config.subrequest_budget);
    let budget = JobBudget::alone(calls.clone(), deadline_ms, instance.memory.clone());
    budget.note_span(instance.span.clone());
    let run = Run {
        language: &request.language,
        source: &prepared.source,
        stdins: vec![prepared.stdin],
        stop_at_first_failure: false,
        limits: prepared.limits,
        caller,
    };
    let mut endpoint = endpoints
        .select(&request.language, &budget)
        .await
        .map_err(refused)?;
    let mut executed = endpoint.execute(&run, &budget).await;
    let is_away = match &executed {
        Err(ExecutorError::Unavailable(_)) => {
            endpoints.eject(endpoint.id);
            true
        }
        // Code that the endpoint does not survive, or that takes too long, must not
        // take the endpoint away from others.
        Err(ExecutorError::NoResponse(_) | ExecutorError::Failed { .. }) => {
            let probe = JobBudget::alone(
                calls,
                (runtime.now_ms)() + PROBE_TIMEOUT_MS,
                instance.memory.clone(),
            );
            let runs = endpoints.probe(endpoint.id, &request.language, &probe);
            runs.await == Some(false)
        }
        _ => false,
    };
    if is_away && endpoints.has_another_for(&request.language, None) {
        endpoint = endpoints
            .select(&request.language, &budget)
            .await
            .map_err(refused)?;
        executed = endpoint.execute(&run, &budget).await;
    }
    let mut body = response::body(executed.map_err(refused)?, prepared.nonce.as_deref());
    body["executor"] = endpoint.name().into();
    Ok(http_response::json(StatusCode::OK, &body))
}

/// The caller can fix what the endpoint refuses, so it is 422, not 502.
fn refused(error: ExecutorError) -> ApiError {
    match error {
        ExecutorError::Refused(why) => ApiError::new(Code::Refused, why),
        error => error.into(),
    }
}
