//! The JSON of the responses.
//!
//! Source of every name: Piston's v2 API (`docs/api-v2.md`, and where the document
//! is silent, `api/src/api/v2.js` and `api/src/job.js`). Unlike Piston's, the
//! numbers `cpu_time`, `wall_time` and `memory` are integers. `execute.rs` fills
//! the types in; nothing here runs programs.

use std::time::Duration;

use serde::Serialize;

use crate::config::StageLimits;
use crate::languages::Allowance;
use crate::sandbox::{Ending, Limit, Limits, Report};

/// An item of `GET /api/v2/runtimes`.
#[derive(Debug, Serialize)]
pub struct RuntimeInfo<'a> {
    /// The language's name.
    pub language: &'a str,
    /// Three numbers with dots.
    pub version: String,
    /// Other names of the language.
    pub aliases: &'a [String],
    /// The program that runs it, where several could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<&'a str>,
    /// What limits for native programs must be raised by. Not in Piston.
    pub allowance: Allowance,
}

/// The response of `POST /api/v2/execute`.
#[derive(Debug, Serialize)]
pub struct ExecuteResponse {
    /// Absent if the language is not compiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<StageResult>,
    /// The run stage. Repeats `compile` if that failed. With `cases`, the first run
    /// that failed, or else the last; absent if the streams are separate, because it
    /// would repeat one of `runs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<StageResult>,
    /// One result for each of the request's `cases` that was run, in their order;
    /// empty if compiling failed. Not in Piston, like everything after `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<StageResult>>,
    /// The language's name, never an alias.
    pub language: String,
    /// The selected version.
    pub version: String,
    /// The tier of the sandbox: `full`, `landlock` or `unsandboxed`.
    /// worker-fn tells by it that this is no plain Piston.
    pub sandbox: &'static str,
    /// The limits that applied.
    pub limits: StageLimitsInfo,
    /// What limits for native programs must be raised by; they were, if the request asks
    /// for it.
    pub allowance: Allowance,
    /// How long the submission waited for a slot, ms.
    pub queue_time: u64,
}

impl ExecuteResponse {
    /// The stage that says how the submission ended: a failed compilation, the run, or
    /// of several runs the first that failed, or else the last.
    pub fn deciding_stage(&self) -> Option<&StageResult> {
        let failed = |stage: &&StageResult| stage.status.is_some();
        let runs = self.runs.as_deref().unwrap_or_default();
        self.compile
            .as_ref()
            .filter(failed)
            .or(self.run.as_ref())
            .or_else(|| runs.iter().find(failed))
            .or(runs.last())
    }
}

/// The limits of both stages.
#[derive(Debug, Serialize)]
pub struct StageLimitsInfo {
    compile: LimitsInfo,
    run: LimitsInfo,
}

/// The limits of one stage, named like the request's fields where it has them.
#[derive(Debug, Serialize)]
struct LimitsInfo {
    /// Wall time, ms.
    timeout: u64,
    /// CPU time, ms.
    cpu_time: u64,
    /// Bytes; -1: no limit, as in Piston.
    memory_limit: i64,
    /// Bytes of standard output.
    output: u64,
    /// Bytes of standard error.
    stderr: u64,
    /// Processes and threads at once.
    processes: u64,
    /// Bytes per file.
    file_size: u64,
    /// Bytes of the stack.
    stack: u64,
}

