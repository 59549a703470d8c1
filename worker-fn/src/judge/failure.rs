//! How a stage failed.
//!
//! Endpoints report time and output limits; most do not report memory. That is
//! drawn from what there is: a kill near the limit, or the words with which a
//! language's own runtime says that it got no more.

use shared::domain::answer::Failure;
use shared::domain::result::MAX_OUTPUT_BYTES;
use shared::domain::stage::{Stage, Termination};
use shared::domain::verdict::Verdict;
use shared::text::truncated;

use crate::executor::StageReport;

/// The most bytes of the end of standard error.
const MAX_TAIL_BYTES: usize = 2 * 1024;

/// A language's runtime says with these that it got no more memory.
const OUT_OF_MEMORY: [&str; 9] = [
    "MemoryError",
    "JavaScript heap out of memory",
    "Array buffer allocation failed",
    "std::bad_alloc",
    "OutOfMemoryError",
    "memory allocation of",
    "runtime: out of memory",
    "Allowed memory size of",
    "failed to allocate memory",
];

/// How a stage failed; `None` when it did not. `memory_limit` is the one that
/// was asked for, in bytes.
pub fn classify(report: &StageReport, memory_limit: Option<u64>) -> Option<Failure> {
    let stage = &report.stage;
    let message = stage.message.as_deref().unwrap_or_default();
    let tail = stderr_tail(&stage.stderr);
    Some(match stage.termination {
        Termination::Success => return None,
        Termination::TimeLimit => Failure::new(Verdict::TimeLimitExceeded, message),
        Termination::OutputLimit | Termination::StderrLimit => {
            Failure::new(Verdict::OutputLimitExceeded, message)
        }
        Termination::EndpointFault => Failure::new(Verdict::InternalError, message),
        Termination::MemoryLimit => Failure::new(Verdict::MemoryLimitExceeded, tail),
        Termination::NonZeroExit | Termination::Signal => {
            let said = if tail.is_empty() { message } else { tail };
            if report.is_syntax_error {
                // Before memory: a line of the program may have those words.
                Failure::new(Verdict::CompilationError, said)
            } else if ran_out_of_memory(report, memory_limit) {
                Failure::new(Verdict::MemoryLimitExceeded, tail)
            } else {
                Failure::new(Verdict::RuntimeError, said)
            }
        }
    })
}

fn ran_out_of_memory(report: &StageReport, limit: Option<u64>) -> bool {
    let stage = &report.stage;
    let killed = stage.signal.as_deref() == Some("SIGKILL") || stage.code == Some(137);
    let near = match (stage.memory_bytes, limit) {
        (Some(used), Some(limit)) => used >= limit / 10 * 9,
        _ => false,
    };
    let tail = stderr_tail(&stage.stderr);
    killed && near || OUT_OF_MEMORY.iter().any(|words| tail.contains(words))
}

/// The end of what was printed to standard error.
pub fn stderr_tail(stderr: &str) -> &str {
    let text = stderr.trim_end();
    let start = text.len().saturating_sub(MAX_TAIL_BYTES);
    &text[text.ceil_char_boundary(start)..]
}

/// The folders in which endpoints run programs. A solver cannot see them, so
/// they are left out of messages.
const FOLDERS: [&str; 3] = ["/box/submission/", "/box/", "/tmp/"];

/// A compiler's or a program's message without the folders of the sandbox.
pub fn trim_paths(text: &str) -> String {
    let mut text = text.to_owned();
    for folder in FOLDERS {
        text = text.replace(folder, "");
    }
    // Piston names a folder for each job.
    let mut parts = text.split("/piston/jobs/");
    let mut trimmed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        trimmed.push_str(part.split_once('/').map_or("", |(_, rest)| rest));
    }
    trimmed
}

/// What a person wants to see first of a stage that failed: what it printed, or
/// else the endpoint's message.
pub fn shown_output(report: &StageReport) -> String {
    let Stage { stdout, stderr, .. } = &report.stage;
    let both;
    let text = if !report.output.trim().is_empty() {
        &report.output
    } else if stdout.trim().is_empty() && stderr.trim().is_empty() {
        report.stage.message.as_deref().unwrap_or_default()
    } else {
        // Why it failed stands in standard error, so half of the room is for that.
        both = [truncated(stdout, MAX_OUTPUT_BYTES / 2), stderr].concat();
        &both
    };
    trim_paths(truncated(text, MAX_OUTPUT_BYTES))
}

/// The verdict of a compilation that failed, and what a person wants to see first. A
/// compiler that was stopped may have printed warnings only, so what stopped it comes
/// before them.
pub fn of_compilation(report: &StageReport) -> Failure {
    let verdict = match report.stage.termination {
        Termination::EndpointFault => Verdict::InternalError,
        _ => Verdict::CompilationError,
    };
    let shown = shown_output(report);
    let Some(mut text) = compiler_limit(&report.stage) else {
        return Failure::new(verdict, shown);
    };
    let printed = [&report.output, &report.stage.stdout, &report.stage.stderr];
    if printed.iter().any(|text| !text.trim().is_empty()) {
        text.push('\n');
        text.push_str(&shown);
    }
    Failure::new(verdict, truncated(&text, MAX_OUTPUT_BYTES))
}

