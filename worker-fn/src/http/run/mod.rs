//! `POST /run`: code with an input of the caller's, run at once and stored
//! nowhere. A page's "Run" button, beside "Submit".
//!
//! For a program the input is `stdin`; for a problem that asks for a function or a
//! class, `args`: the arguments, or the calls. Without a problem, `args` are a program's
//! arguments, and `limits` may be given. It does not use the queue, so only submit-fn may
//! call it, which limits
//! its rate.

mod prepare;
mod request;
mod response;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use shared::domain::client::CALLER_HEADER;
use shared::domain::language;
use shared::http::{ApiError, Code, response as http_response};
use shared::text::hex;

use crate::attempt::refusal;
use crate::config::Config;
use crate::executor::{Endpoints, Execution, ExecutorError, PROBE_TIMEOUT_MS, Run};
use crate::instance::Instance;
use crate::limits::{CallCounter, JobBudget};
use crate::runtime::Runtime;
use prepare::PreparedRun;
use request::{RunInput, RunRequest};

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
        files: prepared.program.files(),
        args: &prepared.args,
        stdins: vec![prepared.stdin],
        checks: None,
        stop_at_first_failure: false,
        limits: prepared.limits,
        caller,
    };
    let executed = execute(&run, (&endpoints, &budget), calls, instance, runtime).await;
    let (executed, name) = match executed {
        Ok(executed) => executed,
        Err(error) => {
            // Only now: the lists of languages are not needed for what can be run.
            if let ExecutorError::Refused(_) = error
                && let Ok(offered) = endpoints.languages().await
                && !language::supports(&offered, &request.language)
            {
                let offered = language::names(&offered);
                return Err(language::not_offered(&request.language, &offered).into());
            }
            return Err(refused(error, &request));
        }
    };
    let body = response::body(executed, prepared.called.as_ref(), name);
    Ok(http_response::raw_json(StatusCode::OK, body.into_bytes()))
}

/// Runs, at another endpoint where the first one is away. With the endpoint's name.
async fn execute<'e>(
    run: &Run<'_>,
    (endpoints, budget): (&'e Endpoints, &JobBudget),
    calls: CallCounter,
    instance: &Instance,
    runtime: Runtime,
) -> Result<(Execution, &'e str), ExecutorError> {
    let mut endpoint = endpoints.select(run.language, budget).await?;
    let mut executed = endpoint.execute(run, budget).await;
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
            let runs = endpoints.probe(endpoint.id, run.language, &probe);
            runs.await == Some(false)
        }
        _ => false,
    };
    if is_away && endpoints.has_another_for(run.language, None) {
        endpoint = endpoints.select(run.language, budget).await?;
        executed = endpoint.execute(run, budget).await;
    }
    Ok((executed?, endpoint.name()))
}

/// The caller can fix what the endpoint refuses, so it is 422, not 502.
fn refused(error: ExecutorError, request: &RunRequest) -> ApiError {
    match (&error, &request.input) {
        (ExecutorError::LimitTooHigh { field, .. }, RunInput::Own(_)) => {
            ApiError::invalid(*field, error.to_string())
        }
        (ExecutorError::LimitTooHigh { .. } | ExecutorError::Refused(_), _) => {
            ApiError::new(Code::Refused, refusal(&error))
        }
        _ => error.into(),
    }
}
