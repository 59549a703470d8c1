//! Why judging a submission did not come to an end, and where.

use crate::executor::{EndpointId, ExecutorError};

/// Why judging did not come to an end.
#[derive(Debug)]
pub struct JudgeError {
    /// What went wrong.
    pub error: ExecutorError,
    /// The endpoint that it happened at; `None` where there is none for the language
    /// of the problem's checker.
    pub at: Option<EndpointId>,
}
