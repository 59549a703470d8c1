//! What viewers of a submission see while it waits and runs.
//!
//! A *look* is one command for the result and for the progress of a watched job.
//! The position in a lane takes a search (`position.lua`), so submit-fn asks for it
//! rarely.

use super::results::document_of;
use super::{Store, keys};
use crate::domain::lane::Lane;
use crate::domain::live_progress::LiveProgress;
use crate::redis::{Command, Items, RedisError};

/// How long progress is there after it was written, in seconds: longer than a
/// Worker may take for a job, so that it is gone soon after the Worker.
const PROGRESS_TTL_S: u64 = 120;

/// What one look at a submission finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The result document, as [`Store::result`] gives it.
    pub document: Option<Vec<u8>>,
    /// How far the job is, where it is watched and has run for a while.
    pub progress: Option<LiveProgress>,
}

impl Store {
    /// Looks at a submission. One command.
    pub async fn look(&self, id: &str) -> Result<Look, RedisError> {
        let command = Command::new("MGET").args([keys::result(id), keys::progress(id)]);
        let Items(values): Items<Option<Vec<u8>>> = self.redis.command(command).await?;
        let [stored, progress] = <[_; 2]>::try_from(values)
            .map_err(|_| RedisError::Unexpected("MGET: not two values".into()))?;
        Ok(Look {
            document: stored.map(document_of),
            // What cannot be read is not shown.
            progress: progress.and_then(|text| LiveProgress::read(&text)),
        })
    }

    /// The place of a submission in its lane, 1 for the next that is claimed; `None`
    /// where it is in no lane, or out of order there. One round trip; the commands
    /// are those of `position.lua`.
    pub async fn position(&self, id: &str) -> Result<Option<u64>, RedisError> {
        // The likeliest first.
        let lanes = [Lane::Normal, Lane::Low, Lane::High];
        let command = Command::script(script!("position"))
            .arg(lanes.len())
            .args(lanes.map(keys::lane))
            .arg(id);
        let Items(found): Items<i64> = self.redis.command(command).await?;
        let [position, commands] = <[_; 2]>::try_from(found)
            .map_err(|_| RedisError::Unexpected("position.lua: not two numbers".into()))?;
        // The client has counted one.
        let inside = u64::try_from(commands - 1).unwrap_or_default();
        self.redis.sent().add(inside);
        Ok(u64::try_from(position)
            .ok()
            .filter(|&position| position > 0))
    }

    /// Writes how far a job is. One command.
    pub async fn write_progress(
        &self,
        id: &str,
        progress: &LiveProgress,
    ) -> Result<(), RedisError> {
        let command = Command::new("SET")
            .arg(keys::progress(id))
            .arg(progress.to_json())
            .arg("EX")
            .arg(PROGRESS_TTL_S);
        self.redis.command(command).await
    }
}
