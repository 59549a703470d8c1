//! Deliveries, on both sides: those that are due are claimed, and come to their end,
//! wait again, or stay with a courier that was lost.

use shared::domain::delivery::Delivery;
use shared::queue::deliveries::{DeliveryOutcome, DeliverySettlement};
use shared::queue::settlement::Outcome;

use super::play::Player;
use super::state::Model;
use super::steps::CourierFate;

/// Longer than an interleaving is played.
const LEASE_MS: u64 = 600_000;

impl Player<'_> {
    pub(super) fn deliver(&mut self, want: usize, fate: CourierFate) {
        let store = &self.stack.store;
        let call = store.settle_and_claim_deliveries(&[], want, LEASE_MS);
        let claimed = self.stack.ok(call).payloads;
        let due = self.model.deliveries.values().filter(|due| **due).count();
        assert_eq!(claimed.len(), due.min(want), "{:?}", self.model.deliveries);
        let mut settlements = Vec::new();
        for payload in claimed {
            let due = self.model.deliveries.insert(payload.clone(), false);
            assert_eq!(due, Some(true), "it was not due");
            let outcome = match fate {
                CourierFate::Lost => continue,
                CourierFate::Delivered => {
                    self.model.deliveries.remove(&payload);
                    DeliveryOutcome::Delivered
                }
                CourierFate::Failed => {
                    let delivery = Delivery::decode(&payload).unwrap();
                    let next = Box::new(delivery.failed("HTTP 500".into(), 1));
                    self.model.deliveries.remove(&payload);
                    let waits = next.encode().unwrap().into_bytes();
                    self.model.deliveries.insert(waits, true);
                    let delay_ms = 0;
                    DeliveryOutcome::Retry { delay_ms, next }
                }
            };
            settlements.push(DeliverySettlement { payload, outcome });
        }
        // Its answer is lost: it is sent twice.
        for _ in 0..2 {
            let call = store.settle_and_claim_deliveries(&settlements, 0, LEASE_MS);
            assert_eq!(self.stack.ok(call).payloads, Vec::<Vec<u8>>::new());
        }
    }
}

impl Model {
    /// Somebody is told of an end, due at once.
    pub(super) fn announce(&mut self, outcome: &Outcome) {
        let delivery = match outcome {
            Outcome::Complete(result) => result
                .callback_url
                .as_ref()
                .map(|url| Delivery::new(&result.id, url, result.finished_at_ms)),
            Outcome::DeadLetter(letter) => letter
                .callback_url
                .as_ref()
                .map(|url| Delivery::new(&letter.id, url, letter.dead_at_ms)),
            _ => None,
        };
        if let Some(delivery) = delivery {
            let payload = delivery.encode().unwrap().into_bytes();
            self.deliveries.insert(payload, true);
        }
    }
}
