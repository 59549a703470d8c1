//! What an instance of the Worker remembers from one request to the next: made
//! once in `lib.rs`, handed in, and lost whenever the platform ends the instance.

use crate::backpressure::Backpressure;
use crate::language_cache::LanguageCache;
use crate::run_limiter::RunLimiter;

/// The state of one instance.
#[derive(Debug, Default)]
pub struct Instance {
    /// The offered languages.
    pub languages: LanguageCache,
    /// Whether too many submissions wait.
    pub backpressure: Backpressure,
    /// How many runs were asked for.
    pub run_limiter: RunLimiter,
}
