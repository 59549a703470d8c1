//! Memory that the work of an instance shares.
//!
//! The platform ends an instance at 128 MB, with every request in it. Each Worker
//! has a table of what may take how much; here is only the counting.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// A timer: resolves after this many milliseconds.
pub type Sleep = fn(u64) -> Pin<Box<dyn Future<Output = ()>>>;

/// How long a reservation that finds no room waits before it looks again, in
/// milliseconds. Whoever gives room back may be another request, which cannot
/// wake this one on this platform.
const PAUSE_MS: u64 = 20;

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
        sleep: Sleep,
        at_most_ms: u64,
    ) -> Option<MemoryReservation> {
        let mut waited_ms = 0;
        loop {
            let reserved = self.try_reserve(bytes);
            if reserved.is_some() || waited_ms >= at_most_ms {
                return reserved;
            }
            sleep(PAUSE_MS).await;
            waited_ms += PAUSE_MS;
        }
    }
}

impl MemoryReservation {
    /// Makes one reservation of two of the same budget.
    pub fn join(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
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

    #[test]
    fn two_reservations_become_one() {
        let budget = MemoryBudget::new(10);
        let mut first = budget.try_reserve(4).unwrap();
        first.join(budget.try_reserve(4).unwrap());
        assert!(budget.try_reserve(3).is_none());
        drop(first);
        assert!(budget.try_reserve(10).is_some());
    }
}
