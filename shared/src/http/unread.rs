//! A request whose body was not read. The crate `platform` makes it; both Workers
//! answer it with its error.

use bytes::Bytes;
use http::Request;

use super::ApiError;

/// A request that was refused before its body was read, or whose body could not be read.
#[derive(Debug)]
pub struct Unread {
    /// Method, path and headers, with an empty body. `None` where not even these could
    /// be read.
    pub head: Option<Box<Request<Bytes>>>,
    /// Why.
    pub error: ApiError,
}

impl From<ApiError> for Unread {
    fn from(error: ApiError) -> Self {
        Self { head: None, error }
    }
}