/// A sentence about the limit that stopped a compiler.
fn compiler_limit(stage: &Stage) -> Option<String> {
    let message = stage.message.as_deref().unwrap_or_default();
    // The runner's own sentence.
    if message.starts_with("The compiler ") {
        return Some(format!("{}.", message.trim_end_matches('.')));
    }
    if stage.termination != Termination::TimeLimit {
        return None;
    }
    let took_ms = stage.cpu_time_ms.max(stage.wall_time_ms);
    Some(match took_ms.map(|ms| ms / 1_000) {
        None | Some(0) => "The compiler took longer than it may.".to_owned(),
        Some(seconds) => format!("The compiler took longer than {seconds} s."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_was_stopped_is_named_before_what_it_printed() {
        let warning = "main.cpp:1:20: warning: unused parameter";
        let own = "The compiler took longer than 25 s (wall clock), and worked for 9.1 s of them";
        for (message, printed, wall_ms, expected) in [
            (own, warning, 25_003, format!("{own}.\n{warning}")),
            (own, "", 25_003, format!("{own}.")),
            (
                "Time limit exceeded (wall clock)",
                warning,
                10_004,
                format!("The compiler took longer than 10 s.\n{warning}"),
            ),
        ] {
            let mut stopped = report(Termination::TimeLimit, None, Some("SIGKILL"));
            stopped.output = String::new();
            stopped.stage.stderr = printed.into();
            stopped.stage.message = Some(message.into());
            stopped.stage.cpu_time_ms = Some(9_100);
            stopped.stage.wall_time_ms = Some(wall_ms);
            let expected = Failure::new(Verdict::CompilationError, expected);
            assert_eq!(of_compilation(&stopped), expected);
        }
        let mistake = of_compilation(&report(Termination::NonZeroExit, Some(1), None));
        assert_eq!(mistake, Failure::new(Verdict::CompilationError, "outerr"));
    }

    fn report(termination: Termination, code: Option<i64>, signal: Option<&str>) -> StageReport {
        StageReport {
            stage: Stage {
                termination,
                code,
                signal: signal.map(Into::into),
                message: Some("said".into()),
                memory_bytes: Some(95_000_000),
                ..Stage::default()
            },
            output: "outerr".into(),
            is_syntax_error: false,
        }
    }

    fn verdict(report: &StageReport, limit: Option<u64>) -> Option<Verdict> {
        classify(report, limit).map(|failure| failure.verdict)
    }

    #[test]
    fn the_termination_decides_the_verdict() {
        for (termination, expected) in [
            (Termination::Success, None),
            (Termination::NonZeroExit, Some(Verdict::RuntimeError)),
            (Termination::Signal, Some(Verdict::RuntimeError)),
            (Termination::TimeLimit, Some(Verdict::TimeLimitExceeded)),
            (Termination::OutputLimit, Some(Verdict::OutputLimitExceeded)),
            (Termination::StderrLimit, Some(Verdict::OutputLimitExceeded)),
            (Termination::EndpointFault, Some(Verdict::InternalError)),
            (Termination::MemoryLimit, Some(Verdict::MemoryLimitExceeded)),
        ] {
            let got = verdict(&report(termination, Some(1), None), None);
            assert_eq!(got, expected, "{termination:?}");
        }
    }

    #[test]
    fn memory_is_told_apart_from_crashes() {
        let killed = report(Termination::Signal, None, Some("SIGKILL"));
        let memory = Some(Verdict::MemoryLimitExceeded);
        let crash = Some(Verdict::RuntimeError);
        assert_eq!(verdict(&killed, Some(100_000_000)), memory);
        assert_eq!(verdict(&killed, Some(200_000_000)), crash);
        let exited = |code| report(Termination::NonZeroExit, Some(code), None);
        assert_eq!(verdict(&exited(137), Some(100_000_000)), memory);
        assert_eq!(verdict(&exited(1), Some(100_000_000)), crash);
        for words in [
            "Traceback (most recent call last):\n  File \"a.py\", line 1\nMemoryError\n",
            "terminate called after throwing an instance of 'std::bad_alloc'\n",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n",
        ] {
            let mut failed = exited(1);
            failed.stage.stderr = words.into();
            assert_eq!(verdict(&failed, None), memory, "{words}");
            // A run that succeeds had enough memory, whatever it printed.
            failed.stage.termination = Termination::Success;
            assert_eq!(verdict(&failed, None), None, "{words}");
        }
    }

    #[test]
    fn a_syntax_error_is_another_word_for_the_same_message() {
        let mut failed = report(Termination::NonZeroExit, Some(1), None);
        for printed in ["", "    except MemoryError\nSyntaxError: expected ':'\n"] {
            failed.stage.stderr = printed.into();
            failed.is_syntax_error = true;
            let named = classify(&failed, Some(1)).unwrap();
            assert_eq!(named.verdict, Verdict::CompilationError);
            failed.is_syntax_error = false;
            assert_eq!(named.message, classify(&failed, None).unwrap().message);
        }
    }

    #[test]
    fn the_message_is_the_end_of_stderr_or_the_endpoints() {
        let mut failed = report(Termination::NonZeroExit, Some(1), None);
        assert_eq!(classify(&failed, None).unwrap().message, "said");
        failed.stage.stderr = format!("{}Error: no\n", "ä".repeat(MAX_TAIL_BYTES));
        let message = classify(&failed, None).unwrap().message;
        assert!(message.ends_with("Error: no") && message.len() <= MAX_TAIL_BYTES);
    }

    #[test]
    fn folders_of_the_sandbox_are_left_out() {
        assert_eq!(
            trim_paths("/box/submission/main.cpp:1: no\n/piston/jobs/7f3a-1/file0.code: no"),
            "main.cpp:1: no\nfile0.code: no"
        );
        assert_eq!(trim_paths("/piston/jobs/"), "");
    }
}
