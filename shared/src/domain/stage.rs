//! One stage of an execution, compiling or running, as it stands in a result.

use serde::{Serialize, Serializer};

use crate::json::write::truncated_escaped;

/// The most of a run's standard output in a result, in bytes of JSON: what a
/// program prints is stored as JSON, where a control byte takes six.
pub const MAX_STDOUT_BYTES: usize = 48 * 1024;
/// The most of a run's standard error in a result, in bytes of JSON.
pub const MAX_STDERR_BYTES: usize = 16 * 1024;
/// The most of either stream of a compilation in a result, in bytes of JSON.
const MAX_COMPILER_BYTES: usize = 12 * 1024;

/// How a stage ended. Each kind of execution endpoint has its own words for
/// this; its adapter reads them into one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Termination {
    /// By itself, with exit code 0.
    #[default]
    Success,
    /// By itself, with another exit code.
    NonZeroExit,
    /// By a signal.
    Signal,
    /// At the limit of wall or CPU time.
    TimeLimit,
    /// At the limit of memory, where the endpoint says so.
    MemoryLimit,
    /// At the limit of standard output.
    OutputLimit,
    /// At the limit of standard error.
    StderrLimit,
    /// The endpoint could not run it.
    EndpointFault,
}

/// One stage of an execution, as the endpoint reported it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Standard output; in a result [`MAX_STDOUT_BYTES`] at most.
    pub stdout: String,
    /// Standard error; in a result [`MAX_STDERR_BYTES`] at most.
    pub stderr: String,
    /// Whether either stream was cut.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The exit code; `null` when a signal ended it.
    pub code: Option<i64>,
    /// The signal that ended it, such as `SIGKILL`.
    pub signal: Option<String>,
    /// How it ended; on the wire two letters as Piston writes them, `null` for success.
    #[serde(rename = "status", serialize_with = "letters")]
    pub termination: Termination,
    /// The endpoint's sentence about it.
    pub message: Option<String>,
    /// CPU time in milliseconds, where the endpoint measures it.
    pub cpu_time_ms: Option<u64>,
    /// Wall time in milliseconds, where the endpoint measures it.
    pub wall_time_ms: Option<u64>,
    /// Peak memory in bytes, where the endpoint measures it.
    pub memory_bytes: Option<u64>,
}

impl Stage {
    /// Cuts the streams of a run to what a result may hold, and notes where that
    /// was done.
    #[must_use]
    pub fn truncate_streams(self) -> Self {
        self.truncated_to(MAX_STDOUT_BYTES, MAX_STDERR_BYTES)
    }

    /// As [`Stage::truncate_streams`], for a compilation.
    #[must_use]
    pub fn truncate_compiler_streams(self) -> Self {
        self.truncated_to(MAX_COMPILER_BYTES, MAX_COMPILER_BYTES)
    }

    /// As [`Stage::truncate_streams`], to so many bytes of JSON of each stream.
    #[must_use]
    pub fn truncated_to(mut self, stdout: usize, stderr: usize) -> Self {
        for (stream, max_bytes) in [(&mut self.stdout, stdout), (&mut self.stderr, stderr)] {
            let end = truncated_escaped(stream, max_bytes).len();
            self.truncated |= end < stream.len();
            stream.truncate(end);
            stream.shrink_to_fit();
        }
        self
    }
}

/// Piston's `status` (its `docs/api-v2.md`), and `ML` for memory, which our
/// runner adds.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to the field"
)]
fn letters<S: Serializer>(termination: &Termination, serializer: S) -> Result<S::Ok, S::Error> {
    let letters = match termination {
        Termination::Success => return serializer.serialize_none(),
        Termination::NonZeroExit => "RE",
        Termination::Signal => "SG",
        Termination::MemoryLimit => "ML",
        Termination::TimeLimit => "TO",
        Termination::OutputLimit => "OL",
        Termination::StderrLimit => "EL",
        Termination::EndpointFault => "XX",
    };
    serializer.serialize_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_streams_are_cut_and_say_so() {
        let stage = Stage {
            stdout: "x".repeat(MAX_STDOUT_BYTES),
            stderr: "\n".repeat(MAX_STDERR_BYTES / 2),
            ..Stage::default()
        };
        assert!(!stage.clone().truncate_streams().truncated);
        let longer = |add: fn(&mut Stage)| {
            let mut stage = stage.clone();
            add(&mut stage);
            stage.truncate_streams()
        };
        assert_eq!(longer(|stage| stage.stdout.push('x')).stdout, stage.stdout);
        let cut = longer(|stage| stage.stderr.push('x'));
        assert!(cut.truncated && cut.stderr == stage.stderr);
        let cut = Stage {
            stdout: "\u{1}".repeat(MAX_STDOUT_BYTES),
            stderr: "ä".repeat(MAX_STDERR_BYTES),
            ..Stage::default()
        };
        let stored = serde_json::to_string(&cut.clone().truncate_streams()).unwrap();
        assert!(stored.len() < MAX_STDOUT_BYTES + MAX_STDERR_BYTES + 300);
        let compile = cut.truncate_compiler_streams();
        assert_eq!(compile.stdout.len(), MAX_COMPILER_BYTES / 6);
    }

    #[test]
    fn the_status_is_in_pistons_letters() {
        for (termination, status) in [
            (Termination::Success, "null"),
            (Termination::NonZeroExit, "\"RE\""),
            (Termination::Signal, "\"SG\""),
            (Termination::MemoryLimit, "\"ML\""),
            (Termination::TimeLimit, "\"TO\""),
            (Termination::OutputLimit, "\"OL\""),
            (Termination::StderrLimit, "\"EL\""),
            (Termination::EndpointFault, "\"XX\""),
        ] {
            let stage = Stage {
                termination,
                ..Stage::default()
            };
            let json = serde_json::to_string(&stage).unwrap();
            assert!(json.contains(&format!("\"status\":{status}")), "{json}");
        }
    }
}
