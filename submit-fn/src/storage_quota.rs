//! How much may be stored: for a client, and for all of them together, in a window
//! of `RESULT_TTL_S`. worker-fn counts ([`shared::queue::usage`]); here submissions
//! are refused while a count is over its limit.
//!
//! The counts are looked at with every 20th submission of a client, which costs
//! one command, and what was seen holds for 30 s. The memory is fixed.

use std::cell::{Cell, RefCell};

use shared::domain::client::ClientId;
use shared::http::{ApiError, Code};
use shared::queue::usage::{Usage, UsageLimits, UsageWindow};

use crate::client_counts::ClientCounts;

/// The counts are looked at with every submission of this number.
const LOOK_EVERY: u32 = 20;
/// How long holds what was seen, in milliseconds.
const HOLDS_MS: u64 = 30_000;
/// The most clients whose refusal is remembered. With more, the oldest are looked
/// at again.
const MAX_REFUSED: usize = 64;

/// What this instance knows of the counts.
#[derive(Debug)]
pub struct StorageQuota {
    submissions: ClientCounts,
    /// The clients over their limit, and until when that holds.
    refused: RefCell<Vec<(ClientId, u64)>>,
    /// Until when all together are over theirs.
    full_until_ms: Cell<u64>,
}

impl Default for StorageQuota {
    fn default() -> Self {
        Self {
            // Never begins anew.
            submissions: ClientCounts::new(u64::MAX),
            refused: RefCell::default(),
            full_until_ms: Cell::default(),
        }
    }
}

impl StorageQuota {
    /// Errors: 429 while the client is over its limit, 503 while all together are;
    /// with `Retry-After`.
    pub fn check(
        &self,
        client: &ClientId,
        window: UsageWindow,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        if now_ms < self.full_until_ms.get() {
            return Err(ApiError::store_full());
        }
        let refused = self.refused.borrow();
        let is_refused =
            |(other, until_ms): &(ClientId, u64)| other == client && now_ms < *until_ms;
        if !refused.iter().any(is_refused) {
            return Ok(());
        }
        let left_s = u32::try_from(window.left_s(now_ms)).unwrap_or(u32::MAX);
        Err(ApiError::new(
            Code::StorageQuota,
            format!(
                "As much is stored for you as STORE_CLIENT_MAX_MB allows. Nothing was stored; \
                 try again in {left_s} s."
            ),
        )
        .retry_after(left_s))
    }

    /// Counts a submission, and says whether the counts are to be looked at with
    /// it: at every 20th, and when what was seen holds no longer.
    pub fn is_due(&self, client: &ClientId, now_ms: u64) -> bool {
        let count = self.submissions.add(client, now_ms);
        let was_full = self.full_until_ms.get() != 0;
        let refused = self.refused.borrow();
        count.is_multiple_of(LOOK_EVERY)
            || was_full
            || refused.iter().any(|(other, _)| other == client)
    }

    /// Notes what was seen.
    pub fn note(&self, client: &ClientId, usage: Usage, limits: UsageLimits, now_ms: u64) {
        let until_ms = now_ms + HOLDS_MS;
        let is_full = usage.all > limits.all_bytes;
        self.full_until_ms.set(if is_full { until_ms } else { 0 });
        let mut refused = self.refused.borrow_mut();
        refused.retain(|(other, _)| other != client);
        if usage.client > limits.client_bytes {
            if refused.len() == MAX_REFUSED {
                refused.remove(0);
            }
            refused.push((client.clone(), until_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_counts::tests::client;

    const LIMITS: UsageLimits = UsageLimits {
        all_bytes: 1_000,
        client_bytes: 100,
    };

    fn code(quota: &StorageQuota, number: u32, now_ms: u64) -> Option<Code> {
        let window = UsageWindow::at(now_ms, 60);
        let checked = quota.check(&client(number), window, now_ms);
        checked.err().map(|error| error.code())
    }

    fn usage(all: u64, client: u64) -> Usage {
        Usage { all, client }
    }

    #[test]
    fn every_twentieth_submission_of_a_client_looks() {
        let quota = StorageQuota::default();
        let due = |number| quota.is_due(&client(number), 0);
        let looks: Vec<u32> = (1..=40).filter(|_| due(1)).collect();
        assert_eq!(looks, [20, 40]);
        assert!(!due(2));
    }

    #[test]
    fn a_client_over_its_limit_is_refused_for_a_while_and_then_looked_at() {
        let quota = StorageQuota::default();
        quota.note(&client(1), usage(100, 100), LIMITS, 1_000);
        assert_eq!(code(&quota, 1, 1_000), None);
        quota.note(&client(1), usage(101, 101), LIMITS, 1_000);
        assert_eq!(code(&quota, 1, 30_999), Some(Code::StorageQuota));
        assert_eq!(code(&quota, 2, 1_000), None);
        assert_eq!(code(&quota, 1, 31_000), None);
        assert!(quota.is_due(&client(1), 31_000));
        quota.note(&client(1), usage(0, 0), LIMITS, 60_000);
        assert!(!quota.is_due(&client(1), 60_000));
    }

    #[test]
    fn a_refusal_says_when_the_window_ends() {
        let quota = StorageQuota::default();
        quota.note(&client(1), usage(101, 101), LIMITS, 59_000);
        let window = UsageWindow::at(59_000, 60);
        let error = quota.check(&client(1), window, 59_000).unwrap_err();
        assert!(error.message().ends_with("in 1 s."), "{}", error.message());
        assert_eq!(error.into_response().headers()["retry-after"], "1");
    }

    #[test]
    fn all_clients_are_refused_while_the_store_is_full() {
        let quota = StorageQuota::default();
        quota.note(&client(1), usage(1_001, 0), LIMITS, 1_000);
        assert_eq!(code(&quota, 2, 1_000), Some(Code::StoreFull));
        assert_eq!(code(&quota, 2, 31_000), None);
        assert!(quota.is_due(&client(3), 31_000));
    }

    #[test]
    fn many_refused_clients_do_not_fill_the_memory() {
        let quota = StorageQuota::default();
        for number in 0..2 * MAX_REFUSED as u32 {
            quota.note(&client(number), usage(101, 101), LIMITS, 1_000);
        }
        assert_eq!(quota.refused.borrow().len(), MAX_REFUSED);
        assert_eq!(
            code(&quota, 2 * MAX_REFUSED as u32 - 1, 1_000),
            Some(Code::StorageQuota)
        );
    }
}
