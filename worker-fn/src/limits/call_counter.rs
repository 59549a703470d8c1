//! The calls of one invocation, counted in one place for all who make them.
//!
//! A call is one outgoing request (Cloudflare: a subrequest). Some are kept back
//! as a *reserve* from every claim: for the last settlement and three more tries
//! of it, a probe of an endpoint, and the hand-over.

use std::cell::Cell;
use std::rc::Rc;

/// The platform lets one invocation have this many requests in flight.
pub const MAX_REQUESTS_IN_FLIGHT: usize = 6;
/// The calls that every claim leaves.
pub(super) const RESERVE: u64 = 6;
/// The calls of a claim: claiming, and looking up the jobs' problems.
pub(super) const CLAIM: u64 = 2;
/// The call that fetches a problem which this instance does not hold.
pub(super) const FETCH_PROBLEM: u64 = 1;
/// The calls of the reserve that only the last settlement and the hand-over may
/// use.
pub(super) const LAST: u64 = 2;

/// A handle to the count; clones share it.
#[derive(Debug, Clone)]
pub struct CallCounter(Rc<Counts>);

#[derive(Debug)]
struct Counts {
    /// What the invocation began with.
    total: u64,
    left: Cell<u64>,
    reserve_left: Cell<u64>,
}

impl CallCounter {
    /// The count of a fresh invocation.
    pub fn new(calls: u64) -> Self {
        Self(Rc::new(Counts {
            total: calls,
            left: Cell::new(calls),
            reserve_left: Cell::new(RESERVE),
        }))
    }

    /// How many calls may still be made.
    pub fn left(&self) -> u64 {
        self.0.left.get()
    }

    /// Notes calls that are made.
    pub fn spend(&self, calls: u64) {
        self.0.left.set(self.left().saturating_sub(calls));
    }

    /// Notes a call that the reserve is meant for.
    pub fn spend_reserve(&self) {
        self.spend(1);
        let left = self.0.reserve_left.get().saturating_sub(1);
        self.0.reserve_left.set(left.max(LAST));
    }

    /// Makes the reserve whole again, after a claim that left room for it.
    pub(super) fn restore_reserve(&self) {
        self.0.reserve_left.set(RESERVE);
    }

    /// Takes calls for a job that needs more than the one it was started with:
    /// all of them or none, and never from the reserve.
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

    /// The most calls that one job can make: alone, in a fresh invocation.
    pub fn most_for_a_job(&self) -> u64 {
        self.0.total.saturating_sub(RESERVE + CLAIM + FETCH_PROBLEM)
    }

    /// Whether a job with this many calls finds room beside others in a fresh
    /// invocation. A job that does not must be isolated, or it would never run.
    pub fn fits_beside_others(&self, calls: u64) -> bool {
        let others = (MAX_REQUESTS_IN_FLIGHT as u64 - 1) * (1 + FETCH_PROBLEM);
        calls + others <= self.most_for_a_job()
    }

    /// The calls that `unstarted` jobs can still count on: one each, unless
    /// other jobs needed it.
    pub(super) fn owed(&self, unstarted: usize) -> u64 {
        (unstarted as u64).min(self.left().saturating_sub(self.0.reserve_left.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_for_a_job_is_there_in_a_fresh_invocation() {
        for total in [10, 45, 50, 1_000] {
            let calls = CallCounter::new(total);
            let most = calls.most_for_a_job();
            // The claim, the problem, and the call that the job starts with.
            calls.spend(CLAIM + FETCH_PROBLEM + 1);
            assert!(calls.take(most - 1), "{total}");
            assert_eq!(calls.left(), RESERVE, "{total}");
        }
        let calls = CallCounter::new(45);
        assert!(calls.fits_beside_others(26) && !calls.fits_beside_others(27));
        calls.spend(CLAIM + MAX_REQUESTS_IN_FLIGHT as u64 * (1 + FETCH_PROBLEM));
        assert!(calls.take(25) && !calls.take(1));
    }
}
