//! The ways into the queue.

use super::handle::Handle;
use super::{Queue, cannot_be_written};
use crate::job::Job;
use crate::keys;
use crate::lane::Lane;
use crate::redis::{Command, FromReply, RedisError, Reply};
use crate::submission::When;

/// How long an idempotency key is remembered, in seconds.
pub const IDEMPOTENCY_TTL_S: u64 = 86_400;

/// What became of one push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// It waits in its lane, where so many wait now.
    Waiting(u64),
    /// It lies ready for later, and is due then (ms since 1970).
    Later(u64),
    /// Something was stored under the same idempotency key before: its mark.
    Before(String),
}

impl Queue {
    /// Adds a job to its lane, or keeps it for later. One round trip, and for a
    /// job without a time one command.
    pub async fn push(&self, job: &Job, lane: Lane, when: When) -> Result<Pushed, RedisError> {
        let command = push_command(job, lane, when)?;
        read_push(self.redis.command(command).await?, when)
    }

    /// Adds several jobs in their order. One round trip; each has its own
    /// outcome.
    pub async fn push_all(
        &self,
        jobs: &[(Job, Lane, When)],
    ) -> Result<Vec<Result<Pushed, RedisError>>, RedisError> {
        let commands = jobs
            .iter()
            .map(|(job, lane, when)| push_command(job, *lane, *when))
            .collect::<Result<Vec<_>, _>>()?;
        let replies = self.redis.pipeline(&commands).await?;
        Ok(replies
            .into_iter()
            .zip(jobs)
            .map(|(reply, (_, _, when))| read_push(reply?, *when))
            .collect())
    }

    /// Adds a job to its lane once for an idempotency key. `mark` says later
    /// what was stored first. One round trip, three commands.
    pub async fn push_once(
        &self,
        job: &Job,
        lane: Lane,
        key_hash: &str,
        mark: &str,
    ) -> Result<Pushed, RedisError> {
        let command = Command::new("EVAL")
            .arg(include_str!(concat!(env!("OUT_DIR"), "/once.lua")))
            .arg(2)
            .arg(keys::idempotency(key_hash))
            .arg(lane.key())
            .arg(mark)
            .arg(IDEMPOTENCY_TTL_S)
            .arg(job.encode().map_err(cannot_be_written)?);
        let reply: Reply = self.redis.command(command).await?;
        match reply {
            Reply::Array(parts) => match <[Reply; 2]>::try_from(parts) {
                Ok([Reply::Integer(1), length]) => {
                    i64::from_reply(length).map(|n| Pushed::Waiting(n.max(0).unsigned_abs()))
                }
                Ok([_, mark]) => text(mark).map(Pushed::Before),
                Err(_) => Err(RedisError::Unexpected("once.lua: not two parts".into())),
            },
            _ => Err(RedisError::Unexpected("once.lua: no list".into())),
        }
    }
}

fn push_command(job: &Job, lane: Lane, when: When) -> Result<Command, RedisError> {
    let payload = job.encode().map_err(cannot_be_written)?;
    let (kind, ms) = match when {
        When::Now => return Ok(Command::new("LPUSH").arg(lane.key()).arg(payload)),
        When::At(ms) => ("at", ms),
        When::In(ms) => ("in", ms),
    };
    // It lies under its id: two without one would be one.
    let id = job
        .id
        .as_deref()
        .ok_or_else(|| RedisError::Unexpected("a submission for later needs an id".into()))?;
    Ok(Command::new("EVAL")
        .arg(include_str!(concat!(env!("OUT_DIR"), "/later.lua")))
        .arg(2)
        .args([keys::IN_FLIGHT, keys::LEASES])
        .arg(Handle::for_later(lane, id))
        .arg(payload)
        .arg(kind)
        .arg(ms))
}

fn read_push(reply: Reply, when: When) -> Result<Pushed, RedisError> {
    match when {
        When::Now => i64::from_reply(reply).map(|n| Pushed::Waiting(n.max(0).unsigned_abs())),
        When::At(_) | When::In(_) => text(reply)?
            .parse()
            .map(Pushed::Later)
            .map_err(|_| RedisError::Unexpected("later.lua: no time".into())),
    }
}

fn text(reply: Reply) -> Result<String, RedisError> {
    String::from_utf8(Vec::from_reply(reply)?)
        .map_err(|_| RedisError::Unexpected("text that is not UTF-8".into()))
}
