//! Every Redis key of the product: its type, its lifetime, who writes it.
//!
//! | key | type | lifetime | written by |
//! | --- | --- | --- | --- |
//! | `problems`, `problems:high`, `problems:low` | LIST of queue items, in by LPUSH, out from the right | until taken | submit-fn, foreign producers (`problems`) |
//! | `inflight` | HASH, handle → queue item | until settled | worker-fn; submit-fn for submissions for later |
//! | `leases` | ZSET, handle → when its lease ends, in ms, or 2^50 + when it is due, for what waits for its time; the member `paused` stops all claims | until settled | worker-fn, submit-fn |
//! | `history` | HASH, uid → what went wrong in earlier attempts | until settled | worker-fn |
//! | `result:{id}` | STRING, a result document; after a line end, what judging again needs | `RESULT_TTL_S` | worker-fn |
//! | `results:{problemId}` | LIST of result summaries, newest first, 120 at most | `RESULT_TTL_S` after the newest | worker-fn, unless `RESULT_INDEX=off` |
//! | `submissions:{problemId}` | LIST of the result keys of judged submissions, newest first, 12,000 at most | `RESULT_TTL_S` after the newest | worker-fn, unless `KEEP_SUBMISSIONS=off` |
//! | `dead` | HASH, id → dead letter | until replayed or deleted | worker-fn |
//! | `dead:payload` | HASH, id → the queue item of a dead letter | as `dead` | worker-fn |
//! | `problem:{id}` | STRING, a problem as JSON | until deleted | submit-fn |
//! | `catalog` | HASH, problem id → its title, kind, number of cases, version and time, as JSON | until deleted | submit-fn |
//! | `idempotency:{hash}` | STRING, the first submission under an idempotency key | 24 h | submit-fn |
//! | `stats:{hour}` | HASH, minute → jobs done and dead in it | 2 h | worker-fn |

/// What is waiting, each lane in its order. The first name is part of the
/// contract with foreign producers.
pub const NORMAL: &str = "problems";
/// Taken before all others.
pub const HIGH: &str = "problems:high";
/// Taken when nothing else waits.
pub const LOW: &str = "problems:low";

/// What Workers hold, by handle.
pub const IN_FLIGHT: &str = "inflight";
/// Until when they hold it.
pub const LEASES: &str = "leases";
/// The member of [`LEASES`] that stops all claims: before everything else, so a
/// claim sees it without a command of its own.
pub const PAUSED: &str = "paused";
/// What went wrong before.
pub const HISTORY: &str = "history";

/// What could not be brought to an end, by id.
pub const DEAD: &str = "dead";
/// The queue items of [`DEAD`].
pub const DEAD_PAYLOAD: &str = "dead:payload";

/// What each problem is called, and its version, by id.
pub const CATALOG: &str = "catalog";

/// How many summaries a problem's index shows.
pub const SUMMARIES_SHOWN: usize = 100;

/// Where a submission's result is.
pub fn result(id: &str) -> String {
    format!("result:{id}")
}

/// Where the newest results of a problem are.
pub fn results_of_problem(problem_id: &str) -> String {
    format!("results:{problem_id}")
}

/// Where the judged submissions of a problem are noted.
pub fn kept_of_problem(problem_id: &str) -> String {
    format!("submissions:{problem_id}")
}

/// Where a problem is.
pub fn problem(id: &str) -> String {
    format!("problem:{id}")
}

/// Where the first submission under an idempotency key is noted. The caller's
/// key comes hashed, because it may hold anything.
pub fn idempotency(hash: &str) -> String {
    format!("idempotency:{hash}")
}

/// Where the jobs of an hour are counted, by the hours since 1970.
pub fn stats(hour: u64) -> String {
    format!("stats:{hour}")
}
