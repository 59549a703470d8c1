//! Counting commands, as Upstash bills them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The header of a call of worker-fn in which submit-fn reports its commands, a
/// decimal number.
pub const COMMANDS_HEADER: &str = "x-edgejudge-commands";

/// How many commands an instance of a Worker has sent and not reported yet: a call
/// of a script counts as one and one for each call inside, as far as that is known
/// beforehand. Clones share the number.
///
/// [`Store::settle_and_claim`](crate::queue::Store::settle_and_claim) reports it. An
/// instance that the platform ends loses it, and where the answer to a report is lost
/// it is reported again: sums are near, and no more.
#[derive(Debug, Clone, Default)]
pub struct CommandCounter(Arc<AtomicU64>);

impl CommandCounter {
    /// Adds commands.
    pub fn add(&self, commands: u64) {
        self.0.fetch_add(commands, Ordering::Relaxed);
    }

    /// Takes the number, for who reports it.
    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
