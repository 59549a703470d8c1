//! What viewers see of a job that runs: since when, and the verdicts so far.
//!
//! worker-fn writes it where a submission is watched, submit-fn reads it. It is
//! shown and nothing else: what a fresh invocation goes on from is
//! [`super::progress`]. As JSON `{"startedAtMs":…,"total":…,"cases":"AAW"}`, with a
//! letter a verdict, so that a thousand cases take a kilobyte.

use super::verdict::Verdict;
use crate::json::{Json, Object};

/// The most verdicts that are shown while a job runs; the result has all.
pub const MAX_LIVE_CASES: usize = 1_000;

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveProgress {
    /// When this attempt began, in milliseconds since 1970 (UTC).
    pub started_at_ms: u64,
    /// The number of the problem's cases; `None` where the code is only run.
    pub total: Option<usize>,
    /// The verdicts on the first cases, in their order: what a result shows of a
    /// case too, hidden or not. [`MAX_LIVE_CASES`] at most.
    pub cases: Vec<Verdict>,
}

impl LiveProgress {
    /// As JSON.
    pub fn to_json(&self) -> String {
        let total = self.total.map(|total| format!("\"total\":{total},"));
        let cases: String = self.cases.iter().map(|verdict| verdict.letter()).collect();
        format!(
            "{{\"startedAtMs\":{},{}\"cases\":\"{cases}\"}}",
            self.started_at_ms,
            total.unwrap_or_default(),
        )
    }

    /// Reads it; `None` for anything else.
    pub fn read(text: &[u8]) -> Option<Self> {
        let members = Object::of(Json::parse(text).ok()?).ok()?;
        let total = members.get("total").map(Json::u64);
        let letters = members.get("cases")?.text()?;
        Some(Self {
            started_at_ms: members.get("startedAtMs")?.u64()?,
            total: match total {
                None => None,
                Some(total) => Some(usize::try_from(total?).ok()?),
            },
            cases: (letters.chars().take(MAX_LIVE_CASES))
                .map(Verdict::from_letter)
                .collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let progress = LiveProgress {
            started_at_ms: 7,
            total: Some(3),
            cases: vec![Verdict::Accepted, Verdict::WrongAnswer],
        };
        let json = progress.to_json();
        assert_eq!(json, r#"{"startedAtMs":7,"total":3,"cases":"AW"}"#);
        assert_eq!(LiveProgress::read(json.as_bytes()), Some(progress));
        let bare = LiveProgress {
            started_at_ms: 7,
            total: None,
            cases: Vec::new(),
        };
        assert_eq!(LiveProgress::read(bare.to_json().as_bytes()), Some(bare));
        let long = format!(r#"{{"startedAtMs":7,"cases":"{}"}}"#, "A".repeat(1_001));
        let read = LiveProgress::read(long.as_bytes()).unwrap();
        assert_eq!(read.cases.len(), MAX_LIVE_CASES);
        for bad in [
            "",
            "{}",
            r#"{"startedAtMs":7}"#,
            r#"{"startedAtMs":7,"cases":"Z"}"#,
            r#"{"startedAtMs":7,"total":-1,"cases":""}"#,
            r#"{"startedAtMs":"7","cases":""}"#,
        ] {
            assert_eq!(LiveProgress::read(bad.as_bytes()), None, "{bad}");
        }
    }
}
