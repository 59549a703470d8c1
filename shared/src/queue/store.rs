//! The handle through which everything is stored and read.

use crate::redis::{Client, RedisError};

/// The queue, the results and the problems in one Redis database. Its verbs
/// stand in the files of this module, by topic.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) redis: Client,
}

impl Store {
    /// The store in the database of `redis`.
    pub fn new(redis: Client) -> Self {
        Self { redis }
    }
}

/// A value of ours that cannot be written as JSON.
pub(super) fn not_serializable(error: serde_json::Error) -> RedisError {
    RedisError::Unexpected(format!("a value cannot be written as JSON: {error}"))
}
