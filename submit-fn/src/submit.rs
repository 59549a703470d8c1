//! `POST /submit` and `POST /submit/batch`.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::api_error::ApiError;
use shared::hex::hex;
use shared::job::Job;
use shared::lane::Lane;
use shared::queue::Queue;
use shared::queue::push::Pushed;
use shared::redis::{Client, RedisError};
use shared::response;
use shared::submission::{Submission, When};

use crate::app::{App, Outcome, Wake};
use crate::config::Config;
use crate::languages::{self, LanguageSource};
use crate::run::Runs;

/// worker-fn is woken when the list was empty, and then at each further group
/// of this many, so that a burst is met by more than one drain.
pub(crate) const WAKE_EVERY: u64 = 10;

/// The most drains that one batch wakes.
const MAX_WAKES: usize = 5;

/// The longest idempotency key, in bytes.
pub(crate) const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

const STORED: &str = "Submission received and stored.";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The body of a stored submission's answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    success: bool,
    message: &'static str,
    id: String,
    /// How many waited once it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// When a submission for later is due, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at_ms: Option<u64>,
    result_url: String,
}

/// One item of a batch's answer: what [`Stored`] says, or the error shape.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Stored(Stored),
    Refused(serde_json::Value),
}

#[derive(Serialize)]
struct Batch {
    success: bool,
    message: String,
    results: Vec<Item>,
}

impl<S: LanguageSource + Runs> App<'_, S> {
    pub(crate) async fn submit(
        &self,
        request: &Request<Bytes>,
        outcome: &mut Outcome,
    ) -> Result<Response<Bytes>, ApiError> {
        let submission = Submission::from_body(request.body(), self.now_ms)?;
        let key = idempotency_key(request, &submission)?;
        let config = Config::from_lookup(self.lookup)?;
        self.door.enter(self.now_ms)?;
        self.check_language(&submission.language, &config, &mut outcome.log)
            .await?;
        let (lane, when) = (submission.lane, submission.when);
        let id = self.issue(&config, when);
        let job = Job::new(id.clone(), submission);
        let queue = Queue::new(Client::new(config.redis.clone()));
        let pushed = match &key {
            None => queue.push(&job, lane, when).await?,
            Some(key) => {
                let mark = format!("{id} {}", hash(request.body()));
                queue
                    .push_once(&job, lane, &hash(key.as_bytes()), &mark)
                    .await?
            }
        };
        let (id, replayed) = match &pushed {
            Pushed::Before(mark) => (first_id(mark, request.body())?, true),
            _ => (id, false),
        };
        self.note(&pushed, lane, &config, outcome);
        let path = format!("/result/{id}");
        let mut answer = if response::wants_only_plain_text(request.headers()) {
            response::text(StatusCode::OK, STORED)
        } else {
            response::json(StatusCode::OK, &stored(request, id, &pushed))
        };
        let headers = answer.headers_mut();
        if let Ok(location) = HeaderValue::try_from(path) {
            headers.insert(header::LOCATION, location);
        }
        if replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        Ok(answer)
    }

    pub(crate) async fn submit_batch(
        &self,
        request: &Request<Bytes>,
        outcome: &mut Outcome,
    ) -> Result<Response<Bytes>, ApiError> {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            return Err(ApiError::invalid(
                "Idempotency-Key",
                "Idempotency-Key is for single submissions; a batch has none.",
            ));
        }
        let mut batch = Submission::batch_from_body(request.body(), self.now_ms)?;
        let config = Config::from_lookup(self.lookup)?;
        self.door.enter(self.now_ms)?;
        for item in &mut batch {
            if let Ok(submission) = item
                && let Err(error) = self
                    .check_language(&submission.language, &config, &mut outcome.log)
                    .await
            {
                *item = Err(error);
            }
        }
        let jobs: Vec<(Job, Lane, When)> = batch
            .iter()
            .flatten()
            .map(|submission| {
                let id = self.issue(&config, submission.when);
                let job = Job::new(id, submission.clone());
                (job, submission.lane, submission.when)
            })
            .collect();
        let mut pushed = if jobs.is_empty() {
            Vec::new()
        } else {
            Queue::new(Client::new(config.redis.clone()))
                .push_all(&jobs)
                .await?
        }
        .into_iter()
        .zip(&jobs);
        let mut stored_count = 0;
        let results: Vec<Item> = batch
            .into_iter()
            .map(|item| {
                item.and_then(|_| {
                    let lost = || RedisError::Unexpected("fewer answers than pushes".into());
                    let (pushed, (job, lane, _)) = pushed.next().ok_or_else(lost)?;
                    let pushed = pushed?;
                    self.note(&pushed, *lane, &config, outcome);
                    stored_count += 1;
                    let id = job.id.clone().unwrap_or_default();
                    Ok(Item::Stored(stored(request, id, &pushed)))
                })
                .unwrap_or_else(|error| Item::Refused(error.to_json()))
            })
            .collect();
        Ok(response::json(
            StatusCode::OK,
            &Batch {
                success: true,
                message: format!("{stored_count} of {} submissions stored.", results.len()),
                results,
            },
        ))
    }

    /// A new id. Its time is when the submission may run: by it one can tell
    /// later whether a result that is not there has aged out.
    fn issue(&self, config: &Config, when: When) -> String {
        let from_ms = match when {
            When::Now => self.now_ms,
            When::At(ms) => ms,
            When::In(ms) => self.now_ms + ms,
        };
        config.tickets.issue(from_ms, &(self.random)())
    }

    async fn check_language(
        &self,
        name: &str,
        config: &Config,
        log: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        match &config.languages {
            Some(offered) if offered.iter().any(|one| one == name) => Ok(()),
            Some(offered) => Err(languages::not_offered(name, &offered.join(", "))),
            None => {
                self.languages
                    .check(name, self.source, self.now_ms, log)
                    .await
            }
        }
    }

    /// Draws what follows from the list's length: whom to wake, and whether to
    /// let anybody else in.
    fn note(&self, pushed: &Pushed, lane: Lane, config: &Config, outcome: &mut Outcome) {
        let Pushed::Waiting(waiting) = *pushed else {
            return;
        };
        self.door.note(waiting, config.queue_max, self.now_ms);
        if config.wake && (waiting == 1 || waiting.is_multiple_of(WAKE_EVERY)) {
            // A drain that only looks into the usual lane saves a command.
            outcome.wakes = (outcome.wakes + 1).min(MAX_WAKES);
            outcome.wake = outcome.wake.max(match lane {
                Lane::Normal => Wake::Normal,
                Lane::High | Lane::Low => Wake::AllLanes,
            });
        }
    }
}

