//! Hands on the queue: looking, pausing, replaying, purging.

use super::work::DeadLetter;
use super::{Queue, stats};
use crate::keys;
use crate::lane::Lane;
use crate::redis::{Command, FromReply, Items, RedisError, Reply};
use crate::ticket::TicketKey;

/// A page of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPage {
    /// JSON texts as they were stored, in no order.
    pub letters: Vec<Vec<u8>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Queue {
    /// Numbers about everything. One round trip, 14 commands.
    pub async fn stats(
        &self,
        now_ms: u64,
        tickets: &TicketKey,
    ) -> Result<stats::Stats, RedisError> {
        let replies = self.redis.pipeline(&stats::commands(now_ms)).await?;
        stats::read(replies, now_ms, tickets)
    }

    /// Some of the dead letters, about a hundred. One command.
    pub async fn dead(&self, cursor: &str) -> Result<DeadPage, RedisError> {
        let (fields, next) = self.scan(keys::DEAD, cursor).await?;
        Ok(DeadPage {
            letters: fields.into_iter().skip(1).step_by(2).collect(),
            next,
        })
    }

    /// Some fields of a hash, each followed by its value, and where the next
    /// ones begin. One command.
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

    /// One dead letter and the queue item it was. One round trip, two commands.
    pub async fn dead_letter(&self, id: &str) -> Result<Option<(DeadLetter, Vec<u8>)>, RedisError> {
        let Some((letter, payload)) = self.dead_letter_kept(id).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&letter)
            .map(|letter| Some((letter, payload)))
            .map_err(|error| RedisError::Unexpected(format!("dead letter {id}: {error}")))
    }

    /// As [`Queue::dead_letter`], the letter as it is kept: JSON text.
    pub async fn dead_letter_kept(
        &self,
        id: &str,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, RedisError> {
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

    /// Has a dead letter wait again. `None` when there is none of this id; else
    /// how many wait in its lane now. One command, and five inside.
    pub async fn replay(&self, id: &str, lane: Lane) -> Result<Option<u64>, RedisError> {
        let command = Command::new("EVAL")
            .arg(include_str!(concat!(env!("OUT_DIR"), "/replay.lua")))
            .arg(4)
            .args([keys::DEAD, keys::DEAD_PAYLOAD, lane.key()])
            .arg(keys::result(id))
            .arg(id);
        let length: i64 = self.redis.command(command).await?;
        Ok(u64::try_from(length).ok().filter(|&length| length > 0))
    }

    /// Forgets a dead letter; whether there was one. Its result document says
    /// `dead` until it ages out. One round trip, two commands.
    pub async fn bury(&self, id: &str) -> Result<bool, RedisError> {
        let delete = |key| Command::new("HDEL").arg(key).arg(id);
        // As one: a replay in between would find the payload without its letter.
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

    /// Stops all claims. What is in flight goes on. One command.
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

    /// Throws away all that waits in these lanes; how many that were. What is in
    /// flight or for later stays. One round trip, two commands a lane.
    pub async fn purge(&self, lanes: &[Lane]) -> Result<u64, RedisError> {
        let commands: Vec<Command> = lanes
            .iter()
            .flat_map(|lane| ["LLEN", "DEL"].map(|name| Command::new(name).arg(lane.key())))
            .collect();
        let mut thrown_away = 0;
        // Both in one transaction: what was pushed in between is counted too.
        for (at, reply) in self
            .redis
            .transaction(&commands)
            .await?
            .into_iter()
            .enumerate()
        {
            let number = i64::from_reply(reply)?;
            if at % 2 == 0 {
                thrown_away += number.max(0).unsigned_abs();
            }
        }
        Ok(thrown_away)
    }
}
