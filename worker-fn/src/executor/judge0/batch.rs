//! Several inputs: sent in batches, and asked about until all have ended.

use futures_util::future::LocalBoxFuture;
use http::StatusCode;
use serde_json::Value;

use super::wire::{self, Ended, State};
use super::{FIELDS, Judge0, POLLS, WAY, is_success, odd};
use crate::executor::allowance::Calls;
use crate::executor::connection::{Answer, failure};
use crate::executor::gate::side_by_side;
use crate::executor::{Allowance, ExecutorError, Run, lost, unavailable};

/// The most submissions in one call.
const BATCH: usize = 20;
/// The pause before a batch is asked about for the first time, in milliseconds.
/// The next ones are longer by half each time.
const FIRST_PAUSE_MS: u64 = 300;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 2_000;
/// What is kept for the last look at a batch, in milliseconds.
const LAST_LOOK_MS: u64 = 1_000;

/// Inputs that are on their way, by their tokens.
pub(super) struct Batch {
    tokens: Vec<String>,
    ended: Vec<Option<Ended>>,
    /// Whether one was still waiting for its turn when last seen.
    queued: bool,
}

impl Judge0 {
    /// Several inputs. Those of a batch run whatever becomes of the others, so
    /// with `stop_at_first_failure` a batch is sent when the one before it is good.
    pub(super) async fn several(
        &self,
        run: &Run<'_>,
        id: u64,
        allowance: &Allowance,
    ) -> Result<Vec<Ended>, ExecutorError> {
        let cases = run.stdins.len();
        let batches = run.stdins.chunks(BATCH);
        let needed = batches.len() as u64 * (1 + POLLS);
        let calls = allowance.take(needed, cases, WAY)?;
        let calls = &calls;
        let at_once = if run.stop_at_first_failure {
            1
        } else {
            batches.len()
        };
        let mut known = Known::default();
        for together in run.stdins.chunks(BATCH * at_once) {
            let too_late = allowance.remaining_ms(self.now_ms()) < 2 * LAST_LOOK_MS;
            if !known.ended.is_empty() && too_late {
                break;
            }
            let mut parts: Vec<Option<Result<Part, ExecutorError>>> = Vec::new();
            parts.resize_with(at_once, || None);
            let mut all: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
            for (stdins, part) in together.chunks(BATCH).zip(&mut parts) {
                all.push(Box::pin(async move {
                    *part = Some(self.batch(run, id, stdins, allowance, calls).await);
                }));
            }
            side_by_side(all).await;
            for (stdins, part) in together.chunks(BATCH).zip(parts) {
                let Some(part) = part else { break };
                if !known.add(part, stdins.len(), run.stop_at_first_failure)? {
                    return at_least_one(known.ended, known.queued);
                }
            }
        }
        at_least_one(known.ended, known.queued)
    }

    async fn batch(
        &self,
        run: &Run<'_>,
        id: u64,
        stdins: &[String],
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) -> Result<Part, ExecutorError> {
        let body = wire::batch(run, id, stdins, self.run_timeout_ms);
        let query = "base64_encoded=true";
        let (status, said) = self
            .post("submissions/batch", query, body, allowance, calls)
            .await?;
        if !is_success(status) {
            return Err(failure(status, wire::error(&said)));
        }
        let items = said.as_array().ok_or_else(|| odd("list"))?;
        let mut tokens = Vec::with_capacity(items.len());
        for item in items {
            // Of a batch that is refused in part we want nothing.
            let refused = || failure(StatusCode::UNPROCESSABLE_ENTITY, wire::error(item));
            tokens.push(wire::token(item).ok_or_else(refused)?);
        }
        if tokens.len() != stdins.len() {
            return Err(odd("list"));
        }
        self.wait_for(Batch::of(tokens), allowance, calls).await
    }

