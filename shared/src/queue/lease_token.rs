//! What proves that a Worker holds a job.
//!
//! A token is `attempt[!].lane.uid[:claim]`. Each claim makes tokens of its own,
//! so an earlier holder can settle nothing any more. `attempt` is the one it was
//! claimed for; `!` marks an isolated job, which runs with no other beside it;
//! `uid` stays the same while the job is leased or scheduled, `claim` does not.
//! A claim's name is `nonce-seconds-microseconds-number`, and the uid of a job that
//! came from a lane is the name of its first claim. The uid of a scheduled
//! submission that was never claimed is its id, which has no hyphen.

use crate::domain::lane::Lane;

/// The highest number of an attempt: ten times what `MAX_ATTEMPTS` may say. A
/// damaged token with more must not become that many lost attempts.
const MAX_ATTEMPT: u32 = 1_000;

/// A claimed job's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseToken {
    text: String,
    attempt: u32,
    isolated: bool,
    lane: Lane,
}

impl LeaseToken {
    /// Reads a token; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (first, lane, uid) = (parts.next()?, parts.next()?, parts.next()?);
        let (number, isolated) = match first.strip_suffix('!') {
            Some(number) => (number, true),
            None => (first, false),
        };
        Some(Self {
            attempt: number.parse().ok().filter(|&n| n <= MAX_ATTEMPT)?,
            isolated,
            lane: Lane::from_name(lane).filter(|_| !uid.is_empty())?,
            text: text.to_owned(),
        })
    }

    /// The token of a scheduled submission, which has had no attempt yet.
    pub fn scheduled(lane: Lane, uid: &str) -> String {
        format!("0.{}.{uid}", lane.name())
    }

    /// The id of a scheduled submission that was never claimed. `None` for any other
    /// job.
    pub fn scheduled_id(&self) -> Option<&str> {
        let uid = self.text.splitn(3, '.').nth(2)?;
        let never_claimed = self.attempt == 0 && !self.isolated && !uid.contains(['-', ':']);
        never_claimed.then_some(uid)
    }

    /// As Redis has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether no other job may run beside this one.
    pub fn isolated(&self) -> bool {
        self.isolated
    }

    /// The lane it came from.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// What stays the same while the job is leased or scheduled.
    pub fn uid(&self) -> &str {
        let uid = self.text.splitn(3, '.').nth(2).unwrap_or_default();
        uid.split(':').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read() {
        let token = LeaseToken::parse("12!.low.abc-3:n-1").unwrap();
        assert_eq!((token.attempt(), token.isolated()), (12, true));
        assert_eq!(
            (token.lane(), token.as_str()),
            (Lane::Low, "12!.low.abc-3:n-1")
        );
        assert_eq!(token.uid(), "abc-3");
        let token = LeaseToken::parse("1.normal.x.y").unwrap();
        assert_eq!((token.isolated(), token.uid()), (false, "x.y"));
        for other in [
            "",
            "paused",
            "1.normal",
            "1.normal.",
            "x.normal.y",
            "1.fast.y",
            "!.low.y",
        ] {
            assert_eq!(LeaseToken::parse(other), None, "{other}");
        }
        assert_eq!(LeaseToken::scheduled(Lane::High, "u"), "0.high.u");
        let scheduled = |text| {
            LeaseToken::parse(text)
                .unwrap()
                .scheduled_id()
                .map(str::to_owned)
        };
        assert_eq!(scheduled("0.high.u"), Some("u".into()));
        for other in ["1.high.u", "0!.high.u", "0.high.n-1", "0.high.u:n"] {
            assert_eq!(scheduled(other), None, "{other}");
        }
    }
}
