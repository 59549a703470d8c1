//! An operator's actions: looking, pausing, replaying, purging.

use super::{Store, keys, stats};
use crate::domain::lane::Lane;
use crate::domain::ticket::TicketKey;
use crate::redis::{Command, FromReply, Items, RedisError, Reply};

/// A page of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPage {
    /// JSON texts as they are stored, in no order.
    pub letters: Vec<Vec<u8>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Store {
    /// Numbers about everything. One round trip, 14 commands.
    pub async fn stats(
        &self,
        now_ms: u64,
        tickets: &TicketKey,
    ) -> Result<stats::Stats, RedisError> {
        let replies = self.redis.pipeline(&stats::commands(now_ms)).await?;
        stats::read(replies, now_ms, tickets)
    }

    /// A page of dead letters, about a hundred. One command.
    pub async fn dead_letters(&self, cursor: &str) -> Result<DeadPage, RedisError> {
        let (fields, next) = self.scan(keys::DEAD, cursor).await?;
        Ok(DeadPage {
            letters: fields.into_iter().skip(1).step_by(2).collect(),
            next,
        })
    }

    /// About a hundred fields of a hash, each followed by its value, and the
    /// cursor of the next. One command.
    pub(super) async fn scan(
        &self,
        key: &str,
        cursor: &str,
    ) -> Result<(Vec<Vec<u8>>, Option<String>), RedisError> {
        let command = Command::new("HSCAN")
            .arg(key)
            .arg(cursor)
            .args(["COUNT", "100"]);
        let reply: Reply = self.redis.command(command).await?;
        let unexpected = || RedisError::Unexpected("HSCAN: not a cursor and a list".into());
        let Reply::Array(parts) = reply else {
            return Err(unexpected());
        };
        let [cursor, items] = <[Reply; 2]>::try_from(parts).map_err(|_| unexpected())?;
        let cursor = String::from_utf8(Vec::from_reply(cursor)?).map_err(|_| unexpected())?;
        let items: Items<Vec<u8>> = Items::from_reply(items)?;
        Ok((items.0, (cursor != "0").then_some(cursor)))
    }

    /// A dead letter as it is stored, JSON text, and its payload. One round
    /// trip, two commands.
    pub async fn dead_letter(&self, id: &str) -> Result<Option<(Vec<u8>, Vec<u8>)>, RedisError> {
        let read = |key| Command::new("HGET").arg(key).arg(id);
        let mut replies = self
            .redis
            .pipeline(&[read(keys::DEAD), read(keys::DEAD_PAYLOAD)])
            .await?
            .into_iter();
        let mut next = || match replies.next() {
            Some(reply) => Option::<Vec<u8>>::from_reply(reply?),
            None => Ok(None),
        };
        let (letter, payload) = (next()?, next()?);
        Ok(letter.zip(payload))
    }

    /// Moves a dead letter back to its lane. The lane's length, or `None` when
    /// there is no such dead letter. One command, and five inside.
    pub async fn replay(&self, id: &str, lane: Lane) -> Result<Option<u64>, RedisError> {
        let command = Command::new("EVAL")
            .arg(include_str!(concat!(env!("OUT_DIR"), "/replay.lua")))
            .arg(4)
            .args([keys::DEAD, keys::DEAD_PAYLOAD, keys::lane(lane)])
            .arg(keys::result(id))
            .arg(id);
        let length: i64 = self.redis.command(command).await?;
        Ok(u64::try_from(length).ok().filter(|&length| length > 0))
    }

    /// Deletes a dead letter; whether there was one. Its result document says
    /// `dead` until it ages out. One round trip, two commands.
    pub async fn delete_dead_letter(&self, id: &str) -> Result<bool, RedisError> {
        let delete = |key| Command::new("HDEL").arg(key).arg(id);
        // In one transaction: a replay in between would find the payload without
        // its letter.
        let replies = self
            .redis
            .transaction(&[delete(keys::DEAD), delete(keys::DEAD_PAYLOAD)])
            .await?;
        let mut found = false;
        for reply in replies {
            found |= i64::from_reply(reply)? > 0;
        }
        Ok(found)
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

    /// Deletes all jobs that wait in these lanes, and gives their number. Leased
    /// and scheduled jobs stay. One round trip, two commands a lane.
    pub async fn purge(&self, lanes: &[Lane]) -> Result<u64, RedisError> {
        let commands: Vec<Command> = lanes
            .iter()
            .flat_map(|lane| ["LLEN", "DEL"].map(|name| Command::new(name).arg(keys::lane(*lane))))
            .collect();
        let mut purged = 0;
        // In one transaction: a job that is pushed in between is counted too.
        for (index, reply) in self
            .redis
            .transaction(&commands)
            .await?
            .into_iter()
            .enumerate()
        {
            let number = i64::from_reply(reply)?;
            if index % 2 == 0 {
                purged += number.max(0).unsigned_abs();
            }
        }
        Ok(purged)
    }
}
