//! Whether an endpoint has lately been too busy to take a run.

use std::cell::Cell;
use std::rc::Rc;

/// For how long an invocation claims no further jobs after an endpoint was too busy
/// for one that it has, in milliseconds.
const CONGESTED_MS: u64 = 5_000;

/// When an endpoint was last too busy, in milliseconds since 1970. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Congestion(Rc<Cell<Option<u64>>>);

impl Congestion {
    /// Notes that an endpoint is too busy.
    pub fn note(&self, now_ms: u64) {
        self.0.set(Some(now_ms));
    }

    /// Whether further jobs would only wait.
    pub fn is_congested(&self, now_ms: u64) -> bool {
        let noted_ms = self.0.get();
        noted_ms.is_some_and(|noted_ms| now_ms.saturating_sub(noted_ms) < CONGESTED_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn congestion_ends_by_itself() {
        let congestion = Congestion::default();
        assert!(!congestion.is_congested(0));
        congestion.clone().note(1_000);
        assert!(congestion.is_congested(1_000));
        assert!(congestion.is_congested(999 + CONGESTED_MS));
        assert!(!congestion.is_congested(1_000 + CONGESTED_MS));
    }
}
