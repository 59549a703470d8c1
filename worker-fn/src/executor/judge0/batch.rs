//! Several inputs: sent in batches, which are polled until all have ended.

use std::ops::Range;

use futures_util::future::LocalBoxFuture;
use http::StatusCode;
use serde_json::Value;

use super::client::{FIELDS, Judge0, POLLS, is_success, not_judge0, reserve};
use super::files::Sent;
use super::wire::{self, Ended, State};
use crate::executor::connection::JsonResponse;
use crate::executor::{ExecutorError, Run};
use crate::limits::{CallReservation, JobBudget, join_all};

/// The most submissions in one call.
const BATCH: usize = 20;
/// The most bytes of programs in one call, unless it has a single submission: each has its
/// own copy.
const MAX_PROGRAM_BYTES: usize = 4_000_000;
/// The pause before the first poll of a batch, in milliseconds. Each further
/// pause is longer by half.
const FIRST_PAUSE_MS: u64 = 300;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 2_000;
/// The time that is kept for the last poll of a batch, in milliseconds.
const LAST_POLL_MS: u64 = 1_000;

/// Inputs that were sent, by their tokens.
pub(super) struct Batch {
    tokens: Vec<String>,
    ended: Vec<Option<Ended>>,
    /// Whether one still waited in Judge0's queue at the last poll.
    queued: bool,
}

impl Judge0 {
    /// Runs several inputs. All inputs of a batch run, whatever becomes of the
    /// others; so with `stop_at_first_failure` a batch is sent only when every
    /// run of the one before succeeded.
    pub(super) async fn run_several(
        &self,
        run: &Run<'_>,
        sent: &Sent,
        language: u64,
        budget: &JobBudget,
    ) -> Result<Vec<Ended>, ExecutorError> {
        let cases = run.stdins.len();
        let batch = (MAX_PROGRAM_BYTES / sent.bytes().max(1)).clamp(1, BATCH);
        let batches: Vec<Range<usize>> = (0..cases)
            .step_by(batch)
            .map(|first| first..cases.min(first + batch))
            .collect();
        let needed = batches.len() as u64 * (1 + POLLS);
        let calls = reserve(budget, needed, cases)?;
        let calls = &calls;
        let at_once = if run.stop_at_first_failure {
            1
        } else {
            batches.len()
        };
        let mut progress = BatchProgress::default();
        for together in batches.chunks(at_once) {
            let too_late = budget.remaining_ms(self.0.now_ms()) < 2 * LAST_POLL_MS;
            if !progress.ended.is_empty() && too_late {
                break;
            }
            let mut parts: Vec<Option<Result<Part, ExecutorError>>> = Vec::new();
            parts.resize_with(at_once, || None);
            let mut all: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
            for (inputs, part) in together.iter().zip(&mut parts) {
                all.push(Box::pin(async move {
                    let inputs = inputs.clone();
                    *part = Some(
                        self.send_and_poll(run, sent, language, inputs, budget, calls)
                            .await,
                    );
                }));
            }
            join_all(all).await;
            for (inputs, part) in together.iter().zip(parts) {
                let Some(part) = part else { break };
                if !progress.add(part, inputs.len(), run.stop_at_first_failure)? {
                    return at_least_one(progress.ended, progress.queued);
                }
            }
        }
        at_least_one(progress.ended, progress.queued)
    }

