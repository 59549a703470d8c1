//! Having a problem's checker program run: a call of its own, after the submission has
//! ended, at an endpoint that has the checker's language.

use shared::domain::checker_report::CheckerReport;
use shared::domain::job::Job;
use shared::domain::problem::CheckerProgram;
use shared::log::{Level, Line};
use shared::text::{normalized, truncated};

use super::judge_error::JudgeError;
use crate::executor::{Endpoints, ExecutorError, Run, RunFile, RunLimits};
use crate::judge::session::{JudgeSession, Step};
use crate::limits::JobBudget;
use crate::runtime::Runtime;

/// The memory of the answers that wait, and of the request that they are written
/// into, in bytes.
pub(super) const MEMORY_BYTES: usize = 4 * 1024 * 1024;

/// The CPU time of a checker, in milliseconds: whatever the endpoint gives by itself.
const TIME_MS: u64 = 3_000;
/// The time of a call beyond that of a checker, in milliseconds.
const MARGIN_MS: u64 = 1_500;
/// With less time left, the job gets more where it can, in milliseconds.
pub(super) const NEEDED_MS: u64 = TIME_MS + MARGIN_MS;

/// The time that is kept for the checker while a submission runs, in milliseconds.
const KEPT_MS: u64 = 5_000;

/// Milliseconds of `left_ms` to keep for the checker: what a run of the submission, which
/// takes `run_ms` at most, leaves over, from `least_ms` to [`KEPT_MS`].
pub(super) fn kept_ms(left_ms: u64, run_ms: u64, least_ms: u64) -> u64 {
    left_ms.saturating_sub(run_ms).clamp(least_ms, KEPT_MS)
}

/// Gives the job time for one more call where its run has used up all: a solver must
/// not be told of a time limit that was the checker's. Errors: its lease ends before.
pub(super) fn find_time(budget: &JobBudget, runtime: Runtime) -> Result<(), ExecutorError> {
    let now_ms = (runtime.now_ms)();
    if budget.most_ms(now_ms) < 2 * KEPT_MS {
        let why = "no time was left for the problem's checker";
        return Err(ExecutorError::NoResponse(why.into()));
    }
    budget.extend_to(now_ms + KEPT_MS);
    Ok(())
}

/// Has the checker decide about the answers of `step`. A checker that cannot be run is
/// the problem's fault, and no error.
pub(super) async fn run(
    program: &CheckerProgram,
    session: &mut JudgeSession<'_>,
    mut step: Step,
    job: &Job,
    endpoints: &Endpoints,
    (budget, runtime): (&JobBudget, Runtime),
) -> Result<(), JudgeError> {
    let selected = match endpoints.select(&program.language, budget).await {
        Ok(selected) => selected,
        Err(ExecutorError::Refused(why)) => {
            session.checker_cannot_run(&format!("cannot be run ({why})"));
            return Ok(());
        }
        Err(error) => return Err(JudgeError { error, at: None }),
    };
    let code = normalized(&program.code);
    let left_ms = budget.remaining_ms((runtime.now_ms)());
    let time_ms = TIME_MS.min(left_ms.saturating_sub(MARGIN_MS)).max(1);
    let mut run = Run {
        language: &program.language,
        files: vec![RunFile::source(&code)],
        args: &[],
        stdins: std::mem::take(&mut step.stdins),
        checks: step.checks.take(),
        // A wrong answer is no reason to stop, and its exit code is one of failure.
        stop_at_first_failure: false,
        limits: RunLimits {
            time_ms: Some(time_ms),
            ..RunLimits::default()
        },
        caller: job.caller(),
    };
    let mut executed = selected.execute(&run, budget).await;
    if let Err(ExecutorError::LimitTooHigh { most, .. }) = executed {
        // The endpoint's own limit is the checker's then.
        run.limits.time_ms = Some(most.max(1));
        executed = selected.execute(&run, budget).await;
    }
    match executed {
        Ok(execution) => session.take_checks(&step, &execution),
        Err(error @ (ExecutorError::Refused(_) | ExecutorError::LimitTooHigh { .. })) => {
            session.checker_cannot_run(&format!("cannot be run ({error})"));
        }
        Err(error) => {
            return Err(JudgeError {
                error,
                at: Some(selected.id),
            });
        }
    }
    budget.release_responses();
    Ok(())
}

/// The most of what a compiler said in a line of the log, in bytes.
const MAX_LOGGED_BYTES: usize = 1024;

/// The line of the log about a checker that failed, with what its compiler said. What
/// the checker itself says is not in it: it read the expected answers.
pub(super) fn fault_line(job: &Job, fault: &str, report: Option<&CheckerReport>) -> String {
    let compile = report.and_then(|report| report.compile.as_ref());
    let said = compile.map(|stage| match stage.stderr.trim() {
        "" => stage.stdout.trim(),
        stderr => stderr,
    });
    Line::new("checker", Level::Error)
        .some_text("jobId", job.id.as_deref())
        .text("fault", fault)
        .some_text(
            "compiler",
            said.map(|text| truncated(text, MAX_LOGGED_BYTES)),
        )
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_cut_short_only_where_no_time_would_be_left() {
        for (left_ms, run_ms, kept) in [
            (15_000, 1_500, 5_000),
            (15_000, 11_000, 4_000),
            (15_000, 14_500, 2_500),
            (1_000, 1_500, 2_500),
        ] {
            assert_eq!(kept_ms(left_ms, run_ms, 2_500), kept);
        }
    }
}
