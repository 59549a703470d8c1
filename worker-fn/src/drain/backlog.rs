//! More jobs than one drain has in hand: how a drain starts others.
//!
//! A claim that gets all that it asked for is told how many further jobs there are and
//! have room. For each [`MAX_HELD`] of them the drain starts another one. Those begin
//! at the same time, each before the others have claimed, so none of them starts more
//! for a while: otherwise all would start the same drains.

use super::drain_loop::DrainLoop;
use crate::limits::MAX_HELD;

/// How long a drain that started others, or that one of them started, starts no more,
/// in milliseconds: by then those have claimed, and a claim tells what is left.
const WAKE_EVERY_MS: u64 = 2_000;

/// The most drains that one starts at once; each of them may start as many.
const MOST_AT_ONCE: u64 = 10;

/// The calls beyond the reserve and the jobs' own that are not for starting others.
const SPARE_CALLS: usize = 2;

impl DrainLoop<'_> {
    /// Whether the next claim is to tell how many jobs others would find.
    pub(super) fn asks_others(&self) -> bool {
        let now_ms = self.now_ms();
        self.context.wake_drain.is_some()
            && self.context.options.background
            && self.context.plan.renews_by_binding()
            && self
                .others_woken_ms
                .is_none_or(|ms| now_ms >= ms + WAKE_EVERY_MS)
    }

    /// Starts drains for `others` jobs, as far as calls are left that no job counts on.
    pub(super) async fn wake_others(&mut self, others: u64) {
        let drains = (others / MAX_HELD as u64).min(MOST_AT_ONCE);
        let Some(wake) = self.context.wake_drain.clone().filter(|_| drains > 0) else {
            return;
        };
        self.others_woken_ms = Some(self.now_ms());
        self.hold_permit();
        for _ in 0..drains {
            let budget = &self.context.budget;
            // As for a settlement that is made early, the reserve stays whole; and a few
            // calls are left for lists of languages and counts.
            if !budget.early_settlement(self.batch.ready_len() + SPARE_CALLS) {
                break;
            }
            budget.calls.spend(1);
            wake().await;
        }
        self.permit = None;
    }
}
