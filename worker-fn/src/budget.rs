//! What one invocation may still do. Pure.
//!
//! The platform counts an invocation's calls and limits its time. A drain that
//! runs into either limit loses its jobs' attempts, so it claims only what it
//! can still bring to an end.

/// The platform lets one invocation have this many requests in flight.
pub const MAX_IN_FLIGHT: usize = 6;
/// The most jobs that are held at once: two waves.
pub const GROUP: usize = 12;
/// How many finished jobs are settled together without waiting for more.
pub const SETTLE_AT: usize = 10;
/// How long a finished job waits for others before it is settled, in
/// milliseconds.
pub const SETTLE_AFTER_MS: u64 = 250;
/// Kept back from every claim: the last settlement and three more tries of it,
/// a look whether the endpoint answers, and the hand-over.
const RESERVE: u64 = 6;

/// What is left of an invocation's allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// When all must be settled, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// The longest that one run and its settlement take, in milliseconds.
    pub run_ms: u64,
    /// How many calls may still be made.
    pub subrequests: u64,
}

impl Budget {
    /// How many jobs may be claimed while `unstarted` others wait and `held`
    /// are held in all; 0 when there is nothing left to claim with.
    pub fn claim(&self, now_ms: u64, unstarted: usize, held: usize) -> usize {
        if !self.time_for_a_run(now_ms) {
            return 0;
        }
        // The claim itself is a call, too.
        let spare = self
            .subrequests
            .saturating_sub(RESERVE + 1 + unstarted as u64);
        GROUP
            .saturating_sub(held)
            .min(usize::try_from(spare).unwrap_or(usize::MAX))
    }

    /// Whether a run that starts now can end in time.
    pub fn time_for_a_run(&self, now_ms: u64) -> bool {
        now_ms + self.run_ms <= self.deadline_ms
    }

    /// Whether a settlement may be made before the last one.
    pub fn early_settlement(&self, unstarted: usize) -> bool {
        self.subrequests > RESERVE + unstarted as u64
    }

    /// Whether one more call can be made beside the last settlement.
    pub fn one_more(&self, unstarted: usize) -> bool {
        self.subrequests > 2 + unstarted as u64
    }

    /// Notes calls that were made.
    pub fn spend(&mut self, calls: u64) {
        self.subrequests = self.subrequests.saturating_sub(calls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(subrequests: u64) -> Budget {
        Budget {
            deadline_ms: 100,
            run_ms: 30,
            subrequests,
        }
    }

    #[test]
    fn a_claim_fits_what_is_left() {
        assert_eq!(budget(45).claim(0, 0, 0), GROUP);
        assert_eq!(budget(45).claim(70, 0, 0), GROUP);
        assert_eq!(budget(45).claim(71, 0, 0), 0, "no time");
        assert_eq!(budget(45).claim(0, 3, 5), GROUP - 5);
        assert_eq!(budget(12).claim(0, 2, 2), 3);
        assert_eq!(budget(7).claim(0, 0, 0), 0, "no calls");
        assert!(!budget(9).early_settlement(3));
        assert!(budget(10).early_settlement(3));
    }

    /// Full groups, each with its claim and every job's run: what remains pays
    /// for the last settlement, three more tries of it, a look and the hand-over.
    #[test]
    fn the_default_budget_is_never_overdrawn() {
        let mut left = budget(45);
        let mut jobs = 0;
        while let claimed @ 1.. = left.claim(0, 0, 0) {
            left.spend(1 + claimed as u64);
            jobs += claimed;
        }
        assert!(left.subrequests >= RESERVE, "{left:?}");
        assert_eq!(jobs, 36);
    }
}
