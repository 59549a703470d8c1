//! Probing endpoints, and waiting, with no job in hand, for one to recover or for
//! the drain's own retries to fall due.

use std::rc::Rc;

use shared::queue::backoff::backoff_ms;

use super::drain_loop::DrainLoop;
use super::outage::MAX_BACKOFFS;
use crate::executor::{EndpointId, PROBE_TIMEOUT_MS};
use crate::limits::{JobBudget, JobGrant};

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

    /// Probes with growing pauses, and claims nothing while no endpoint runs a
    /// probe.
    async fn wait_for_endpoint(&mut self) -> bool {
        while self.outage.backoffs < MAX_BACKOFFS {
            self.outage.backoffs += 1;
            let pause_ms = backoff_ms(self.outage.backoffs, self.context.runtime.random_u32());
            if !self.sleep_within_budget(pause_ms).await {
                return false;
            }
            self.outage.forget_probes();
            let id = self.context.runner.endpoints().next_to_probe();
            let Some(language) = self.recovery_language(id).await else {
                continue;
            };
            if self.probe(id, &language).await == Some(true) {
                self.stops.endpoint = None;
                self.more_expected = true;
                self.outage.recovered = Some(id);
                return true;
            }
        }
        false
    }

    /// The language of the next probe after a back-off: one that worked before, or
    /// that of the job that met the outage. After the first back-off other ones,
    /// because that language alone may be broken, and its jobs may be in front of
    /// all others. `None`: the endpoint does not even list them.
    async fn recovery_language(&mut self, id: EndpointId) -> Option<String> {
        let endpoints = self.context.runner.endpoints();
        let down = self.stops.endpoint.as_ref();
        let met = down.map_or_else(String::new, |down| down.language.clone());
        let first = endpoints.recovery_language(id, &met);
        let Some(nth) = (self.outage.backoffs as usize).checked_sub(2) else {
            return Some(first);
        };
        if first != met {
            return Some(first);
        }
        if !endpoints.knows_languages(id) {
            if !self.context.budget.allows_extra_call(0) {
                return Some(first);
            }
            self.hold_permit();
            self.context.budget.calls.spend_reserve();
            if !endpoints.fetch_languages(id).await {
                return None;
            }
        }
        let other = endpoints.nth_other_language(id, &met, nth);
        Some(other.unwrap_or(first))
    }

    /// Whether an endpoint runs something in a language. Jobs that failed together
    /// share one probe. `None` when there are not enough calls left for it.
    pub(super) async fn probe(&mut self, id: EndpointId, language: &str) -> Option<bool> {
        if let Some(runs) = self.outage.probed(id, language) {
            return Some(runs);
        }
        let calls = self.context.budget.calls.clone();
        if !self
            .context
            .budget
            .allows_extra_call(self.batch.ready_len())
        {
            return None;
        }
        self.hold_permit();
        // The probe makes its call with the drain's permit.
        let grant = JobGrant {
            calls: calls.clone(),
            in_flight: Rc::clone(&self.in_flight),
            permit: self.permit.take()?,
            memory: self.context.runner.memory().clone(),
            latest_ms: self.now_ms() + PROBE_TIMEOUT_MS,
            congestion: self.congestion.clone(),
        };
        calls.spend_reserve();
        let budget = JobBudget::new(grant, self.now_ms() + PROBE_TIMEOUT_MS);
        let endpoints = self.context.runner.endpoints();
        let runs = endpoints.probe(id, language, &budget).await;
        drop(budget);
        self.hold_permit();
        self.outage.note_probe(id, language, runs?);
        runs
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
