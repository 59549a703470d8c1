//! Claiming: jobs taken from the queue, each with a lease. `work.lua` takes
//! them; here its reply is read.

use serde_json::Value;

use super::lease_token::LeaseToken;
use super::problems::version_of;
use super::worker_cache::ProblemVersions;
use crate::domain::dead_letter::FailedAttempt;
use crate::domain::ids::ProblemId;
use crate::redis::{FromReply, Items, RedisError, Reply};

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What proves it.
    pub token: LeaseToken,
    /// The job's payload, not yet decoded.
    pub payload: Vec<u8>,
    /// What is known of earlier attempts.
    pub failed_attempts: Vec<FailedAttempt>,
}

/// What a claim says about the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimStatus {
    /// There may be more.
    MoreExpected,
    /// Fewer than wanted: the lane that they came from is empty now.
    LaneDrained,
    /// No job was waiting.
    Empty,
    /// As many jobs as allowed are leased already.
    AtCapacity,
    /// All claims are paused.
    Paused,
}

/// The jobs of a claim, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What it says about the queue.
    pub status: ClaimStatus,
    /// The jobs that it took.
    pub leases: Vec<Lease>,
    /// The versions of their problems when they were claimed, as far as the instance
    /// knows them now. Those of a foreign producer's jobs may be missing.
    pub versions: ProblemVersions,
    /// How many further jobs of their lane could be leased at once, where that was
    /// asked for: `MAX_IN_FLIGHT` has room for them.
    pub others: u64,
}

/// What `work.lua` answers.
pub(super) struct WorkReply {
    /// Its versions are those that this call read.
    pub(super) claimed: Claimed,
    /// The stamp that they were read with.
    pub(super) stamp: String,
    /// The lists whose end was moved on.
    pub(super) lists: Vec<String>,
    /// The commands that it was told of and made, as far as it did not count them.
    pub(super) unreported_commands: u64,
    /// The commands that it made.
    pub(super) commands: u64,
}

