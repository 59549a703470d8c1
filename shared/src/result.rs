//! What a finished job leaves behind.
//!
//! The [`ResultDocument`] is stored as JSON under the submission's id and is
//! what `GET /result/:id` answers. What was judged carries a [`Judgement`], and
//! behind the document, on a second line that no client sees, what judging it
//! again needs. A [`Summary`] goes into the index of its problem, where a
//! hundred of them must stay small.

use serde::{Deserialize, Serialize};

/// The most that is kept of one output stream, in bytes.
pub const MAX_STREAM_BYTES: usize = 64 * 1024;
/// The most that is kept of one text of an [`Evidence`], in bytes.
pub const MAX_EVIDENCE_BYTES: usize = 2 * 1024;
/// The most output that a summary carries, in bytes.
pub const MAX_SUMMARY_OUTPUT_BYTES: usize = 2 * 1024;

/// The judge's answer. Each is drawn from evidence that stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It ran and ended well, and there was nothing to compare it with.
    Executed,
    /// Every case got the expected answer.
    Accepted,
    /// A case got another answer than the expected one.
    #[serde(rename = "Wrong Answer")]
    WrongAnswer,
    /// It used up its wall or CPU time.
    #[serde(rename = "Time Limit Exceeded")]
    TimeLimitExceeded,
    /// It asked for more memory than it may have.
    #[serde(rename = "Memory Limit Exceeded")]
    MemoryLimitExceeded,
    /// It printed more than it may.
    #[serde(rename = "Output Limit Exceeded")]
    OutputLimitExceeded,
    /// It ended with a code other than 0, or by a signal.
    #[serde(rename = "Runtime Error")]
    RuntimeError,
    /// It did not compile.
    #[serde(rename = "Compilation Error")]
    CompilationError,
    /// The execution endpoint could not run it: nothing is known of the code.
    #[serde(rename = "Internal Error")]
    InternalError,
    /// Of a case: it was not run, because one before it failed.
    Skipped,
}

impl Verdict {
    /// As people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Executed => "Executed",
            Self::Accepted => "Accepted",
            Self::WrongAnswer => "Wrong Answer",
            Self::TimeLimitExceeded => "Time Limit Exceeded",
            Self::MemoryLimitExceeded => "Memory Limit Exceeded",
            Self::OutputLimitExceeded => "Output Limit Exceeded",
            Self::RuntimeError => "Runtime Error",
            Self::CompilationError => "Compilation Error",
            Self::InternalError => "Internal Error",
            Self::Skipped => "Skipped",
        }
    }
}

/// What was found out about a submission to a problem, case by case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// Which version of the problem it was judged by.
    pub problem_version: String,
    /// The weights of the accepted cases, in percent of all: 0 to 100.
    pub score: f64,
    /// How many cases were accepted.
    pub passed: u32,
    /// How many there are.
    pub total: u32,
    /// The number of the first case that failed, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_case: Option<u32>,
    /// The most CPU time that a process of it took, in milliseconds, where the
    /// endpoint measures it. All cases of a function share a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<u64>,
    /// The most memory that a process of it took, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Every case in its order.
    pub cases: Vec<CaseResult>,
}

/// What was found out about one case. A hidden one shows its verdict and what
/// was measured, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// From 1.
    pub number: u32,
    /// What the problem calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the problem hides it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// `Accepted`, `Skipped`, or how it failed.
    pub verdict: Verdict,
    /// CPU time in milliseconds, where it had a process of its own and the
    /// endpoint measures it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<u64>,
    /// Peak memory in bytes, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Of a shown case that failed: what is known about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// Of a shown case that failed. Texts are cut to [`MAX_EVIDENCE_BYTES`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What went in: text for a program, the arguments as JSON for a function.
    pub input: String,
    /// What was expected, as text or JSON.
    pub expected: String,
    /// What came, as text or JSON, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// What else was said, such as an exception's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What was printed beside the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
}

/// One stage of an execution, as the endpoint reported it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// What it printed, [`MAX_STREAM_BYTES`] at most.
    pub stdout: String,
    /// What it printed to stderr, [`MAX_STREAM_BYTES`] at most.
    pub stderr: String,
    /// Whether something was cut from either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The exit code; `null` when a signal ended it.
    pub code: Option<i64>,
    /// The signal that ended it, such as `SIGKILL`.
    pub signal: Option<String>,
    /// The endpoint's short status, such as `TO` or `RE`.
    pub status: Option<String>,
    /// The endpoint's sentence about it.
    pub message: Option<String>,
    /// CPU time in milliseconds, where the endpoint measures it.
    pub cpu_time_ms: Option<u64>,
    /// Wall time in milliseconds, where the endpoint measures it.
    pub wall_time_ms: Option<u64>,
    /// Peak memory in bytes, where the endpoint measures it.
    pub memory_bytes: Option<u64>,
}

