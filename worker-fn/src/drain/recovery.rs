//! Probing endpoints, and waiting, with no job in hand, for one to recover or for
//! the drain's own retries to fall due.

use shared::queue::backoff::backoff_ms;

use super::drain_loop::DrainLoop;
use super::outage::MAX_BACKOFFS;
use crate::executor::EndpointId;

impl DrainLoop<'_> {
    /// Whether there was something worth waiting for, once it has been waited
    /// for.
    pub(super) async fn wait_for_work(&mut self) -> bool {
        if !self.context.options.background || self.stops.is_final() {
            return false;
        }
        if self.stops.endpoint.is_some() {
            return self.wait_for_endpoint().await;
        }
        let Some(due_ms) = self.retries_due_ms.iter().copied().min() else {
            return false;
        };
        let now_ms = self.now_ms();
        if !self
            .sleep_within_budget(due_ms.saturating_sub(now_ms))
            .await
        {
            return false;
        }
        let now_ms = self.now_ms();
        self.retries_due_ms.retain(|&due_ms| due_ms > now_ms);
        self.more_expected = true;
        true
    }

    /// Probes with growing pauses, and claims nothing while no endpoint answers.
    async fn wait_for_endpoint(&mut self) -> bool {
        while self.outage.backoffs < MAX_BACKOFFS {
            self.outage.backoffs += 1;
            let pause_ms = backoff_ms(self.outage.backoffs, self.context.runtime.random_u32());
            if !self.sleep_within_budget(pause_ms).await {
                return false;
            }
            self.outage.forget_probes();
            let id = self.context.runner.endpoints().next_to_probe();
            if self.probe(id).await == Some(true) {
                self.stops.endpoint = None;
                self.more_expected = true;
                self.outage.recovered = Some(id);
                return true;
            }
        }
        false
    }

    /// Whether an endpoint answers. Jobs that lost their responses together share
    /// one probe. `None` when there is no call left for it.
    pub(super) async fn probe(&mut self, id: EndpointId) -> Option<bool> {
        if let Some(alive) = self.outage.probed(id) {
            return Some(alive);
        }
        if !self
            .context
            .budget
            .allows_extra_call(self.batch.ready_len())
        {
            return None;
        }
        self.hold_permit();
        self.context.budget.calls.spend_reserve();
        let alive = self.context.runner.endpoints().is_alive(id).await;
        self.outage.note_probe(id, alive);
        Some(alive)
    }

    /// Sleeps if there will be a claim left afterwards.
    async fn sleep_within_budget(&self, pause_ms: u64) -> bool {
        if self
            .context
            .budget
            .claimable(self.now_ms() + pause_ms, 0, 0)
            == 0
        {
            return false;
        }
        (self.context.runtime.sleep)(pause_ms).await;
        true
    }
}
