//! The model: the queue without Redis and without scores.
//!
//! It holds which job is in which place, and says what each call changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shared::domain::dead_letter::{DeadLetter, FailedAttempt};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::lane::Lane;
use shared::queue::keys;
use shared::queue::settlement::{Outcome, QueueConfig, Settlement};

use crate::fixtures::NOW_MS;

/// A job that is leased or scheduled.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    pub(super) payload: Vec<u8>,
    pub(super) place: Place,
    /// Schedule its lease ends or it is due, read from Redis after each step. 0 until
    /// then.
    pub(super) time: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Its lease has expired, or it was released: it is claimed next.
    Expired,
    /// It was scheduled, and its time has come.
    Due,
    /// A Worker holds it.
    Held,
    /// Its time has not come.
    Scheduled,
}

/// The parts of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) attempt: u32,
    pub(super) alone: bool,
    pub(super) lane: Lane,
    pub(super) uid: String,
}

/// A job that the next claim must return.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) payload: Vec<u8>,
    pub(super) attempt: u32,
    pub(super) alone: bool,
    pub(super) lane: Lane,
    /// `None` where it was never claimed.
    pub(super) uid: Option<String>,
    pub(super) failed_attempts: Vec<FailedAttempt>,
}

/// The state of the queue.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// The job that is claimed next comes first.
    pub(super) lanes: BTreeMap<&'static str, VecDeque<Vec<u8>>>,
    pub(super) leased: BTreeMap<String, Lease>,
    pub(super) history: BTreeMap<String, Vec<FailedAttempt>>,
    pub(super) results: BTreeMap<String, Vec<u8>>,
    pub(super) dead: BTreeMap<String, (DeadLetter, Vec<u8>)>,
    /// Newest first, by key.
    pub(super) index: BTreeMap<String, VecDeque<Vec<u8>>>,
    pub(super) idempotency: BTreeMap<String, String>,
    /// Whether each is due.
    pub(super) deliveries: BTreeMap<Vec<u8>, bool>,
    pub(super) versions: BTreeMap<ProblemId, ProblemVersion>,
    pub(super) paused: bool,
    /// How many jobs ended so, in all.
    pub(super) completed: u64,
    pub(super) dead_lettered: u64,
    /// Dead letters that were deleted, or replaced by one with the same id.
    pub(super) deleted: u64,
    /// Given up, but there was a result already.
    pub(super) dropped: u64,
    pub(super) purged: u64,
    pub(super) accepted: u64,
}

impl Model {
    pub(super) fn enqueue(&mut self, lane: Lane, payload: Vec<u8>) -> u64 {
        self.accepted += 1;
        self.wait(lane, payload)
    }

    pub(super) fn wait(&mut self, lane: Lane, payload: Vec<u8>) -> u64 {
        let waiting = self.lanes.entry(keys::lane(lane)).or_default();
        waiting.push_back(payload);
        waiting.len() as u64
    }

    pub(super) fn schedule(&mut self, token: String, payload: Vec<u8>, place: Place) {
        self.accepted += 1;
        self.lease(token, payload, place);
    }

    pub(super) fn lease(&mut self, token: String, payload: Vec<u8>, place: Place) {
        let time = 0;
        let before = self.leased.insert(
            token,
            Lease {
                payload,
                place,
                time,
            },
        );
        assert!(before.is_none(), "two jobs with one token");
    }

    pub(super) fn held(&self) -> u64 {
        let held = |one: &&Lease| one.place == Place::Held;
        self.leased.values().filter(held).count() as u64
    }

    /// Every accepted job is in exactly one place.
    pub(super) fn assert_no_job_lost(&self) {
        let waiting: usize = self.lanes.values().map(VecDeque::len).sum();
        let there = (waiting + self.leased.len() + self.dead.len()) as u64;
        let ended = self.completed + self.deleted + self.dropped + self.purged;
        assert_eq!(there + ended, self.accepted);
    }

