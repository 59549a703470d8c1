//! An invocation's budget of time and calls.

use super::call_counter::{CLAIM, CallCounter, LAST, RESERVE};

/// The most jobs that a drain holds: two waves of six.
pub const MAX_HELD: usize = 12;
/// How many decided jobs are settled together without waiting for more.
pub const SETTLE_AT: usize = 10;
/// How long a decided job waits for others before it is settled, in
/// milliseconds.
pub const SETTLE_AFTER_MS: u64 = 250;

/// What an invocation may still use.
#[derive(Debug, Clone)]
pub struct Budget {
    /// When all jobs must be settled, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// The longest that one run and its settlement take, in milliseconds.
    pub run_ms: u64,
    /// The calls.
    pub calls: CallCounter,
    /// How many jobs may still be claimed.
    pub jobs: usize,
}

impl Budget {
    /// How many jobs may be claimed while `held` are held, `unstarted` of them
    /// not started; 0 when the budget does not allow another claim.
    pub fn claimable(&self, now_ms: u64, unstarted: usize, held: usize) -> usize {
        if !self.time_for_a_run(now_ms) {
            return 0;
        }
        let spare = self
            .calls
            .left()
            .saturating_sub(RESERVE + CLAIM + unstarted as u64);
        MAX_HELD
            .saturating_sub(held)
            .min(usize::try_from(spare).unwrap_or(usize::MAX))
            .min(self.jobs)
    }

    /// Notes jobs that were claimed.
    pub fn note_claimed(&mut self, jobs: usize) {
        self.jobs = self.jobs.saturating_sub(jobs);
    }

    /// After a claim: [`Self::claimable`] found room for it beside a whole
    /// reserve.
    pub fn restore_reserve(&self) {
        self.calls.restore_reserve();
    }

    /// Whether a run that starts now can end in time.
    pub fn time_for_a_run(&self, now_ms: u64) -> bool {
        now_ms + self.run_ms <= self.deadline_ms
    }

    /// Whether there is a call for a job to start with. There was one when the
    /// job was claimed; another job may have needed it.
    pub fn has_call_for_a_run(&self) -> bool {
        self.calls.owed(1) == 1
    }

    /// Whether a settlement may be made before the last one.
    pub fn early_settlement(&self, unstarted: usize) -> bool {
        self.calls.left() > RESERVE + unstarted as u64
    }

    /// Whether a call can be made that no job and no settlement counts on.
    pub fn allows_extra_call(&self, unstarted: usize) -> bool {
        self.calls.left() > LAST + self.calls.owed(unstarted)
    }
}

#[cfg(test)]
mod tests {
    use super::super::call_counter::{CLAIM, LAST, RESERVE};
    use super::*;

    fn budget(subrequests: u64) -> Budget {
        Budget {
            deadline_ms: 100,
            run_ms: 30,
            calls: CallCounter::new(subrequests),
            jobs: usize::MAX,
        }
    }

    #[test]
    fn a_claim_fits_what_is_left() {
        assert_eq!(budget(45).claimable(0, 0, 0), MAX_HELD);
        assert_eq!(budget(45).claimable(70, 0, 0), MAX_HELD);
        assert_eq!(budget(45).claimable(71, 0, 0), 0, "no time");
        assert_eq!(budget(45).claimable(0, 3, 5), MAX_HELD - 5);
        assert_eq!(budget(12).claimable(0, 2, 2), 2);
        assert_eq!(budget(8).claimable(0, 0, 0), 0, "no calls");
        assert!(!budget(9).early_settlement(3));
        assert!(budget(10).early_settlement(3));
    }

    #[test]
    fn no_more_jobs_are_claimed_than_an_invocation_may_have() {
        let mut budget = Budget {
            jobs: 4,
            ..budget(45)
        };
        assert_eq!(budget.claimable(0, 0, 0), 4);
        budget.note_claimed(3);
        assert_eq!(budget.claimable(0, 0, 3), 1);
        budget.note_claimed(1);
        assert_eq!(budget.claimable(0, 0, 0), 0);
    }

    /// Full claims, each with its look-up and every job's run: what remains pays
    /// for the last settlement, three more tries of it, a probe and the hand-over.
    #[test]
    fn the_default_budget_is_never_overdrawn() {
        let left = budget(45);
        let mut jobs = 0;
        while let claimed @ 1.. = left.claimable(0, 0, 0) {
            left.calls.spend(CLAIM + claimed as u64);
            jobs += claimed;
        }
        assert!(left.calls.left() >= RESERVE, "{left:?}");
        assert_eq!(jobs, 33);
    }

    /// A job that needs more calls may use those of jobs that were not started,
    /// and none of the reserve.
    #[test]
    fn further_calls_leave_the_reserve() {
        let budget = budget(45);
        budget.calls.spend(CLAIM);
        budget.restore_reserve();
        assert!(!budget.calls.take(38));
        assert_eq!(budget.calls.left(), 43, "all or none");
        assert!(budget.calls.take(37));
        assert_eq!(budget.calls.left(), RESERVE);
        assert!(!budget.has_call_for_a_run());
        assert!(budget.allows_extra_call(5), "the probe is in the reserve");
        budget.calls.give_back(1);
        assert!(budget.has_call_for_a_run());
    }

    /// The further tries of a settlement come from the reserve, not from the calls
    /// of claimed jobs.
    #[test]
    fn a_reserve_in_use_keeps_no_claimed_job_from_starting() {
        let budget = budget(20);
        assert_eq!(budget.claimable(0, 0, 0), MAX_HELD);
        budget.calls.spend(CLAIM);
        budget.restore_reserve();
        for _ in 0..3 {
            budget.calls.spend_reserve();
        }
        for _ in 0..MAX_HELD {
            assert!(budget.has_call_for_a_run());
            budget.calls.spend(1);
        }
        assert!(budget.calls.left() >= LAST);
    }
}
