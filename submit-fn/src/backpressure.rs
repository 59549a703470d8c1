//! Back-pressure: how many submissions may wait, and how large they may be. Each
//! place, the three lanes and the scheduled ones, is looked at by itself, so that
//! a full one closes no other.
//!
//! Storing a submission returns its place's length anyway. A length over
//! `QUEUE_MAX` makes this instance refuse submissions to that place for the next
//! seconds, at no command; the submission that found it is stored. Each instance
//! finds out by itself, so the limit is approximate.
//!
//! The bytes of a place are limited without counting them. With `QUEUE_MAX` = N,
//! the n-th submission that waits may take at most
//!
//! ```text
//! QUEUE_BYTES / (4 · N^¼ · n^¾)
//! ```
//!
//! bytes of Redis. The sum of 1/n^¾ for n from 1 to N is below 4 · N^¼, so N
//! waiting submissions take less than `QUEUE_BYTES` together, whatever strangers
//! send. (1/n in the place of 1/n^¾ has a sum that grows with N, and 1/√n refuses
//! long programs while a few wait.) By default, with 16 MiB and N = 10,000, the
//! first may have 419,430 bytes, which is more than any has; the 10th 74,586, the
//! 100th 13,263 and the 1,000th 2,358. 1 KiB is always taken, where the rule alone
//! gives less from the 3,042nd on; with that, 10,000 take 18.2 MB at most. A long
//! queue refuses long programs first.
//!
//! The length that counts is the last one that the instance has seen. When it is
//! older than a few seconds, it is asked for again before a submission is refused
//! by its size.

use std::cell::Cell;

use shared::http::{ApiError, Code};
use shared::queue::places::Place;

/// How long submissions are refused, and how long a length is fresh, in seconds.
pub const REFUSED_S: u32 = 5;
/// What is taken whatever the length, in bytes.
pub const ALWAYS_TAKEN_BYTES: u64 = 1_024;

/// The settings of back-pressure.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// `QUEUE_MAX`.
    pub queue_max: u64,
    /// `QUEUE_BYTES`.
    pub queue_bytes: u64,
}

impl QueueLimits {
    /// How many bytes the n-th submission of a place may have.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "all numbers are far below 2^52 and none is negative"
    )]
    pub fn largest(self, nth: u64) -> u64 {
        let (root, nth) = ((self.queue_max as f64).sqrt().sqrt(), nth.max(1) as f64);
        let bytes = self.queue_bytes as f64 / (4.0 * root * nth.sqrt() * nth.sqrt().sqrt());
        (bytes as u64).max(ALWAYS_TAKEN_BYTES)
    }
}

/// Whether there is room for a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Enough,
    /// There is none by a length that is old: it must be asked for again.
    AskAgain,
}

/// What this instance knows of each place.
#[derive(Debug, Default)]
pub struct Backpressure([Cell<LastSeenDepth>; Place::COUNT]);

#[derive(Debug, Clone, Copy, Default)]
struct LastSeenDepth {
    waiting: u64,
    at_ms: u64,
    refused_until_ms: u64,
}

impl Backpressure {
    /// Whether a submission of this many bytes may wait in `place`, behind `ahead`
    /// others of the same request. Errors: 429 with `Retry-After`.
    pub fn check(
        &self,
        place: Place,
        bytes: u64,
        ahead: u64,
        limits: QueueLimits,
        now_ms: u64,
    ) -> Result<Room, ApiError> {
        let known = self.0[place.index()].get();
        if now_ms < known.refused_until_ms {
            return Err(full(format!(
                "Too many submissions are waiting. Nothing was stored; try again in {REFUSED_S} s."
            )));
        }
        let most = limits.largest(known.waiting + ahead + 1);
        if bytes <= most {
            return Ok(Room::Enough);
        }
        if now_ms >= known.at_ms + u64::from(REFUSED_S) * 1_000 {
            return Ok(Room::AskAgain);
        }
        let waiting = known.waiting + ahead;
        Err(full(format!(
            "While {waiting} submissions are waiting, one may take at most {most} bytes in the \
             queue. This one takes {bytes}. Nothing was stored; try again in {REFUSED_S} s."
        )))
    }

    /// Notes a place's length.
    pub fn observe(&self, place: Place, waiting: u64, limits: QueueLimits, now_ms: u64) {
        let cell = &self.0[place.index()];
        let mut known = LastSeenDepth {
            waiting,
            at_ms: now_ms,
            ..cell.get()
        };
        if waiting > limits.queue_max {
            known.refused_until_ms = now_ms + u64::from(REFUSED_S) * 1_000;
        }
        cell.set(known);
    }
}

