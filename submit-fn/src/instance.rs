//! What an instance of the Worker remembers from one request to the next: made
//! once in `lib.rs`, handed in, and lost whenever the platform ends the instance.

use crate::backpressure::Backpressure;
use crate::client_share::ClientShare;
use crate::language_cache::LanguageCache;
use crate::run_limiter::RunLimiter;
use crate::storage_quota::StorageQuota;
use crate::wakes::Wakes;

/// The state of one instance.
#[derive(Debug, Default)]
pub struct Instance {
    /// The offered languages.
    pub languages: LanguageCache,
    /// How many submissions wait.
    pub backpressure: Backpressure,
    /// How many submissions each client sent.
    pub share: ClientShare,
    /// How much is stored.
    pub storage: StorageQuota,
    /// When worker-fn was woken.
    pub wakes: Wakes,
    /// How many runs were asked for.
    pub run_limiter: RunLimiter,
}
