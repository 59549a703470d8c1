//! A client for Piston's v2 API, and for what our own runner adds to it.
//!
//! A run with several inputs is asked for as `cases`. A plain Piston does not
//! know that member, runs the first input and answers without `runs`; the other
//! inputs are then run one call each. So no setting says which kind an endpoint
//! is, and no call is wasted on finding out.

mod inputs;
mod sequential;
mod times;
mod wire;

use http::StatusCode;
use serde_json::Value;
use shared::domain::language::canonical_name;
use shared::domain::stage::MAX_STDERR_BYTES;

use inputs::Inputs;
use times::{CallTimes, TimeLeft, TimeLimits, most_wall_ms};

use super::connection::{Call, EndpointContext, MAX_RESPONSE_BYTES};
use super::endpoint_states::EndpointLanguages;
use super::run::ExecutionClient;
use super::{Execution, ExecutorError, Run, RunLimits};
use crate::limits::{BudgetError, CallReservation, JobBudget};

/// The wall time that our runner gives a compiler, in milliseconds: on a busy machine it
/// waits more than it works.
const COMPILE_MS: u64 = 25_000;
/// The common languages whose programs are not compiled.
const NOT_COMPILED: [&str; 8] = [
    "python",
    "javascript",
    "pypy",
    "ruby",
    "php",
    "perl",
    "bash",
    "lua",
];
/// How long a request may wait in the queue of our runner, in milliseconds, at a
/// job's first two calls: there callers take turns, so that who has little to run is
/// the next.
const LONG_QUEUE_MS: u64 = 2_000;
/// The same at its further calls. A job can wait longer, but asks again: its
/// connection is needed by others.
const SHORT_QUEUE_MS: u64 = 1_000;
/// The time between the beginnings of the first two calls, in milliseconds.
const BUSY_PAUSE_MS: u64 = 1_000;
/// The pause before each further call, in milliseconds.
const LONG_PAUSE_MS: u64 = 2_000;
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
    /// The limits of one run that bear on its time.
    fn time_limits(&self, run: &Run<'_>) -> TimeLimits {
        let EndpointContext { states, id, .. } = &self.context;
        let compiles = !NOT_COMPILED.contains(&canonical_name(run.language));
        TimeLimits {
            cpu_ms: run.limits.time_ms,
            configured_ms: self.context.run_timeout_ms,
            most_wall_ms: states.most_wall_ms(*id, self.context.now_ms()),
            compile_ms: compiles.then(|| self.compile_timeout_ms.unwrap_or(COMPILE_MS)),
            has_allowance: has_allowance(run),
        }
    }

    /// One call with these of the run's inputs, and further ones while the endpoint is
    /// too busy and the job may wait. What it waits is not charged.
    async fn call(
        &self,
        run: &Run<'_>,
        inputs: &Inputs,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<wire::ExecuteResponse, ExecutorError> {
        let mut tries = 0;
        let mut asks_wall = true;
        loop {
            let began_ms = self.context.now_ms();
            let queue_ms = if tries < 2 {
                LONG_QUEUE_MS
            } else {
                SHORT_QUEUE_MS
            };
            let timing = (queue_ms, asks_wall);
            let called = self.call_once(run, inputs, budget, calls, timing).await;
            let now_ms = self.context.now_ms();
            match called {
                Err(ExecutorError::Busy) if budget.may_wait(now_ms) && calls.add_one() => {
                    tries += 1;
                    let waited_ms = now_ms.saturating_sub(began_ms);
                    let pause_ms = if tries < 2 {
                        // Our runner lets a request wait; Piston refuses it at once.
                        BUSY_PAUSE_MS.saturating_sub(waited_ms)
                    } else {
                        LONG_PAUSE_MS
                    };
                    if pause_ms > 0 {
                        budget.pause(pause_ms, self.context.runtime.sleep).await;
                    }
                    budget.extend(self.context.now_ms().saturating_sub(began_ms));
                }
                // It gives less wall time than was asked for. Its own rule fits then, and
                // where CPU time is the reason, it says how much of that it gives.
                Err(ExecutorError::Refused(why)) if asks_wall && why.contains("run_timeout") => {
                    if let Some(most_ms) = most_wall_ms(&why) {
                        let EndpointContext { states, id, .. } = &self.context;
                        states.note_most_wall(*id, now_ms, most_ms);
                    }
                    if !calls.add_one() {
                        // It is known now, and costs no call the next time.
                        return Err(ExecutorError::BudgetExhausted(calls.calls_of_the_job()));
                    }
                    asks_wall = false;
                }
                called => return called,
            }
        }
    }

    async fn call_once(
        &self,
        run: &Run<'_>,
        inputs: &Inputs,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
        (most_queue_ms, asks_wall): (u64, bool),
    ) -> Result<wire::ExecuteResponse, ExecutorError> {
        let _permit = budget.acquire().await;
        let now_ms = self.context.now_ms();
        let (remaining_ms, most_ms) = (budget.remaining_ms(now_ms), budget.most_ms(now_ms));
        let queue_ms = most_queue_ms.min(most_ms / 4);
        let left = TimeLeft {
            remaining_ms,
            most_ms,
            queue_ms,
        };
        let several = inputs.as_cases();
        let times = CallTimes::of(&self.time_limits(run), left, several);
        let run_timeout = asks_wall.then_some(times.run_timeout_ms);
        let stdins = inputs.stdins(run);
        let body = serde_json::to_vec(&wire::Request {
            language: run.language,
            version: "*",
            files: inputs.files(run),
            args: run.arguments(),
            stdin: stdins.first().map_or("", String::as_str),
            cases: several.then(|| inputs.cases(run)),
            stop_at_first_failure: several.then_some(run.stop_at_first_failure),
            cases_timeout: several.then_some(times.cases_timeout_ms),
            queue_timeout: queue_ms,
            queue_age: budget.waited_ms(now_ms),
            run_timeout,
            run_cpu_time: run.limits.time_ms,
            run_memory_limit: run.limits.memory_bytes,
            allowance: has_allowance(run),
            compile_timeout: self.compile_timeout_ms,
            streams: "separate",
            run_output_limit: run.limits.output_bytes,
            run_stderr_limit: 4 * MAX_STDERR_BYTES,
            answer_limit: MAX_RESPONSE_BYTES,
        })
        .map_err(|error| ExecutorError::Refused(format!("The job cannot be sent: {error}.")))?;
        calls.make_one();
        let context = &self.context;
        let call = Call {
            path: "execute",
            query: None,
            caller: run.caller,
            body: Some(body),
            timeout_ms: times.call_ms,
        };
        let exchange = context.connection.exchange(call, context, budget);
        let Some((status, answer)) = exchange.await? else {
            return Ok(wire::ExecuteResponse::too_long());
        };
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ExecutorError::Busy);
        }
        if status != StatusCode::OK {
            let message = answer.get("message").and_then(Value::as_str);
            return Err(ExecutorError::from_status(
                status,
                message.map(str::to_owned),
            ));
        }
        let mut response = wire::execute_response(answer)
            .map_err(|part| ExecutorError::not_in_protocol("Piston", part))?;
        if !response.is_our_runner {
            response.execution.note_syntax_errors(run.language);
        }
        Ok(response)
    }
}

