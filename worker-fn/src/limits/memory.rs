//! How much memory an instance may use for the work under way.
//!
//! The platform ends an instance at 128 MB, with every request in it. Most of it
//! goes into a few things, and each has a bound:
//!
//! | what | at most | why |
//! | --- | --- | --- |
//! | the problems that are held, as text | 12 MiB | `attempt/problem_cache.rs` |
//! | requests to endpoints | 24 MiB | [`Memory::requests`]; a problem of 4 MiB takes 12: its inputs, and the body they are written into |
//! | a problem that is fetched | 20 of these 24 MiB | 4 MiB, as base64 in a JSON body, as a value, and decoded |
//! | responses of endpoints | 16 MiB | [`Memory::responses`]; one of 8 MiB takes all of it: its text, and what is read out of it |
//! | comparing two values | 24 MiB | two canonical texts of up to 8 MiB, and the places in one |
//! | results of a settlement | 12 × 0.3 MiB, three times | `MAX_CALL_BYTES` in `drain/settle.rs` |
//! | everything else | 4 MiB | |
//!
//! Together that is less than 100 MB. A reservation waits until there is room.
//! Requests never wait for responses of others, and responses for nothing but
//! other responses, so what waits does not wait for ever.

use std::cell::Cell;
use std::rc::Rc;

use crate::runtime::Runtime;

/// For all requests to endpoints, in bytes.
const REQUESTS: usize = 24 * 1024 * 1024;
/// For all responses of endpoints, in bytes.
const RESPONSES: usize = 16 * 1024 * 1024;
/// How long a reservation that finds no room waits before it looks again, in
/// milliseconds. Whoever gives room back may be another request, which cannot
/// wake this one on this platform.
const PAUSE_MS: u64 = 20;

/// The memory of an instance.
#[derive(Debug, Clone)]
pub struct Memory {
    /// For requests to endpoints, and problems that are fetched.
    pub requests: MemoryBudget,
    /// For responses of endpoints.
    pub responses: MemoryBudget,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            requests: MemoryBudget::new(REQUESTS),
            responses: MemoryBudget::new(RESPONSES),
        }
    }
}

/// Bytes that are shared by all work of an instance.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    total: usize,
    used: Rc<Cell<usize>>,
}

/// Bytes that are in use; given back when this is dropped.
#[derive(Debug)]
pub struct MemoryReservation {
    bytes: usize,
    used: Rc<Cell<usize>>,
}

impl MemoryBudget {
    /// A budget of `total` bytes.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            used: Rc::default(),
        }
    }

    /// Reserves bytes, if there is room. More than there is in all is reserved as
    /// all of it, so that it can be had alone.
    pub fn try_reserve(&self, bytes: usize) -> Option<MemoryReservation> {
        let bytes = bytes.min(self.total);
        let used = self.used.get() + bytes;
        (used <= self.total).then(|| {
            self.used.set(used);
            MemoryReservation {
                bytes,
                used: Rc::clone(&self.used),
            }
        })
    }

    /// Reserves bytes as soon as there is room; `None` when there was none for
    /// `at_most_ms`.
    pub async fn reserve(
        &self,
        bytes: usize,
        runtime: Runtime,
        at_most_ms: u64,
    ) -> Option<MemoryReservation> {
        let mut waited_ms = 0;
        loop {
            let reserved = self.try_reserve(bytes);
            if reserved.is_some() || waited_ms >= at_most_ms {
                return reserved;
            }
            (runtime.sleep)(PAUSE_MS).await;
            waited_ms += PAUSE_MS;
        }
    }
}

impl Drop for MemoryReservation {
    fn drop(&mut self) {
        self.used.set(self.used.get().saturating_sub(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_given_back() {
        let budget = MemoryBudget::new(10);
        let first = budget.try_reserve(6).unwrap();
        assert!(budget.try_reserve(5).is_none());
        let second = budget.try_reserve(4).unwrap();
        assert!(budget.try_reserve(1).is_none());
        drop(first);
        assert!(budget.try_reserve(7).is_none());
        drop(second);
        // More than all there is can be had alone.
        let all = budget.try_reserve(11).unwrap();
        assert!(budget.try_reserve(1).is_none());
        drop(all);
        assert!(budget.try_reserve(10).is_some());
    }
}
