//! Execution endpoints: where code runs, because a Worker cannot start
//! processes.
//!
//! An [`Endpoint`] takes a [`Run`], which is one source and one or more standard
//! inputs, and reports an [`Execution`]. There are two kinds of them, [`piston`]
//! and [`judge0`], which report alike. [`Executors`] are all that are configured;
//! [`Executors::pick`] chooses one for a job. What goes wrong is sorted by whose
//! fault it is, because that decides what becomes of the job.

pub mod allowance;
mod connection;
pub mod gate;
mod judge0;
pub mod memory;
mod offer;
mod piston;
pub mod pool;

pub use allowance::{Allowance, Share};
pub use pool::{Chosen, Executors};

use http::StatusCode;
use shared::api_error::ApiError;
use shared::result::Stage;

use memory::List;

/// How long a look may take, in milliseconds: an endpoint that is there lists
/// its languages at once.
pub const LOOK_MS: u64 = 3_000;

/// What is to be run.
#[derive(Debug)]
pub struct Run<'a> {
    /// A name or an alias.
    pub language: &'a str,
    /// One file.
    pub source: &'a str,
    /// The standard inputs, one or more; the program is started once for each.
    pub stdins: Vec<String>,
    /// Whether the first run that fails is the last one wanted.
    pub stop_at_first_failure: bool,
    /// What each of its runs may use.
    pub limits: RunLimits,
}

/// What a run may use. `None`: what is configured for all, or else what the
/// endpoint allows by itself. More than an endpoint allows is refused by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunLimits {
    /// Wall and CPU time, in milliseconds.
    pub time_ms: Option<u64>,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
}

/// What the endpoint reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// The version of the language that ran it; empty where it is not told.
    pub version: String,
    /// How compiling went, for languages that compile.
    pub compile: Option<StageReport>,
    /// How the runs went, in the order of the inputs: of the first of them at
    /// least, and of all that time was left for. None when compiling failed.
    pub runs: Vec<StageReport>,
}

/// One stage, with stdout and stderr also as they were interleaved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageReport {
    /// As it is kept in the result, but for its streams: these are whole.
    pub stage: Stage,
    /// Both streams in the order of their writing, where the endpoint has it.
    pub output: String,
    /// Which limit ended it, where the endpoint says so: `wall_time`,
    /// `cpu_time`, `memory`, `processes`, `stdout`, `stderr` or `disk`.
    pub limit: Option<String>,
}

impl StageReport {
    /// Whether it ended by itself, with exit code 0.
    pub fn is_good(&self) -> bool {
        self.stage.code == Some(0) && self.stage.signal.is_none() && self.stage.status.is_none()
    }
}

/// A place where code runs.
pub(crate) trait Endpoint {
    /// What it can run. One call, of `timeout_ms` at most.
    async fn languages(&self, timeout_ms: u64) -> Result<List, ExecutorError>;

    /// Runs code, within what is left of `allowance`.
    async fn execute(
        &self,
        run: &Run<'_>,
        allowance: &Allowance,
    ) -> Result<Execution, ExecutorError>;
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
    /// The job needs so many calls in all, and this invocation has not enough
    /// left; a fresh one has.
    #[error("the job needs {0} calls, more than this invocation has left")]
    Crowded(u64),
}

fn lost(cause: impl Into<String>) -> ExecutorError {
    ExecutorError::Lost(cause.into())
}

fn unavailable(cause: impl Into<String>) -> ExecutorError {
    ExecutorError::Unavailable(cause.into())
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
