//! The queue as a person would write it down.
//!
//! No Redis, no scores: what is in which place, and what each call makes of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shared::keys;
use shared::lane::Lane;
use shared::queue::work::{DeadLetter, FailedAttempt, Outcome, Policy, Settlement, State};

use crate::given::NOW_MS;

/// What is leased, or lies among the leases until its time has come.
#[derive(Debug, Clone)]
pub(super) struct Leased {
    pub(super) payload: Vec<u8>,
    pub(super) place: Place,
    /// When its lease ends or it is due; Redis's word, read after each step. 0
    /// until then.
    pub(super) time: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Its lease ran out, or it was given back: it is next.
    Lost,
    /// It waited for its time, which has come.
    Due,
    /// A Worker holds it.
    Held,
    /// It waits for its time.
    Waits,
}

/// A handle, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) attempt: u32,
    pub(super) alone: bool,
    pub(super) lane: Lane,
    pub(super) uid: String,
}

/// A job that the next claim must give.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) payload: Vec<u8>,
    pub(super) attempt: u32,
    pub(super) alone: bool,
    pub(super) lane: Lane,
    /// `None`: it never had one.
    pub(super) uid: Option<String>,
    pub(super) past: Vec<FailedAttempt>,
}

/// Everything there is.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// The next to be taken first.
    pub(super) lanes: BTreeMap<&'static str, VecDeque<Vec<u8>>>,
    pub(super) leased: BTreeMap<String, Leased>,
    pub(super) history: BTreeMap<String, Vec<FailedAttempt>>,
    pub(super) results: BTreeMap<String, Vec<u8>>,
    pub(super) dead: BTreeMap<String, (DeadLetter, Vec<u8>)>,
    /// Newest first, by key.
    pub(super) index: BTreeMap<String, VecDeque<Vec<u8>>>,
    pub(super) idempotency: BTreeMap<String, String>,
    pub(super) paused: bool,
    /// How many ended so, ever.
    pub(super) done: u64,
    pub(super) died: u64,
    /// Dead letters that were deleted, or replaced by another of the same id.
    pub(super) gone: u64,
    pub(super) accepted: u64,
}

impl Model {
    pub(super) fn push(&mut self, lane: Lane, payload: Vec<u8>) -> u64 {
        self.accepted += 1;
        self.wait(lane, payload)
    }

    fn wait(&mut self, lane: Lane, payload: Vec<u8>) -> u64 {
        let waiting = self.lanes.entry(lane.key()).or_default();
        waiting.push_back(payload);
        waiting.len() as u64
    }

    pub(super) fn push_later(&mut self, handle: String, payload: Vec<u8>, place: Place) {
        self.accepted += 1;
        self.lease(handle, payload, place);
    }

    pub(super) fn lease(&mut self, handle: String, payload: Vec<u8>, place: Place) {
        let time = 0;
        let before = self.leased.insert(
            handle,
            Leased {
                payload,
                place,
                time,
            },
        );
        assert!(before.is_none(), "two jobs, one handle");
    }

    pub(super) fn replay(&mut self, id: &str, lane: Lane) -> Option<u64> {
        let (_, payload) = self.dead.remove(id)?;
        self.results.remove(id);
        Some(self.wait(lane, payload))
    }

    pub(super) fn bury(&mut self, id: &str) -> bool {
        let found = self.dead.remove(id).is_some();
        self.gone += u64::from(found);
        found
    }

    pub(super) fn held(&self) -> u64 {
        let held = |one: &&Leased| one.place == Place::Held;
        self.leased.values().filter(held).count() as u64
    }

    /// Every accepted job is in exactly one place.
    pub(super) fn assert_nothing_lost(&self) {
        let waiting: usize = self.lanes.values().map(VecDeque::len).sum();
        let there = (waiting + self.leased.len() + self.dead.len()) as u64;
        assert_eq!(there + self.done + self.gone, self.accepted);
    }

    /// Settles; what is not leased by this handle any more changes nothing.
    pub(super) fn settle(&mut self, settlements: &[Settlement], policy: &Policy) {
        let mut backs = Vec::new();
        let mut in_turn: Vec<&Settlement> = settlements.iter().collect();
        // A result counts before a death, should both be for one id.
        in_turn.sort_by_key(|one| !matches!(one.outcome, Outcome::Done(_)));
        for Settlement { handle, outcome } in in_turn {
            let handle = handle.as_str();
            let parts = parts(handle);
            match outcome {
                Outcome::Done(document) => {
                    if self.end(handle).is_none() {
                        continue;
                    }
                    self.done += 1;
                    self.result(&document.id, document.stored().unwrap().into_bytes());
                    if document.kept.is_some() {
                        let key = keys::kept_of_problem(&document.problem_id);
                        let noted = keys::result(&document.id).into_bytes();
                        self.index.entry(key).or_default().push_front(noted);
                    }
                    if policy.result_index {
                        let key = keys::results_of_problem(&document.problem_id);
                        let summary = serde_json::to_vec(&document.summary()).unwrap();
                        self.index.entry(key).or_default().push_front(summary);
                    }
                }
                Outcome::Dead(letter) => {
                    let Some(payload) = self.end(handle) else {
                        continue;
                    };
                    self.died += 1;
                    self.result(&letter.id, serde_json::to_vec(&letter.document()).unwrap());
                    let end = (*letter.clone(), payload);
                    self.gone += u64::from(self.dead.insert(letter.id.clone(), end).is_some());
                }
                Outcome::Retry { pause_ms, failure } => {
                    let Some(leased) = self.leased.get_mut(handle) else {
                        continue;
                    };
                    // The same once more.
                    if matches!(leased.place, Place::Waits | Place::Due) {
                        continue;
                    }
                    leased.time = 0;
                    leased.place = if *pause_ms == 0 {
                        Place::Due
                    } else {
                        Place::Waits
                    };
                    self.history
                        .entry(parts.uid)
                        .or_default()
                        .push(failure.clone());
                }
                Outcome::Back => {
                    let Some(leased) = self.leased.remove(handle) else {
                        continue;
                    };
                    if parts.attempt == 1 && !parts.alone {
                        backs.push((parts.lane, leased.payload));
                    } else {
                        self.lease(parts.earlier(parts.alone), leased.payload, Place::Lost);
                    }
                }
                Outcome::Alone => {
                    let Some(leased) = self.leased.remove(handle) else {
                        continue;
                    };
                    self.lease(parts.earlier(true), leased.payload, Place::Lost);
                }
                Outcome::Later { pause_ms } => {
                    let Some(leased) = self.leased.remove(handle) else {
                        continue;
                    };
                    let place = if *pause_ms == 0 {
                        Place::Due
                    } else {
                        Place::Waits
                    };
                    self.lease(parts.earlier(parts.alone), leased.payload, place);
                }
            }
        }
        // The first that is given back is the next to be taken.
        for (lane, payload) in backs.into_iter().rev() {
            self.lanes
                .entry(lane.key())
                .or_default()
                .push_front(payload);
        }
    }

