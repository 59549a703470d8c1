//! What the product does with Redis, as verbs of one [`Store`].
//!
//! This is the only module that puts keys and commands together. submit-fn
//! [enqueues](Store::enqueue) submissions and reads results; worker-fn
//! [settles and claims](Store::settle_and_claim) in one atomic step. Operators
//! look, pause, replay and purge.
//!
//! A job is always in one place: in a lane, leased or scheduled, or at one of
//! its ends, `done`, `dead` and `purged`. Each step from one to the next is one
//! command or one script, so no job is lost between two.
//!
//! - [`keys`]: every key there is.
//! - [`enqueue`]: the ways into the queue (`schedule.lua`, `once.lua`).
//! - [`settlement`] and [`claim`]: settling and claiming (`work.lua`).
//! - [`deliveries`]: telling callback addresses (`deliver.lua`).
//! - [`worker_cache`]: what an instance need not ask or write again.
//! - [`lease_token`]: what proves that a Worker holds a job.
//! - [`backoff`]: the pause before another attempt.
//! - [`places`]: where submissions wait; [`usage`]: how much is stored, and for whom.
//! - [`problems`]: publishing and reading problems.
//! - [`results`]: reading results.
//! - [`live`]: what viewers of a submission see while it waits and runs
//!   (`position.lua`).
//! - [`rejudge`]: judging again (`requeue.lua`).
//! - [`admin`], [`stats`], [`metrics`] and [`statistics`]: an operator's numbers, pause
//!   and resume.
//! - [`dead_letters`]: jobs that were given up (`replay.lua`,
//!   `delete_dead_letters.lua`).
//! - [`purge`]: deleting jobs that wait (`purge.lua`, `purge_scheduled.lua`).

/// A script of this folder, as `build.rs` wrote it, by its name.
macro_rules! script {
    ($name:literal) => {
        $crate::redis::Script {
            text: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".lua")),
            sha1: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".sha1")),
        }
    };
}

pub mod admin;
pub mod backoff;
pub mod claim;
pub mod dead_letters;
pub mod deliveries;
pub mod enqueue;
pub mod keys;
pub mod lease_token;
pub mod live;
pub mod metrics;
pub mod places;
pub mod problems;
pub mod purge;
pub mod rejudge;
pub mod results;
pub mod settlement;
pub mod statistics;
pub mod stats;
mod store;
pub mod usage;
pub mod worker_cache;

pub use store::Store;
