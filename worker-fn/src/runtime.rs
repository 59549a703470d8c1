//! The platform's services as plain functions, injected so that tests can
//! replace them.

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{Request, Response};

/// What a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// How long, in milliseconds, reading the body included.
    pub timeout_ms: u64,
    /// How many bytes of the body are read; 0: none, and the connection is closed.
    pub max_body_bytes: usize,
}

/// A call of an address that is not ours: no redirect is followed. Errors: there was no
/// answer, in words for the operator.
pub type Fetch =
    fn(Request<Bytes>, FetchLimits) -> LocalBoxFuture<'static, Result<Response<Bytes>, String>>;

/// Clock, secure randomness, timer, log, and the way out.
#[derive(Debug, Clone, Copy)]
pub struct Runtime {
    /// Milliseconds since 1970 (UTC).
    pub now_ms: fn() -> u64,
    /// Ten secure bytes, new ones each time.
    pub random: fn() -> [u8; 10],
    /// Resolves after this many milliseconds.
    pub sleep: fn(u64) -> LocalBoxFuture<'static, ()>,
    /// Writes a line, which is JSON ([`shared::log`]), to the log.
    pub log: fn(&str),
    /// Calls an address that somebody else chose.
    pub fetch: Fetch,
}

impl Runtime {
    /// A random number, for jitter and for choices by weight.
    pub fn random_u32(&self) -> u32 {
        let [a, b, c, d, ..] = (self.random)();
        u32::from_be_bytes([a, b, c, d])
    }
}
