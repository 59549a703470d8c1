//! The verdict on a submission to an unknown problem: there is nothing to
//! compare with, so a program that ends well is `Executed`.

use shared::result::Verdict;

use super::end;
use crate::executor::Execution;

/// The verdict, and the text that a person wants to see first.
pub fn judge(execution: &Execution) -> (Verdict, String) {
    match (&execution.compile, execution.runs.first()) {
        (_, Some(run)) => match end::of(run, None) {
            None => (Verdict::Executed, run.stage.stdout.clone()),
            Some(bad) => (bad.verdict, end::evidence(run)),
        },
        (Some(compile), None) => {
            let verdict = match compile.stage.status.as_deref() {
                Some("XX") => Verdict::InternalError,
                _ => Verdict::CompilationError,
            };
            (verdict, end::evidence(compile))
        }
        (None, None) => (Verdict::InternalError, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::StageReport;
    use shared::result::Stage;

    fn stage(status: Option<&str>, code: Option<i64>) -> StageReport {
        StageReport {
            stage: Stage {
                stdout: "out".into(),
                stderr: "err".into(),
                status: status.map(Into::into),
                code,
                message: Some("said".into()),
                ..Stage::default()
            },
            output: "outerr".into(),
            limit: None,
        }
    }

    fn judged(compile: Option<StageReport>, run: Option<StageReport>) -> (Verdict, String) {
        judge(&Execution {
            version: "1.0.0".into(),
            compile,
            runs: run.into_iter().collect(),
        })
    }

    #[test]
    fn what_ended_well_shows_what_it_printed_and_a_failure_shows_all() {
        let well = judged(None, Some(stage(None, Some(0))));
        assert_eq!(well, (Verdict::Executed, "out".into()));
        let badly = judged(None, Some(stage(Some("RE"), Some(3))));
        assert_eq!(badly, (Verdict::RuntimeError, "outerr".into()));
    }

    #[test]
    fn a_failed_compile_is_its_own_verdict() {
        let failed = judged(Some(stage(None, Some(1))), None);
        assert_eq!(failed, (Verdict::CompilationError, "outerr".into()));
        let broken = judged(Some(stage(Some("XX"), None)), None);
        assert_eq!(broken.0, Verdict::InternalError);
        // Compiled well, ran well.
        let well = judged(Some(stage(None, Some(0))), Some(stage(None, Some(0))));
        assert_eq!(well.0, Verdict::Executed);
        assert_eq!(judged(None, None).0, Verdict::InternalError);
    }

    #[test]
    fn a_silent_failure_is_told_by_its_message() {
        let mut silent = stage(Some("TO"), None);
        silent.output.clear();
        let told = judged(None, Some(silent));
        assert_eq!(told, (Verdict::TimeLimitExceeded, "said".into()));
    }
}