/// Everything that is kept of a finished job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultDocument {
    /// The submission's id.
    pub id: String,
    /// The problem it was for.
    pub problem_id: String,
    /// The language as it was submitted.
    pub language: String,
    /// The version that ran it, where the endpoint says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_version: Option<String>,
    /// Always `done`.
    pub status: Status,
    /// The judge's answer.
    pub verdict: Verdict,
    /// What a person wants to see first: what it printed, or, where it failed,
    /// what was said about the failure.
    pub output: String,
    /// How compiling went, for languages that compile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<Stage>,
    /// How running went. Absent when it never came to that, and where a hidden
    /// case could show in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Stage>,
    /// What was found out case by case, if the problem is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// How often it was tried; results of earlier attempts were lost.
    pub attempts: u32,
    /// Which execution endpoint ran it, by the operator's name for it.
    pub executor: String,
    /// When it was submitted, in milliseconds since 1970 (UTC). For a submission
    /// for later: when it was due. For a foreign job: when it was taken.
    pub submitted_at_ms: u64,
    /// When it was handed to the execution endpoint.
    pub started_at_ms: u64,
    /// When the endpoint had answered.
    pub finished_at_ms: u64,
    /// What judging it again needs, as JSON text. Not part of the document.
    #[serde(skip)]
    pub kept: Option<String>,
}

/// Where a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, and not finished yet.
    Queued,
    /// There is a result.
    Done,
    /// It was given up; an operator can look at it and try it again.
    Dead,
}

/// What a client sees of a job that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadDocument {
    /// The submission's id.
    pub id: String,
    /// Always `dead`.
    pub status: Status,
    /// Why, in a sentence.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up, in milliseconds since 1970 (UTC).
    pub dead_at_ms: u64,
}

impl DeadDocument {
    /// The document for a job that was given up.
    pub fn new(id: String, reason: String, attempts: u32, dead_at_ms: u64) -> Self {
        Self {
            id,
            status: Status::Dead,
            reason,
            attempts,
            dead_at_ms,
        }
    }
}

/// A result as it stands in its problem's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The submission's id, by which the whole result is found.
    pub id: String,
    /// The judge's answer.
    pub verdict: Verdict,
    /// The language as it was submitted.
    pub language: String,
    /// The output, [`MAX_SUMMARY_OUTPUT_BYTES`] at most.
    pub output: String,
    /// When it was finished, in milliseconds since 1970 (UTC).
    pub finished_at_ms: u64,
}

impl ResultDocument {
    /// As it is stored: the document, and on a line of its own what is kept.
    pub fn stored(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(self)?;
        if let Some(kept) = &self.kept {
            // JSON has no line ends but those between its tokens.
            text.push('\n');
            text.push_str(kept);
        }
        Ok(text)
    }

    /// A stored result, taken apart: the document and what is kept.
    pub fn take_apart(mut stored: Vec<u8>) -> (Vec<u8>, Option<Vec<u8>>) {
        match stored.iter().position(|&byte| byte == b'\n') {
            None => (stored, None),
            Some(end) => {
                let kept = stored.split_off(end + 1);
                stored.truncate(end);
                (stored, Some(kept))
            }
        }
    }

    /// The entry for the problem's index.
    pub fn summary(&self) -> Summary {
        Summary {
            id: self.id.clone(),
            verdict: self.verdict,
            language: self.language.clone(),
            output: cut(&self.output, MAX_SUMMARY_OUTPUT_BYTES).to_owned(),
            finished_at_ms: self.finished_at_ms,
        }
    }
}

/// The longest beginning of `text` that is at most `max_bytes` and ends
/// between characters.
pub fn cut(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    let end = (0..=max_bytes)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_ends_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 2), "ab");
        assert_eq!(cut("aä", 2), "a");
        assert_eq!(cut("😀", 3), "");
    }

    #[test]
    fn what_is_kept_stands_apart() {
        let (document, kept) = ResultDocument::take_apart(b"{\"a\":1}\n{\"b\":2}".to_vec());
        assert_eq!(document, b"{\"a\":1}");
        assert_eq!(kept.as_deref(), Some(&b"{\"b\":2}"[..]));
        assert_eq!(
            ResultDocument::take_apart(b"{}".to_vec()),
            (b"{}".to_vec(), None)
        );
    }

    #[test]
    fn a_verdicts_name_is_its_spelling() {
        for verdict in [
            Verdict::Executed,
            Verdict::Accepted,
            Verdict::WrongAnswer,
            Verdict::TimeLimitExceeded,
            Verdict::MemoryLimitExceeded,
            Verdict::OutputLimitExceeded,
            Verdict::RuntimeError,
            Verdict::CompilationError,
            Verdict::InternalError,
            Verdict::Skipped,
        ] {
            let spelled = serde_json::to_string(&verdict).unwrap();
            assert_eq!(spelled, format!("{:?}", verdict.name()));
        }
    }

    #[test]
    fn verdicts_are_spelled_as_people_know_them() {
        assert_eq!(
            serde_json::to_string(&Verdict::TimeLimitExceeded).unwrap(),
            "\"Time Limit Exceeded\""
        );
    }
}
