//! The calls of Judge0 that one input and several have in common.

use http::StatusCode;

use crate::executor::connection::{Call, EndpointContext, JsonResponse, MAX_RESPONSE_BYTES};
use crate::executor::endpoint_states::{RECHECK_MS, USABLE_MS};
use crate::executor::run::ExecutionClient;
use crate::executor::{ExecutorError, PROBE_TIMEOUT_MS, Run};
use crate::limits::{CallReservation, JobBudget};

/// The fewest times that a batch is polled before calls may run out.
pub(super) const POLLS: u64 = 3;
/// The members of a result that are asked for.
pub(super) const FIELDS: &str = "base64_encoded=true&fields=token,status,stdout,stderr,compile_output,\
                      message,time,wall_time,memory,exit_code,exit_signal";
/// The longest wall time that Judge0 grants unless its operator sets another
/// (`MAX_WALL_TIME_LIMIT`), in milliseconds.
const MOST_WALL_MS: u64 = 20_000;
/// The wall time that Judge0 gives a run by itself, in milliseconds (`WALL_TIME_LIMIT`).
const USUAL_WALL_MS: u64 = 10_000;
/// Time that is left for the queue and for the answer of a run that takes all of its
/// wall time, in milliseconds.
const WALL_MARGIN_MS: u64 = 2_000;
/// For error texts: how the endpoint takes cases.
const WAY: &str = "20 cases a call and must be polled for their results";

/// A client for one endpoint.
#[derive(Debug)]
pub(in crate::executor) struct Judge0(pub(in crate::executor) EndpointContext);

impl Judge0 {
    /// Judge0's number for a language, and the language's version.
    pub(super) async fn language(
        &self,
        name: &str,
        budget: &JobBudget,
    ) -> Result<(u64, String), ExecutorError> {
        let EndpointContext { states, id, .. } = &self.0;
        for age_ms in [USABLE_MS, RECHECK_MS] {
            let now_ms = self.0.now_ms();
            let list = match states.languages(*id, now_ms, age_ms) {
                Some(list) => list,
                None => {
                    // One call for the list, and one for the run after it.
                    let calls = reserve(budget, 2, 1)?;
                    let _permit = budget.acquire().await;
                    calls.make_one();
                    let list = self
                        .languages(PROBE_TIMEOUT_MS.min(budget.remaining_ms(now_ms)))
                        .await?;
                    states.note_languages(*id, self.0.now_ms(), Some(&list));
                    list
                }
            };
            if let Some(entry) = list.iter().find(|entry| entry.language.goes_by(name)) {
                return Ok((entry.id, entry.language.version.clone()));
            }
        }
        Err(ExecutorError::Refused(format!(
            "The execution endpoint offers no language {name}."
        )))
    }

    /// The wall time of a run: three times its limit of CPU time and a second, as on our
    /// runner, because on a busy machine a program also waits. Without one, what is
    /// configured, or what Judge0 gives by itself. Less where Judge0 or the job's time
    /// allows less, but never less than the CPU time: a run that outlasts its job looks
    /// like a Judge0 that is away.
    pub(super) fn wall_ms(&self, run: &Run<'_>, budget: &JobBudget) -> u64 {
        let EndpointContext { states, id, .. } = &self.0;
        let now_ms = self.0.now_ms();
        let left_ms = budget.remaining_ms(now_ms).saturating_sub(WALL_MARGIN_MS);
        let wall_ms = match run.limits.time_ms {
            Some(cpu_ms) => {
                let wall_ms = cpu_ms.saturating_mul(3).saturating_add(1_000);
                wall_ms.min(MOST_WALL_MS).min(left_ms).max(cpu_ms)
            }
            None => self.0.run_timeout_ms.unwrap_or(USUAL_WALL_MS).min(left_ms),
        };
        wall_ms.min(states.most_wall_ms(*id, now_ms).unwrap_or(u64::MAX))
    }

    /// Notes the most wall time that Judge0 gives, if that is why it refused. Whether it
    /// is and was not known.
    pub(super) fn note_most_wall(&self, refusal: &str) -> bool {
        let EndpointContext { states, id, .. } = &self.0;
        let now_ms = self.0.now_ms();
        let most_ms = most_wall_ms(refusal);
        let is_new = most_ms.is_some() && most_ms != states.most_wall_ms(*id, now_ms);
        if let Some(most_ms) = most_ms {
            states.note_most_wall(*id, now_ms, most_ms);
        }
        is_new
    }

    /// Makes one of the reserved calls.
    pub(super) async fn post(
        &self,
        path: &str,
        query: &str,
        body: String,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<JsonResponse, ExecutorError> {
        let _permit = budget.acquire().await;
        calls.make_one();
        self.exchange(path, query, Some(body.into_bytes()), budget)
            .await
    }

    /// One call. Errors: also a response that is too long to be read.
    pub(super) async fn exchange(
        &self,
        path: &str,
        query: &str,
        body: Option<Vec<u8>>,
        budget: &JobBudget,
    ) -> Result<JsonResponse, ExecutorError> {
        let connection = &self.0.connection;
        let call = Call {
            path,
            query: Some(query),
            caller: None,
            body,
            timeout_ms: budget.remaining_ms(self.0.now_ms()),
        };
        let response = connection.exchange(call, &self.0, budget);
        response.await?.ok_or_else(|| {
            ExecutorError::Refused(format!(
                "The programs printed too much: the execution endpoint's answer is longer than \
                 {MAX_RESPONSE_BYTES} bytes."
            ))
        })
    }
}

/// The most wall time in a refusal of more, in milliseconds. Fractions of a second are cut
/// off.
fn most_wall_ms(refusal: &str) -> Option<u64> {
    let (_, rest) = refusal.split_once("wall_time_limit must be less than ")?;
    let (whole, _) = rest.rsplit_once(' ')?.1.split_once('.')?;
    Some(whole.parse::<u64>().ok()?.saturating_mul(1_000))
}

/// Sets calls aside for so many cases. Errors: there are not as many.
pub(super) fn reserve(
    budget: &JobBudget,
    calls: u64,
    cases: usize,
) -> Result<CallReservation<'_>, ExecutorError> {
    budget
        .reserve(calls)
        .map_err(|error| ExecutorError::over_budget(error, cases, WAY))
}

/// Whether the request was taken.
pub(super) fn is_success(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::CREATED)
}

/// An answer whose `part` is not as in Judge0.
pub(super) fn not_judge0(part: &str) -> ExecutorError {
    ExecutorError::not_in_protocol("Judge0", part)
}
