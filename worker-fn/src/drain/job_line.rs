//! What the log says of a job that was settled: one line, once Redis knows it.
//!
//! A job whose lease was lost has a line as well, though its settlement changed nothing:
//! Redis leaves the job to the Worker that claimed it since, which writes a line of its
//! own. So a job may have two, and the result is of one of them.

use shared::log::{Level, Line};
use shared::queue::settlement::Outcome;
use shared::trace::Span;

use super::batch::BatchJob;
use crate::attempt::JobRunner;

/// What became of a job, as an event's `outcome`.
fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Complete(_) => "finished",
        Outcome::DeadLetter(_) => "dead",
        Outcome::Retry { .. } => "retried",
        Outcome::Release => "released",
        Outcome::Continue { .. } => "continued",
        Outcome::Isolate => "isolated",
        Outcome::Snooze { .. } => "snoozed",
    }
}

/// The line about a job. `jobId` is the id that its result or dead letter is stored
/// under, whoever made it up; of a job that goes on, its id only where that is ours.
pub(super) fn job_line(
    runner: &JobRunner,
    held: &BatchJob,
    outcome: &Outcome,
    now_ms: u64,
) -> String {
    let job = held.job.job.as_ref().ok();
    let trace = job.and_then(|job| job.trace).map(|trace| trace.id());
    let trace = trace.or_else(|| runner.span().map(Span::trace_id));
    let own = job.and_then(|job| runner.outcomes().own_id(job));
    let id = match outcome {
        Outcome::Complete(result) => Some(result.id.as_str()),
        Outcome::DeadLetter(letter) => Some(letter.id.as_str()),
        _ => own.as_ref().map(|(id, _)| id.as_str()),
    };
    let level = match outcome {
        Outcome::DeadLetter(_) => Level::Error,
        _ => Level::Info,
    };
    let mut line = Line::new("job", level);
    line.text("outcome", name(outcome))
        .some_text("jobId", id)
        .some_text("traceId", trace.as_deref())
        .number("attempt", held.job.attempt().into())
        .text("lane", held.job.token.lane().name())
        .some_text("language", held.job.language())
        .number("heldMs", now_ms.saturating_sub(held.claimed_ms));
    match outcome {
        Outcome::Complete(result) => {
            let run_ms = result.finished_at_ms.saturating_sub(result.started_at_ms);
            line.text("verdict", result.verdict.name())
                .text("endpoint", &result.executor);
            if let Some(since_ms) = result.waits_since_ms {
                let since = |at_ms: u64| at_ms.saturating_sub(since_ms);
                line.number("waitMs", since(result.started_at_ms))
                    .number("totalMs", since(result.finished_at_ms));
            }
            line.number("runMs", run_ms);
        }
        Outcome::Retry { delay_ms, .. } | Outcome::Snooze { delay_ms } => {
            line.number("delayMs", *delay_ms);
        }
        _ => {}
    }
    line.finish()
}
