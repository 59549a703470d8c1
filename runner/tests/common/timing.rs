//! How long tests wait.

use std::time::{Duration, Instant};

/// How long a step may take on a busy machine.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
pub const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Waits until the condition holds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {TIMEOUT:?}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
