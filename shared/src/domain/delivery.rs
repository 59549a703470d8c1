//! A delivery: that a `callbackUrl` is to be told of a submission's end, as it waits
//! in the queue.
//!
//! It holds no result: that is read when it is delivered. Stored as JSON text, which
//! is also its identity in Redis, so it is written once for each attempt.

use serde::Serialize;

use super::dead_letter::{DeadLetter, FailedAttempt};
use super::lane::Lane;
use crate::json::{Json, Object};

/// What follows the submission's id in the id of a dead letter that is a delivery's:
/// the submission may have one of its own. No id of a submission ends so.
const LETTER_SUFFIX: &str = ".webhook";

/// The pauses after each failed attempt, in seconds. One more attempt than pauses.
const PAUSES_S: [u64; 8] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];

/// The most attempts that there are pauses for.
pub const MAX_ATTEMPTS: u64 = PAUSES_S.len() as u64 + 1;

/// A delivery that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The same over all attempts: receivers tell by it what they know already.
    #[serde(rename = "webhook")]
    pub webhook_id: String,
    /// The submission.
    pub id: String,
    /// Where to, as it was submitted.
    pub url: String,
    /// When the submission came to its end, in milliseconds since 1970 (UTC).
    pub since_ms: u64,
    /// How earlier attempts failed.
    #[serde(rename = "history")]
    pub failed_attempts: Vec<FailedAttempt>,
}

impl Delivery {
    /// The first delivery of an end. Another end of the same submission gets another
    /// webhook id.
    pub fn new(id: &str, url: &str, ended_at_ms: u64) -> Self {
        Self {
            webhook_id: format!("{id}-{ended_at_ms}"),
            id: id.to_owned(),
            url: url.to_owned(),
            since_ms: ended_at_ms,
            failed_attempts: Vec::new(),
        }
    }

    /// Reads what [`Self::encode`] wrote.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let members = Object::of(Json::parse(payload).ok()?).ok()?;
        let text = |name| Some(members.get(name)?.text()?.into_owned());
        let attempts = members.get("history").and_then(Json::items);
        Some(Self {
            webhook_id: text("webhook")?,
            id: text("id")?,
            url: text("url")?,
            since_ms: members.get("sinceMs")?.u64()?,
            failed_attempts: attempts.into_iter().flatten().filter_map(attempt).collect(),
        })
    }

    /// As it is stored: JSON text.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The number of the next attempt, from 1.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.failed_attempts.len()).map_or(u32::MAX, |failed| failed + 1)
    }

    /// The delivery after an attempt that failed.
    #[must_use]
    pub fn failed(&self, reason: String, now_ms: u64) -> Self {
        let mut next = self.clone();
        next.failed_attempts.push(FailedAttempt {
            attempt: self.attempt(),
            reason,
            at_ms: Some(now_ms),
        });
        next
    }

    /// The pause before the next attempt, in milliseconds: that of the schedule and up
    /// to a tenth more. `random` may be any number.
    pub fn pause_ms(&self, random: u32) -> u64 {
        let failed = self.failed_attempts.len();
        let longest = PAUSES_S[PAUSES_S.len() - 1];
        let pause_s = failed
            .checked_sub(1)
            .map_or(0, |last| PAUSES_S.get(last).copied().unwrap_or(longest));
        let ms = 1_000 * pause_s;
        ms + ms / 10 * u64::from(random) / u64::from(u32::MAX)
    }

    /// The delivery with all its attempts before it: as an operator may have it made once
    /// more.
    #[must_use]
    pub fn untried(&self) -> Self {
        Self {
            failed_attempts: Vec::new(),
            ..self.clone()
        }
    }

    /// The dead letter of a delivery that is given up.
    pub fn letter(&self, reason: String, now_ms: u64) -> DeadLetter {
        DeadLetter {
            id: letter_id(&self.id),
            reason,
            problem_id: None,
            language: None,
            lane: Lane::default(),
            attempts: self.attempt() - 1,
            failed_attempts: self.failed_attempts.clone(),
            submitted_at_ms: None,
            dead_at_ms: now_ms,
            has_result: true,
            callback_url: None,
        }
    }
}

fn attempt(value: Json<'_>) -> Option<FailedAttempt> {
    let members = Object::of(value).ok()?;
    Some(FailedAttempt {
        attempt: members.get("attempt")?.u64()?.try_into().ok()?,
        reason: members.get("reason")?.text()?.into_owned(),
        at_ms: members.get("atMs").and_then(Json::u64),
    })
}

/// The id of the dead letter of a submission's delivery.
pub fn letter_id(submission: &str) -> String {
    format!("{submission}{LETTER_SUFFIX}")
}

/// Whether a dead letter is a delivery's.
pub fn is_letter(id: &str) -> bool {
    id.ends_with(LETTER_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_read_as_it_was_written() {
        let first = Delivery::new("i", "https://hooks.site.org/", 7);
        assert_eq!(
            first.encode().unwrap(),
            r#"{"webhook":"i-7","id":"i","url":"https://hooks.site.org/","sinceMs":7,"history":[]}"#
        );
        let second = first.failed("It said 500.".into(), 9);
        assert_eq!((first.attempt(), second.attempt()), (1, 2));
        assert_eq!(second.webhook_id, first.webhook_id);
        let read = Delivery::decode(second.encode().unwrap().as_bytes());
        assert_eq!(read, Some(second.clone()));
        assert_eq!(second.untried(), first);
        assert_eq!(Delivery::decode(b"{}"), None);
        assert_eq!(Delivery::decode(b"\xff"), None);
    }

    #[test]
    fn pauses_follow_the_schedule() {
        let mut delivery = Delivery::new("i", "https://hooks.site.org/", 7);
        assert_eq!(delivery.pause_ms(0), 0);
        let mut pauses = Vec::new();
        for _ in 0..=PAUSES_S.len() {
            delivery = delivery.failed(String::new(), 8);
            pauses.push((delivery.pause_ms(0), delivery.pause_ms(u32::MAX)));
        }
        assert_eq!(pauses[0], (5_000, 5_500));
        assert_eq!(pauses[7], (14_400_000, 15_840_000));
        assert_eq!(pauses[8], pauses[7]);
        let all_s: u64 = PAUSES_S.iter().sum();
        assert!(all_s < 86_400, "within the default RESULT_TTL_S");
    }

    #[test]
    fn a_letter_is_told_by_its_id() {
        let delivery = Delivery::new("i", "https://hooks.site.org/", 7);
        let letter = delivery
            .failed("500".into(), 8)
            .letter("Given up".into(), 9);
        assert_eq!((letter.id.as_str(), letter.attempts), ("i.webhook", 1));
        assert!(is_letter(&letter.id) && !is_letter("i"));
    }
}
