//! Reading results.

use super::{Store, keys};
use crate::domain::ids::ProblemId;
use crate::domain::result::{restore_output, split_stored};
use crate::redis::{Command, Items, RedisError};

impl Store {
    /// A submission's result document as it is stored: JSON text. One command.
    pub async fn result(&self, id: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let stored: Option<Vec<u8>> = self.redis.get(&keys::result(id)).await?;
        // The archive line after the document is internal; it is never returned.
        Ok(stored.map(|stored| restore_output(split_stored(stored).0)))
    }

    /// The newest summaries of a problem as they are stored: JSON texts, newest
    /// first. One command.
    pub async fn results_of_problem(
        &self,
        problem_id: &ProblemId,
    ) -> Result<Vec<Vec<u8>>, RedisError> {
        let command = Command::new("LRANGE")
            .arg(keys::results_of_problem(problem_id))
            .arg(0)
            .arg(keys::SUMMARIES_SHOWN - 1);
        let items: Items<Vec<u8>> = self.redis.command(command).await?;
        Ok(items.0)
    }
}
