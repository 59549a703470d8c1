//! Every Redis key of the product: its type, its lifetime, and its writers.
//!
//! | key | type | lifetime | written by |
//! | --- | --- | --- | --- |
//! | `problems`, `problems:high`, `problems:low` | LIST of payloads, in by LPUSH, out from the right | until claimed | submit-fn, foreign producers (`problems`) |
//! | `inflight` | HASH, lease token → payload | until settled | worker-fn; submit-fn for scheduled submissions |
//! | `leases` | ZSET, lease token → end of the lease in ms; for scheduled jobs 2^50 + their due time; the member `paused` stops all claims; the score of `catalog` is the stamp of the last change of a problem | until settled | worker-fn, submit-fn |
//! | `history` | HASH, uid → failed attempts, JSON objects with commas between | until settled | worker-fn |
//! | `result:{id}` | STRING, a result document; on the next line the archive; on the next `requeued` and the version that it waits to be judged by again | `RESULT_TTL_S` | worker-fn; submit-fn for `purged` ones and the third line |
//! | `progress:{id}` | STRING, how far a watched job is, as JSON | 120 s | worker-fn, unless `PROGRESS=off` |
//! | `results:{problemId}` | LIST of result summaries, newest first, 120 at most | `RESULT_TTL_S` after the newest, and up to an hour more | worker-fn, unless `RESULT_INDEX=off` |
//! | `submissions:{problemId}` | LIST of the result keys of judged submissions, newest first, 12,000 at most | `RESULT_TTL_S` after the newest, and up to an hour more | worker-fn, unless `KEEP_SUBMISSIONS=off` |
//! | `dead` | HASH, id → dead letter | until replayed or deleted | worker-fn |
//! | `dead:payload` | HASH, id → the payload of a dead letter | as `dead` | worker-fn |
//! | `deliveries` | ZSET, a delivery as JSON → its due time in ms | until delivered or given up | worker-fn; submit-fn for replayed ones |
//! | `problem:{id}` | STRING, a problem as JSON | until deleted | submit-fn |
//! | `catalog` | HASH, problem id → its title, kind, number of cases, version and time, as JSON | until deleted | submit-fn |
//! | `idempotency:{hash}` | STRING, the first submission under an idempotency key | 24 h | submit-fn |
//! | `stored:{window}` | HASH, client or `all` → bytes of results and dead letters; a window is `RESULT_TTL_S` long | two windows | worker-fn |
//! | `statistics:{hour}` | STRING of 32-bit counters, see `statistics.rs` | 26 h | worker-fn |

use crate::domain::ids::ProblemId;
use crate::domain::lane::Lane;

/// The lane `normal`. The name is part of the contract with foreign producers.
pub const NORMAL: &str = "problems";
/// The lane `high`.
pub const HIGH: &str = "problems:high";
/// The lane `low`.
pub const LOW: &str = "problems:low";

/// The payloads of leased and scheduled jobs, by lease token.
pub const IN_FLIGHT: &str = "inflight";
/// The ends of leases and the due times of scheduled jobs, by lease token.
pub const LEASES: &str = "leases";
/// The member of [`LEASES`] that stops all claims. Its score is lower than any
/// other, so a claim sees it without a command of its own.
pub const PAUSED: &str = "paused";
/// The member of [`LEASES`] whose score every publishing and deleting of a problem
/// changes. It is below zero, so a claim sees it without a command of its own.
pub const CATALOG_STAMP: &str = "catalog";
/// The failed attempts of leased and scheduled jobs.
pub const HISTORY: &str = "history";

/// The dead letters, by id.
pub const DEAD: &str = "dead";
/// The payloads of dead letters, by id.
pub const DEAD_PAYLOAD: &str = "dead:payload";

/// The deliveries that wait, by due time.
pub const DELIVERIES: &str = "deliveries";

/// An entry for each problem, by id.
pub const CATALOG: &str = "catalog";

/// The most summaries that a problem's index shows.
pub const SUMMARIES_SHOWN: usize = 100;
/// The most summaries that a problem's index holds. A submission that was judged
/// again has several.
pub const SUMMARIES_STORED: usize = 120;

/// A lane's list.
pub fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::High => HIGH,
        Lane::Normal => NORMAL,
        Lane::Low => LOW,
    }
}

/// A submission's result.
pub fn result(id: &str) -> String {
    format!("result:{id}")
}

/// How far a watched job is.
pub fn progress(id: &str) -> String {
    format!("progress:{id}")
}

/// The newest results of a problem.
pub fn results_of_problem(problem_id: &ProblemId) -> String {
    format!("results:{problem_id}")
}

/// The judged submissions of a problem.
pub fn archived_of_problem(problem_id: &ProblemId) -> String {
    format!("submissions:{problem_id}")
}

/// A problem.
pub fn problem(id: &ProblemId) -> String {
    format!("problem:{id}")
}

/// The first submission under an idempotency key. The caller's key comes
/// hashed, because it may hold any character.
pub fn idempotency(hash: &str) -> String {
    format!("idempotency:{hash}")
}

/// The bytes that were stored in a window, by the windows since 1970.
pub fn stored(window: u64) -> String {
    format!("stored:{window}")
}

/// The counters of an hour, by the hours since 1970. Until 0.1 a HASH stood under
/// `stats:{hour}`.
pub fn statistics(hour: u64) -> String {
    format!("statistics:{hour}")
}
