//! One stage of an execution, compiling or running, as it stands in a result.

use serde::{Serialize, Serializer};

use crate::text::truncated;

/// The most bytes of one output stream in a result.
pub const MAX_STREAM_BYTES: usize = 64 * 1024;

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
    /// Standard output; in a result [`MAX_STREAM_BYTES`] at most.
    pub stdout: String,
    /// Standard error; in a result [`MAX_STREAM_BYTES`] at most.
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
    /// Cuts both streams to [`MAX_STREAM_BYTES`], and notes where that was done.
    #[must_use]
    pub fn truncate_streams(mut self) -> Self {
        for stream in [&mut self.stdout, &mut self.stderr] {
            let end = truncated(stream, MAX_STREAM_BYTES).len();
            self.truncated |= end < stream.len();
            stream.truncate(end);
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
            stdout: "x".repeat(MAX_STREAM_BYTES),
            ..Stage::default()
        };
        assert!(!stage.clone().truncate_streams().truncated);
        let stage = Stage {
            stderr: "ä".repeat(MAX_STREAM_BYTES),
            ..stage
        };
        let stage = stage.truncate_streams();
        assert!(stage.truncated);
        assert_eq!(stage.stderr.len(), MAX_STREAM_BYTES);
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
