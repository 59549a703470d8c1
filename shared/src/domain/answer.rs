//! What came of running a case: the answer that is judged, and archived.

use super::verdict::Verdict;
use crate::json::JsonText;

/// What came of one case that was run.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseAnswer {
    /// A program printed this, and ended well.
    Text(String),
    /// A function returned this.
    Value(JsonText),
    /// A function returned what JSON cannot hold, in words.
    NotJson(String),
    /// There is no answer.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The limit that was exceeded, or `Runtime Error`.
    pub verdict: Verdict,
    /// A sentence, or the end of what the program printed to standard error.
    pub message: String,
}

impl Failure {
    /// A failure with a message for people.
    pub fn new(verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            verdict,
            message: message.into(),
        }
    }
}

/// What processes used, where the endpoint measures it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// Peak memory in bytes.
    pub memory_bytes: Option<u64>,
}

impl Usage {
    /// The larger of both in each measurement.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu_time_ms: self.cpu_time_ms.max(other.cpu_time_ms),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
        }
    }
}