fn stored(request: &Request<Bytes>, id: String, pushed: &Pushed) -> Stored {
    let (position, due_at_ms) = match pushed {
        Pushed::Waiting(position) => (Some(*position), None),
        Pushed::Later(due_at_ms) => (None, Some(*due_at_ms)),
        Pushed::Before(_) => (None, None),
    };
    Stored {
        success: true,
        message: STORED,
        position,
        due_at_ms,
        result_url: absolute(request, &format!("/result/{id}")),
        id,
    }
}

/// Errors: 422 for a key that is empty, too long or no text, and for one
/// together with a time, because a key stands for one place in a lane.
fn idempotency_key(
    request: &Request<Bytes>,
    submission: &Submission,
) -> Result<Option<String>, ApiError> {
    const FIELD: &str = "Idempotency-Key";
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    if submission.when != When::Now {
        return Err(ApiError::invalid(
            FIELD,
            "Idempotency-Key cannot be combined with runAt or delayMs.",
        ));
    }
    value
        .to_str()
        .ok()
        .filter(|key| (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len()))
        .map(|key| Some(key.to_owned()))
        .ok_or_else(|| {
            ApiError::invalid(
                FIELD,
                format!("Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY_BYTES} bytes of ASCII."),
            )
        })
}

/// The id that was stored first under a key. Errors: 422 when it was stored
/// for another body.
fn first_id(mark: &str, body: &[u8]) -> Result<String, ApiError> {
    match mark.split_once(' ') {
        Some((id, first)) if first == hash(body) => Ok(id.to_owned()),
        _ => Err(ApiError::invalid(
            "Idempotency-Key",
            "This Idempotency-Key was used for another submission.",
        )),
    }
}

/// Half of a SHA-256, which is enough to tell bodies and keys apart, as hex.
fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..16])
}

/// The path as the caller can use it, on the host it called.
fn absolute(request: &Request<Bytes>, path: &str) -> String {
    let uri = request.uri();
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}{path}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        request
            .headers_mut()
            .insert(IDEMPOTENCY_KEY, key.parse().unwrap());
        request
    }

    fn submission(when: When) -> Submission {
        let body = br#"{"problemId":"x","code":"c","language":"l"}"#;
        let mut submission = Submission::from_body(body, 0).unwrap();
        submission.when = when;
        submission
    }

    #[test]
    fn idempotency_keys_have_their_limits() {
        let now = submission(When::Now);
        let of = |key: &str| idempotency_key(&request(key), &now);
        assert_eq!(of("7f3a").unwrap().as_deref(), Some("7f3a"));
        assert_eq!(of(&"k".repeat(255)).unwrap().unwrap().len(), 255);
        assert_eq!(idempotency_key(&Request::new(Bytes::new()), &now), Ok(None));
        for bad in ["", &"k".repeat(256), "schlüssel"] {
            let error = of(bad).unwrap_err();
            assert_eq!(error.field(), Some("Idempotency-Key"));
            assert!(error.message().contains("255"), "{}", error.message());
        }
        assert!(idempotency_key(&request("k"), &submission(When::In(1))).is_err());
    }

    #[test]
    fn a_key_stands_for_one_body() {
        let mark = format!("an-id {}", hash(b"body"));
        assert_eq!(first_id(&mark, b"body").as_deref(), Ok("an-id"));
        assert_eq!(first_id(&mark, b"other").unwrap_err().status(), 422);
        assert_eq!(first_id("damaged", b"body").unwrap_err().status(), 422);
    }
}
