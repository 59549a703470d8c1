//! What a Worker holds a job by.
//!
//! A handle is `attempt[!].lane.uid[:claim]`. Each claim gives handles of its
//! own, so whoever held a job before can settle nothing with it any more. The
//! attempt is the one it was claimed for; `!` says that it is to run by itself;
//! the uid stays while the job is leased, the claim does not.

use crate::lane::Lane;

/// A claimed job's handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    text: String,
    attempt: u32,
    alone: bool,
    lane: Lane,
}

impl Handle {
    /// Reads a handle; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (first, lane, uid) = (parts.next()?, parts.next()?, parts.next()?);
        let (number, alone) = match first.strip_suffix('!') {
            Some(number) => (number, true),
            None => (first, false),
        };
        Some(Self {
            attempt: number.parse().ok()?,
            alone,
            lane: Lane::from_name(lane).filter(|_| !uid.is_empty())?,
            text: text.to_owned(),
        })
    }

    /// The handle of a submission for later: no attempt yet.
    pub fn for_later(lane: Lane, uid: &str) -> String {
        format!("0.{}.{uid}", lane.name())
    }

    /// As Redis has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The attempt that this claim is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether nothing else may run beside it.
    pub fn alone(&self) -> bool {
        self.alone
    }

    /// The lane it came from.
    pub fn lane(&self) -> Lane {
        self.lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_read() {
        let handle = Handle::parse("12!.low.abc-3:n-1").unwrap();
        assert_eq!((handle.attempt(), handle.alone()), (12, true));
        assert_eq!(
            (handle.lane(), handle.as_str()),
            (Lane::Low, "12!.low.abc-3:n-1")
        );
        assert!(!Handle::parse("1.normal.x.y").unwrap().alone());
        for odd in [
            "",
            "paused",
            "1.normal",
            "1.normal.",
            "x.normal.y",
            "1.fast.y",
            "!.low.y",
        ] {
            assert_eq!(Handle::parse(odd), None, "{odd}");
        }
        assert_eq!(Handle::for_later(Lane::High, "u"), "0.high.u");
    }
}
