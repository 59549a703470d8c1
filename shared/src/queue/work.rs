//! What worker-fn does with the queue: settle what is finished, claim what is
//! next. Types here, the atomic step in `work.lua`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::handle::Handle;
use crate::keys;
use crate::lane::Lane;
use crate::redis::{Command, FromReply, RedisError, Reply};
use crate::result::{DeadDocument, ResultDocument};

const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/work.lua"));

/// What holds for every job, whoever works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long a result is kept, in seconds.
    pub result_ttl_s: u64,
    /// Whether results are also listed under their problem.
    pub result_index: bool,
    /// How long a claimed job is left to whoever claimed it, in milliseconds.
    pub lease_ms: u64,
    /// How many jobs may be in flight in the whole system.
    pub max_in_flight: u64,
}

/// What is new with each call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Milliseconds since 1970 (UTC), for the statistics only.
    pub now_ms: u64,
    /// Unique for this call, without a colon.
    pub nonce: String,
}

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// What it is held by.
    pub handle: Handle,
    /// The queue item, not yet read.
    pub payload: Vec<u8>,
    /// What is known of earlier attempts.
    pub past: Vec<FailedAttempt>,
}

/// Why an attempt did not bring a job to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedAttempt {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// A sentence for the operator.
    pub reason: String,
    /// Milliseconds since 1970 (UTC); unknown when the Worker was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
}

/// What a claim found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There may be more.
    Open,
    /// Fewer than wanted: the lane they came from is empty now.
    Short,
    /// Nothing was waiting.
    Empty,
    /// As many as allowed are in flight already.
    Full,
    /// All claims are paused.
    Paused,
}

/// The jobs of a claim, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What it found.
    pub state: State,
    /// What it took.
    pub jobs: Vec<Leased>,
}

/// What becomes of a claimed job. Settling one whose lease was lost changes
/// nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// What it was held by.
    pub handle: Handle,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// The ends of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The job is done.
    Done(Box<ResultDocument>),
    /// The job is dead: it is kept, and nobody tries it again.
    Dead(Box<DeadLetter>),
    /// The attempt failed, and that was the job's doing or may have been.
    Retry {
        /// How long it stays away, in milliseconds.
        pause_ms: u64,
        /// For its history.
        failure: FailedAttempt,
    },
    /// Nobody's fault: it waits at its old place, and the attempt does not
    /// count.
    Back,
    /// It is not known whose fault it was: it is tried at once, by itself, and
    /// the attempt does not count.
    Alone,
    /// Nobody's fault, and nothing that others must wait for: it stays away for
    /// a while, and the attempt does not count.
    Later {
        /// How long it stays away, in milliseconds.
        pause_ms: u64,
    },
}

/// A job that could not be brought to an end, kept for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The submission's id, or the one it was given when it died.
    pub id: String,
    /// Why it is here, in a sentence.
    pub reason: String,
    /// The problem it was for, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem_id: Option<String>,
    /// Its language, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The lane it came from.
    pub lane: Lane,
    /// How often it was tried.
    pub attempts: u32,
    /// How the attempts failed.
    pub history: Vec<FailedAttempt>,
    /// When it died, in milliseconds since 1970 (UTC).
    pub dead_at_ms: u64,
}

impl DeadLetter {
    /// What a client sees of it under its id.
    pub fn document(&self) -> DeadDocument {
        DeadDocument::new(
            self.id.clone(),
            self.reason.clone(),
            self.attempts,
            self.dead_at_ms,
        )
    }
}

/// The one call: settles `settlements`, then claims up to `want`.
pub(super) fn command(
    settlements: &[Settlement],
    want: usize,
    policy: &Policy,
    call: &Call,
) -> Result<Command, serde_json::Error> {
    let (hour, minute) = (call.now_ms / 3_600_000, call.now_ms / 60_000 % 60);
    let mut command = Command::new("EVAL")
        .arg(SCRIPT)
        .arg(9)
        .args(Lane::ALL.map(Lane::key))
        .args([keys::IN_FLIGHT, keys::LEASES, keys::HISTORY])
        .args([keys::DEAD, keys::DEAD_PAYLOAD])
        .arg(keys::stats(hour))
        .arg(want)
        .arg(policy.max_in_flight)
        .arg(policy.lease_ms)
        .arg(&call.nonce)
        .arg(minute);
    for Settlement { handle, outcome } in settlements {
        command = match outcome {
            Outcome::Done(result) => {
                let index = if policy.result_index {
                    keys::results_of_problem(&result.problem_id)
                } else {
                    String::new()
                };
                let kept = match &result.kept {
                    Some(_) => keys::kept_of_problem(&result.problem_id),
                    None => String::new(),
                };
                command
                    .args(["done", handle.as_str()])
                    .arg(keys::result(&result.id))
                    .arg(policy.result_ttl_s)
                    .arg(result.stored()?)
                    .arg(index)
                    .arg(serde_json::to_string(&result.summary())?)
                    .arg(kept)
            }
            Outcome::Dead(letter) => command
                .args(["dead", handle.as_str()])
                .arg(keys::result(&letter.id))
                .arg(policy.result_ttl_s)
                .arg(serde_json::to_string(&letter.document())?)
                .arg(&letter.id)
                .arg(serde_json::to_string(letter)?),
            Outcome::Retry { pause_ms, failure } => command
                .args(["retry", handle.as_str()])
                .arg(pause_ms)
                .arg(serde_json::to_string(failure)?),
            Outcome::Back => command.args(["back", handle.as_str()]),
            Outcome::Alone => command.args(["alone", handle.as_str()]),
            Outcome::Later { pause_ms } => command.args(["later", handle.as_str()]).arg(pause_ms),
        };
    }
    Ok(command)
}

