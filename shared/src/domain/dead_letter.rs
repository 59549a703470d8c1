//! What is stored of a job that was given up.

use serde::Serialize;

use super::ids::ProblemId;
use super::lane::Lane;
use super::result::Status;

/// Why an attempt did not bring a job to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedAttempt {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// A sentence for the operator.
    pub reason: String,
    /// Milliseconds since 1970 (UTC); unknown when the Worker was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
}

/// A job that was given up, stored for an operator to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The submission's id, or the one that the job was given when it died.
    pub id: String,
    /// Why it was given up, in a sentence.
    pub reason: String,
    /// The problem it was for, where the job could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem_id: Option<ProblemId>,
    /// Its language, where the job could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The lane it came from.
    pub lane: Lane,
    /// How many attempts it had.
    pub attempts: u32,
    /// How the attempts failed.
    #[serde(rename = "history")]
    pub failed_attempts: Vec<FailedAttempt>,
    /// When it was submitted, in milliseconds since 1970 (UTC); unknown of a foreign
    /// job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at_ms: Option<u64>,
    /// When it was given up, in milliseconds since 1970 (UTC).
    pub dead_at_ms: u64,
    /// Whether it was to be judged again, so that it has a result, which stays. Not
    /// part of the letter.
    #[serde(skip)]
    pub has_result: bool,
    /// The address that is told of it. Not part of the letter.
    #[serde(skip)]
    pub callback_url: Option<String>,
}

/// What a client sees of a job that was given up, under the submission's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadDocument<'a> {
    /// See [`DeadLetter::id`].
    pub id: &'a str,
    /// Always `dead`.
    pub status: Status,
    /// See [`DeadLetter::reason`].
    pub reason: &'a str,
    /// See [`DeadLetter::attempts`].
    pub attempts: u32,
    /// See [`DeadLetter::submitted_at_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at_ms: Option<u64>,
    /// See [`DeadLetter::dead_at_ms`].
    pub dead_at_ms: u64,
}

impl DeadLetter {
    /// What a client sees of it.
    pub fn document(&self) -> DeadDocument<'_> {
        DeadDocument {
            id: &self.id,
            status: Status::Dead,
            reason: &self.reason,
            attempts: self.attempts,
            submitted_at_ms: self.submitted_at_ms,
            dead_at_ms: self.dead_at_ms,
        }
    }
}
