//! What the platform gives, as plain functions: the code that uses them is
//! tested natively with others.

use futures_util::future::LocalBoxFuture;

/// The platform's clock, randomness and patience.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Milliseconds since 1970 (UTC).
    pub now_ms: fn() -> u64,
    /// Ten secure bytes, new ones each time.
    pub random: fn() -> [u8; 10],
    /// Waits so many milliseconds.
    pub sleep: fn(u64) -> LocalBoxFuture<'static, ()>,
}
