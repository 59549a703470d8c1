//! Back-pressure: while too many jobs wait, no submission is taken.
//!
//! LPUSH returns the lane's length anyway. A length over `QUEUE_MAX` makes this
//! instance refuse submissions for the next seconds, at no command; the
//! submission that found it is stored. Each instance finds out by itself, so the
//! limit is approximate.

use std::cell::Cell;

use shared::http::{ApiError, Code};

/// How long submissions are refused, in seconds.
pub const REFUSED_S: u32 = 5;

/// Whether this instance takes submissions.
#[derive(Debug, Default)]
pub struct Backpressure {
    refused_until_ms: Cell<u64>,
}

impl Backpressure {
    /// Errors: 429 with `Retry-After` while submissions are refused.
    pub fn check(&self, now_ms: u64) -> Result<(), ApiError> {
        if now_ms >= self.refused_until_ms.get() {
            return Ok(());
        }
        Err(ApiError::new(
            Code::QueueFull,
            "Too many submissions are waiting. Nothing was stored; try again.",
        )
        .retry_after(REFUSED_S))
    }

    /// Notes a lane's length.
    pub fn observe(&self, queued: u64, queue_max: u64, now_ms: u64) {
        if queued > queue_max {
            self.refused_until_ms
                .set(now_ms + u64::from(REFUSED_S) * 1_000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_lane_refuses_submissions_for_a_while() {
        let backpressure = Backpressure::default();
        backpressure.observe(10, 10, 1_000);
        assert_eq!(backpressure.check(1_000), Ok(()));
        backpressure.observe(11, 10, 1_000);
        assert_eq!(backpressure.check(5_999).unwrap_err().status(), 429);
        assert_eq!(backpressure.check(6_000), Ok(()));
    }
}
