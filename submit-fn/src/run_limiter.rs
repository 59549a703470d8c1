//! The places of `POST /run`: how many runs may be under way, for a client and in
//! all. How many a client may ask for in a minute, [`crate::rates`] counts.
//!
//! Each instance counts for itself, so the limits are approximate, and cost
//! nothing. Clients are told apart by buckets ([`crate::client_counts`]).

use std::cell::{Cell, RefCell};

use shared::http::{ApiError, Code};

use crate::client_counts::BUCKETS;
use crate::config::Config;
use crate::sender::Sender;

/// How many runs of a client may be under way at the same time.
const AT_ONCE_PER_CLIENT: usize = 2;
/// After this time a run is over, whatever became of it, in milliseconds.
const LONGEST_MS: u64 = 150_000;
/// When a refused run may be asked for again, in seconds. A client that asks as
/// often as that stays within the rate of runs.
const RETRY_AFTER_S: u32 = 2;

/// This instance's counts.
#[derive(Debug, Default)]
pub struct RunLimiter {
    under_way: RefCell<Vec<UnderWay>>,
    last_number: Cell<u64>,
}

#[derive(Debug)]
struct UnderWay {
    number: u64,
    /// `None`: the operator's.
    bucket: Option<usize>,
    started_ms: u64,
}

/// A run under way, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct RunningRun<'a> {
    limiter: &'a RunLimiter,
    number: u64,
}

impl RunLimiter {
    /// Counts a run. The operator has no places of its own, but needs one of the
    /// instance's. Errors: 429 with `Retry-After`.
    pub(crate) fn check(
        &self,
        sender: &Sender,
        config: &Config,
        now_ms: u64,
    ) -> Result<RunningRun<'_>, ApiError> {
        let client = sender.client();
        let bucket = client.map(|client| client.bucket(BUCKETS));
        let mut under_way = self.under_way.borrow_mut();
        // When a client goes away and its run takes longer than the platform
        // waits, no destructor runs.
        under_way.retain(|run| now_ms < run.started_ms + LONGEST_MS);
        if under_way.len() as u64 >= config.run_at_once {
            return Err(refused("Too many runs are under way"));
        }
        let own = under_way.iter().filter(|run| run.bucket == bucket).count();
        if client.is_some() && own >= AT_ONCE_PER_CLIENT {
            let message = format!("At most {AT_ONCE_PER_CLIENT} of your runs may be under way");
            return Err(refused(&message));
        }
        let number = self.last_number.get() + 1;
        self.last_number.set(number);
        under_way.push(UnderWay {
            number,
            bucket,
            started_ms: now_ms,
        });
        Ok(RunningRun {
            limiter: self,
            number,
        })
    }
}

impl Drop for RunningRun<'_> {
    fn drop(&mut self) {
        let mut under_way = self.limiter.under_way.borrow_mut();
        under_way.retain(|run| run.number != self.number);
    }
}

fn refused(reason: &str) -> ApiError {
    let message = format!("{reason}; try again in {RETRY_AFTER_S} s.");
    ApiError::new(Code::TooManyRuns, message).retry_after(RETRY_AFTER_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_counts::tests::client;

    fn config(at_once: &'static str) -> Config {
        Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "RUN_AT_ONCE" => Some(at_once.into()),
            _ => None,
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    fn sender(number: u32) -> Sender {
        Sender::Client(client(number))
    }

    fn message(checked: Result<RunningRun<'_>, ApiError>) -> Option<String> {
        let error = checked.err()?;
        assert_eq!(error.status(), 429);
        let message = error.message().to_owned();
        // The text says what the header says.
        let seconds = error.into_response().headers()["retry-after"].clone();
        let part = format!("try again in {} s", seconds.to_str().unwrap());
        assert!(message.contains(&part), "{message}");
        Some(message)
    }

    #[test]
    fn one_client_leaves_places_for_others() {
        let (limiter, config) = (RunLimiter::default(), config("4"));
        let first = limiter.check(&sender(1), &config, 0);
        let _second = limiter.check(&sender(1), &config, 0);
        let third = message(limiter.check(&sender(1), &config, 0));
        assert!(third.unwrap().contains("2 of your runs"));
        let _other = limiter.check(&sender(2), &config, 0).unwrap();
        drop(first);
        assert!(limiter.check(&sender(1), &config, 0).is_ok());
    }

    #[test]
    fn the_runs_under_way_are_limited_in_all() {
        let (limiter, config) = (RunLimiter::default(), config("2"));
        let first = limiter.check(&sender(1), &config, 0);
        let second = limiter.check(&sender(2), &config, 0);
        for sender in [sender(3), Sender::Operator] {
            assert!(message(limiter.check(&sender, &config, 0)).is_some());
        }
        drop((first, second));
        let third = limiter.check(&sender(3), &config, 0);
        assert!(third.is_ok());
        // A run whose end is never noticed does not count for ever.
        std::mem::forget((third, limiter.check(&sender(3), &config, 0)));
        let check = |now_ms| message(limiter.check(&sender(4), &config, now_ms));
        assert!(check(LONGEST_MS - 1).is_some());
        assert_eq!(check(LONGEST_MS), None);
    }
}
