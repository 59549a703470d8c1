//! `POST /submit` and `POST /submit/batch`.

use bytes::Bytes;
use futures_util::future::join3;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::domain::client::ClientId;
use shared::domain::ids::ProblemId;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::result::ProblemState;
use shared::domain::submission::{Schedule, Submission};
use shared::domain::violation::Violation;
use shared::http::{ApiError, Code, response};
use shared::queue::Store;
use shared::queue::enqueue::{Enqueued, IdempotencyRecord};
use shared::queue::places::Place;
use shared::queue::usage::UsageWindow;
use shared::redis::RedisError;
use shared::text::hex;

use crate::admission::{Admission, Admitted, look_up, look_up_needed};
use crate::context::Context;
use crate::outcome::WakeLanes;
use crate::sender::Sender;
use crate::worker_fn::WorkerFn;
use shared::http::rates::RateLimit;

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
    /// The lane, where it is not the one that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<Lane>,
    /// `unknown` where no problem has the id: the code is only run.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemState>,
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

pub(crate) async fn submit<W: WorkerFn + RateLimit>(
    context: &mut Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let submission = Submission::from_body(request.body(), context.now_ms)?;
    let key = idempotency_key(request, &submission)?;
    let store = context.store()?;
    let mut admission = Admission::begin(context)?;
    let admitted = admission.admit(context, submission).await?;
    let sender = admission.sender();
    let own_id = admitted.job.id.clone().unwrap_or_default();
    let enqueue = async {
        let Admitted {
            job,
            lane,
            schedule,
            ..
        } = &admitted;
        let Some(key) = &key else {
            return store.enqueue(job, *lane, *schedule).await;
        };
        let record = IdempotencyRecord {
            id: own_id.clone(),
            body_hash: hash(request.body()),
        };
        let key_hash = key_hash(sender, key);
        store.enqueue_once(job, *lane, &key_hash, &record).await
    };
    // Side by side: a look delays nobody.
    let storage = look_at_storage(context, &store, sender, 1);
    let problem = look_at_problems(context, [&admitted.job.problem_id].into_iter());
    let (enqueued, storage, problem) = join3(enqueue, storage, problem).await;
    context
        .effects
        .log
        .extend(storage.into_iter().chain(problem));
    let enqueued = enqueued?;
    let (id, replayed) = match &enqueued {
        Enqueued::Duplicate(record) => (first_id(record, request.body())?, true),
        _ => (own_id, false),
    };
    note_enqueued(context, &enqueued, &admitted)?;
    let path = format!("/result/{id}");
    let mut response = if response::wants_only_plain_text(request.headers()) {
        response::text(StatusCode::OK, STORED)
    } else {
        let stored = stored(context, request, id, &enqueued, &admitted);
        response::json(StatusCode::OK, &stored)
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

pub(crate) async fn submit_batch<W: WorkerFn + RateLimit>(
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
    let mut admission = Admission::begin(context)?;
    look_up_needed(context, submissions.iter().flatten()).await?;
    let mut all_admitted: Vec<Result<Admitted, ApiError>> = Vec::new();
    for submission in submissions {
        all_admitted.push(match submission {
            Ok(submission) => admission.admit(context, submission).await,
            Err(violation) => Err(violation.into()),
        });
    }
    if let Some(error) = nothing_admitted(&all_admitted) {
        return Err(error);
    }
    let jobs: Vec<(Job, Lane, Schedule)> = all_admitted
        .iter()
        .flatten()
        .map(|one| (one.job.clone(), one.lane, one.schedule))
        .collect();
    let enqueue = async {
        match jobs.as_slice() {
            [] => Ok(Vec::new()),
            jobs => store.enqueue_all(jobs).await,
        }
    };
    let storage = look_at_storage(context, &store, admission.sender(), jobs.len());
    let problems = jobs.iter().map(|(job, ..)| &job.problem_id);
    let problems = look_at_problems(context, problems);
    let (enqueued, storage, problems) = join3(enqueue, storage, problems).await;
    context
        .effects
        .log
        .extend(storage.into_iter().chain(problems));
    let mut enqueued = enqueued?.into_iter();
    let mut results = Vec::with_capacity(all_admitted.len());
    let mut stored_count = 0;
    for admitted in all_admitted {
        let stored = match admitted {
            Ok(admitted) => {
                let missing = || Err(RedisError::Unexpected("fewer answers than jobs".into()));
                match enqueued.next().unwrap_or_else(missing) {
                    Ok(enqueued) => {
                        note_enqueued(context, &enqueued, &admitted)?;
                        let id = admitted.job.id.clone().unwrap_or_default();
                        Ok(stored(context, request, id, &enqueued, &admitted))
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

/// The answer to a batch of which nothing has room in the queue: that of a single
/// submission, with its status.
fn nothing_admitted(all: &[Result<Admitted, ApiError>]) -> Option<ApiError> {
    let is_full = |one: &Result<Admitted, ApiError>| {
        let error = one.as_ref().err();
        error.is_some_and(|error| error.code() == Code::QueueFull)
    };
    let first = all.first()?.as_ref().err()?;
    all.iter().all(is_full).then(|| first.clone())
}

/// Looks at what is stored, where it is time to. Returns what went wrong, for the
/// log: a look that fails refuses nobody.
async fn look_at_storage<W>(
    context: &Context<'_, W>,
    store: &Store,
    sender: &Sender,
    submissions: usize,
) -> Option<String> {
    let client = sender.client()?;
    let (storage, now_ms) = (&context.instance.storage, context.now_ms);
    // Each counts, so all are asked.
    let looks = (0..submissions).filter(|_| storage.is_due(client, now_ms));
    if looks.count() == 0 {
        return None;
    }
    let config = context.config().ok()?;
    let window = UsageWindow::at(now_ms, config.result_ttl_s);
    match store.usage(window, client).await {
        Ok(usage) => storage.note(client, usage, config.storage, now_ms),
        Err(error) => return Some(format!("storage: {error}")),
    }
    None
}

/// Looks whether there are such problems, where the instance does not know it: the
/// answer says so. Returns what went wrong, for the log: it refuses nobody.
async fn look_at_problems<'a, W>(
    context: &Context<'_, W>,
    ids: impl Iterator<Item = &'a ProblemId>,
) -> Option<String> {
    let looked = look_up(context, ids).await;
    looked.err().map(|error| format!("problems: {error}"))
}

/// What follows from the place's length: a wake-up, and back-pressure.
fn note_enqueued<W>(
    context: &mut Context<'_, W>,
    enqueued: &Enqueued,
    admitted: &Admitted,
) -> Result<(), ApiError> {
    let length = match *enqueued {
        Enqueued::Queued(length) => length,
        Enqueued::Scheduled { scheduled, .. } => scheduled,
        Enqueued::Duplicate(_) => return Ok(()),
    };
    let config = context.config()?;
    let (limits, wakes, plan) = (config.queue, config.wake, config.plan);
    let (instance, now_ms) = (context.instance, context.now_ms);
    let place = admitted.place();
    instance.backpressure.observe(place, length, limits, now_ms);
    if wakes && matches!(place, Place::Lane(_)) && instance.wakes.is_due(length, now_ms, plan) {
        context.effects.wake(match admitted.lane {
            Lane::Normal => WakeLanes::Normal,
            Lane::High | Lane::Low => WakeLanes::All,
        });
        let id = admitted.job.id.as_deref().unwrap_or_default();
        instance.settled.expect(id, now_ms);
    }
    Ok(())
}

fn stored<W>(
    context: &Context<'_, W>,
    request: &Request<Bytes>,
    id: String,
    enqueued: &Enqueued,
    admitted: &Admitted,
) -> Stored {
    let (position, due_at_ms) = match enqueued {
        Enqueued::Queued(length) => (Some(*length), None),
        Enqueued::Scheduled { due_at_ms, .. } => (None, Some(*due_at_ms)),
        Enqueued::Duplicate(_) => (None, None),
    };
    let kinds = &context.instance.problem_kinds;
    Stored {
        success: true,
        message: STORED,
        position,
        due_at_ms,
        lane: admitted.is_demoted.then_some(admitted.lane),
        problem: match kinds.get(&admitted.job.problem_id, context.now_ms) {
            Some(None) => Some(ProblemState::Unknown),
            _ => None,
        },
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

/// A key belongs to who sends it: nobody can take another's key, or learn an id by
/// guessing one.
fn key_hash(sender: &Sender, key: &str) -> String {
    let name = sender.client().map_or("operator", ClientId::as_str);
    hash(format!("{name} {key}").as_bytes())
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
    fn a_key_belongs_to_its_sender() {
        let client = |digits: &str| Sender::Client(ClientId::parse(digits).unwrap());
        let (one, other) = (client("0123456789abcdef"), client("0123456789abcde0"));
        let hashes = [&one, &other, &Sender::Operator].map(|sender| key_hash(sender, "k"));
        assert_eq!(key_hash(&one, "k"), hashes[0]);
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
        assert_ne!(key_hash(&one, "l"), hashes[0]);
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
