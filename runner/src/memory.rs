//! Counts bytes of memory that many requests share.
//!
//! `api.rs` has one count for requests and one for answers, so that their sums are
//! bounded, however many callers there are and however slowly they read.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that are counted as one.
const UNIT_BYTES: usize = 1 << 10;

/// Bytes that may be reserved. Clones share them.
#[derive(Debug, Clone)]
pub struct Memory {
    units: Arc<Semaphore>,
    all: u32,
}

/// Reserved bytes, free again when this is dropped.
#[derive(Debug)]
pub struct Reserved {
    _units: Option<OwnedSemaphorePermit>,
}

impl Memory {
    /// This many bytes in all.
    pub fn new(bytes: usize) -> Self {
        let all = u32::try_from(bytes / UNIT_BYTES).unwrap_or(u32::MAX);
        let all = all
            .min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX))
            .max(1);
        Self {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Reserves bytes, unless too many are reserved already. More than there are count
    /// as all of them.
    pub fn try_reserve(&self, bytes: usize) -> Option<Reserved> {
        let units = Arc::clone(&self.units);
        let permit = units.try_acquire_many_owned(self.units(bytes)).ok()?;
        Some(Reserved {
            _units: Some(permit),
        })
    }

    /// Waits until the bytes can be reserved, in the order of the calls.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        let units = Arc::clone(&self.units);
        Reserved {
            // An error would mean that the semaphore was closed, which nothing does.
            _units: units.acquire_many_owned(self.units(bytes)).await.ok(),
        }
    }

    fn units(&self, bytes: usize) -> u32 {
        let units = bytes.div_ceil(UNIT_BYTES);
        u32::try_from(units).unwrap_or(u32::MAX).min(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_reserved_up_to_its_size_and_returned() {
        let memory = Memory::new(10 * UNIT_BYTES);
        let most = memory.try_reserve(9 * UNIT_BYTES).unwrap();
        assert!(memory.try_reserve(UNIT_BYTES + 1).is_none());
        let rest = memory.try_reserve(1).unwrap();
        assert!(memory.try_reserve(1).is_none());
        drop((most, rest));
        // A single one that is larger than all gets all.
        let all = memory.try_reserve(1000 * UNIT_BYTES).unwrap();
        assert!(memory.try_reserve(1).is_none());
        let waiting = memory.reserve(1);
        drop(all);
        waiting.await;
    }
}
