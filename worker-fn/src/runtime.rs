//! The platform's services as plain functions, injected so that tests can
//! replace them.

use futures_util::future::LocalBoxFuture;

/// Clock, secure randomness, timer and log.
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
}

impl Runtime {
    /// A random number, for jitter and for choices by weight.
    pub fn random_u32(&self) -> u32 {
        let [a, b, c, d, ..] = (self.random)();
        u32::from_be_bytes([a, b, c, d])
    }
}
