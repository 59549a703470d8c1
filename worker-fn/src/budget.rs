//! What one invocation may still do. Pure.
//!
//! The platform counts an invocation's calls and limits its time. A drain that
//! runs into either limit loses its jobs' attempts, so it claims only what it
//! can still bring to an end.

use std::cell::Cell;
use std::rc::Rc;

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
/// A claim, and looking up what its jobs are submissions to.
const CLAIM: u64 = 2;
/// Fetching a problem that this instance does not know.
const PROBLEM: u64 = 1;
/// What of the reserve goes to nothing else: the last settlement and the
/// hand-over.
const LAST: u64 = 2;

/// The calls of one invocation, counted in one place for all who make them.
#[derive(Debug, Clone)]
pub struct Meter(Rc<Counts>);

#[derive(Debug)]
struct Counts {
    /// What the invocation began with.
    whole: u64,
    left: Cell<u64>,
    /// What is left of the reserve.
    kept: Cell<u64>,
}

impl Meter {
    /// A fresh invocation's.
    pub fn new(calls: u64) -> Self {
        Self(Rc::new(Counts {
            whole: calls,
            left: Cell::new(calls),
            kept: Cell::new(RESERVE),
        }))
    }

    /// How many calls may still be made.
    pub fn left(&self) -> u64 {
        self.0.left.get()
    }

    /// Notes calls that were made.
    pub fn spend(&self, calls: u64) {
        self.0.left.set(self.left().saturating_sub(calls));
    }

    /// Notes a call for which the reserve is there.
    pub fn spend_reserve(&self) {
        self.spend(1);
        let kept = &self.0.kept;
        kept.set(kept.get().saturating_sub(1).max(LAST));
    }

    /// Takes calls for a job that needs more than the one it was started with,
    /// all or none; the reserve is not touched.
    pub fn take(&self, calls: u64) -> bool {
        let enough = calls == 0 || self.left() >= calls.saturating_add(RESERVE);
        if enough {
            self.spend(calls);
        }
        enough
    }

    /// Takes back calls that were not made.
    pub fn give_back(&self, calls: u64) {
        self.0.left.set(self.left() + calls);
    }

    /// The most calls that one job can make, in a fresh invocation and by itself.
    pub fn most_for_a_job(&self) -> u64 {
        self.0.whole.saturating_sub(RESERVE + CLAIM + PROBLEM)
    }

    /// Whether a job with so many calls finds room beside others in a fresh
    /// invocation. One that does not must run by itself, or it would wait for
    /// ever.
    pub fn fits_beside_others(&self, calls: u64) -> bool {
        let others = (MAX_IN_FLIGHT as u64 - 1) * (1 + PROBLEM);
        calls + others <= self.most_for_a_job()
    }

    /// What `unstarted` jobs can still count on: one call each, unless others
    /// needed it.
    fn owed(&self, unstarted: usize) -> u64 {
        (unstarted as u64).min(self.left().saturating_sub(self.0.kept.get()))
    }
}

/// What is left of an invocation's allowance.
#[derive(Debug, Clone)]
pub struct Budget {
    /// When all must be settled, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// The longest that one run and its settlement take, in milliseconds.
    pub run_ms: u64,
    /// How many calls may still be made.
    pub meter: Meter,
}

impl Budget {
    /// How many jobs may be claimed while `unstarted` others wait and `held`
    /// are held in all; 0 when there is nothing left to claim with.
    pub fn claim(&self, now_ms: u64, unstarted: usize, held: usize) -> usize {
        if !self.time_for_a_run(now_ms) {
            return 0;
        }
        let spare = self
            .meter
            .left()
            .saturating_sub(RESERVE + CLAIM + unstarted as u64);
        GROUP
            .saturating_sub(held)
            .min(usize::try_from(spare).unwrap_or(usize::MAX))
    }

    /// Notes that something was claimed, for which [`Self::claim`] found room
    /// beside a whole reserve.
    pub fn claimed(&self) {
        self.meter.0.kept.set(RESERVE);
    }