    fn end(&mut self, handle: &str) -> Option<Vec<u8>> {
        let leased = self.leased.remove(handle)?;
        self.history.remove(&parts(handle).uid);
        Some(leased.payload)
    }

    fn result(&mut self, id: &str, document: Vec<u8>) {
        self.results.entry(id.to_owned()).or_insert(document);
    }

    /// Takes what a claim must give, in its order.
    pub(super) fn claim(&mut self, want: usize, policy: &Policy) -> (State, Vec<Expected>) {
        if want == 0 {
            return (State::Open, Vec::new());
        }
        if self.paused {
            return (State::Paused, Vec::new());
        }
        let free = policy.max_in_flight.saturating_sub(self.held());
        let room = want.min(usize::try_from(free).unwrap());
        if room == 0 {
            return (State::Full, Vec::new());
        }
        let mut due: Vec<(Place, u64, String)> = self
            .leased
            .iter()
            .filter(|(_, leased)| matches!(leased.place, Place::Lost | Place::Due))
            .map(|(handle, leased)| (leased.place, leased.time, handle.clone()))
            .collect();
        due.sort();
        let mut taken = Vec::new();
        for (_, _, handle) in due {
            let parts = parts(&handle);
            let alone = parts.alone || parts.attempt > 0;
            if taken.len() == room || (alone && !taken.is_empty()) {
                break;
            }
            let leased = self.leased.remove(&handle).unwrap();
            taken.push(Expected {
                payload: leased.payload,
                attempt: parts.attempt + 1,
                alone,
                lane: parts.lane,
                past: self.past(&parts.uid, parts.attempt),
                uid: Some(parts.uid),
            });
            if alone {
                return (State::Open, taken);
            }
        }
        let missing = room - taken.len();
        if missing == 0 {
            return (State::Open, taken);
        }
        let first = Lane::ALL.into_iter().find(|lane| {
            self.lanes
                .get(lane.key())
                .is_some_and(|waiting| !waiting.is_empty())
        });
        let Some(lane) = first else {
            let state = if taken.is_empty() {
                State::Empty
            } else {
                State::Short
            };
            return (state, taken);
        };
        let waiting = self.lanes.get_mut(lane.key()).unwrap();
        let count = missing.min(waiting.len());
        for payload in waiting.drain(..count) {
            taken.push(Expected {
                payload,
                attempt: 1,
                alone: false,
                lane,
                uid: None,
                past: Vec::new(),
            });
        }
        let state = if count < missing {
            State::Short
        } else {
            State::Open
        };
        (state, taken)
    }

    /// What is said of attempts 1 to `attempts`: their own word, or that their
    /// Worker was lost.
    fn past(&self, uid: &str, attempts: u32) -> Vec<FailedAttempt> {
        let known = self.history.get(uid).cloned().unwrap_or_default();
        let numbers: BTreeSet<u32> = known.iter().map(|one| one.attempt).collect();
        assert_eq!(numbers.len(), known.len(), "an attempt failed twice");
        (1..=attempts)
            .map(|attempt| {
                let told = known.iter().find(|one| one.attempt == attempt);
                told.cloned().unwrap_or_else(|| FailedAttempt {
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
            (keys::LEASES, self.paused || !self.leased.is_empty()),
            (keys::HISTORY, !self.history.is_empty()),
            (keys::DEAD, !self.dead.is_empty()),
            (keys::DEAD_PAYLOAD, !self.dead.is_empty()),
        ] {
            if is_there {
                there.insert(key.to_owned());
            }
        }
        if self.done + self.died > 0 {
            there.insert(keys::stats(NOW_MS / 3_600_000));
        }
        there.extend(self.index.keys().cloned());
        there.extend(self.results.keys().map(|id| keys::result(id)));
        there.extend(self.idempotency.keys().map(|hash| keys::idempotency(hash)));
        there
    }
}

/// Reads a handle as its documentation has it.
pub(super) fn parts(handle: &str) -> Parts {
    let mut parts = handle.splitn(3, '.');
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
    /// The handle it lies under when its attempt does not count.
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
