//! When a submission wakes worker-fn: the lane's length tells, which storing it
//! returns anyway.
//!
//! When the lane was empty, and then at each further group of as many submissions as
//! [`Plan::wake_every`] says, so that a burst gets more than one drain.

use std::cell::Cell;

use shared::plan::Plan;

/// worker-fn is woken also when this instance has not woken it for so long, in
/// milliseconds: a wake-up may be lost, and a drain killed. Otherwise a few
/// submissions would wait for the cron.
const WAKE_AFTER_MS: u64 = 5_000;

/// When this instance last woke worker-fn.
#[derive(Debug, Default)]
pub struct Wakes {
    last_ms: Cell<u64>,
}

impl Wakes {
    /// Whether a submission that made its lane this long wakes worker-fn, which is
    /// noted.
    pub fn is_due(&self, length: u64, now_ms: u64, plan: Plan) -> bool {
        let is_due = length == 1
            || length.is_multiple_of(plan.wake_every())
            || now_ms.saturating_sub(self.last_ms.get()) >= WAKE_AFTER_MS;
        if is_due {
            self.last_ms.set(now_ms);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_lane_a_full_group_and_a_long_silence_wake() {
        let wakes = Wakes::default();
        let now_ms = 1_000_000;
        let lengths = (1..=30).filter(|&length| wakes.is_due(length, now_ms, Plan::Paid));
        assert_eq!(lengths.collect::<Vec<_>>(), [1, 10, 20, 30]);
        assert!(!wakes.is_due(31, now_ms + WAKE_AFTER_MS - 1, Plan::Paid));
        assert!(wakes.is_due(32, now_ms + WAKE_AFTER_MS, Plan::Paid));
        assert!(!wakes.is_due(33, now_ms + WAKE_AFTER_MS, Plan::Paid));
    }

    /// However long the lane is: the drains that are woken while it grows have room
    /// for all of it, and for as much again.
    #[test]
    fn on_the_free_plan_wake_ups_have_room_for_a_burst() {
        let (wakes, plan) = (Wakes::default(), Plan::Free);
        let mut room = 0;
        for length in 1..=1_000 {
            if wakes.is_due(length, 1_000_000, plan) {
                room += plan.jobs_per_invocation();
            }
            assert!(room >= length, "{length}");
        }
        assert!(room >= 2_000);
    }

    #[test]
    fn a_fresh_instance_wakes_with_its_first_submission() {
        assert!(Wakes::default().is_due(5, 1_700_000_000_000, Plan::Free));
    }
}
