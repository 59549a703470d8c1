//! How a stage ended.
//!
//! Endpoints tell time and output limits apart from crashes; most do not tell
//! memory. So that is drawn from what there is: a kill near the limit, or the
//! words with which a language's own runtime says that it got no more.

use shared::result::{MAX_STREAM_BYTES, Verdict, cut};

use crate::executor::StageReport;

/// How a bad end is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEnd {
    /// The limit it broke, or `Runtime Error`.
    pub verdict: Verdict,
    /// A sentence or the last words of the program.
    pub message: String,
}

/// The most of a program's last words that is kept, in bytes.
const MAX_WORDS_BYTES: usize = 2 * 1024;

/// With these a language says that it got no more memory.
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

/// What was wrong with a run's end; `None` for a good one. `memory_limit` is
/// the one that was asked for, in bytes.
pub fn of(report: &StageReport, memory_limit: Option<u64>) -> Option<BadEnd> {
    let stage = &report.stage;
    let bad = |verdict: Verdict, message: &str| {
        Some(BadEnd {
            verdict,
            message: message.to_owned(),
        })
    };
    let said = stage.message.as_deref().unwrap_or_default();
    match stage.status.as_deref() {
        Some("TO") => return bad(Verdict::TimeLimitExceeded, said),
        Some("OL" | "EL") => return bad(Verdict::OutputLimitExceeded, said),
        Some("XX") => return bad(Verdict::InternalError, said),
        _ if stage.code == Some(0) && stage.signal.is_none() => return None,
        _ => {}
    }
    if out_of_memory(report, memory_limit) {
        return bad(Verdict::MemoryLimitExceeded, last_words(&stage.stderr));
    }
    let words = last_words(&stage.stderr);
    if words.is_empty() {
        bad(Verdict::RuntimeError, said)
    } else {
        bad(Verdict::RuntimeError, words)
    }
}

fn out_of_memory(report: &StageReport, limit: Option<u64>) -> bool {
    let stage = &report.stage;
    if stage.status.as_deref() == Some("ML") || report.limit.as_deref() == Some("memory") {
        return true;
    }
    let killed = stage.signal.as_deref() == Some("SIGKILL") || stage.code == Some(137);
    let near = match (stage.memory_bytes, limit) {
        (Some(used), Some(limit)) => used >= limit / 10 * 9,
        _ => false,
    };
    let words = last_words(&stage.stderr);
    killed && near || OUT_OF_MEMORY.iter().any(|said| words.contains(said))
}

/// The end of what was printed to standard error.
pub fn last_words(stderr: &str) -> &str {
    let text = stderr.trim_end();
    let start = text.len().saturating_sub(MAX_WORDS_BYTES);
    let start = (start..text.len()).find(|&at| text.is_char_boundary(at));
    &text[start.unwrap_or(0)..]
}

/// The folders in which endpoints run programs; they say nothing to anybody.
const FOLDERS: [&str; 3] = ["/box/submission/", "/box/", "/tmp/"];

/// A compiler's or a program's words without the folders of the sandbox.
pub fn trim_paths(text: &str) -> String {
    let mut text = text.to_owned();
    for folder in FOLDERS {
        text = text.replace(folder, "");
    }
    // Piston's has a name of its own for each job.
    let mut parts = text.split("/piston/jobs/");
    let mut trimmed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        trimmed.push_str(part.split_once('/').map_or("", |(_, rest)| rest));
    }
    trimmed
}

/// What a person wants to see first of a stage that failed: what it printed, or
/// else what was said about it.
pub fn evidence(report: &StageReport) -> String {
    let text = if report.output.trim().is_empty() {
        report.stage.message.as_deref().unwrap_or_default()
    } else {
        &report.output
    };
    trim_paths(cut(text, MAX_STREAM_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::result::Stage;

    fn report(status: Option<&str>, code: Option<i64>, signal: Option<&str>) -> StageReport {
        StageReport {
            stage: Stage {
                status: status.map(Into::into),
                code,
                signal: signal.map(Into::into),
                message: Some("said".into()),
                memory_bytes: Some(95_000_000),
                ..Stage::default()
            },
            output: "outerr".into(),
            limit: None,
        }
    }

    fn verdict(report: &StageReport, limit: Option<u64>) -> Option<Verdict> {
        of(report, limit).map(|bad| bad.verdict)
    }

    #[test]
    fn what_ended_the_run_decides() {
        let kill = Some("SIGKILL");
        for (status, code, signal, expected) in [
            (None, Some(0), None, None),
            (None, Some(1), None, Some(Verdict::RuntimeError)),
            (Some("RE"), Some(3), None, Some(Verdict::RuntimeError)),
            (
                Some("SG"),
                None,
                Some("SIGSEGV"),
                Some(Verdict::RuntimeError),
            ),
            (None, None, kill, Some(Verdict::RuntimeError)),
            (None, Some(0), kill, Some(Verdict::RuntimeError)),
            (None, None, None, Some(Verdict::RuntimeError)),
            (Some("TO"), None, kill, Some(Verdict::TimeLimitExceeded)),
            (Some("OL"), None, kill, Some(Verdict::OutputLimitExceeded)),
            (Some("EL"), None, kill, Some(Verdict::OutputLimitExceeded)),
            (Some("XX"), None, None, Some(Verdict::InternalError)),
            (Some("ML"), None, kill, Some(Verdict::MemoryLimitExceeded)),
        ] {
            let got = verdict(&report(status, code, signal), None);
            assert_eq!(got, expected, "{status:?} {code:?} {signal:?}");
        }
    }

    #[test]
    fn memory_is_told_apart_from_crashes() {
        let killed = report(Some("SG"), None, Some("SIGKILL"));
        let memory = Some(Verdict::MemoryLimitExceeded);
        let crash = Some(Verdict::RuntimeError);
        assert_eq!(verdict(&killed, Some(100_000_000)), memory);
        assert_eq!(verdict(&killed, Some(200_000_000)), crash);
        assert_eq!(
            verdict(&report(None, Some(137), None), Some(100_000_000)),
            memory
        );
        assert_eq!(
            verdict(&report(None, Some(1), None), Some(100_000_000)),
            crash
        );
        let mut ours = report(Some("SG"), None, Some("SIGKILL"));
        ours.limit = Some("memory".into());
        assert_eq!(verdict(&ours, None), memory);
        for words in [
            "Traceback (most recent call last):\n  File \"a.py\", line 1\nMemoryError\n",
            "terminate called after throwing an instance of 'std::bad_alloc'\n",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n",
        ] {
            let mut failed = report(None, Some(1), None);
            failed.stage.stderr = words.into();
            assert_eq!(verdict(&failed, None), memory, "{words}");
            // Who ends well had enough, whatever was printed.
            failed.stage.code = Some(0);
            assert_eq!(verdict(&failed, None), None, "{words}");
        }
    }

    #[test]
    fn the_last_words_are_told() {
        let mut failed = report(None, Some(1), None);
        failed.stage.stderr = format!("{}Error: no\n", "ä".repeat(MAX_WORDS_BYTES));
        let said = of(&failed, None).unwrap().message;
        assert!(said.ends_with("Error: no") && said.len() <= MAX_WORDS_BYTES);
        assert_eq!(
            of(&report(None, Some(1), None), None).unwrap().message,
            "said"
        );
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
