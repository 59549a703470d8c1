//! The error for a request that is answered 400.
//!
//! `request.rs` and `request_files.rs` return it; `api.rs` turns it into a response.

/// Why a request is answered 400. A sentence for the caller.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRequest(pub String);

/// An error with this message.
pub(crate) fn invalid<T>(message: impl Into<String>) -> Result<T, InvalidRequest> {
    Err(InvalidRequest(message.into()))
}