    /// Asks until all have ended or the time has; then the first of them that
    /// have.
    pub(super) async fn wait_for(
        &self,
        mut batch: Batch,
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) -> Result<Part, ExecutorError> {
        let mut own = POLLS;
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let patience_ms = allowance
                .remaining_ms(self.now_ms())
                .saturating_sub(LAST_LOOK_MS);
            if own == 0 || patience_ms == 0 {
                break;
            }
            // The last of our own is kept for the end of our time, as long as
            // others can be spared.
            let is_last = own == 1 && !calls.add_one();
            let wait_ms = if is_last { patience_ms } else { pause_ms };
            (self.surroundings.sleep)(wait_ms.min(patience_ms)).await;
            pause_ms = (pause_ms + pause_ms / 2).min(LONGEST_PAUSE_MS);
            own -= u64::from(own > 1 || is_last);
            self.look_at(&mut batch, allowance, calls).await?;
            if batch.ended.iter().all(Option::is_some) {
                break;
            }
        }
        let ended = batch.ended.into_iter().map_while(|ended| ended).collect();
        Ok((ended, batch.queued))
    }

    async fn look_at(
        &self,
        batch: &mut Batch,
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) -> Result<(), ExecutorError> {
        let open: Vec<usize> = (0..batch.tokens.len())
            .filter(|&at| batch.ended[at].is_none())
            .collect();
        let mut path = String::from("submissions/");
        let mut query = String::from(FIELDS);
        if let [one] = open.as_slice() {
            path.push_str(&batch.tokens[*one]);
        } else {
            path.push_str("batch");
            let mut separator = "&tokens=";
            for &at in &open {
                query.push_str(separator);
                query.push_str(&batch.tokens[at]);
                separator = ",";
            }
        }
        let _place = allowance.enter().await;
        let remaining_ms = allowance.remaining_ms(self.now_ms());
        calls.make_one();
        let answer = self.connection.get(&path, Some(&query), remaining_ms);
        let mut answer = good(answer.await?)?;
        let mut found = match answer.get_mut("submissions").map(Value::take) {
            None if open.len() == 1 => vec![answer],
            Some(Value::Array(found)) if found.len() == open.len() => found,
            _ => return Err(odd("submissions")),
        };
        batch.queued = false;
        for (at, found) in open.into_iter().zip(&mut found) {
            match wire::state(found).map_err(odd)? {
                Some(State::Ended(ended)) => batch.ended[at] = Some(*ended),
                Some(State::Queued) => batch.queued = true,
                Some(State::Running) => {}
                None => return Err(odd("status")),
            }
        }
        Ok(())
    }
}

/// The first of a batch that have ended, and whether one that has not was still
/// waiting for its turn.
pub(super) type Part = (Vec<Ended>, bool);

/// What is known of several batches: of the first of their inputs, up to one
/// whose end is not known.
#[derive(Default)]
struct Known {
    ended: Vec<Ended>,
    queued: bool,
}

impl Known {
    /// Adds what came of a batch of `sent` inputs; whether the next one counts.
    fn add(
        &mut self,
        part: Result<Part, ExecutorError>,
        sent: usize,
        stop_at_first_failure: bool,
    ) -> Result<bool, ExecutorError> {
        let (part, queued) = match part {
            // What is known is worth more than doing it all again.
            Err(ExecutorError::Unavailable(_)) if !self.ended.is_empty() => return Ok(false),
            part => part?,
        };
        self.queued |= queued;
        let is_whole = part.len() == sent;
        for one in part {
            let failed = !one.is_good();
            self.ended.push(one);
            if failed && stop_at_first_failure {
                return Ok(false);
            }
        }
        Ok(is_whole)
    }
}

pub(super) fn at_least_one(ended: Vec<Ended>, queued: bool) -> Result<Vec<Ended>, ExecutorError> {
    if !ended.is_empty() {
        Ok(ended)
    } else if queued {
        Err(unavailable("the job still waits in its queue"))
    } else {
        Err(lost("the job is still running"))
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

fn good((status, answer): Answer) -> Result<Value, ExecutorError> {
    if status == StatusCode::OK {
        return Ok(answer);
    }
    Err(match failure(status, wire::error(&answer)) {
        // Asking is no part of the job.
        ExecutorError::Refused(message) | ExecutorError::Failed(message) => lost(message),
        other => other,
    })
}