    /// Settles. A settlement whose token is not leased any more changes nothing.
    pub(super) fn settle(&mut self, settlements: &[Settlement], config: &QueueConfig) {
        let mut released = Vec::new();
        let mut in_turn: Vec<&Settlement> = settlements.iter().collect();
        // Results are stored before dead letters, should both have one id.
        in_turn.sort_by_key(|one| !matches!(one.outcome, Outcome::Complete(_)));
        for Settlement { token, outcome } in in_turn {
            let token = token.as_str();
            let parts = parts(token);
            match outcome {
                Outcome::Complete(document) => {
                    if self.end(token).is_none() {
                        continue;
                    }
                    self.completed += 1;
                    // The first result stays, unless it is judged again.
                    if !document.replaces && self.results.contains_key(&document.id) {
                        continue;
                    }
                    let stored = document.encode_stored().unwrap().into_bytes();
                    self.results.insert(document.id.clone(), stored);
                    self.announce(outcome);
                    if document.archive.is_some() {
                        let key = keys::archived_of_problem(&document.problem_id);
                        let noted = keys::result(&document.id).into_bytes();
                        self.index.entry(key).or_default().push_front(noted);
                    }
                    if config.result_index {
                        let key = keys::results_of_problem(&document.problem_id);
                        let summary = serde_json::to_vec(&document.summary()).unwrap();
                        self.index.entry(key).or_default().push_front(summary);
                    }
                }
                Outcome::DeadLetter(letter) => {
                    let Some(payload) = self.end(token) else {
                        continue;
                    };
                    if !letter.has_result {
                        if self.results.contains_key(&letter.id) {
                            self.dropped += 1;
                            continue;
                        }
                        let document = serde_json::to_vec(&letter.document()).unwrap();
                        self.results.insert(letter.id.clone(), document);
                    }
                    self.dead_lettered += 1;
                    self.announce(outcome);
                    let end = (*letter.clone(), payload);
                    self.deleted += u64::from(self.dead.insert(letter.id.clone(), end).is_some());
                }
                Outcome::Retry { delay_ms, failure } => {
                    let Some(leased) = self.leased.get_mut(token) else {
                        continue;
                    };
                    // It was applied before.
                    if matches!(leased.place, Place::Scheduled | Place::Due) {
                        continue;
                    }
                    leased.time = 0;
                    leased.place = if *delay_ms == 0 {
                        Place::Due
                    } else {
                        Place::Scheduled
                    };
                    self.history
                        .entry(parts.uid)
                        .or_default()
                        .push(failure.clone());
                }
                Outcome::Release => {
                    let Some(leased) = self.leased.remove(token) else {
                        continue;
                    };
                    if parts.attempt == 1 && !parts.alone {
                        released.push((parts.lane, leased.payload));
                    } else {
                        self.lease(parts.earlier(parts.alone), leased.payload, Place::Expired);
                    }
                }
                Outcome::Continue { payload } => {
                    if self.leased.remove(token).is_some() {
                        let payload = payload.clone().into_bytes();
                        self.lease(parts.earlier(parts.alone), payload, Place::Expired);
                    }
                }
                Outcome::Isolate => {
                    let Some(leased) = self.leased.remove(token) else {
                        continue;
                    };
                    self.lease(parts.earlier(true), leased.payload, Place::Expired);
                }
                Outcome::Snooze { delay_ms } => {
                    let Some(leased) = self.leased.remove(token) else {
                        continue;
                    };
                    let place = if *delay_ms == 0 {
                        Place::Due
                    } else {
                        Place::Scheduled
                    };
                    self.lease(parts.earlier(parts.alone), leased.payload, place);
                }
            }
        }
        // The first that is released is the next to be claimed.
        for (lane, payload) in released.into_iter().rev() {
            self.lanes
                .entry(keys::lane(lane))
                .or_default()
                .push_front(payload);
        }
    }

    fn end(&mut self, token: &str) -> Option<Vec<u8>> {
        let leased = self.leased.remove(token)?;
        self.history.remove(&parts(token).uid);
        Some(leased.payload)
    }

    /// How attempts 1 to `attempts` failed: as was recorded, or because their
    /// Worker was lost.
    pub(super) fn failed_before(&self, uid: &str, attempts: u32) -> Vec<FailedAttempt> {
        let known = self.history.get(uid).cloned().unwrap_or_default();
        let numbers: BTreeSet<u32> = known.iter().map(|one| one.attempt).collect();
        assert_eq!(numbers.len(), known.len(), "an attempt failed twice");
        (1..=attempts)
            .map(|attempt| {
                let recorded = known.iter().find(|one| one.attempt == attempt);
                recorded.cloned().unwrap_or_else(|| FailedAttempt {
                    attempt,
                    reason: "The Worker was lost: its lease ran out.".into(),
                    at_ms: None,
                })
            })
            .collect()
    }

    /// The keys that Redis must have, and no others.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let mut there: BTreeSet<String> = self
            .lanes
            .iter()
            .filter(|(_, waiting)| !waiting.is_empty())
            .map(|(key, _)| (*key).to_owned())
            .collect();
        for (key, is_there) in [
            (keys::IN_FLIGHT, !self.leased.is_empty()),
            (
                keys::LEASES,
                self.paused || !self.leased.is_empty() || !self.versions.is_empty(),
            ),
            (keys::HISTORY, !self.history.is_empty()),
            (keys::DEAD, !self.dead.is_empty()),
            (keys::DEAD_PAYLOAD, !self.dead.is_empty()),
            (keys::DELIVERIES, !self.deliveries.is_empty()),
        ] {
            if is_there {
                there.insert(key.to_owned());
            }
        }
        if self.completed + self.dead_lettered > 0 {
            there.insert(keys::statistics(NOW_MS / 3_600_000));
        }
        there.extend(self.versions.keys().map(keys::problem));
        if !self.versions.is_empty() {
            there.insert(keys::CATALOG.to_owned());
        }
        there.extend(self.index.keys().cloned());
        there.extend(self.results.keys().map(|id| keys::result(id)));
        there.extend(self.idempotency.keys().map(|hash| keys::idempotency(hash)));
        there
    }
}

/// Parses a token, in the format that its documentation gives.
pub(super) fn parts(token: &str) -> Parts {
    let mut parts = token.splitn(3, '.');
    let mut next = || parts.next().unwrap();
    let (attempt, lane, uid) = (next(), next(), next());
    Parts {
        attempt: attempt.trim_end_matches('!').parse().unwrap(),
        alone: attempt.ends_with('!'),
        lane: Lane::from_name(lane).unwrap(),
        uid: uid.split(':').next().unwrap().to_owned(),
    }
}

impl Parts {
    /// Whether it is a scheduled submission that no Worker has claimed yet. The uid of
    /// any other job has hyphens.
    pub(super) fn never_claimed(&self) -> bool {
        self.attempt == 0 && !self.alone && !self.uid.contains('-')
    }

    /// The token of a job whose attempt does not count.
    fn earlier(&self, alone: bool) -> String {
        let mark = if alone { "!" } else { "" };
        format!(
            "{}{mark}.{}.{}",
            self.attempt - 1,
            self.lane.name(),
            self.uid
        )
    }
}
