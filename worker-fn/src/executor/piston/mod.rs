//! A client for Piston's v2 API, and for what our own runner adds to it.
//!
//! A run with several inputs is asked for as `cases`. A plain Piston does not
//! know that member, runs the first input and answers without `runs`; the other
//! inputs are then run one call each. So no setting says which kind an endpoint
//! is, and no call is wasted on finding out.

mod sequential;
mod wire;

use http::StatusCode;
use serde_json::Value;
use shared::domain::stage::MAX_STDERR_BYTES;

use super::connection::{EndpointContext, MAX_RESPONSE_BYTES};
use super::endpoint_states::EndpointLanguages;
use super::run::ExecutionClient;
use super::{Execution, ExecutorError, Run};
use crate::limits::{CallReservation, JobBudget};

/// The time of a run without a limit of its own, in milliseconds: Piston's
/// default.
const DEFAULT_RUN_MS: u64 = 3_000;
/// The time of a call beyond that of its runs, in milliseconds.
const MARGIN_MS: u64 = 1_000;
/// For error texts: how the endpoint takes cases.
const WAY: &str = "one case a call";

/// A client for one endpoint.
#[derive(Debug)]
pub(super) struct Piston {
    pub(super) context: EndpointContext,
    /// `COMPILE_TIMEOUT_MS`.
    pub(super) compile_timeout_ms: Option<u64>,
}

impl Piston {
    /// How long one run may take, in milliseconds.
    fn run_ms(&self, run: &Run<'_>) -> u64 {
        run.limits
            .time_ms
            .or(self.context.run_timeout_ms)
            .unwrap_or(DEFAULT_RUN_MS)
    }

    /// One call with these of the run's inputs.
    async fn call(
        &self,
        run: &Run<'_>,
        stdins: &[String],
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<wire::ExecuteResponse, ExecutorError> {
        let _permit = budget.acquire().await;
        let remaining_ms = budget.remaining_ms(self.context.now_ms());
        let several = stdins.len() > 1;
        let body = serde_json::to_vec(&wire::Request {
            language: run.language,
            version: "*",
            files: [wire::File {
                content: run.source,
            }],
            stdin: stdins.first().map_or("", String::as_str),
            cases: several.then_some(stdins),
            stop_at_first_failure: several.then_some(run.stop_at_first_failure),
            cases_timeout: several.then(|| {
                remaining_ms
                    .saturating_sub(self.run_ms(run) + MARGIN_MS)
                    .max(1)
            }),
            run_timeout: run.limits.time_ms.or(self.context.run_timeout_ms),
            run_cpu_time: run.limits.time_ms,
            run_memory_limit: run.limits.memory_bytes,
            compile_timeout: self.compile_timeout_ms,
            streams: "separate",
            run_output_limit: run.limits.output_bytes,
            run_stderr_limit: 4 * MAX_STDERR_BYTES,
            answer_limit: MAX_RESPONSE_BYTES,
        })
        .map_err(|error| ExecutorError::Refused(format!("The job cannot be sent: {error}.")))?;
        calls.make_one();
        let context = &self.context;
        let exchange =
            context
                .connection
                .exchange("execute", None, run.caller, Some(body), context, budget);
        let Some((status, answer)) = exchange.await? else {
            return Ok(wire::ExecuteResponse::too_long());
        };
        if status != StatusCode::OK {
            let message = answer.get("message").and_then(Value::as_str);
            return Err(ExecutorError::from_status(
                status,
                message.map(str::to_owned),
            ));
        }
        wire::execute_response(answer)
            .map_err(|part| ExecutorError::not_in_protocol("Piston", part))
    }
}

impl ExecutionClient for Piston {
    async fn languages(&self, timeout_ms: u64) -> Result<EndpointLanguages, ExecutorError> {
        let (status, answer) = self
            .context
            .connection
            .get("runtimes", None, timeout_ms)
            .await?;
        if status != StatusCode::OK {
            let code = format!("HTTP {}", status.as_u16());
            return Err(ExecutorError::Unavailable(code));
        }
        wire::languages(answer).map_err(|part| {
            ExecutorError::Unavailable(format!("an answer that is not Piston's, by its {part}"))
        })
    }

    async fn execute(&self, run: &Run<'_>, budget: &JobBudget) -> Result<Execution, ExecutorError> {
        let EndpointContext { states, id, .. } = &self.context;
        let cases = run.stdins.len();
        let reserve = |calls| {
            budget
                .reserve(calls)
                .map_err(|error| ExecutorError::over_budget(error, cases, WAY))
        };
        let now_ms = self.context.now_ms();
        let one_each = cases < 2 || states.lacks_batching(*id, now_ms);
        let calls = reserve(if one_each { cases as u64 } else { 1 })?;
        let first = if one_each {
            &run.stdins[..cases.min(1)]
        } else {
            &run.stdins[..]
        };
        let response = self.call(run, first, budget, &calls).await?;
        let mut execution = response.execution;
        if response.knows_cases || cases < 2 {
            return Ok(execution);
        }
        if !one_each {
            states.note_no_batching(*id, now_ms);
        }
        let failed = execution.runs.iter().any(|report| !report.is_success());
        if execution.runs.is_empty() || (failed && run.stop_at_first_failure) {
            return Ok(execution);
        }
        let calls = if one_each {
            calls
        } else {
            reserve(cases as u64 - 1)?
        };
        self.run_remaining(&mut execution, run, budget, &calls)
            .await?;
        Ok(execution)
    }
}