fn full(message: String) -> ApiError {
    ApiError::new(Code::QueueFull, message).retry_after(REFUSED_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::lane::Lane;
    use shared::domain::run_options::{MAX_ARGS_BYTES, MAX_STDIN_BYTES};
    use shared::domain::source::MAX_STORED_BYTES;
    use shared::domain::{callback_url, submission};

    const NORMAL: Place = Place::Lane(Lane::Normal);
    const LOW: Place = Place::Lane(Lane::Low);
    const DEFAULT: QueueLimits = QueueLimits {
        queue_max: 10_000,
        queue_bytes: 16 * 1_024 * 1_024,
    };
    const TEN: QueueLimits = QueueLimits {
        queue_max: 10,
        ..DEFAULT
    };

    fn refused(checked: Result<Room, ApiError>) -> bool {
        checked.is_err_and(|error| error.status() == 429 && error.code() == Code::QueueFull)
    }

    #[test]
    fn a_long_place_refuses_submissions_for_a_while_and_no_other_place_does() {
        let backpressure = Backpressure::default();
        let check = |place, now_ms| backpressure.check(place, 1, 0, TEN, now_ms);
        backpressure.observe(LOW, 10, TEN, 1_000);
        assert_eq!(check(LOW, 1_000), Ok(Room::Enough));
        backpressure.observe(LOW, 11, TEN, 1_000);
        assert!(refused(check(LOW, 5_999)));
        for place in [NORMAL, Place::Lane(Lane::High), Place::Scheduled] {
            assert_eq!(check(place, 1_000), Ok(Room::Enough), "{place:?}");
        }
        assert_eq!(check(LOW, 6_000), Ok(Room::Enough));
    }

    /// The head of this file.
    #[test]
    fn the_numbers_are_the_documented_ones() {
        let nth = [0, 1, 10, 100, 1_000, 3_041, 3_042, 10_000];
        let bytes = [419_430, 419_430, 74_586, 13_263, 2_358, 1_024, 1_024, 1_024];
        assert_eq!(nth.map(|nth| DEFAULT.largest(nth)), bytes);
        // By the rule alone, without what is always taken.
        let times_100 = QueueLimits {
            queue_bytes: 100 * DEFAULT.queue_bytes,
            ..DEFAULT
        };
        assert!(times_100.largest(3_041) >= 102_400 && times_100.largest(3_042) < 102_400);
    }

    /// An empty place takes whatever keeps the limits of a submission. Of a byte of
    /// code, an address or arguments JSON makes six at most.
    #[test]
    fn an_empty_place_takes_any_submission() {
        let code = 2 * submission::MAX_CODE_BYTES + 2 * MAX_STDIN_BYTES + 6 * MAX_ARGS_BYTES;
        let largest = code.max(MAX_STORED_BYTES) + 6 * callback_url::MAX_CHARS + 1_024;
        assert!(DEFAULT.largest(1) >= largest as u64, "{largest}");
    }

    #[test]
    fn all_that_wait_take_less_than_the_limit() {
        let all = |limits: QueueLimits| -> u64 {
            (1..=limits.queue_max).map(|nth| limits.largest(nth)).sum()
        };
        assert!(all(DEFAULT) < 18_200_000, "{}", all(DEFAULT));
        for queue_max in [1, 2, 100, 1_000] {
            let limits = QueueLimits {
                queue_max,
                ..DEFAULT
            };
            assert!(all(limits) <= limits.queue_bytes, "{queue_max}");
        }
    }

    #[test]
    fn a_large_submission_is_refused_while_many_wait() {
        let backpressure = Backpressure::default();
        let check = |bytes, ahead| backpressure.check(NORMAL, bytes, ahead, DEFAULT, 1_000);
        backpressure.observe(NORMAL, 99, DEFAULT, 1_000);
        assert_eq!(check(13_263, 0), Ok(Room::Enough));
        let error = check(13_264, 0).unwrap_err();
        for part in ["99 submissions", "13263 bytes", "13264"] {
            assert!(error.message().contains(part), "{}", error.message());
        }
        // Those before it in the same request count too.
        backpressure.observe(NORMAL, 90, DEFAULT, 1_000);
        assert!(refused(check(13_264, 9)));
        assert_eq!(check(13_264, 8), Ok(Room::Enough));
        assert_eq!(check(1_024, 1_000_000), Ok(Room::Enough));
    }

    #[test]
    fn an_old_length_is_asked_for_again() {
        let backpressure = Backpressure::default();
        let check = |now_ms| backpressure.check(NORMAL, 10_000, 0, DEFAULT, now_ms);
        backpressure.observe(NORMAL, 5_000, DEFAULT, 1_000);
        assert!(refused(check(5_999)));
        assert_eq!(check(6_000), Ok(Room::AskAgain));
        backpressure.observe(NORMAL, 3, DEFAULT, 6_000);
        assert_eq!(check(6_000), Ok(Room::Enough));
    }
}