/// Whether the limits of a run are raised by what its language needs to start: those of a
/// problem or a caller are, which are the same for every language.
fn has_allowance(run: &Run<'_>) -> bool {
    run.limits != RunLimits::default()
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
        let now_ms = self.context.now_ms();
        let known_wall_ms = states.most_wall_ms(*id, now_ms);
        let reserve = |calls| {
            budget.reserve(calls).map_err(|error| match error {
                // The call that was refused for its wall time will not be made again.
                BudgetError::NeverEnough { needed, most }
                    if needed <= most + 1 && states.most_wall_ms(*id, now_ms) != known_wall_ms =>
                {
                    ExecutorError::BudgetExhausted(most)
                }
                error => ExecutorError::over_budget(error, cases, WAY),
            })
        };
        let has_files = run.checks.is_some();
        let one_each = (cases < 2 && !has_files) || states.lacks_batching(*id, now_ms);
        let calls = reserve(if one_each { cases as u64 } else { 1 })?;
        let first = if one_each {
            Inputs::one(0)
        } else {
            Inputs::together(cases)
        };
        let response = self.call(run, &first, budget, &calls).await?;
        let mut execution = response.execution;
        if response.knows_cases || (one_each && cases < 2) {
            return Ok(execution);
        }
        if !one_each {
            states.note_no_batching(*id, now_ms);
            if has_files {
                // It ran without the files, which stood in `cases`.
                let again = reserve(1)?;
                let first = self.call(run, &Inputs::one(0), budget, &again).await?;
                execution = first.execution;
            }
        }
        let failed = execution.runs.iter().any(|report| !report.is_success());
        if cases < 2 || execution.runs.is_empty() || (failed && run.stop_at_first_failure) {
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
