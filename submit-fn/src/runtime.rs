//! The platform's services as plain functions, injected so that tests can
//! replace them.

use futures_util::future::LocalBoxFuture;

/// Clock, secure randomness and timer.
#[derive(Debug, Clone, Copy)]
pub struct Runtime {
    /// Milliseconds since 1970 (UTC).
    pub now_ms: fn() -> u64,
    /// Ten secure bytes, new ones each time.
    pub random: fn() -> [u8; 10],
    /// Resolves after this many milliseconds.
    pub sleep: fn(u64) -> LocalBoxFuture<'static, ()>,
}

#[cfg(test)]
impl Runtime {
    /// Time stands still at 0, and no sleep ends.
    pub(crate) fn standing_still() -> Self {
        Self {
            now_ms: || 0,
            random: || [0; 10],
            sleep: |_| Box::pin(std::future::pending()),
        }
    }
}
