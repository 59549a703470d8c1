//! The handle through which everything is stored and read.

use super::worker_cache::WorkerCache;
use crate::redis::{Client, RedisError};

/// The queue, the results and the problems in one Redis database. Its verbs
/// stand in the files of this module, by topic.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) redis: Client,
    pub(super) known: WorkerCache,
}

impl Store {
    /// The store in the database of `redis`.
    pub fn new(redis: Client) -> Self {
        Self {
            redis,
            known: WorkerCache::default(),
        }
    }

    /// The same store, with what its instance knows already.
    #[must_use]
    pub fn knowing(self, known: &WorkerCache) -> Self {
        let known = known.clone();
        Self { known, ..self }
    }
}

/// A value of ours that cannot be written as JSON.
pub(super) fn not_serializable(error: serde_json::Error) -> RedisError {
    RedisError::Unexpected(format!("a value cannot be written as JSON: {error}"))
}
