//! Back-pressure: while too many jobs wait, nobody is let in.
//!
//! LPUSH tells the list's length anyway. A length over `QUEUE_MAX` closes this
//! instance's door for the next seconds, at no command at all; the push that
//! found it out still counts. So the limit is soft: each instance finds out by
//! itself.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use shared::api_error::ApiError;

/// How long the door stays closed, in seconds.
pub const CLOSED_S: u32 = 5;

/// This instance's door.
#[derive(Debug, Default)]
pub struct Door {
    closed_until_ms: AtomicU64,
}

impl Door {
    /// Open.
    pub const fn new() -> Self {
        Self {
            closed_until_ms: AtomicU64::new(0),
        }
    }

    /// Errors: 429 with `Retry-After` while it is closed.
    pub fn enter(&self, now_ms: u64) -> Result<(), ApiError> {
        if now_ms >= self.closed_until_ms.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "queue_full",
            "Too many submissions are waiting. Nothing was stored; try again.",
        )
        .retry_after(CLOSED_S))
    }

    /// Notes how many wait.
    pub fn note(&self, waiting: u64, queue_max: u64, now_ms: u64) {
        if waiting > queue_max {
            self.closed_until_ms
                .store(now_ms + u64::from(CLOSED_S) * 1_000, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_closes_the_door_for_a_while() {
        let door = Door::new();
        door.note(10, 10, 1_000);
        assert_eq!(door.enter(1_000), Ok(()));
        door.note(11, 10, 1_000);
        assert_eq!(door.enter(5_999).unwrap_err().status(), 429);
        assert_eq!(door.enter(6_000), Ok(()));
    }
}
