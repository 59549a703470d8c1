//! A client for Piston's v2 API, and for what our own runner adds to it.
//!
//! A run with several inputs is asked for as `cases`. A plain Piston does not
//! know that field, runs the first input and answers without `runs`; the others
//! are then run one call each. So nobody has to say which kind it is, and no call
//! is wasted on finding out.

mod wire;

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;
use http::StatusCode;
use serde_json::Value;

use super::allowance::Calls;
use super::connection::{Connection, failure};
use super::gate::side_by_side;
use super::memory::{List, Memory};
use super::{Allowance, Endpoint, Execution, ExecutorError, Run, StageReport, lost, unavailable};
use crate::budget::MAX_IN_FLIGHT;
use crate::config::ExecutorConfig;
use crate::surroundings::Surroundings;

/// How long a run may take where nobody says so, in milliseconds: Piston's own
/// default.
const USUAL_RUN_MS: u64 = 3_000;
/// What a call takes beside its runs, in milliseconds.
const MARGIN_MS: u64 = 1_000;

/// A client for one endpoint.
#[derive(Debug)]
pub(super) struct Piston {
    connection: Connection,
    run_timeout_ms: Option<u64>,
    compile_timeout_ms: Option<u64>,
    surroundings: Surroundings,
    /// Where it stands among the endpoints.
    at: usize,
    memory: &'static Memory,
}

impl Piston {
    /// A client for the endpoint at place `at` of `config`.
    pub(super) fn new(
        config: &ExecutorConfig,
        at: usize,
        surroundings: Surroundings,
        memory: &'static Memory,
    ) -> Self {
        Self {
            connection: Connection::new(config.endpoints[at].clone()),
            run_timeout_ms: config.run_timeout_ms,
            compile_timeout_ms: config.compile_timeout_ms,
            surroundings,
            at,
            memory,
        }
    }

    /// How long one run may take, in milliseconds.
    fn run_ms(&self, run: &Run<'_>) -> u64 {
        run.limits
            .time_ms
            .or(self.run_timeout_ms)
            .unwrap_or(USUAL_RUN_MS)
    }

    /// One call: with one input, or with all of them.
    async fn call(
        &self,
        run: &Run<'_>,
        stdins: &[String],
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) -> Result<wire::Answer, ExecutorError> {
        let _place = allowance.enter().await;
        let remaining_ms = allowance.remaining_ms((self.surroundings.now_ms)());
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
            run_timeout: run.limits.time_ms.or(self.run_timeout_ms),
            run_cpu_time: run.limits.time_ms,
            run_memory_limit: run.limits.memory_bytes,
            compile_timeout: self.compile_timeout_ms,
        })
        .map_err(|error| ExecutorError::Refused(format!("The job cannot be sent: {error}.")))?;
        calls.make_one();
        let (status, answer) = self
            .connection
            .post("execute", None, body, remaining_ms)
            .await?;
        if status != StatusCode::OK {
            let said = answer.get("message").and_then(Value::as_str);
            return Err(failure(status, said.map(str::to_owned)));
        }
        wire::answer(answer)
            .map_err(|what| lost(format!("an answer that is not Piston's, by its {what}")))
    }

    /// Runs the inputs after the first, one call each, on an endpoint that cannot
    /// do more. Ends early when the time does, or when the endpoint has enough of
    /// us: what is known by then is worth more than doing it all again.
    async fn go_on_singly(
        &self,
        execution: &mut Execution,
        run: &Run<'_>,
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) -> Result<(), ExecutorError> {
        let cases = run.stdins.len();
        let singly = Singly {
            next: Cell::new(1),
            end: Cell::new(cases),
            reports: RefCell::new((0..cases).map(|_| None).collect()),
            error: Cell::new(None),
        };
        let mut lanes: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for _ in 0..MAX_IN_FLIGHT.min(cases - 1) {
            lanes.push(Box::pin(self.one_by_one(&singly, run, allowance, calls)));
        }
        side_by_side(lanes).await;
        if let Some(error) = singly.error.take() {
            return Err(error);
        }
        let end = singly.end.get();
        let reports = singly.reports.into_inner().into_iter();
        execution.runs.extend(reports.take(end).flatten());
        Ok(())
    }

    /// Takes one input after the other as long as there are some.
    async fn one_by_one(
        &self,
        singly: &Singly,
        run: &Run<'_>,
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) {
        let needed_ms = self.run_ms(run) + MARGIN_MS;
        loop {
            let at = singly.next.get();
            if at >= singly.end.get() {
                return;
            }
            if allowance.remaining_ms((self.surroundings.now_ms)()) < needed_ms {
                return singly.end_at(at);
            }
            singly.next.set(at + 1);
            let stdin = &run.stdins[at..=at];
            match self.call(run, stdin, allowance, calls).await {
                Ok(answer) => {
                    let Some(report) = answer.execution.runs.into_iter().next() else {
                        return singly.end_at(at);
                    };
                    if run.stop_at_first_failure && !report.is_good() {
                        singly.end_at(at + 1);
                    }
                    singly.reports.borrow_mut()[at] = Some(report);
                }
                Err(ExecutorError::Unavailable(_)) => return singly.end_at(at),
                Err(error) => {
                    singly.end_at(at);
                    return singly.error.set(Some(error));
                }
            }
        }
    }
}

/// Inputs that are run one call each.
struct Singly {
    /// The next to be begun.
    next: Cell<usize>,
    /// Where it ends: what comes from here on does not count.
    end: Cell<usize>,
    /// By their places; the first one's stands elsewhere.
    reports: RefCell<Vec<Option<StageReport>>>,
    error: Cell<Option<ExecutorError>>,
}

impl Singly {
    fn end_at(&self, at: usize) {
        self.end.set(self.end.get().min(at));
    }
}

impl Endpoint for Piston {
    async fn languages(&self, timeout_ms: u64) -> Result<List, ExecutorError> {
        let (status, answer) = self.connection.get("runtimes", None, timeout_ms).await?;
        if status != StatusCode::OK {
            return Err(unavailable(format!("HTTP {}", status.as_u16())));
        }
        wire::languages(answer)
            .map_err(|what| unavailable(format!("an answer that is not Piston's, by its {what}")))
    }

    async fn execute(
        &self,
        run: &Run<'_>,
        allowance: &Allowance,
    ) -> Result<Execution, ExecutorError> {
        const WAY: &str = "one case a call";
        let cases = run.stdins.len();
        let one_each = cases as u64;
        let now_ms = (self.surroundings.now_ms)();
        let single = cases < 2 || self.memory.knows_less(self.at, now_ms);
        let calls = allowance.take(if single { one_each } else { 1 }, cases, WAY)?;
        let first = if single {
            &run.stdins[..cases.min(1)]
        } else {
            &run.stdins[..]
        };
        let answer = self.call(run, first, allowance, &calls).await?;
        let mut execution = answer.execution;
        let failed = execution.runs.iter().any(|report| !report.is_good());
        let done = execution.runs.is_empty() || (failed && run.stop_at_first_failure);
        if answer.several || cases < 2 {
            return Ok(execution);
        }
        if !single {
            self.memory.note_less(self.at, now_ms);
        }
        if done {
            return Ok(execution);
        }
        if single {
            self.go_on_singly(&mut execution, run, allowance, &calls)
                .await?;
        } else {
            let calls = allowance.take(one_each - 1, cases, WAY)?;
            self.go_on_singly(&mut execution, run, allowance, &calls)
                .await?;
        }
        Ok(execution)
    }
}
