//! `POST /submit` and `POST /submit/batch`.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::{Schedule, Submission};
use shared::domain::violation::Violation;
use shared::http::{ApiError, response};
use shared::queue::enqueue::{Enqueued, IdempotencyRecord};
use shared::redis::RedisError;
use shared::text::hex;

use crate::context::Context;
use crate::language_cache::not_offered;
use crate::outcome::WakeLanes;
use crate::worker_fn::WorkerFn;

/// worker-fn is woken when the lane was empty, and then at each further group of
/// this many, so that a burst gets more than one drain.
const WAKE_EVERY: u64 = 10;

/// The longest idempotency key, in bytes.
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

const STORED: &str = "Submission received and stored.";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The answer for a stored submission.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    success: bool,
    message: &'static str,
    id: String,
    /// The lane's length once it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// When a scheduled submission is due, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at_ms: Option<u64>,
    result_url: String,
}

/// One item of a batch's answer: what [`Stored`] says, or the error shape.
#[derive(Serialize)]
#[serde(untagged)]
enum BatchItem {
    Stored(Stored),
    Refused(Value),
}

#[derive(Serialize)]
struct Batch {
    success: bool,
    message: String,
    results: Vec<BatchItem>,
}

pub(crate) async fn submit<W: WorkerFn>(
    context: &mut Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let submission = Submission::from_body(request.body(), context.now_ms)?;
    let key = idempotency_key(request, &submission)?;
    let store = context.store()?;
    context.instance.backpressure.check(context.now_ms)?;
    check_language(context, &submission.language).await?;
    let (lane, schedule) = (submission.lane, submission.schedule);
    let id = issue(context, schedule)?;
    let job = Job::new(id.clone(), submission);
    let enqueued = match &key {
        None => store.enqueue(&job, lane, schedule).await?,
        Some(key) => {
            let record = IdempotencyRecord {
                id: id.clone(),
                body_hash: hash(request.body()),
            };
            let key_hash = key_hash("", key);
            store.enqueue_once(&job, lane, &key_hash, &record).await?
        }
    };
    let (id, replayed) = match &enqueued {
        Enqueued::Duplicate(record) => (first_id(record, request.body())?, true),
        _ => (id, false),
    };
    note_enqueued(context, &enqueued, lane)?;
    let path = format!("/result/{id}");
    let mut response = if response::wants_only_plain_text(request.headers()) {
        response::text(StatusCode::OK, STORED)
    } else {
        response::json(StatusCode::OK, &stored(request, id, &enqueued))
    };
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(path) {
        headers.insert(header::LOCATION, location);
    }
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

pub(crate) async fn submit_batch<W: WorkerFn>(
    context: &mut Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    if request.headers().get(IDEMPOTENCY_KEY).is_some() {
        return Err(ApiError::invalid(
            "Idempotency-Key",
            "Idempotency-Key is for single submissions; a batch has none.",
        ));
    }
    let submissions = Submission::batch_from_body(request.body(), context.now_ms)?;
    let store = context.store()?;
    context.instance.backpressure.check(context.now_ms)?;
    let mut jobs = Vec::new();
    // Of each submission: its place among the jobs, or why there is none.
    let mut places: Vec<Result<usize, ApiError>> = Vec::new();
    for submission in submissions {
        places.push(match prepare(context, submission).await {
            Ok(job) => {
                jobs.push(job);
                Ok(jobs.len() - 1)
            }
            Err(error) => Err(error),
        });
    }
    let mut enqueued = if jobs.is_empty() {
        Vec::new()
    } else {
        store.enqueue_all(&jobs).await?
    }
    .into_iter();
    let mut results = Vec::with_capacity(places.len());
    let mut stored_count = 0;
    for place in places {
        let stored = match place {
            Ok(index) => {
                let missing = || Err(RedisError::Unexpected("fewer answers than jobs".into()));
                let (job, lane, _) = &jobs[index];
                match enqueued.next().unwrap_or_else(missing) {
                    Ok(enqueued) => {
                        note_enqueued(context, &enqueued, *lane)?;
                        let id = job.id.clone().unwrap_or_default();
                        Ok(stored(request, id, &enqueued))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(error),
        };
        stored_count += usize::from(stored.is_ok());
        results.push(match stored {
            Ok(stored) => BatchItem::Stored(stored),
            Err(error) => BatchItem::Refused(error.to_json()),
        });
    }
    let body = Batch {
        success: true,
        message: format!("{stored_count} of {} submissions stored.", results.len()),
        results,
    };
    Ok(response::json(StatusCode::OK, &body))
}

/// The job of one submission of a batch.
async fn prepare<W: WorkerFn>(
    context: &mut Context<'_, W>,
    submission: Result<Submission, Violation>,
) -> Result<(Job, Lane, Schedule), ApiError> {
    let submission = submission?;
    check_language(context, &submission.language).await?;
    let (lane, schedule) = (submission.lane, submission.schedule);
    let id = issue(context, schedule)?;
    Ok((Job::new(id, submission), lane, schedule))
}

/// A new id. Whether a missing result has expired is told by its times.
fn issue<W>(context: &Context<'_, W>, schedule: Schedule) -> Result<String, ApiError> {
    let (now_ms, random) = (context.now_ms, (context.random)());
    let tickets = &context.config()?.tickets;
    Ok(match schedule {
        Schedule::Immediately => tickets.issue(now_ms, &random),
        Schedule::At(ms) => tickets.issue_scheduled(now_ms, ms.saturating_sub(now_ms), &random),
        Schedule::After(ms) => tickets.issue_scheduled(now_ms, ms, &random),
    })
}

async fn check_language<W: WorkerFn>(
    context: &mut Context<'_, W>,
    name: &str,
) -> Result<(), ApiError> {
    if let Some(offered) = &context.config()?.languages {
        return if offered.iter().any(|language| language == name) {
            Ok(())
        } else {
            Err(not_offered(name, &offered.join(", ")).into())
        };
    }
    let log = &mut context.effects.log;
    let cache = &context.instance.languages;
    cache
        .check(name, context.worker, context.now_ms, log)
        .await?;
    Ok(())
}

/// What follows from the lane's length: a wake-up, and back-pressure.
fn note_enqueued<W>(
    context: &mut Context<'_, W>,
    enqueued: &Enqueued,
    lane: Lane,
) -> Result<(), ApiError> {
    let Enqueued::Queued(length) = *enqueued else {
        return Ok(());
    };
    let config = context.config()?;
    let backpressure = &context.instance.backpressure;
    backpressure.observe(length, config.queue_max, context.now_ms);
    if config.wake && (length == 1 || length.is_multiple_of(WAKE_EVERY)) {
        context.effects.wake(match lane {
            Lane::Normal => WakeLanes::Normal,
            Lane::High | Lane::Low => WakeLanes::All,
        });
    }
    Ok(())
}

fn stored(request: &Request<Bytes>, id: String, enqueued: &Enqueued) -> Stored {
    let (position, due_at_ms) = match enqueued {
        Enqueued::Queued(length) => (Some(*length), None),
        Enqueued::Scheduled { due_at_ms, .. } => (None, Some(*due_at_ms)),
        Enqueued::Duplicate(_) => (None, None),
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

/// Errors: the key is empty, too long or not ASCII; or the submission is
/// scheduled, because a key stands for one place in a lane.
fn idempotency_key(
    request: &Request<Bytes>,
    submission: &Submission,
) -> Result<Option<String>, Violation> {
    const FIELD: &str = "Idempotency-Key";
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    if submission.schedule != Schedule::Immediately {
        return Err(Violation::invalid(
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
            Violation::invalid(
                FIELD,
                format!("Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY_BYTES} bytes of ASCII."),
            )
        })
}

/// The id that was stored first under a key. Errors: it was stored for another
/// body.
fn first_id(record: &IdempotencyRecord, body: &[u8]) -> Result<String, Violation> {
    if record.body_hash == hash(body) {
        return Ok(record.id.clone());
    }
    Err(Violation::invalid(
        "Idempotency-Key",
        "This Idempotency-Key was used for another submission.",
    ))
}

/// A key is its client's own: two clients may choose the same.
fn key_hash(client: &str, key: &str) -> String {
    // A line end stands in no header.
    hash(format!("{client}\n{key}").as_bytes())
}

/// Half of a SHA-256, which is enough to tell bodies and keys apart, as hex.
fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..16])
}

/// A path on the host that the caller used.
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

    fn submission(schedule: Schedule) -> Submission {
        let body = br#"{"problemId":"x","code":"c","language":"l"}"#;
        let mut submission = Submission::from_body(body, 0).unwrap();
        submission.schedule = schedule;
        submission
    }

    #[test]
    fn idempotency_keys_have_their_limits() {
        let now = submission(Schedule::Immediately);
        let of = |key: &str| idempotency_key(&request(key), &now);
        assert_eq!(of("7f3a").unwrap().as_deref(), Some("7f3a"));
        assert_eq!(of(&"k".repeat(255)).unwrap().unwrap().len(), 255);
        assert_eq!(idempotency_key(&Request::new(Bytes::new()), &now), Ok(None));
        for bad in ["", &"k".repeat(256), "schlüssel"] {
            let violation = of(bad).unwrap_err();
            assert_eq!(violation.field, "Idempotency-Key");
            assert!(violation.message.contains("255"), "{violation}");
        }
        assert!(idempotency_key(&request("k"), &submission(Schedule::After(1))).is_err());
    }

    #[test]
    fn a_key_is_its_clients_own() {
        assert_eq!(key_hash("a", "k"), key_hash("a", "k"));
        assert_ne!(key_hash("a", "k"), key_hash("b", "k"));
        assert_ne!(key_hash("", "ab"), key_hash("a", "b"));
    }

    #[test]
    fn a_key_stands_for_one_body() {
        let record = IdempotencyRecord {
            id: "an-id".into(),
            body_hash: hash(b"body"),
        };
        assert_eq!(first_id(&record, b"body").as_deref(), Ok("an-id"));
        assert!(first_id(&record, b"other").is_err());
    }
}
