//! Why there is no execution, sorted by who is at fault.

use http::StatusCode;
use shared::http::ApiError;
use shared::text::truncated;

use super::limit_words::limit_too_high;
use crate::limits::BudgetError;

/// Why there is no execution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecutorError {
    /// No response, or one that may be a proxy's: not reachable, cut off, too
    /// slow, HTTP 502. The endpoint may be down, or this job may have brought it
    /// down.
    #[error("the execution endpoint did not answer: {0}")]
    NoResponse(String),
    /// The endpoint works, but is too busy to take the job.
    #[error("the execution endpoint is too busy")]
    Busy,
    /// The endpoint said that it will not work now. Not the job's fault.
    #[error("the execution endpoint is not available: {0}")]
    Unavailable(String),
    /// The endpoint answered that it failed while it ran this job. A probe tells
    /// whether it is the job's fault.
    #[error("the execution endpoint failed while running the job: {code}")]
    Failed {
        /// `HTTP 500`, or `status XX`.
        code: &'static str,
        /// The endpoint's own words. They may tell of its machine, so they are for
        /// the log only.
        words: Option<String>,
    },
    /// The wall clock stopped a compiler that had mostly waited for a processor.
    /// Probably not the job's fault, but a compiler can also sleep on purpose.
    #[error(
        "the execution endpoint's machine was too busy: a compiler got {} s of CPU time in {} s",
        seconds(*cpu_ms), seconds(*wall_ms)
    )]
    CompilerStarved {
        /// How long it worked, in milliseconds.
        cpu_ms: u64,
        /// How long it took, in milliseconds.
        wall_ms: u64,
    },
    /// The endpoint will not run this job however often it is asked. The text is
    /// shown to whoever submitted it.
    #[error("{0}")]
    Refused(String),
    /// The same, because a limit of the run is above the endpoint's own.
    #[error("{field} must be at most {most}, the most that the execution endpoint gives.")]
    LimitTooHigh {
        /// The limit's field in the API.
        field: &'static str,
        /// In the field's unit.
        most: u64,
    },
    /// The job needs this many calls in all, and this invocation has not enough
    /// left; a fresh one has.
    #[error("the job needs {0} calls, more than this invocation has left")]
    BudgetExhausted(u64),
}

/// With one decimal.
fn seconds(ms: u64) -> String {
    format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
}

/// The most bytes of an endpoint's words in the log.
const MAX_WORDS_BYTES: usize = 300;

impl ExecutorError {
    /// The endpoint's words about its own failure, for the log.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Failed { words, .. } => words.as_deref(),
            _ => None,
        }
    }

    /// For a run that failed with this code.
    pub(super) fn failed(code: &'static str, words: Option<&str>) -> Self {
        let line = words.and_then(|words| words.trim().lines().next());
        Self::Failed {
            code,
            words: line.map(|line| truncated(line, MAX_WORDS_BYTES).to_owned()),
        }
    }

    /// For a response that is not in the protocol of the endpoint's kind.
    pub(super) fn not_in_protocol(kind: &str, part: &str) -> Self {
        Self::NoResponse(format!("an answer that is not {kind}'s, by its {part}"))
    }

    /// For `cases` cases that need more calls than there are; `way` says how the
    /// endpoint takes cases.
    pub(super) fn over_budget(error: BudgetError, cases: usize, way: &str) -> Self {
        match error {
            BudgetError::Exhausted(needed) => Self::BudgetExhausted(needed),
            BudgetError::NeverEnough { needed, most } => Self::Refused(format!(
                "The execution endpoint takes {way}, so {cases} cases need {needed} calls. \
                 With SUBREQUEST_BUDGET as it is, {most} can be made for one job."
            )),
        }
    }

    /// What a response without a result means. `message` is what the endpoint
    /// says about it, if anything.
    pub(super) fn from_status(status: StatusCode, message: Option<String>) -> Self {
        let code = || format!("HTTP {}", status.as_u16());
        match status {
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => {
                match message.as_deref().and_then(limit_too_high) {
                    Some((field, most)) => Self::LimitTooHigh { field, most },
                    None => Self::Refused(format!(
                        "The execution endpoint refused the job: {}",
                        message.unwrap_or_else(|| status.to_string())
                    )),
                }
            }
            StatusCode::INTERNAL_SERVER_ERROR => Self::failed("HTTP 500", message.as_deref()),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Self::Unavailable(code())
            }
            // A proxy in front of the endpoint may say this because the endpoint
            // is down, or because of this job; a probe tells.
            _ => Self::NoResponse(code()),
        }
    }
}

/// An endpoint that fails is a dependency that fails.
impl From<ExecutorError> for ApiError {
    fn from(error: ExecutorError) -> Self {
        let why = match error.words() {
            Some(words) => format!("{error}: {words}"),
            None => error.to_string(),
        };
        let message = match error {
            ExecutorError::CompilerStarved { .. } => {
                "The machine was too busy: the compiler mostly waited and was stopped. Try again."
            }
            _ => {
                "The execution endpoint is not available at the moment. No job was lost; try again."
            }
        };
        Self::executor_unavailable(message, why)
    }
}
