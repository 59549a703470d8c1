//! Claiming: jobs taken from the queue, each with a lease. `work.lua` takes
//! them; here its reply is read.

use serde_json::Value;

use super::lease_token::LeaseToken;
use crate::domain::dead_letter::FailedAttempt;
use crate::redis::{FromReply, RedisError, Reply};

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
}

/// What `work.lua` answers.
pub(super) struct WorkReply {
    pub(super) claimed: Claimed,
    /// The commands that it was told of and made, as far as it did not count them.
    pub(super) unreported_commands: u64,
    /// The commands that it made.
    pub(super) commands: u64,
}

/// The script's reply: a claim, and two numbers behind it.
impl FromReply for WorkReply {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        let unexpected = || RedisError::Unexpected("work.lua: no number of commands".into());
        let Reply::Array(mut parts) = reply else {
            return Err(unexpected());
        };
        let mut number = || {
            let number = i64::from_reply(parts.pop().ok_or_else(unexpected)?);
            number.map(|number| number.max(0).unsigned_abs())
        };
        let (commands, unreported_commands) = (number()?, number()?);
        Ok(Self {
            claimed: Claimed::from_reply(Reply::Array(parts))?,
            unreported_commands,
            commands,
        })
    }
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
        Ok(Self { status, leases })
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
