//! The limits of `POST /run`: how many runs a client may ask for in a minute, and
//! how many may be under way, for a client and in all.
//!
//! Each instance counts for itself, so the limits are approximate, and cost
//! nothing. The memory is fixed: clients are counted in buckets
//! ([`crate::client_counts`]).

use std::cell::{Cell, RefCell};

use shared::domain::client::ClientId;
use shared::http::{ApiError, Code};

use crate::client_counts::{BUCKETS, ClientCounts};
use crate::config::Config;
use crate::sender::Sender;

/// How many runs of a client may be under way at the same time.
const AT_ONCE_PER_CLIENT: usize = 2;
/// After this time a run is over, whatever became of it, in milliseconds.
const LONGEST_MS: u64 = 150_000;
/// The length of the window in which runs are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// This instance's counts.
#[derive(Debug)]
pub struct RunLimiter {
    asked: ClientCounts,
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
    client: Option<ClientId>,
    started_ms: u64,
}

impl Default for RunLimiter {
    fn default() -> Self {
        Self {
            asked: ClientCounts::new(MINUTE_MS),
            under_way: RefCell::default(),
            last_number: Cell::default(),
        }
    }
}

impl RunLimiter {
    /// Counts a run. The operator has no rate and no places of its own, but needs
    /// one of the instance's. Errors: 429 with `Retry-After`.
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
            let message = "Too many runs are under way; try again in 1 s.";
            return Err(refused(message.into(), 1));
        }
        let own = under_way.iter().filter(|run| run.bucket == bucket).count();
        if client.is_some() && own >= AT_ONCE_PER_CLIENT {
            let message = format!(
                "At most {AT_ONCE_PER_CLIENT} of your runs may be under way; try again in 1 s."
            );
            return Err(refused(message, 1));
        }
        if let Some(client) = client {
            let asked = self.asked.add(client, now_ms);
            if u64::from(asked) > config.run_per_minute {
                self.asked.take_back(client, now_ms);
                let seconds = 60 - u32::try_from(now_ms / 1_000 % 60).unwrap_or(0);
                let message = format!(
                    "At most {} runs a minute; try again in {seconds} s.",
                    config.run_per_minute
                );
                return Err(refused(message, seconds));
            }
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
            client: client.cloned(),
            started_ms: now_ms,
        })
    }
}

impl RunningRun<'_> {
    /// Takes the run out of its client's rate: it was not run, because the request
    /// was wrong.
    pub(crate) fn take_back(&self) {
        if let Some(client) = &self.client {
            self.limiter.asked.take_back(client, self.started_ms);
        }
    }
}

impl Drop for RunningRun<'_> {
    fn drop(&mut self) {
        let mut under_way = self.limiter.under_way.borrow_mut();
        under_way.retain(|run| run.number != self.number);
    }
}

fn refused(message: String, seconds: u32) -> ApiError {
    ApiError::new(Code::TooManyRuns, message).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_counts::tests::client;

    fn config(per_minute: &'static str, at_once: &'static str) -> Config {
        Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "RUN_PER_MINUTE" => Some(per_minute.into()),
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
    fn each_client_has_its_rate_and_a_new_one_each_minute() {
        let (limiter, config) = (RunLimiter::default(), config("2", "9"));
        let check = |number, now_ms| message(limiter.check(&sender(number), &config, now_ms));
        assert_eq!([check(1, 59_000), check(1, 59_000)], [None, None]);
        assert!(check(1, 59_000).unwrap().contains("2 runs a minute"));
        assert_eq!(check(2, 59_000), None);
        assert_eq!(check(1, 60_000), None);
    }

    #[test]
    fn a_wrong_request_takes_nothing_of_the_rate() {
        let (limiter, config) = (RunLimiter::default(), config("1", "9"));
        for _ in 0..3 {
            limiter.check(&sender(1), &config, 0).unwrap().take_back();
        }
        assert_eq!(message(limiter.check(&sender(1), &config, 0)), None);
        // A refused one takes nothing either, and gives nothing back.
        for _ in 0..3 {
            assert!(message(limiter.check(&sender(1), &config, 0)).is_some());
        }
    }

    #[test]
    fn one_client_leaves_places_for_others() {
        let (limiter, config) = (RunLimiter::default(), config("100", "4"));
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
        let (limiter, config) = (RunLimiter::default(), config("100", "2"));
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

    #[test]
    fn the_operator_has_no_rate() {
        let (limiter, config) = (RunLimiter::default(), config("1", "3"));
        let runs: Vec<_> = (0..3)
            .map(|_| limiter.check(&Sender::Operator, &config, 0).unwrap())
            .collect();
        for run in runs {
            run.take_back();
        }
    }

    /// No number of clients makes one that is new wait for the next minute.
    #[test]
    fn many_clients_do_not_lock_a_new_one_out() {
        let (limiter, config) = (RunLimiter::default(), config("30", "9"));
        let locked_out = (0..5_000)
            .filter(|&number| message(limiter.check(&sender(number), &config, 0)).is_some())
            .count();
        assert_eq!(locked_out, 0);
    }
}
