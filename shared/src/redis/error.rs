//! What can go wrong on the way to Redis, by who is at fault.

/// A call to Redis that did not do what was asked, or is not known to have.
///
/// The texts are for the operator's log. None holds the token; a client never
/// sees any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// No answer came: not reachable, or not in time. The command may have
    /// been applied all the same.
    #[error("Redis did not answer: {0}")]
    Unreachable(String),
    /// It answered and refused: a wrong token, a full database, a wrong type.
    #[error("Redis refused (HTTP {status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Redis's own text.
        message: String,
    },
    /// It answered something that is not in the contract.
    #[error("Redis answered what was not expected: {0}")]
    Unexpected(String),
}
