//! The ways into the queue.

use super::lease_token::LeaseToken;
use super::store::not_serializable;
use super::{Store, keys};
use crate::domain::job::Job;
use crate::domain::lane::Lane;
use crate::domain::submission::Schedule;
use crate::redis::{Command, FromReply, RedisError, Reply};

/// How long an idempotency key is remembered, in seconds.
pub const IDEMPOTENCY_TTL_S: u64 = 86_400;

/// What became of a job that was enqueued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits in its lane, whose length is this now.
    Queued(u64),
    /// It is scheduled.
    Scheduled {
        /// When it is due, in milliseconds since 1970 (UTC).
        due_at_ms: u64,
        /// How many jobs are scheduled now, retries among them.
        scheduled: u64,
    },
    /// Another submission was stored under the same idempotency key before.
    Duplicate(IdempotencyRecord),
}

/// The first submission under an idempotency key. Stored as `id body_hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The submission's id.
    pub id: String,
    /// A hash of its request's body.
    pub body_hash: String,
}

impl IdempotencyRecord {
    fn encode(&self) -> String {
        format!("{} {}", self.id, self.body_hash)
    }

    /// A damaged record has an empty hash, which is no body's.
    fn decode(text: &str) -> Self {
        let (id, body_hash) = text.split_once(' ').unwrap_or((text, ""));
        Self {
            id: id.to_owned(),
            body_hash: body_hash.to_owned(),
        }
    }
}

impl Store {
    /// Adds a job to its lane, or schedules it. One round trip; one command for
    /// a job without a time.
    pub async fn enqueue(
        &self,
        job: &Job,
        lane: Lane,
        schedule: Schedule,
    ) -> Result<Enqueued, RedisError> {
        let command = enqueue_command(job, lane, schedule)?;
        read_enqueued(self.redis.command(command).await?, schedule)
    }

    /// Adds several jobs in their order. One round trip; each has its own
    /// outcome.
    pub async fn enqueue_all(
        &self,
        jobs: &[(Job, Lane, Schedule)],
    ) -> Result<Vec<Result<Enqueued, RedisError>>, RedisError> {
        let commands = jobs
            .iter()
            .map(|(job, lane, schedule)| enqueue_command(job, *lane, *schedule))
            .collect::<Result<Vec<_>, _>>()?;
        let replies = self.redis.pipeline(&commands).await?;
        Ok(replies
            .into_iter()
            .zip(jobs)
            .map(|(reply, (_, _, schedule))| read_enqueued(reply?, *schedule))
            .collect())
    }

    /// Adds a job to its lane once for an idempotency key. One round trip, three
    /// commands; four for a used key, six where it is taken anew because its first
    /// submission was purged. `key_hash` is one of the key and of who sent it.
    pub async fn enqueue_once(
        &self,
        job: &Job,
        lane: Lane,
        key_hash: &str,
        record: &IdempotencyRecord,
    ) -> Result<Enqueued, RedisError> {
        let command = Command::new("EVAL")
            .billed_as(3)
            .arg(include_str!(concat!(env!("OUT_DIR"), "/once.lua")))
            .arg(2)
            .arg(keys::idempotency(key_hash))
            .arg(keys::lane(lane))
            .arg(record.encode())
            .arg(IDEMPOTENCY_TTL_S)
            .arg(job.encode().map_err(not_serializable)?);
        let reply: Reply = self.redis.command(command).await?;
        let Reply::Array(parts) = reply else {
            return Err(RedisError::Unexpected("once.lua: no list".into()));
        };
        match <[Reply; 2]>::try_from(parts) {
            Ok([Reply::Integer(1), length]) => length_reply(length).map(Enqueued::Queued),
            Ok([_, record]) => {
                let record = IdempotencyRecord::decode(&text(record)?);
                Ok(Enqueued::Duplicate(record))
            }
            Err(_) => Err(RedisError::Unexpected("once.lua: not two parts".into())),
        }
    }
}

fn enqueue_command(job: &Job, lane: Lane, schedule: Schedule) -> Result<Command, RedisError> {
    let payload = job.encode().map_err(not_serializable)?;
    let (kind, ms) = match schedule {
        Schedule::Immediately => {
            return Ok(Command::new("LPUSH").arg(keys::lane(lane)).arg(payload));
        }
        Schedule::At(ms) => ("at", ms),
        Schedule::After(ms) => ("in", ms),
    };
    // The id makes its token unique: two jobs without one would be one.
    let id = job
        .id
        .as_deref()
        .ok_or_else(|| RedisError::Unexpected("a scheduled job needs an id".into()))?;
    Ok(Command::new("EVAL")
        // It asks for the time where it must.
        .billed_as(if kind == "in" { 5 } else { 4 })
        .arg(include_str!(concat!(env!("OUT_DIR"), "/schedule.lua")))
        .arg(2)
        .args([keys::IN_FLIGHT, keys::LEASES])
        .arg(LeaseToken::scheduled(lane, id))
        .arg(payload)
        .arg(kind)
        .arg(ms))
}

fn read_enqueued(reply: Reply, schedule: Schedule) -> Result<Enqueued, RedisError> {
    match schedule {
        Schedule::Immediately => length_reply(reply).map(Enqueued::Queued),
        Schedule::At(_) | Schedule::After(_) => scheduled(reply),
    }
}

fn scheduled(reply: Reply) -> Result<Enqueued, RedisError> {
    let unexpected = |what: &str| RedisError::Unexpected(format!("schedule.lua: {what}"));
    let Reply::Array(parts) = reply else {
        return Err(unexpected("no list"));
    };
    let [due_at_ms, scheduled] =
        <[Reply; 2]>::try_from(parts).map_err(|_| unexpected("not two parts"))?;
    Ok(Enqueued::Scheduled {
        due_at_ms: text(due_at_ms)?
            .parse()
            .map_err(|_| unexpected("no time"))?,
        scheduled: length_reply(scheduled)?,
    })
}

fn length_reply(reply: Reply) -> Result<u64, RedisError> {
    i64::from_reply(reply).map(|length| length.max(0).unsigned_abs())
}

fn text(reply: Reply) -> Result<String, RedisError> {
    String::from_utf8(Vec::from_reply(reply)?)
        .map_err(|_| RedisError::Unexpected("text that is not UTF-8".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_a_damaged_one_fits_no_body() {
        let record = IdempotencyRecord {
            id: "i".into(),
            body_hash: "h".into(),
        };
        assert_eq!(IdempotencyRecord::decode(&record.encode()), record);
        assert_eq!(IdempotencyRecord::decode("damaged").body_hash, "");
    }
}
