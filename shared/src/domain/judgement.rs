//! What was found out about a submission to a problem, case by case.

use serde::Serialize;

use super::ids::ProblemVersion;
use super::share::Share;
use super::verdict::Verdict;

/// The most bytes of one text of an [`Evidence`].
pub const MAX_EVIDENCE_BYTES: usize = 2 * 1024;

/// What was found out about a submission to a problem, case by case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The version of the problem that it was judged by.
    pub problem_version: ProblemVersion,
    /// The weights of the accepted cases, and of others what they earned of theirs, in
    /// percent of all: 0 to 100.
    pub score: f64,
    /// The number of accepted cases.
    pub passed: u32,
    /// The number of cases.
    pub total: u32,
    /// The number of the first case that failed, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_case: Option<u32>,
    /// The most CPU time of one process, in milliseconds, where the endpoint
    /// measures it. All cases of a function share a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<u64>,
    /// The most memory of one process, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Every case in its order.
    pub cases: Vec<CaseResult>,
}

/// What was found out about one case. A hidden case shows its verdict and what
/// was measured, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// From 1.
    pub number: u32,
    /// The problem's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the problem hides it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// `Accepted`, `Skipped`, or how it failed.
    pub verdict: Verdict,
    /// How much of its weight it earned, where the problem's checker gives points and
    /// the case was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// CPU time in milliseconds, where the case had a process of its own and
    /// the endpoint measures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<u64>,
    /// Peak memory in bytes, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// For a shown case that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// What is shown of a case that failed. Texts are cut to
/// [`MAX_EVIDENCE_BYTES`], answers around their first difference.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The input: text for a program, the arguments as JSON for a function.
    pub input: String,
    /// The expected answer, as text or JSON.
    pub expected: String,
    /// The actual answer, as text or JSON, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Where the actual answer first differs from the expected one, or why it may
    /// be wrong, in a sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why there is no answer, such as an exception's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What was printed beside the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
}