impl From<&StageLimits> for StageLimitsInfo {
    fn from(stages: &StageLimits) -> Self {
        let of = |limits: &Limits| LimitsInfo {
            timeout: millis(limits.wall),
            cpu_time: millis(limits.cpu),
            memory_limit: limits
                .memory_bytes
                .map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            output: limits.stdout_bytes as u64,
            stderr: limits.stderr_bytes as u64,
            processes: limits.tasks,
            file_size: limits.file_bytes,
            stack: limits.stack_bytes,
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
pub struct StageResult {
    /// Name of the signal that ended the program. `SIGKILL` for every limit.
    pub signal: Option<&'static str>,
    /// Standard output. Invalid UTF-8 is replaced by U+FFFD.
    pub stdout: String,
    /// Standard error, converted in the same way.
    pub stderr: String,
    /// Exit code; `None` if a signal or a limit ended the program.
    pub code: Option<i32>,
    /// Both streams in the order in which they arrived. Absent if the request asks for
    /// separate streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Peak resident memory, bytes.
    pub memory: u64,
    /// A sentence about a failure, `None` for exit code 0. The texts are those of
    /// isolate, with which Piston runs programs.
    pub message: Option<String>,
    /// `RE` exit code not 0, `SG` signal, `TO` time limit, `OL` and `EL` standard
    /// output and error too long, `XX` failure of the sandbox; `None`: exit code 0.
    /// In responses to `cases`, which Piston does not have, also `ML`: memory limit.
    pub status: Option<&'static str>,
    /// The limit that ended the program: `wall_time`, `cpu_time`, `memory`, `processes`,
    /// `stdout`, `stderr` or `disk`. Not in Piston.
    pub limit: Option<&'static str>,
    /// CPU time, ms.
    pub cpu_time: u64,
    /// Wall time, ms.
    pub wall_time: u64,
}

/// The body of an error.
#[derive(Debug, Serialize)]
pub struct Message {
    /// A sentence for the caller.
    pub message: String,
}

impl From<Report> for StageResult {
    fn from(report: Report) -> Self {
        let ending = EndingFields::from(&report.ending);
        Self {
            signal: ending.signal,
            stdout: text(report.stdout),
            stderr: text(report.stderr),
            code: ending.code,
            output: report.output.map(text),
            memory: report.memory_bytes,
            message: ending.message,
            status: ending.status,
            limit: match report.ending {
                Ending::Limited(limit) => Some(limit_name(limit)),
                _ => None,
            },
            cpu_time: millis(report.cpu),
            wall_time: millis(report.wall),
        }
    }
}

impl StageResult {
    /// Gives an exceeded memory limit a status of its own, for responses to `cases`.
    #[must_use]
    pub fn with_memory_status(mut self) -> Self {
        if self.limit == Some("memory") {
            self.status = Some("ML");
        }
        self
    }

    /// Makes the result that of a program whose output was too long.
    pub(crate) fn output_exceeded(&mut self) {
        self.limited(Limit::Stdout);
        self.message = Some("stdout length exceeded: the response is full".to_owned());
    }

    /// Makes the result that of a program that used too much memory.
    pub(crate) fn memory_exceeded(&mut self) {
        self.limited(Limit::Memory);
    }

    fn limited(&mut self, limit: Limit) {
        let fields = EndingFields::from(&Ending::Limited(limit));
        self.code = fields.code;
        self.signal = fields.signal;
        self.status = fields.status;
        self.message = fields.message;
        self.limit = Some(limit_name(limit));
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

/// The fields of a result that the ending decides.
struct EndingFields {
    code: Option<i32>,
    signal: Option<&'static str>,
    status: Option<&'static str>,
    message: Option<String>,
}

impl From<&Ending> for EndingFields {
    fn from(ending: &Ending) -> Self {
        let failed = |status, signal, message: &str| Self {
            code: None,
            signal,
            status: Some(status),
            message: Some(message.to_owned()),
        };
        let killed = |status, message| failed(status, Some("SIGKILL"), message);
        match ending {
            Ending::Exited(0) => Self {
                code: Some(0),
                signal: None,
                status: None,
                message: None,
            },
            Ending::Exited(code) => Self {
                code: Some(*code),
                ..failed("RE", None, &format!("Exited with error status {code}"))
            },
            Ending::Signaled(number) => failed(
                "SG",
                signal_name(*number),
                &format!("Caught fatal signal {number}"),
            ),
            Ending::Limited(Limit::Wall) => killed("TO", "Time limit exceeded (wall clock)"),
            Ending::Limited(Limit::Cpu) => killed("TO", "Time limit exceeded"),
            Ending::Limited(Limit::Stdout) => killed("OL", "stdout length exceeded"),
            Ending::Limited(Limit::Stderr) => killed("EL", "stderr length exceeded"),
            // Piston has no status for these: there the kernel kills the program, and
            // the status is that of a signal.
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
            Ending::Failed(reason) | Ending::Unavailable(reason) => failed("XX", None, reason),
        }
    }
}

/// Linux's names of signals on x86-64 and aarch64. Real-time signals have none, as
/// in Piston.
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

    /// Code, signal, status and message, with `-` for null.
    fn fields(ending: Ending) -> String {
        let result = StageResult::from(Report::not_run(ending));
        let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
        [
            text(result.code.map(|code| code.to_string()).as_deref()),
            text(result.signal),
            text(result.status),
            text(result.message.as_deref()),
        ]
        .join(" ")
    }

    #[test]
    fn stage_result_has_piston_s_fields_for_every_ending() {
        use Ending::{Cancelled, Exited, Failed, Limited, Signaled};
        let killed = "SIGKILL SG Caught fatal signal 9";
        for (ending, expected) in [
            (Exited(0), "0 - - -"),
            (Exited(3), "3 - RE Exited with error status 3"),
            (Signaled(11), "- SIGSEGV SG Caught fatal signal 11"),
            (Signaled(34), "- - SG Caught fatal signal 34"),
            (
                Limited(Limit::Wall),
                "- SIGKILL TO Time limit exceeded (wall clock)",
            ),
            (Limited(Limit::Cpu), "- SIGKILL TO Time limit exceeded"),
            (
                Limited(Limit::Stdout),
                "- SIGKILL OL stdout length exceeded",
            ),
            (
                Limited(Limit::Stderr),
                "- SIGKILL EL stderr length exceeded",
            ),
            (
                Limited(Limit::Memory),
                &format!("- {killed} (memory limit exceeded)"),
            ),
            (
                Limited(Limit::Tasks),
                &format!("- {killed} (process limit exceeded)"),
            ),
            (
                Limited(Limit::Disk),
                &format!("- {killed} (disk limit exceeded)"),
            ),
            (Cancelled, "- SIGKILL XX cancelled"),
            (Failed("no".into()), "- - XX no"),
        ] {
            assert_eq!(fields(ending), expected);
        }
    }

    #[test]
    fn signal_name_is_linux_s() {
        assert_eq!(signal_name(6), Some("SIGABRT"));
        assert_eq!(signal_name(9), Some("SIGKILL"));
        assert_eq!(signal_name(25), Some("SIGXFSZ"));
        assert_eq!(signal_name(31), Some("SIGSYS"));
        assert_eq!(signal_name(0), None);
        assert_eq!(signal_name(-1), None);
    }
}
