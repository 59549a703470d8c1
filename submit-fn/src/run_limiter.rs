//! The limits of `POST /run`: how many runs a client may ask for in a minute, and
//! how many may be under way.
//!
//! Each instance counts for itself, so the limits are approximate, and cost
//! nothing.

use std::cell::RefCell;

use shared::http::{ApiError, Code};

use crate::config::Config;

/// The most clients that are counted apart; the others share one count.
const MAX_CLIENTS: usize = 500;
/// After this time a run is over, whatever became of it, in milliseconds.
const LONGEST_MS: u64 = 150_000;

/// This instance's counts.
#[derive(Debug, Default)]
pub struct RunLimiter(RefCell<Counts>);

#[derive(Debug, Default)]
struct Counts {
    minute: u64,
    /// Runs in this minute, by client.
    by_client: Vec<(String, u64)>,
    /// The start of each run that is under way.
    running: Vec<u64>,
}

/// A run under way, counted until it is dropped.
#[derive(Debug)]
pub struct RunningRun<'a> {
    limiter: &'a RunLimiter,
    started_ms: u64,
}

impl RunLimiter {
    /// Counts a run. Errors: 429 with `Retry-After`.
    pub fn check(
        &self,
        client: &str,
        config: &Config,
        now_ms: u64,
    ) -> Result<RunningRun<'_>, ApiError> {
        let refused = |message: String, seconds| {
            ApiError::new(Code::TooManyRuns, message).retry_after(seconds)
        };
        let mut counts = self.0.borrow_mut();
        let minute = now_ms / 60_000;
        if counts.minute != minute {
            counts.minute = minute;
            counts.by_client.clear();
        }
        // When a client goes away, the platform may drop its request without
        // running any destructor.
        counts
            .running
            .retain(|started_ms| now_ms < started_ms + LONGEST_MS);
        if counts.running.len() as u64 >= config.run_at_once {
            return Err(refused("Too many runs are under way; try again.".into(), 1));
        }
        let asked = counts.of_client(client);
        if *asked >= config.run_per_minute {
            let seconds = 60 - u32::try_from(now_ms / 1_000 % 60).unwrap_or(0);
            let message = format!(
                "At most {} runs a minute; try again in {seconds} s.",
                config.run_per_minute
            );
            return Err(refused(message, seconds));
        }
        *asked += 1;
        counts.running.push(now_ms);
        Ok(RunningRun {
            limiter: self,
            started_ms: now_ms,
        })
    }
}

impl Counts {
    fn of_client(&mut self, client: &str) -> &mut u64 {
        let known = self.by_client.iter().position(|(name, _)| name == client);
        let index = known.unwrap_or_else(|| {
            if self.by_client.len() < MAX_CLIENTS {
                self.by_client.push((client.to_owned(), 0));
            }
            self.by_client.len() - 1
        });
        &mut self.by_client[index].1
    }
}

impl Drop for RunningRun<'_> {
    fn drop(&mut self) {
        let mut counts = self.limiter.0.borrow_mut();
        let mut running = counts.running.iter();
        if let Some(index) = running.position(|started_ms| *started_ms == self.started_ms) {
            counts.running.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn status(checked: Result<RunningRun<'_>, ApiError>) -> Option<u16> {
        checked.err().map(|error| error.status().as_u16())
    }

    #[test]
    fn each_client_has_its_rate_and_a_new_one_each_minute() {
        let (limiter, config) = (RunLimiter::default(), config("2", "9"));
        for _ in 0..2 {
            assert_eq!(status(limiter.check("a", &config, 59_000)), None);
        }
        assert_eq!(status(limiter.check("a", &config, 59_000)), Some(429));
        assert_eq!(status(limiter.check("b", &config, 59_000)), None);
        assert_eq!(status(limiter.check("a", &config, 60_000)), None);
    }

    #[test]
    fn the_runs_under_way_are_limited() {
        let (limiter, config) = (RunLimiter::default(), config("100", "2"));
        let first = limiter.check("a", &config, 0);
        let second = limiter.check("b", &config, 0);
        assert_eq!(status(limiter.check("c", &config, 0)), Some(429));
        drop((first, second));
        let third = limiter.check("c", &config, 0);
        assert!(third.is_ok());
        // A run whose end is never noticed does not count for ever.
        std::mem::forget((third, limiter.check("c", &config, 0)));
        assert_eq!(
            status(limiter.check("d", &config, LONGEST_MS - 1)),
            Some(429)
        );
        assert_eq!(status(limiter.check("d", &config, LONGEST_MS)), None);
    }

    #[test]
    fn many_clients_do_not_fill_the_memory() {
        let (limiter, config) = (RunLimiter::default(), config("1", "9"));
        let refused = (0..2 * MAX_CLIENTS)
            .filter(|n| status(limiter.check(&n.to_string(), &config, 0)).is_some())
            .count();
        assert_eq!(refused, MAX_CLIENTS);
        assert_eq!(limiter.0.borrow().by_client.len(), MAX_CLIENTS);
    }
}