/// The script's reply: a claim, and six parts behind it.
impl FromReply for WorkReply {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        let unexpected = || RedisError::Unexpected("work.lua: not eight parts".into());
        let Reply::Array(mut parts) = reply else {
            return Err(unexpected());
        };
        let behind = parts.split_off(2.min(parts.len()));
        let [stamp, entries, lists, unreported_commands, commands, others] =
            <[Reply; 6]>::try_from(behind).map_err(|_| unexpected())?;
        let number = |reply| i64::from_reply(reply).map(|number| number.max(0).unsigned_abs());
        let mut claimed = Claimed::from_reply(Reply::Array(parts))?;
        claimed.versions = read_versions(entries)?;
        claimed.others = number(others)?;
        let Items(lists): Items<Vec<u8>> = Items::from_reply(lists)?;
        Ok(Self {
            claimed,
            stamp: text(&Vec::from_reply(stamp)?),
            lists: lists.iter().map(|list| text(list)).collect(),
            unreported_commands: number(unreported_commands)?,
            commands: number(commands)?,
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Ids of problems, each followed by its entry in the catalog or by nothing. The ids are
/// what the script found in the payloads; one that is none is left out.
fn read_versions(reply: Reply) -> Result<ProblemVersions, RedisError> {
    let Items(entries): Items<Option<Vec<u8>>> = Items::from_reply(reply)?;
    let mut versions = ProblemVersions::default();
    for pair in entries.chunks_exact(2) {
        let id = std::str::from_utf8(pair[0].as_deref().unwrap_or_default());
        if let Some(Ok(id)) = id.ok().map(|id| ProblemId::parse(id, "problemId")) {
            versions.set(id, pair[1].as_deref().and_then(version_of));
        }
    }
    Ok(versions)
}

/// A status, and three items a job.
impl FromReply for Claimed {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        let unexpected = |what: &str| RedisError::Unexpected(format!("work.lua: {what}"));
        let Reply::Array(parts) = reply else {
            return Err(unexpected("no list"));
        };
        let [status, Reply::Array(items)] =
            <[Reply; 2]>::try_from(parts).map_err(|_| unexpected("not two parts"))?
        else {
            return Err(unexpected("no list of jobs"));
        };
        let status = match Vec::<u8>::from_reply(status)?.as_slice() {
            b"more" => ClaimStatus::MoreExpected,
            b"drained" => ClaimStatus::LaneDrained,
            b"empty" => ClaimStatus::Empty,
            b"capacity" => ClaimStatus::AtCapacity,
            b"paused" => ClaimStatus::Paused,
            _ => return Err(unexpected("an unknown status")),
        };
        let mut items = items.into_iter().map(Vec::<u8>::from_reply);
        let mut leases = Vec::new();
        while let Some(token) = items.next().transpose()? {
            let mut next = || {
                items
                    .next()
                    .unwrap_or_else(|| Err(unexpected("an incomplete job")))
            };
            let (payload, entries) = (next()?, next()?);
            let token = std::str::from_utf8(&token)
                .ok()
                .and_then(LeaseToken::parse)
                .ok_or_else(|| unexpected("an unreadable token"))?;
            leases.push(Lease {
                failed_attempts: failed_attempts(&entries, token.attempt()),
                token,
                payload,
            });
        }
        Ok(Self {
            status,
            leases,
            versions: ProblemVersions::default(),
            others: 0,
        })
    }
}

/// All attempts before `attempt`. One that left no entry lost its Worker.
fn failed_attempts(entries: &[u8], attempt: u32) -> Vec<FailedAttempt> {
    let list = [b"[", entries, b"]"].concat();
    let list: Value = serde_json::from_slice(&list).unwrap_or_default();
    let read = |entry: &Value| {
        Some(FailedAttempt {
            attempt: entry["attempt"].as_u64()?.try_into().ok()?,
            reason: entry["reason"].as_str()?.to_owned(),
            at_ms: entry["atMs"].as_u64(),
        })
    };
    let mut known: Vec<FailedAttempt> = list
        .as_array()
        .map(|list| list.iter().filter_map(read).collect())
        .unwrap_or_default();
    // The entries come in the order of attempts: each lost one goes to its place.
    for lost in 1..attempt {
        let at = known.partition_point(|entry| entry.attempt < lost);
        if known.get(at).is_none_or(|entry| entry.attempt != lost) {
            let lost = FailedAttempt {
                attempt: lost,
                reason: "The Worker was lost: its lease ran out.".into(),
                at_ms: None,
            };
            known.insert(at, lost);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str) -> Reply {
        Reply::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn a_damaged_reply_is_refused_or_read_within_its_bounds() {
        let entries = r#"{"attempt":2,"reason":"HTTP 500","atMs":7}"#;
        fuzz(
            &(mutated(&["3!.low.abc:9"]), mutated(&[entries])),
            |(token, entries)| {
                let job = [token, b"payload".to_vec(), entries]
                    .map(Reply::Bytes)
                    .to_vec();
                let reply = Reply::Array(vec![bytes("more"), Reply::Array(job)]);
                if let Ok(claimed) = Claimed::from_reply(reply) {
                    let attempts = &claimed.leases[0].failed_attempts;
                    prop_assert!(attempts.len() < 2_000, "{} attempts", attempts.len());
                }
                Ok(())
            },
        );
    }

    #[test]
    fn a_reply_is_read_and_lost_attempts_are_added() {
        let entry = r#"{"attempt":2,"reason":"HTTP 500","atMs":7}"#;
        let reply = Reply::Array(vec![
            bytes("drained"),
            Reply::Array(vec![
                bytes("1.normal.n-1"),
                Reply::Bytes(vec![0xff]),
                bytes(""),
                bytes("3!.low.n-2"),
                bytes("p"),
                bytes(entry),
            ]),
        ]);
        let claimed = Claimed::from_reply(reply).unwrap();
        assert_eq!(claimed.status, ClaimStatus::LaneDrained);
        assert_eq!(claimed.leases[0].payload, [0xff]);
        assert_eq!(claimed.leases[0].failed_attempts, []);
        let attempts: Vec<u32> = claimed.leases[1]
            .failed_attempts
            .iter()
            .map(|entry| entry.attempt)
            .collect();
        assert_eq!(attempts, [1, 2]);
        assert!(claimed.leases[1].failed_attempts[0].reason.contains("lost"));
        assert_eq!(claimed.leases[1].failed_attempts[1].reason, "HTTP 500");
    }

    #[test]
    fn the_numbers_behind_a_claim_are_read() {
        let none = || Reply::Array(Vec::new());
        let reply = Reply::Array(vec![
            bytes("more"),
            none(),
            bytes("7-1"),
            none(),
            Reply::Array(vec![bytes("results:p")]),
            Reply::Integer(3),
            Reply::Integer(4),
            Reply::Integer(48),
        ]);
        let reply = WorkReply::from_reply(reply).unwrap();
        assert_eq!(
            (reply.unreported_commands, reply.commands),
            (3, 4),
            "commands"
        );
        assert_eq!(reply.claimed.others, 48);
        assert_eq!(
            (reply.stamp.as_str(), &reply.lists[..]),
            ("7-1", &["results:p".to_owned()][..])
        );
    }

    #[test]
    fn a_reply_of_another_shape_is_refused() {
        let others = [
            Reply::Null,
            Reply::Array(vec![bytes("more")]),
            Reply::Array(vec![bytes("more"), Reply::Null]),
            Reply::Array(vec![bytes("ajar"), Reply::Array(Vec::new())]),
            Reply::Array(vec![bytes("more"), Reply::Array(vec![bytes("1.normal.x")])]),
            Reply::Array(vec![
                bytes("more"),
                Reply::Array(vec![bytes("x"), bytes("p"), bytes("")]),
            ]),
        ];
        for reply in others {
            assert!(Claimed::from_reply(reply.clone()).is_err(), "{reply:?}");
        }
    }
}