/// The script's answer: a state, and three items a job.
impl FromReply for Claimed {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        let unexpected = |what: &str| RedisError::Unexpected(format!("work.lua: {what}"));
        let Reply::Array(parts) = reply else {
            return Err(unexpected("no list"));
        };
        let [state, Reply::Array(items)] =
            <[Reply; 2]>::try_from(parts).map_err(|_| unexpected("not two parts"))?
        else {
            return Err(unexpected("no list of jobs"));
        };
        let state = match Vec::<u8>::from_reply(state)?.as_slice() {
            b"open" => State::Open,
            b"short" => State::Short,
            b"empty" => State::Empty,
            b"full" => State::Full,
            b"paused" => State::Paused,
            _ => return Err(unexpected("an unknown state")),
        };
        let mut items = items.into_iter().map(Vec::<u8>::from_reply);
        let mut jobs = Vec::new();
        while let Some(handle) = items.next().transpose()? {
            let mut next = || {
                items
                    .next()
                    .unwrap_or_else(|| Err(unexpected("half a job")))
            };
            let (payload, past) = (next()?, next()?);
            let handle = std::str::from_utf8(&handle)
                .ok()
                .and_then(Handle::parse)
                .ok_or_else(|| unexpected("a handle that cannot be read"))?;
            jobs.push(Leased {
                past: history(&past, handle.attempt()),
                handle,
                payload,
            });
        }
        Ok(Self { state, jobs })
    }
}

/// All earlier attempts. Those that left no word of themselves lost their
/// Worker.
fn history(entries: &[u8], attempt: u32) -> Vec<FailedAttempt> {
    let list = [b"[", entries, b"]"].concat();
    let list: Value = serde_json::from_slice(&list).unwrap_or_default();
    let read = |entry: &Value| {
        Some(FailedAttempt {
            attempt: entry["attempt"].as_u64()?.try_into().ok()?,
            reason: entry["reason"].as_str()?.to_owned(),
            at_ms: entry["atMs"].as_u64(),
        })
    };
    let mut known: Vec<FailedAttempt> = list
        .as_array()
        .map(|list| list.iter().filter_map(read).collect())
        .unwrap_or_default();
    for lost in 1..attempt {
        if !known.iter().any(|one| one.attempt == lost) {
            known.push(FailedAttempt {
                attempt: lost,
                reason: "The Worker was lost: its lease ran out.".into(),
                at_ms: None,
            });
        }
    }
    known.sort_by_key(|one| one.attempt);
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Reply {
        Reply::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn an_answer_is_read_with_its_gaps_filled() {
        let entry = r#"{"attempt":2,"reason":"HTTP 500","atMs":7}"#;
        let reply = Reply::Array(vec![
            bytes("short"),
            Reply::Array(vec![
                bytes("1.normal.n-1"),
                Reply::Bytes(vec![0xff]),
                bytes(""),
                bytes("3!.low.n-2"),
                bytes("p"),
                bytes(entry),
            ]),
        ]);
        let claimed = Claimed::from_reply(reply).unwrap();
        assert_eq!(claimed.state, State::Short);
        assert_eq!(claimed.jobs[0].payload, [0xff]);
        assert_eq!(claimed.jobs[0].past, []);
        let attempts: Vec<u32> = claimed.jobs[1].past.iter().map(|one| one.attempt).collect();
        assert_eq!(attempts, [1, 2]);
        assert!(claimed.jobs[1].past[0].reason.contains("lost"));
        assert_eq!(claimed.jobs[1].past[1].reason, "HTTP 500");
    }

    #[test]
    fn an_answer_of_another_shape_is_refused() {
        let odd = [
            Reply::Null,
            Reply::Array(vec![bytes("open")]),
            Reply::Array(vec![bytes("open"), Reply::Null]),
            Reply::Array(vec![bytes("ajar"), Reply::Array(Vec::new())]),
            Reply::Array(vec![bytes("open"), Reply::Array(vec![bytes("1.normal.x")])]),
            Reply::Array(vec![
                bytes("open"),
                Reply::Array(vec![bytes("x"), bytes("p"), bytes("")]),
            ]),
        ];
        for reply in odd {
            assert!(Claimed::from_reply(reply.clone()).is_err(), "{reply:?}");
        }
    }
}
