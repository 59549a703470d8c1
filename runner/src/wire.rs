//! Answers as they go over the wire.
//!
//! Source of every name: Piston's v2 API (`docs/api-v2.md`, and for what the
//! document leaves out `api/src/api/v2.js` and `api/src/job.js`). The numbers
//! `cpu_time`, `wall_time` and `memory` are whole here.

use std::time::Duration;

use serde::Serialize;

use crate::config::Stages;
use crate::sandbox::{Ending, Limit, Limits, Report};

/// An item of `GET /api/v2/runtimes`.
#[derive(Debug, Serialize)]
pub struct RuntimeInfo<'a> {
    /// The language's name.
    pub language: &'a str,
    /// Three numbers.
    pub version: String,
    /// Other names of the language.
    pub aliases: &'a [String],
    /// What runs it, where several could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<&'a str>,
}

/// The answer of `POST /api/v2/execute`.
#[derive(Debug, Serialize)]
pub struct Execution {
    /// Absent if the language is not compiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<Stage>,
    /// The program's run; repeats `compile` when that failed. With `cases`, the
    /// first one that failed, or else the last.
    pub run: Stage,
    /// One for each of the request's `cases` that was run, in their order; empty if
    /// compiling failed. Not in Piston, nor is what follows `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<Stage>>,
    /// The language's name, never an alias.
    pub language: String,
    /// The version that was chosen.
    pub version: String,
    /// How well it was held: `full`, `landlock` or `unsandboxed`.
    pub sandbox: &'static str,
    /// The limits that held for it.
    pub limits: LimitsInfo,
    /// How long it waited for a place to run, ms.
    pub queue_time: u64,
}

/// The limits of both stages.
#[derive(Debug, Serialize)]
pub struct LimitsInfo {
    compile: StageLimits,
    run: StageLimits,
}

/// The limits of one stage, under the names of a request's fields where it has
/// them.
#[derive(Debug, Serialize)]
struct StageLimits {
    /// Wall time, ms.
    timeout: u64,
    /// ms.
    cpu_time: u64,
    /// Bytes; -1: none, as in Piston.
    memory_limit: i64,
    /// Bytes of each stream.
    output: u64,
    processes: u64,
    /// Bytes of each file.
    file_size: u64,
}

