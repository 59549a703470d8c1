//! From what the endpoint reported to a verdict. Pure: the same report always
//! gives the same verdict.
//!
//! There is nothing to compare with yet, so a program that ends well is
//! `Executed`. What the program itself says about its success counts for
//! nothing; what ended it does.

use shared::result::{Stage, Verdict};

use crate::executor::{Execution, StageReport};

/// The verdict, and the text that a person wants to see first.
pub fn judge(execution: &Execution) -> (Verdict, String) {
    match (&execution.compile, &execution.run) {
        (_, Some(run)) => {
            let verdict = of_run(&run.stage);
            let output = match verdict {
                Verdict::Executed => run.stage.stdout.clone(),
                _ => evidence(run),
            };
            (verdict, output)
        }
        (Some(compile), None) => {
            let verdict = match compile.stage.status.as_deref() {
                Some("XX") => Verdict::InternalError,
                _ => Verdict::CompilationError,
            };
            (verdict, evidence(compile))
        }
        (None, None) => (Verdict::InternalError, String::new()),
    }
}

fn of_run(run: &Stage) -> Verdict {
    match (run.status.as_deref(), run.code) {
        (Some("TO"), _) => Verdict::TimeLimitExceeded,
        (Some("OL" | "EL"), _) => Verdict::OutputLimitExceeded,
        (Some("XX"), _) => Verdict::InternalError,
        (_, Some(0)) if run.signal.is_none() => Verdict::Executed,
        _ => Verdict::RuntimeError,
    }
}

/// What was printed before the failure, or else what was said about it.
fn evidence(report: &StageReport) -> String {
    if report.output.is_empty() {
        report.stage.message.clone().unwrap_or_default()
    } else {
        report.output.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(status: Option<&str>, code: Option<i64>, signal: Option<&str>) -> StageReport {
        StageReport {
            stage: Stage {
                stdout: "out".into(),
                stderr: "err".into(),
                status: status.map(Into::into),
                code,
                signal: signal.map(Into::into),
                message: Some("said".into()),
                ..Stage::default()
            },
            output: "outerr".into(),
        }
    }

    fn execution(compile: Option<StageReport>, run: Option<StageReport>) -> Execution {
        Execution {
            version: "1.0.0".into(),
            compile,
            run,
        }
    }

    #[test]
    fn what_ended_the_run_decides() {
        let cases = [
            (None, Some(0), None, Verdict::Executed),
            (None, Some(1), None, Verdict::RuntimeError),
            (Some("RE"), Some(3), None, Verdict::RuntimeError),
            (Some("SG"), None, Some("SIGSEGV"), Verdict::RuntimeError),
            (None, None, Some("SIGKILL"), Verdict::RuntimeError),
            (None, Some(0), Some("SIGKILL"), Verdict::RuntimeError),
            (None, None, None, Verdict::RuntimeError),
            (
                Some("TO"),
                None,
                Some("SIGKILL"),
                Verdict::TimeLimitExceeded,
            ),
            (
                Some("OL"),
                None,
                Some("SIGKILL"),
                Verdict::OutputLimitExceeded,
            ),
            (
                Some("EL"),
                None,
                Some("SIGKILL"),
                Verdict::OutputLimitExceeded,
            ),
            (Some("XX"), None, None, Verdict::InternalError),
        ];
        for (status, code, signal, expected) in cases {
            let (verdict, output) = judge(&execution(None, Some(stage(status, code, signal))));
            assert_eq!(verdict, expected, "{status:?} {code:?} {signal:?}");
            let seen = if expected == Verdict::Executed {
                "out"
            } else {
                "outerr"
            };
            assert_eq!(output, seen);
        }
    }

    #[test]
    fn a_failed_compile_is_its_own_verdict() {
        let (verdict, output) = judge(&execution(Some(stage(None, Some(1), None)), None));
        assert_eq!(
            (verdict, output.as_str()),
            (Verdict::CompilationError, "outerr")
        );
        let broken = stage(Some("XX"), None, None);
        assert_eq!(
            judge(&execution(Some(broken), None)).0,
            Verdict::InternalError
        );
        // Compiled well, ran well.
        let compiled = Some(stage(None, Some(0), None));
        let ran = Some(stage(None, Some(0), None));
        assert_eq!(judge(&execution(compiled, ran)).0, Verdict::Executed);
    }

    #[test]
    fn a_silent_failure_is_told_by_its_message() {
        let mut silent = stage(Some("TO"), None, Some("SIGKILL"));
        silent.output.clear();
        assert_eq!(judge(&execution(None, Some(silent))).1, "said");
    }
}