    /// Whether a run that starts now can end in time.
    pub fn time_for_a_run(&self, now_ms: u64) -> bool {
        now_ms + self.run_ms <= self.deadline_ms
    }

    /// Whether there is a call for a job to start with. It was there when the
    /// job was claimed; another one may have needed it.
    pub fn call_for_a_run(&self) -> bool {
        self.meter.owed(1) == 1
    }

    /// Whether a settlement may be made before the last one.
    pub fn early_settlement(&self, unstarted: usize) -> bool {
        self.meter.left() > RESERVE + unstarted as u64
    }

    /// Whether one more call can be made beside the last settlement.
    pub fn one_more(&self, unstarted: usize) -> bool {
        self.meter.left() > LAST + self.meter.owed(unstarted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(subrequests: u64) -> Budget {
        Budget {
            deadline_ms: 100,
            run_ms: 30,
            meter: Meter::new(subrequests),
        }
    }

    #[test]
    fn a_claim_fits_what_is_left() {
        assert_eq!(budget(45).claim(0, 0, 0), GROUP);
        assert_eq!(budget(45).claim(70, 0, 0), GROUP);
        assert_eq!(budget(45).claim(71, 0, 0), 0, "no time");
        assert_eq!(budget(45).claim(0, 3, 5), GROUP - 5);
        assert_eq!(budget(12).claim(0, 2, 2), 2);
        assert_eq!(budget(8).claim(0, 0, 0), 0, "no calls");
        assert!(!budget(9).early_settlement(3));
        assert!(budget(10).early_settlement(3));
    }

    /// Full groups, each with its claim, its look-up and every job's run: what remains pays
    /// for the last settlement, three more tries of it, a look and the hand-over.
    #[test]
    fn the_default_budget_is_never_overdrawn() {
        let left = budget(45);
        let mut jobs = 0;
        while let claimed @ 1.. = left.claim(0, 0, 0) {
            left.meter.spend(CLAIM + claimed as u64);
            jobs += claimed;
        }
        assert!(left.meter.left() >= RESERVE, "{left:?}");
        assert_eq!(jobs, 33);
    }

    /// A job that needs more calls may use what was meant for jobs that were not
    /// started, and nothing of the reserve.
    #[test]
    fn further_calls_leave_the_reserve() {
        let budget = budget(45);
        budget.meter.spend(CLAIM);
        budget.claimed();
        assert!(!budget.meter.take(38));
        assert_eq!(budget.meter.left(), 43, "all or none");
        assert!(budget.meter.take(37));
        assert_eq!(budget.meter.left(), RESERVE);
        assert!(!budget.call_for_a_run());
        assert!(budget.one_more(5), "the look is in the reserve");
        budget.meter.give_back(1);
        assert!(budget.call_for_a_run());
    }

    /// What a settlement had to try again is missing from the reserve, not from
    /// the jobs that were claimed.
    #[test]
    fn a_reserve_in_use_keeps_no_claimed_job_from_starting() {
        let budget = budget(20);
        assert_eq!(budget.claim(0, 0, 0), GROUP);
        budget.meter.spend(CLAIM);
        budget.claimed();
        for _ in 0..3 {
            budget.meter.spend_reserve();
        }
        for _ in 0..GROUP {
            assert!(budget.call_for_a_run());
            budget.meter.spend(1);
        }
        assert!(budget.meter.left() >= LAST);
    }

    #[test]
    fn the_most_for_a_job_is_there_in_a_fresh_invocation() {
        for whole in [10, 45, 50, 1_000] {
            let meter = Meter::new(whole);
            let most = meter.most_for_a_job();
            // What goes before, and what the job is started with.
            meter.spend(CLAIM + PROBLEM + 1);
            assert!(meter.take(most - 1), "{whole}");
            assert_eq!(meter.left(), RESERVE, "{whole}");
        }
        let meter = Meter::new(45);
        assert!(meter.fits_beside_others(26) && !meter.fits_beside_others(27));
        meter.spend(CLAIM + MAX_IN_FLIGHT as u64 * (1 + PROBLEM));
        assert!(meter.take(25) && !meter.take(1));
    }
}
