//! The execution endpoint: where code runs, because a Worker cannot start
//! processes.
//!
//! [`Executor`] speaks Piston's v2 API. What it reports is an [`Execution`];
//! what goes wrong is sorted by whose fault it is, because that decides what
//! becomes of the job.

mod piston;
mod wire;

pub use piston::{Executor, LOOK_MS};

use http::StatusCode;
use shared::api_error::ApiError;
use shared::result::Stage;

/// What the endpoint reported of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The version of the language that ran it.
    pub version: String,
    /// How compiling went, for languages that compile.
    pub compile: Option<StageReport>,
    /// How running went; `None` when compiling failed.
    pub run: Option<StageReport>,
}

/// One stage, with stdout and stderr also as they were interleaved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageReport {
    /// As it is kept in the result.
    pub stage: Stage,
    /// Both streams in the order of their writing, where the endpoint has it.
    pub output: String,
}

/// Why there is no execution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecutorError {
    /// No answer, or one that may be a proxy's: not reachable, cut off, too slow,
    /// HTTP 502. Whose fault that is, is
    /// open: the endpoint may be away, or this job may have brought it down.
    #[error("the execution endpoint did not answer: {0}")]
    Lost(String),
    /// It answered that it will not work now.
    /// Nobody's fault; nothing is known of the job.
    #[error("the execution endpoint is not available: {0}")]
    Unavailable(String),
    /// It broke while running this job.
    #[error("the execution endpoint failed while running the job: {0}")]
    Failed(String),
    /// The endpoint will not run this job however often it is asked.
    #[error("{0}")]
    Refused(String),
}

/// An endpoint that fails is a dependency that fails.
impl From<ExecutorError> for ApiError {
    fn from(error: ExecutorError) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "executor_unavailable",
            "The execution endpoint is not available at the moment. No job was lost; try again.",
        )
        .retry_after(5)
        .detail(error)
    }
}
