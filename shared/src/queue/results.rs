//! Reading results.

use super::{Store, keys};
use crate::domain::ids::ProblemId;
use crate::domain::result::{StoredResult, restore_output};
use crate::redis::{Command, Items, RedisError};

impl Store {
    /// A submission's result document as it is stored: JSON text. One command.
    pub async fn result(&self, id: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let stored: Option<Vec<u8>> = self.redis.get(&keys::result(id)).await?;
        Ok(stored.map(document_of))
    }

    /// The newest summaries of a problem as they are stored: JSON texts, newest
    /// first, one for each submission. One command.
    pub async fn results_of_problem(
        &self,
        problem_id: &ProblemId,
    ) -> Result<Vec<Vec<u8>>, RedisError> {
        let command = Command::new("LRANGE")
            .arg(keys::results_of_problem(problem_id))
            .arg(0)
            .arg(keys::SUMMARIES_STORED - 1);
        let items: Items<Vec<u8>> = self.redis.command(command).await?;
        let mut newest: Vec<Vec<u8>> = Vec::with_capacity(keys::SUMMARIES_SHOWN);
        for summary in items.0 {
            let known = |other: &Vec<u8>| head(other) == head(&summary);
            if newest.len() < keys::SUMMARIES_SHOWN && !newest.iter().any(known) {
                newest.push(summary);
            }
        }
        Ok(newest)
    }
}

/// The document of a stored result. The lines after it are internal; they are never
/// returned.
pub(super) fn document_of(stored: Vec<u8>) -> Vec<u8> {
    restore_output(StoredResult::from_bytes(stored).document)
}

/// A summary up to the end of its id, which is its first member.
fn head(summary: &[u8]) -> &[u8] {
    let end = summary.iter().position(|&byte| byte == b',');
    end.map_or(summary, |end| &summary[..end])
}
