//! A client for Piston's v2 API, and for what our own runner adds to it.
//!
//! A run with several inputs is asked for as `cases`. A plain Piston does not
//! know that member, runs the first input and answers without `runs`; the other
//! inputs are then run one call each. So no setting says which kind an endpoint
//! is, and no call is wasted on finding out.

mod inputs;
mod sequential;
mod wire;

use http::StatusCode;
use serde_json::Value;
use shared::domain::language::canonical_name;
use shared::domain::stage::MAX_STDERR_BYTES;

use inputs::Inputs;

use super::connection::{Call, EndpointContext, MAX_RESPONSE_BYTES};
use super::endpoint_states::EndpointLanguages;
use super::run::ExecutionClient;
use super::{Execution, ExecutorError, Run, RunLimits};
use crate::limits::{CallReservation, JobBudget};

/// The time of a run without a limit of its own, in milliseconds: Piston's
/// default.
const DEFAULT_RUN_MS: u64 = 3_000;
/// The time of a call beyond that of its runs, in milliseconds.
const MARGIN_MS: u64 = 1_000;
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

/// The wall time of a run.
struct WallTime {
    /// The limit to ask for; `None` for the endpoint's own rule, which with a limit of
    /// CPU time is three times that and a second on our runner.
    limit_ms: Option<u64>,
    /// How much longer than its limit of CPU time a run can take.
    beyond_cpu_ms: u64,
}

impl WallTime {
    /// CPU time is what a problem limits: on a busy machine a program also waits.
    /// `most_ms` is what the job may take.
    fn of(run: &Run<'_>, configured_ms: Option<u64>, most_ms: u64) -> Self {
        let Some(cpu_ms) = run.limits.time_ms else {
            return Self {
                limit_ms: configured_ms,
                beyond_cpu_ms: 0,
            };
        };
        // With the language's allowance, which is half of it and half a second at most.
        let wall_ms = (3 * cpu_ms + 1_000) * 3 / 2 + 500;
        let most_ms = most_ms.saturating_sub(MARGIN_MS);
        Self {
            limit_ms: (wall_ms > most_ms).then_some(most_ms.max(cpu_ms)),
            beyond_cpu_ms: wall_ms.min(most_ms).saturating_sub(cpu_ms),
        }
    }
}

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

    /// How long a call must be waited for that compiles the code and runs it once, in
    /// milliseconds: one that is given up too early looks like a dead endpoint.
    fn compile_and_run_ms(&self, run: &Run<'_>) -> u64 {
        if NOT_COMPILED.contains(&canonical_name(run.language)) {
            return 0;
        }
        self.compile_timeout_ms.unwrap_or(COMPILE_MS) + self.run_ms(run) + MARGIN_MS
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
                // It allows less wall time than the job has left. Its own rule fits then,
                // and where CPU time is the reason, it says how much of that it gives.
                Err(ExecutorError::Refused(why))
                    if asks_wall
                        && run.limits.time_ms.is_some()
                        && why.contains("run_timeout")
                        && calls.add_one() =>
                {
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
        let wall = WallTime::of(run, self.context.run_timeout_ms, most_ms - queue_ms);
        let run_timeout = wall.limit_ms.filter(|_| asks_wall);
        let stdins = inputs.stdins(run);
        let several = inputs.as_cases();
        let body = serde_json::to_vec(&wire::Request {
            language: run.language,
            version: "*",
            files: inputs.files(run),
            args: inputs::args(run),
            stdin: stdins.first().map_or("", String::as_str),
            cases: several.then(|| inputs.cases(run)),
            stop_at_first_failure: several.then_some(run.stop_at_first_failure),
            cases_timeout: several.then(|| {
                (remaining_ms + queue_ms)
                    .saturating_sub(self.run_ms(run) + MARGIN_MS)
                    .max(1)
            }),
            queue_timeout: queue_ms,
            queue_age: budget.waited_ms(now_ms),
            run_timeout,
            run_cpu_time: run.limits.time_ms,
            run_memory_limit: run.limits.memory_bytes,
            allowance: run.limits != RunLimits::default(),
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
            timeout_ms: (remaining_ms + wall.beyond_cpu_ms)
                .max(self.compile_and_run_ms(run))
                .saturating_add(queue_ms)
                .min(most_ms),
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
