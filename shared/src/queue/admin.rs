//! An operator's actions on the whole queue: numbers, pause, resume.

use super::statistics::HOUR_MS;
use super::{Store, keys, stats};
use crate::domain::ticket::TicketKey;
use crate::redis::{Command, FromReply, Items, RedisError, Reply};

impl Store {
    /// Numbers about everything. One round trip, 14 commands.
    pub async fn stats(
        &self,
        now_ms: u64,
        tickets: &TicketKey,
        past: &stats::PastHours,
    ) -> Result<stats::Stats, RedisError> {
        let unknown = past.unknown(now_ms / HOUR_MS);
        let commands = stats::commands(now_ms, &unknown);
        let replies = self.redis.pipeline(&commands).await?;
        stats::read(replies, now_ms, tickets, past, &unknown)
    }

    /// Whether Redis answers. One command.
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.redis.command(Command::new("PING")).await
    }

    /// Stops all claims. Leased jobs go on. One command.
    pub async fn pause(&self) -> Result<(), RedisError> {
        let command = Command::new("ZADD")
            .arg(keys::LEASES)
            .args(["-inf", keys::PAUSED]);
        self.redis.command(command).await
    }

    /// Allows claims again. One command.
    pub async fn resume(&self) -> Result<(), RedisError> {
        let command = Command::new("ZREM").arg(keys::LEASES).arg(keys::PAUSED);
        self.redis.command(command).await
    }

    /// Runs a command of the SCAN family. Its items, and the cursor of the next
    /// page; `None` after the last.
    pub(super) async fn scan(
        &self,
        command: Command,
    ) -> Result<(Vec<Vec<u8>>, Option<String>), RedisError> {
        let reply: Reply = self.redis.command(command).await?;
        let unexpected = || RedisError::Unexpected("a scan: not a cursor and a list".into());
        let Reply::Array(parts) = reply else {
            return Err(unexpected());
        };
        let [cursor, items] = <[Reply; 2]>::try_from(parts).map_err(|_| unexpected())?;
        let cursor = String::from_utf8(Vec::from_reply(cursor)?).map_err(|_| unexpected())?;
        let items: Items<Vec<u8>> = Items::from_reply(items)?;
        Ok((items.0, (cursor != "0").then_some(cursor)))
    }
}

/// Reads about a hundred fields of a hash, each followed by its value.
pub(super) fn hscan(key: &str, cursor: u64) -> Command {
    Command::new("HSCAN")
        .arg(key)
        .arg(cursor)
        .args(["COUNT", "100"])
}
