//! The verdict on a submission to an unknown problem: there is nothing to
//! compare with, so a program that ends well is `Executed`.

use shared::domain::verdict::Verdict;

use super::failure;
use crate::executor::Execution;

/// The verdict, and the text that a person wants to see first; `None` for what the
/// run printed.
pub fn judge(execution: &Execution) -> (Verdict, Option<String>) {
    match (&execution.compile, execution.runs.first()) {
        (_, Some(run)) => match failure::classify(run, None) {
            None => (Verdict::Executed, None),
            Some(failure) => (failure.verdict, Some(failure::shown_output(run))),
        },
        (Some(compile), None) => {
            let failure = failure::of_compilation(compile);
            (failure.verdict, Some(failure.message))
        }
        (None, None) => (Verdict::InternalError, Some(String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::StageReport;
    use shared::domain::stage::{Stage, Termination};

    fn stage(termination: Termination, code: Option<i64>) -> StageReport {
        StageReport {
            stage: Stage {
                stdout: "out".into(),
                stderr: "err".into(),
                termination,
                code,
                message: Some("said".into()),
                ..Stage::default()
            },
            output: "outerr".into(),
            is_syntax_error: false,
        }
    }

    fn judged(compile: Option<StageReport>, run: Option<StageReport>) -> (Verdict, Option<String>) {
        judge(&Execution {
            version: "1.0.0".into(),
            compile,
            runs: run.into_iter().collect(),
        })
    }

    #[test]
    fn a_success_shows_stdout_and_a_failure_shows_both_streams() {
        let well = judged(None, Some(stage(Termination::Success, Some(0))));
        assert_eq!(well, (Verdict::Executed, None));
        let badly = judged(None, Some(stage(Termination::NonZeroExit, Some(3))));
        assert_eq!(badly, (Verdict::RuntimeError, Some("outerr".into())));
        let mut unparsed = stage(Termination::NonZeroExit, Some(1));
        unparsed.is_syntax_error = true;
        let unparsed = judged(None, Some(unparsed));
        assert_eq!(unparsed, (Verdict::CompilationError, Some("outerr".into())));
    }

    #[test]
    fn a_failed_compilation_is_its_own_verdict() {
        let failed = judged(Some(stage(Termination::NonZeroExit, Some(1))), None);
        assert_eq!(failed, (Verdict::CompilationError, Some("outerr".into())));
        let broken = judged(Some(stage(Termination::EndpointFault, None)), None);
        assert_eq!(broken.0, Verdict::InternalError);
        // Compiled well, ran well.
        let well = judged(
            Some(stage(Termination::Success, Some(0))),
            Some(stage(Termination::Success, Some(0))),
        );
        assert_eq!(well.0, Verdict::Executed);
        assert_eq!(judged(None, None).0, Verdict::InternalError);
    }

    #[test]
    fn a_failure_without_output_shows_the_endpoints_message() {
        let mut silent = stage(Termination::TimeLimit, None);
        silent.output.clear();
        // Without both streams in their order, one after the other is shown.
        let both = judged(None, Some(silent.clone()));
        assert_eq!(both.1.as_deref(), Some("outerr"));
        silent.stage.stdout.clear();
        silent.stage.stderr.clear();
        let shown = judged(None, Some(silent));
        assert_eq!(shown, (Verdict::TimeLimitExceeded, Some("said".into())));
    }
}
