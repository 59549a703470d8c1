//! What an instance of the Worker remembers from one request to the next: made
//! once in `lib.rs`, handed in, and lost whenever the platform ends the instance.

use shared::memory::MemoryBudget;
use shared::queue::stats::PastHours;
use shared::redis::CommandCounter;

use crate::backpressure::Backpressure;
use crate::client_share::ClientShare;
use crate::given_limits::GivenLimits;
use crate::language_cache::LanguageCache;
use crate::live_results::LiveResults;
use crate::problem_kinds::ProblemKinds;
use crate::problem_sizes::ProblemSizes;
use crate::rates::Rates;
use crate::run_limiter::RunLimiter;
use crate::settled::Settled;
use crate::storage_quota::StorageQuota;
use crate::waiters::Waiters;
use crate::wakes::Wakes;

/// For all large requests and responses of an instance, in bytes. The platform ends
/// an instance at 128 MB. A body takes six times its bytes (`platform`), a batch of
/// 4 MiB 24; so does a problem of 4 MiB that is read ([`ProblemSizes`]). Beside
/// these there are lists and results, of which a hundred at once are less than
/// 20 MB, and 2 MB that viewers share.
const MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// The state of one instance.
#[derive(Debug)]
pub struct Instance {
    /// The offered languages.
    pub languages: LanguageCache,
    /// The limits that the execution endpoint gives.
    pub given_limits: GivenLimits,
    /// How many submissions wait.
    pub backpressure: Backpressure,
    /// How many submissions each client sent.
    pub share: ClientShare,
    /// How much is stored.
    pub storage: StorageQuota,
    /// Which requests wait for a result.
    pub waiters: Waiters,
    /// What is known of the submissions that they wait for.
    pub live: LiveResults,
    /// Which of them have just been settled.
    pub settled: Settled,
    /// When worker-fn was woken.
    pub wakes: Wakes,
    /// How many calls each client made.
    pub rates: Rates,
    /// How many runs are under way.
    pub run_limiter: RunLimiter,
    /// Which problems there are.
    pub problem_kinds: ProblemKinds,
    /// How large problems are.
    pub problem_sizes: ProblemSizes,
    /// The commands that it sent to Redis and has not reported.
    pub commands: CommandCounter,
    /// The commands of past hours.
    pub past_hours: PastHours,
    /// The memory for large requests and responses.
    pub memory: MemoryBudget,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            languages: LanguageCache::default(),
            given_limits: GivenLimits::default(),
            backpressure: Backpressure::default(),
            share: ClientShare::default(),
            storage: StorageQuota::default(),
            waiters: Waiters::default(),
            live: LiveResults::default(),
            settled: Settled::default(),
            wakes: Wakes::default(),
            rates: Rates::default(),
            run_limiter: RunLimiter::default(),
            problem_kinds: ProblemKinds::default(),
            problem_sizes: ProblemSizes::default(),
            commands: CommandCounter::default(),
            past_hours: PastHours::default(),
            memory: MemoryBudget::new(MEMORY_BYTES),
        }
    }
}