impl From<&Stages> for LimitsInfo {
    fn from(stages: &Stages) -> Self {
        let of = |limits: &Limits| StageLimits {
            timeout: millis(limits.wall),
            cpu_time: millis(limits.cpu),
            memory_limit: limits
                .memory_bytes
                .map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            output: limits.output_bytes as u64,
            processes: limits.tasks,
            file_size: limits.file_bytes,
        };
        Self {
            compile: of(&stages.compile),
            run: of(&stages.run),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How one stage ended.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Name of the signal that ended it. `SIGKILL` for every limit.
    pub signal: Option<&'static str>,
    /// Invalid UTF-8 is replaced by U+FFFD.
    pub stdout: String,
    /// Likewise.
    pub stderr: String,
    /// Exit code; `None` if a signal or a limit ended it.
    pub code: Option<i32>,
    /// Both streams in the order they arrived.
    pub output: String,
    /// Peak resident memory, bytes.
    pub memory: u64,
    /// A sentence on a bad end, `None` for a good one. The words are those of
    /// isolate, by which Piston runs programs.
    pub message: Option<String>,
    /// `RE` exit code not zero, `SG` signal, `TO` time, `OL` and `EL` standard
    /// output and error too long, `XX` our fault; `None`: exit code zero. In
    /// answers to `cases`, which Piston does not know, also `ML`: memory.
    pub status: Option<&'static str>,
    /// The limit that ended it: `wall_time`, `cpu_time`, `memory`, `processes`,
    /// `stdout`, `stderr` or `disk`. Not in Piston.
    pub limit: Option<&'static str>,
    /// ms.
    pub cpu_time: u64,
    /// ms.
    pub wall_time: u64,
}

/// An error's body.
#[derive(Debug, Serialize)]
pub struct Message {
    /// For people.
    pub message: String,
}

impl From<Report> for Stage {
    fn from(report: Report) -> Self {
        let ended = End::from(&report.ending);
        Self {
            signal: ended.signal,
            stdout: text(report.stdout),
            stderr: text(report.stderr),
            code: ended.code,
            output: text(report.output),
            memory: report.memory_bytes,
            message: ended.message,
            status: ended.status,
            limit: match report.ending {
                Ending::Limited(limit) => Some(limit_name(limit)),
                _ => None,
            },
            cpu_time: millis(report.cpu),
            wall_time: millis(report.wall),
        }
    }
}

impl Stage {
    /// For those who know our additions: memory has a status of its own.
    #[must_use]
    pub fn told_in_full(mut self) -> Self {
        if self.limit == Some("memory") {
            self.status = Some("ML");
        }
        self
    }
}

fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::Wall => "wall_time",
        Limit::Cpu => "cpu_time",
        Limit::Memory => "memory",
        Limit::Tasks => "processes",
        Limit::Stdout => "stdout",
        Limit::Stderr => "stderr",
        Limit::Disk => "disk",
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

struct End {
    code: Option<i32>,
    signal: Option<&'static str>,
    status: Option<&'static str>,
    message: Option<String>,
}

impl From<&Ending> for End {
    fn from(ending: &Ending) -> Self {
        let bad = |status, signal, message: &str| Self {
            code: None,
            signal,
            status: Some(status),
            message: Some(message.to_owned()),
        };
        let killed = |status, message| bad(status, Some("SIGKILL"), message);
        match ending {
            Ending::Exited(0) => Self {
                code: Some(0),
                signal: None,
                status: None,
                message: None,
            },
            Ending::Exited(code) => Self {
                code: Some(*code),
                ..bad("RE", None, &format!("Exited with error status {code}"))
            },
            Ending::Signaled(number) => bad(
                "SG",
                signal_name(*number),
                &format!("Caught fatal signal {number}"),
            ),
            Ending::Limited(Limit::Wall) => killed("TO", "Time limit exceeded (wall clock)"),
            Ending::Limited(Limit::Cpu) => killed("TO", "Time limit exceeded"),
            Ending::Limited(Limit::Stdout) => killed("OL", "stdout length exceeded"),
            Ending::Limited(Limit::Stderr) => killed("EL", "stderr length exceeded"),
            // Piston has no status for these; there the kernel kills likewise.
            Ending::Limited(Limit::Memory) => {
                killed("SG", "Caught fatal signal 9 (memory limit exceeded)")
            }
            Ending::Limited(Limit::Tasks) => {
                killed("SG", "Caught fatal signal 9 (process limit exceeded)")
            }
            Ending::Limited(Limit::Disk) => {
                killed("SG", "Caught fatal signal 9 (disk limit exceeded)")
            }
            Ending::Cancelled => killed("XX", "cancelled"),
            Ending::Failed(reason) => bad("XX", None, reason),
        }
    }
}

/// Linux's names on the common architectures. Real-time signals have none, as in
/// Piston.
fn signal_name(number: i32) -> Option<&'static str> {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    NAMES
        .get(usize::try_from(number).ok()?.checked_sub(1)?)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_become_pistons_fields() {
        let rows = [
            (Ending::Exited(0), (Some(0), None, None, None)),
            (
                Ending::Exited(3),
                (
                    Some(3),
                    None,
                    Some("RE"),
                    Some("Exited with error status 3"),
                ),
            ),
            (
                Ending::Signaled(11),
                (
                    None,
                    Some("SIGSEGV"),
                    Some("SG"),
                    Some("Caught fatal signal 11"),
                ),
            ),
            (
                Ending::Signaled(34),
                (None, None, Some("SG"), Some("Caught fatal signal 34")),
            ),
            (
                Ending::Limited(Limit::Wall),
                (
                    None,
                    Some("SIGKILL"),
                    Some("TO"),
                    Some("Time limit exceeded (wall clock)"),
                ),
            ),
            (
                Ending::Limited(Limit::Cpu),
                (
                    None,
                    Some("SIGKILL"),
                    Some("TO"),
                    Some("Time limit exceeded"),
                ),
            ),
            (
                Ending::Limited(Limit::Stdout),
                (
                    None,
                    Some("SIGKILL"),
                    Some("OL"),
                    Some("stdout length exceeded"),
                ),
            ),
            (
                Ending::Limited(Limit::Stderr),
                (
                    None,
                    Some("SIGKILL"),
                    Some("EL"),
                    Some("stderr length exceeded"),
                ),
            ),
            (
                Ending::Limited(Limit::Memory),
                (
                    None,
                    Some("SIGKILL"),
                    Some("SG"),
                    Some("Caught fatal signal 9 (memory limit exceeded)"),
                ),
            ),
            (
                Ending::Failed("no".into()),
                (None, None, Some("XX"), Some("no")),
            ),
        ];
        for (ending, (code, signal, status, message)) in rows {
            let stage = Stage::from(Report {
                ending: ending.clone(),
                ..Report::failed("")
            });
            assert_eq!(stage.code, code, "{ending:?}");
            assert_eq!(stage.signal, signal, "{ending:?}");
            assert_eq!(stage.status, status, "{ending:?}");
            assert_eq!(stage.message.as_deref(), message, "{ending:?}");
        }
    }

    #[test]
    fn signals_have_linux_names() {
        assert_eq!(signal_name(6), Some("SIGABRT"));
        assert_eq!(signal_name(9), Some("SIGKILL"));
        assert_eq!(signal_name(25), Some("SIGXFSZ"));
        assert_eq!(signal_name(31), Some("SIGSYS"));
        assert_eq!(signal_name(0), None);
        assert_eq!(signal_name(-1), None);
    }
}
