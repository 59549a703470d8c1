//! `POST /run`: code with an input of one's own, passed on to worker-fn and
//! answered when it is done. Stored nowhere, past the queue, and so on a rate of
//! its own.
//!
//! Each instance counts for itself: how many runs a client asked for in this
//! minute, and how many are going on. So the limits are soft, and cost nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use shared::api_error::ApiError;
use shared::ticket::{PASS_HEADER, TicketKey};

use crate::config::Config;

/// So many clients are counted apart; the rest share one count.
const MAX_CLIENTS: usize = 500;
/// A run that began so long ago is over, whatever became of it, in milliseconds.
const LONGEST_MS: u64 = 150_000;
/// By which the platform tells who calls.
const CLIENT: &str = "cf-connecting-ip";

/// Whoever runs code.
pub trait Runs {
    /// Passes a request on; the error is for the log.
    fn run(&self, request: Request<Bytes>)
    -> impl Future<Output = Result<Response<Bytes>, String>>;
}

/// This instance's counts.
#[derive(Debug, Default)]
pub struct RunDoor(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    minute: u64,
    /// In this minute, by client.
    asked: Vec<(String, u64)>,
    /// Since when each one goes on.
    running: Vec<u64>,
}

/// A run that was let in, and when.
struct Running<'a>(&'a RunDoor, u64);

impl RunDoor {
    /// Nobody has asked yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Counts {
            minute: 0,
            asked: Vec::new(),
            running: Vec::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Errors: 429 with `Retry-After`.
    fn enter(&self, client: &str, config: &Config, now_ms: u64) -> Result<Running<'_>, ApiError> {
        let refused = |message: &str, seconds| {
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_runs", message)
                .retry_after(seconds)
        };
        let mut counts = self.lock();
        let minute = now_ms / 60_000;
        if counts.minute != minute {
            counts.minute = minute;
            counts.asked.clear();
        }
        // When a client goes away, the platform may drop all that works for it and
        // tell nobody.
        counts.running.retain(|since| now_ms < since + LONGEST_MS);
        if counts.running.len() as u64 >= config.run_at_once {
            return Err(refused("Too many runs are going on; try again.", 1));
        }
        let full = counts.asked.len() >= MAX_CLIENTS;
        let at = match counts.asked.iter().position(|(name, _)| name == client) {
            Some(at) => at,
            None if full => MAX_CLIENTS - 1,
            None => {
                counts.asked.push((client.to_owned(), 0));
                counts.asked.len() - 1
            }
        };
        let asked = &mut counts.asked[at].1;
        if *asked >= config.run_per_minute {
            let message = format!("At most {} runs a minute.", config.run_per_minute);
            let seconds = 60 - u32::try_from(now_ms / 1_000 % 60).unwrap_or(0);
            return Err(refused(&message, seconds));
        }
        *asked += 1;
        counts.running.push(now_ms);
        Ok(Running(self, now_ms))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut counts = self.0.lock();
        if let Some(at) = counts.running.iter().position(|since| *since == self.1) {
            counts.running.remove(at);
        }
    }
}

/// Lets it in, and passes it on.
pub(crate) async fn run(
    config: &Config,
    door: &RunDoor,
    runs: &impl Runs,
    request: &Request<Bytes>,
    now_ms: u64,
) -> Result<Response<Bytes>, ApiError> {
    let client = request.headers().get(CLIENT);
    let client = client.and_then(|name| name.to_str().ok()).unwrap_or("");
    let _running = door.enter(client, config, now_ms)?;
    let passed_on = pass_on(&config.tickets, request.body().clone());
    runs.run(passed_on).await.map_err(|error| {
        ApiError::new(
            StatusCode::BAD_GATEWAY,
            "executor_unavailable",
            "Nothing can be run at the moment; try again.",
        )
        .retry_after(5)
        .detail(error)
    })
}

/// worker-fn lets in whoever holds the key of the tickets.
fn pass_on(tickets: &TicketKey, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static("/run");
    if let Ok(pass) = HeaderValue::try_from(tickets.pass()) {
        request.headers_mut().insert(PASS_HEADER, pass);
    }
    request
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

    fn status(entered: Result<Running<'_>, ApiError>) -> Option<u16> {
        entered.err().map(|error| error.status().as_u16())
    }

    #[test]
    fn each_client_has_its_rate_and_a_new_one_each_minute() {
        let (door, config) = (RunDoor::new(), config("2", "9"));
        for _ in 0..2 {
            assert_eq!(status(door.enter("a", &config, 59_000)), None);
        }
        assert_eq!(status(door.enter("a", &config, 59_000)), Some(429));
        assert_eq!(status(door.enter("b", &config, 59_000)), None);
        assert_eq!(status(door.enter("a", &config, 60_000)), None);
    }

    #[test]
    fn only_so_many_run_at_once() {
        let (door, config) = (RunDoor::new(), config("100", "2"));
        let first = door.enter("a", &config, 0);
        let second = door.enter("b", &config, 0);
        assert_eq!(status(door.enter("c", &config, 0)), Some(429));
        drop((first, second));
        let third = door.enter("c", &config, 0);
        assert!(third.is_ok());
        // One that is never heard of again does not keep its place for ever.
        std::mem::forget((third, door.enter("c", &config, 0)));
        assert_eq!(status(door.enter("d", &config, LONGEST_MS - 1)), Some(429));
        assert_eq!(status(door.enter("d", &config, LONGEST_MS)), None);
    }

    #[test]
    fn many_clients_do_not_fill_the_memory() {
        let (door, config) = (RunDoor::new(), config("1", "9"));
        let refused = (0..2 * MAX_CLIENTS)
            .filter(|at| status(door.enter(&at.to_string(), &config, 0)).is_some())
            .count();
        assert_eq!(refused, MAX_CLIENTS);
        assert_eq!(door.lock().asked.len(), MAX_CLIENTS);
    }

    #[tokio::test]
    async fn what_is_passed_on_carries_the_pass_and_the_body() {
        struct Worker;
        impl Runs for Worker {
            async fn run(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
                let pass = request.headers()[PASS_HEADER].as_bytes();
                assert!(config("1", "1").tickets.lets_in(pass));
                assert_eq!(request.uri().path(), "/run");
                Ok(Response::new(request.into_body()))
            }
        }
        let (door, config) = (RunDoor::new(), config("1", "1"));
        let request = Request::new(Bytes::from_static(b"{}"));
        let answer = run(&config, &door, &Worker, &request, 0).await.unwrap();
        assert_eq!(answer.body(), "{}");
        assert_eq!(
            run(&config, &door, &Worker, &request, 0)
                .await
                .unwrap_err()
                .status(),
            429
        );
    }
}