    async fn send_and_poll(
        &self,
        run: &Run<'_>,
        sent: &Sent,
        language: u64,
        inputs: Range<usize>,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<Part, ExecutorError> {
        let count = inputs.len();
        let body = wire::batch(run, sent, language, inputs, self.wall_ms(run, budget));
        let query = "base64_encoded=true";
        let (status, answer) = self
            .post("submissions/batch", query, body, budget, calls)
            .await?;
        if !is_success(status) {
            return Err(ExecutorError::from_status(status, wire::error(&answer)));
        }
        let items = answer.as_array().ok_or_else(|| not_judge0("list"))?;
        let mut tokens = Vec::with_capacity(items.len());
        for item in items {
            // If any item is refused, the whole batch is refused.
            let refused = || {
                let cause = wire::error(item);
                ExecutorError::from_status(StatusCode::UNPROCESSABLE_ENTITY, cause)
            };
            tokens.push(wire::token(item).ok_or_else(refused)?);
        }
        if tokens.len() != count {
            return Err(not_judge0("list"));
        }
        self.poll_until_ended(Batch::of(tokens), budget, calls)
            .await
    }

    /// Polls until all have ended or the time is over. Gives the first inputs
    /// that have ended, up to one that has not.
    pub(super) async fn poll_until_ended(
        &self,
        mut batch: Batch,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<Part, ExecutorError> {
        let mut reserved = POLLS;
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let patience_ms = budget
                .remaining_ms(self.0.now_ms())
                .saturating_sub(LAST_POLL_MS);
            if reserved == 0 || patience_ms == 0 {
                break;
            }
            // The last reserved call is kept for the end of the time, unless more
            // calls can be spared.
            let is_last = reserved == 1 && !calls.add_one();
            let wait_ms = if is_last { patience_ms } else { pause_ms };
            (self.0.runtime.sleep)(wait_ms.min(patience_ms)).await;
            pause_ms = (pause_ms + pause_ms / 2).min(LONGEST_PAUSE_MS);
            reserved -= u64::from(reserved > 1 || is_last);
            self.poll(&mut batch, budget, calls).await?;
            if batch.ended.iter().all(Option::is_some) {
                break;
            }
        }
        let ended = batch.ended.into_iter().map_while(|ended| ended).collect();
        Ok((ended, batch.queued))
    }

    async fn poll(
        &self,
        batch: &mut Batch,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<(), ExecutorError> {
        let open: Vec<usize> = (0..batch.tokens.len())
            .filter(|&index| batch.ended[index].is_none())
            .collect();
        let mut path = String::from("submissions/");
        let mut query = String::from(FIELDS);
        if let [index] = open.as_slice() {
            path.push_str(&batch.tokens[*index]);
        } else {
            path.push_str("batch");
            let mut separator = "&tokens=";
            for &index in &open {
                query.push_str(separator);
                query.push_str(&batch.tokens[index]);
                separator = ",";
            }
        }
        let _permit = budget.acquire().await;
        calls.make_one();
        let response = self.exchange(&path, &query, None, budget).await?;
        let mut answer = poll_result(response)?;
        let mut found = match answer.get_mut("submissions").map(Value::take) {
            None if open.len() == 1 => vec![answer],
            Some(Value::Array(found)) if found.len() == open.len() => found,
            _ => return Err(not_judge0("submissions")),
        };
        batch.queued = false;
        for (index, found) in open.into_iter().zip(&mut found) {
            match wire::state(found).map_err(not_judge0)? {
                Some(State::Ended(ended)) => batch.ended[index] = Some(*ended),
                Some(State::Queued) => batch.queued = true,
                Some(State::Running) => {}
                None => return Err(not_judge0("status")),
            }
        }
        Ok(())
    }
}

/// The first inputs of a batch that have ended, and whether one of the others
/// still waited in Judge0's queue.
pub(super) type Part = (Vec<Ended>, bool);

/// What is known of several batches: the first inputs that have ended, up to one
/// that has not.
#[derive(Default)]
struct BatchProgress {
    ended: Vec<Ended>,
    queued: bool,
}

impl BatchProgress {
    /// Adds a batch of `sent` inputs; whether the next batch is wanted.
    fn add(
        &mut self,
        part: Result<Part, ExecutorError>,
        sent: usize,
        stop_at_first_failure: bool,
    ) -> Result<bool, ExecutorError> {
        let (part, queued) = match part {
            // Earlier results are worth more than running everything again.
            Err(ExecutorError::Unavailable(_)) if !self.ended.is_empty() => return Ok(false),
            part => part?,
        };
        self.queued |= queued;
        let all_ended = part.len() == sent;
        for ended in part {
            let failed = !ended.is_success();
            self.ended.push(ended);
            if failed && stop_at_first_failure {
                return Ok(false);
            }
        }
        Ok(all_ended)
    }
}

pub(super) fn at_least_one(ended: Vec<Ended>, queued: bool) -> Result<Vec<Ended>, ExecutorError> {
    if !ended.is_empty() {
        Ok(ended)
    } else if queued {
        Err(ExecutorError::Unavailable(
            "the job still waits in its queue".into(),
        ))
    } else {
        Err(ExecutorError::NoResponse("the job is still running".into()))
    }
}

impl Batch {
    pub(super) fn of(tokens: Vec<String>) -> Self {
        Self {
            ended: tokens.iter().map(|_| None).collect(),
            tokens,
            queued: false,
        }
    }
}

fn poll_result((status, answer): JsonResponse) -> Result<Value, ExecutorError> {
    if status == StatusCode::OK {
        return Ok(answer);
    }
    Err(
        match ExecutorError::from_status(status, wire::error(&answer)) {
            // A failed poll says nothing about the job.
            error @ (ExecutorError::Refused(_) | ExecutorError::LimitTooHigh { .. }) => {
                ExecutorError::NoResponse(error.to_string())
            }
            ExecutorError::Failed { code, .. } => ExecutorError::NoResponse(code.into()),
            other => other,
        },
    )
}
