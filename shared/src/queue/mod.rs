//! What the product does with Redis, as verbs.
//!
//! This is the only module that puts keys and commands together. submit-fn
//! [pushes](Queue::push) and reads results; worker-fn [works](Queue::work):
//! one atomic step settles what is finished and claims what is next. Operators
//! look, pause, replay and purge.
//!
//! A job is always in one place: in a lane, leased, or at one of its two ends.
//! Each step from one to the next is one command or one script, so nothing is
//! lost between two.
//!
//! - [`work`]: settling and claiming (`work.lua`).
//! - [`handle`]: what a Worker holds a job by.
//! - [`retry`]: when a job that failed is tried again.
//! - [`problems`]: what is asked, published and read.
//! - [`push`]: the ways into the queue (`later.lua`, `once.lua`).
//! - [`rejudge`]: judging again.
//! - [`stats`]: numbers about it.

pub mod handle;
pub mod operate;
pub mod problems;
pub mod push;
pub mod rejudge;
pub mod retry;
pub mod stats;
pub mod work;

use work::{Call, Claimed, Policy, Settlement};

use crate::keys;
use crate::redis::{Client, Command, Items, RedisError};
use crate::result::ResultDocument;

/// The queue and its results in one Redis database.
#[derive(Debug, Clone)]
pub struct Queue {
    redis: Client,
}

impl Queue {
    /// The queue in the database of `redis`.
    pub fn new(redis: Client) -> Self {
        Self { redis }
    }

    /// Settles `settlements`, then claims up to `want` jobs. One round trip;
    /// `work.lua` counts its commands. May be sent again when its answer was
    /// lost: what was settled stays settled.
    pub async fn work(
        &self,
        settlements: &[Settlement],
        want: usize,
        policy: &Policy,
        call: &Call,
    ) -> Result<Claimed, RedisError> {
        let command = work::command(settlements, want, policy, call).map_err(cannot_be_written)?;
        self.redis.command(command).await
    }

    /// A submission's result document as it was stored: JSON text. One command.
    pub async fn result(&self, id: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let stored: Option<Vec<u8>> = self.redis.get(&keys::result(id)).await?;
        // What is kept beside it is for nobody's eyes.
        Ok(stored.map(|stored| ResultDocument::take_apart(stored).0))
    }

    /// The newest summaries of a problem as they were stored: JSON texts,
    /// newest first. One command.
    pub async fn results_of_problem(&self, problem_id: &str) -> Result<Vec<Vec<u8>>, RedisError> {
        let command = Command::new("LRANGE")
            .arg(keys::results_of_problem(problem_id))
            .arg(0)
            .arg(keys::SUMMARIES_SHOWN - 1);
        let items: Items<Vec<u8>> = self.redis.command(command).await?;
        Ok(items.0)
    }
}

fn cannot_be_written(error: serde_json::Error) -> RedisError {
    RedisError::Unexpected(format!("cannot be written: {error}"))
}
