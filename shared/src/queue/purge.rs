//! Deleting jobs that wait, and looking at those that are scheduled.

use serde::Serialize;

use super::lease_token::LeaseToken;
use super::stats::SCHEDULED_MS;
use super::{Store, keys};
use crate::domain::lane::Lane;
use crate::redis::{Command, Items, RedisError};

/// How many jobs a purge script looks at in one call.
const JOBS_A_CALL: u64 = 1_000;

/// What a purge deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    /// The jobs that wait in a lane.
    Lane(Lane),
    /// Scheduled submissions that were never claimed.
    Scheduled,
}

impl Purge {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Lane(Lane::High),
        Self::Lane(Lane::Normal),
        Self::Lane(Lane::Low),
        Self::Scheduled,
    ];
}

/// What a purge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many jobs were deleted.
    pub count: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// A scheduled submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scheduled {
    /// The submission's id.
    pub id: String,
    /// The lane that it goes to.
    pub lane: Lane,
    /// When it is due, in milliseconds since 1970 (UTC).
    pub due_at_ms: u64,
}

/// A page of scheduled submissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledPage {
    /// In the order in which they are due; pages are in no order.
    pub submissions: Vec<Scheduled>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Store {
    /// Deletes jobs, the oldest first. A submission of ours that has no result gets
    /// one that says `purged`. Leased jobs and those that wait for another attempt
    /// stay. At most `max_calls` round trips, 1,000 jobs in each; one command a job,
    /// and about 20 a round trip.
    pub async fn purge(
        &self,
        what: &[Purge],
        result_ttl_s: u64,
        max_calls: usize,
    ) -> Result<Purged, RedisError> {
        let mut purged = Purged::default();
        let mut calls = 0;
        for purge in what {
            let mut stayed = 0;
            loop {
                if calls == max_calls {
                    purged.more = true;
                    return Ok(purged);
                }
                calls += 1;
                let (deleted, kept) = match purge {
                    Purge::Lane(lane) => (self.purge_lane(*lane, result_ttl_s).await?, 0),
                    Purge::Scheduled => self.purge_scheduled(stayed, result_ttl_s).await?,
                };
                purged.count += deleted;
                stayed += kept;
                if deleted + kept < JOBS_A_CALL {
                    break;
                }
            }
        }
        Ok(purged)
    }

    async fn purge_lane(&self, lane: Lane, result_ttl_s: u64) -> Result<u64, RedisError> {
        let command = Command::new("EVAL")
            .arg(include_str!(concat!(env!("OUT_DIR"), "/purge.lua")))
            .arg(1)
            .arg(keys::lane(lane))
            .arg(result_ttl_s);
        let deleted: i64 = self.redis.command(command).await?;
        let deleted = deleted.max(0).unsigned_abs();
        // A SET for each.
        self.redis.sent().add(deleted);
        Ok(deleted)
    }

    /// How many were deleted, and how many of those that were looked at stayed.
    async fn purge_scheduled(
        &self,
        skip: u64,
        result_ttl_s: u64,
    ) -> Result<(u64, u64), RedisError> {
        let command = Command::new("EVAL")
            .arg(include_str!(concat!(
                env!("OUT_DIR"),
                "/purge_scheduled.lua"
            )))
            .arg(2)
            .args([keys::IN_FLIGHT, keys::LEASES])
            .arg(result_ttl_s)
            .arg(skip);
        let numbers: Items<i64> = self.redis.command(command).await?;
        match numbers.0.as_slice() {
            [deleted, stayed] => {
                let deleted = deleted.max(&0).unsigned_abs();
                self.redis.sent().add(deleted + 3);
                Ok((deleted, stayed.max(&0).unsigned_abs()))
            }
            _ => Err(RedisError::Unexpected(
                "purge_scheduled.lua: not two numbers".into(),
            )),
        }
    }

    /// A page of scheduled submissions, about a hundred. Jobs that wait for another
    /// attempt are left out. One command.
    pub async fn scheduled(&self, cursor: u64) -> Result<ScheduledPage, RedisError> {
        let command = Command::new("ZSCAN")
            .arg(keys::LEASES)
            .arg(cursor)
            .args(["MATCH", "0.*", "COUNT", "100"]);
        let (items, next) = self.scan(command).await?;
        // Each is put in its place: a compiled sort of its own weighs 2 KB.
        let mut submissions: Vec<Scheduled> = Vec::new();
        for pair in items.chunks_exact(2) {
            if let Some(found) = scheduled(&pair[0], &pair[1]) {
                let at = submissions.partition_point(|one| one.due_at_ms <= found.due_at_ms);
                submissions.insert(at, found);
            }
        }
        Ok(ScheduledPage { submissions, next })
    }
}

/// A member of `leases` and its score. `None` for anything but a scheduled
/// submission that was never claimed.
fn scheduled(token: &[u8], score: &[u8]) -> Option<Scheduled> {
    let token = LeaseToken::parse(std::str::from_utf8(token).ok()?)?;
    let score: u64 = std::str::from_utf8(score).ok()?.parse().ok()?;
    Some(Scheduled {
        id: token.scheduled_id()?.to_owned(),
        lane: token.lane(),
        due_at_ms: score.checked_sub(SCHEDULED_MS)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduled_submission_is_told_from_a_lease() {
        let of = |token: &str, score: &str| scheduled(token.as_bytes(), score.as_bytes());
        let expected = Scheduled {
            id: "abc".into(),
            lane: Lane::Low,
            due_at_ms: 5,
        };
        assert_eq!(of("0.low.abc", "1125899906842629"), Some(expected));
        for (token, score) in [
            ("paused", "-inf"),
            ("0.low.abc", "5"),
            ("0.low.abc", "inf"),
            ("0.low.n-1-2-3", "1125899906842629"),
            ("0!.low.abc", "1125899906842629"),
            ("1.low.abc", "1125899906842629"),
            ("0.low.abc:n-1-2-3", "1125899906842629"),
        ] {
            assert_eq!(of(token, score), None, "{token} {score}");
        }
    }
}
