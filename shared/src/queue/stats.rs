//! Numbers about the queue, for `GET /stats`.
//!
//! Completed and dead jobs of a minute are counted in one field, as
//! `completed + dead * 2^32`. That is one command for each call of `work.lua`,
//! whatever it settles.

use serde::Serialize;

use crate::domain::job::Job;
use crate::domain::lane::Lane;
use crate::domain::ticket::TicketKey;
use crate::queue::{Store, keys};
use crate::redis::{Command, FromReply, Items, RedisError, Reply};

/// The scores of scheduled jobs are this much higher than those of leases.
pub(super) const SCHEDULED_MS: u64 = 1 << 50;

fn unpacked(sum: u64) -> (u64, u64) {
    (sum & u64::from(u32::MAX), sum >> 32)
}

/// What `GET /stats` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The number of jobs in each lane.
    pub waiting: Waiting,
    /// How long the oldest job at the head of a lane has waited, in milliseconds:
    /// since it was submitted, was due, was replayed or was put back to be judged
    /// again. Foreign jobs do not tell it.
    pub oldest_wait_ms: Option<u64>,
    /// The number of leased jobs.
    pub in_flight: u64,
    /// The number of jobs that are due: leases that ran out, and scheduled jobs
    /// whose time has come.
    pub due: u64,
    /// The number of scheduled jobs whose time has not come, retries among them.
    pub later: u64,
    /// The number of dead letters.
    pub dead: u64,
    /// Whether all claims are paused.
    pub paused: bool,
    /// The last 60 minutes, newest first; minutes without jobs are left out.
    pub minutes: Vec<Minute>,
}

/// The number of jobs in each lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// In `problems:high`.
    pub high: u64,
    /// In `problems`.
    pub normal: u64,
    /// In `problems:low`.
    pub low: u64,
}

/// Jobs that ended in one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// When it began, in milliseconds since 1970 (UTC).
    pub starts_at_ms: u64,
    /// Jobs with a result.
    pub done: u64,
    /// Jobs that were given up.
    pub dead: u64,
}

impl Store {
    /// Whether no job waits and none is leased or scheduled. One command. (While
    /// claims are paused this is false.)
    pub async fn is_idle(&self) -> Result<bool, RedisError> {
        let command = Command::new("EXISTS")
            .args(Lane::ALL.map(keys::lane))
            .arg(keys::LEASES);
        let found: i64 = self.redis.command(command).await?;
        Ok(found == 0)
    }

    /// The number of jobs that wait, in all lanes. One round trip, three commands.
    pub async fn waiting(&self) -> Result<u64, RedisError> {
        let commands = Lane::ALL.map(|lane| Command::new("LLEN").arg(keys::lane(lane)));
        let mut waiting = 0;
        for reply in self.redis.pipeline(&commands).await? {
            waiting += i64::from_reply(reply?)?.max(0).unsigned_abs();
        }
        Ok(waiting)
    }
}

/// The commands: 14, in one round trip.
pub(super) fn commands(now_ms: u64) -> Vec<Command> {
    let range =
        |from: String, to: String| Command::new("ZCOUNT").arg(keys::LEASES).arg(from).arg(to);
    let scheduled_until = SCHEDULED_MS + now_ms;
    let mut commands: Vec<Command> = Lane::ALL
        .iter()
        .map(|lane| Command::new("LLEN").arg(keys::lane(*lane)))
        .collect();
    commands.extend(
        Lane::ALL
            .iter()
            .map(|lane| Command::new("LINDEX").arg(keys::lane(*lane)).arg(-1)),
    );
    commands.extend([
        range(format!("({now_ms}"), format!("({SCHEDULED_MS}")),
        range("0".into(), now_ms.to_string()),
        range(SCHEDULED_MS.to_string(), scheduled_until.to_string()),
        range(format!("({scheduled_until}"), "+inf".into()),
        Command::new("HLEN").arg(keys::DEAD),
        Command::new("ZSCORE").arg(keys::LEASES).arg(keys::PAUSED),
    ]);
    let hour = now_ms / 3_600_000;
    commands.extend(
        [hour, hour.saturating_sub(1)].map(|hour| Command::new("HGETALL").arg(keys::stats(hour))),
    );
    commands
}

/// Reads the replies, in the order of [`commands`].
pub(super) fn read(
    replies: Vec<Result<Reply, RedisError>>,
    now_ms: u64,
    tickets: &TicketKey,
) -> Result<Stats, RedisError> {
    let mut replies = replies.into_iter();
    let mut next = || {
        replies
            .next()
            .unwrap_or_else(|| Err(RedisError::Unexpected("too few replies".into())))
    };
    let mut number = || i64::from_reply(next()?).map(|n| n.max(0).unsigned_abs());
    let waiting = Waiting {
        high: number()?,
        normal: number()?,
        low: number()?,
    };
    let mut oldest_ms: Option<u64> = None;
    for _ in Lane::ALL {
        let payload = Option::<Vec<u8>>::from_reply(next()?)?;
        let since_ms = payload
            .and_then(|payload| Job::decode(&payload).ok())
            .and_then(|job| waits_since_ms(&job, tickets));
        oldest_ms = oldest_ms.into_iter().chain(since_ms).min();
    }
    let mut number = || i64::from_reply(next()?).map(|n| n.max(0).unsigned_abs());
    let (in_flight, due) = (number()?, number()? + number()?);
    let (later, dead) = (number()?, number()?);
    let paused = Option::<Vec<u8>>::from_reply(next()?)?.is_some();
    let hour = now_ms / 3_600_000;
    let mut minutes = Vec::new();
    for hour in [hour, hour.saturating_sub(1)] {
        minutes.extend(read_minutes(next()?, hour)?);
    }
    minutes.retain(|minute| minute.starts_at_ms + 3_600_000 > now_ms);
    minutes.sort_by_key(|minute| std::cmp::Reverse(minute.starts_at_ms));
    Ok(Stats {
        waiting,
        oldest_wait_ms: oldest_ms.map(|ms| now_ms.saturating_sub(ms)),
        in_flight,
        due,
        later,
        dead,
        paused,
        minutes,
    })
}

/// Since when a job has waited, as far as its payload tells.
fn waits_since_ms(job: &Job, tickets: &TicketKey) -> Option<u64> {
    let ticket = tickets.verify(job.id.as_deref()?)?;
    Some(job.requeued_at_ms.unwrap_or(ticket.waits_since_ms()))
}

fn read_minutes(reply: Reply, hour: u64) -> Result<Vec<Minute>, RedisError> {
    let items: Items<Vec<u8>> = Items::from_reply(reply)?;
    let number = |bytes: &[u8]| -> Result<u64, RedisError> {
        std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| RedisError::Unexpected("statistics that are not numbers".into()))
    };
    items
        .0
        .chunks_exact(2)
        .map(|pair| {
            let (done, dead) = unpacked(number(&pair[1])?);
            Ok(Minute {
                starts_at_ms: hour * 3_600_000 + number(&pair[0])? * 60_000,
                done,
                dead,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_counts_fit_one_number() {
        // As work.lua adds them up.
        assert_eq!(unpacked(7 + (3 + (2 << 32))), (10, 2));
    }
}
