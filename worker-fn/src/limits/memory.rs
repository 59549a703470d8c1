//! How much memory an instance may use for the work under way.
//!
//! The platform ends an instance at 128 MB, with every request in it. Most of it
//! goes into a few things, and each has a bound:
//!
//! | what | at most | why |
//! | --- | --- | --- |
//! | the problems that are held, as text | 12 MiB | `attempt/problem_cache.rs` |
//! | requests to endpoints | 24 MiB | [`Memory::requests`]; a problem of 4 MiB takes 12: its inputs, and the body they are written into; a checker program 4 more, for answers that wait |
//! | a problem that is fetched | 20 of these 24 MiB | 4 MiB, as base64 in a JSON body, as a value, and decoded |
//! | responses of endpoints | 16 MiB | [`Memory::responses`]; one of 8 MiB takes all of it: its text, and what is read out of it |
//! | requests to this Worker | 4 MiB | [`Memory::bodies`]; not of those 24: an endpoint that hangs keeps them for as long as a run may take |
//! | comparing two values | 24 MiB | two canonical texts of up to 8 MiB, and the places in one |
//! | jobs in hand | 12 × 0.4 MiB | a claim brings 2 MB at most, unless one has more |
//! | results of a settlement | 12 × 0.7 MiB, and of these 4 MB in a call, twice | `MAX_CALL_BYTES` in `drain/settle.rs` |
//! | everything else | 4 MiB | |
//!
//! Together that is less than 115 MB. A reservation waits until there is room.
//! Requests never wait for responses of others, and responses for nothing but
//! other responses, so what waits does not wait for ever.

use shared::memory::MemoryBudget;

/// For all requests to endpoints, in bytes.
const REQUESTS: usize = 24 * 1024 * 1024;
/// For all responses of endpoints, in bytes.
const RESPONSES: usize = 16 * 1024 * 1024;
/// For all requests to this Worker, in bytes.
const BODIES: usize = 4 * 1024 * 1024;

/// The memory of an instance.
#[derive(Debug, Clone)]
pub struct Memory {
    /// For requests to endpoints, and problems that are fetched.
    pub requests: MemoryBudget,
    /// For responses of endpoints.
    pub responses: MemoryBudget,
    /// For requests to this Worker.
    pub bodies: MemoryBudget,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            requests: MemoryBudget::new(REQUESTS),
            responses: MemoryBudget::new(RESPONSES),
            bodies: MemoryBudget::new(BODIES),
        }
    }
}
