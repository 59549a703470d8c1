//! What a claim takes, in the model.

use std::collections::{BTreeMap, VecDeque};

use shared::domain::lane::Lane;
use shared::queue::claim::ClaimStatus;
use shared::queue::keys;
use shared::queue::settlement::{ClaimContext, QueueConfig};

use super::state::{Expected, Model, Place, parts};

/// What a claim must return.
#[derive(Debug)]
pub(super) enum Taken {
    /// These jobs, in this order.
    New(Vec<Expected>),
    /// The jobs of these tokens: an earlier call with the same nonce claimed them.
    Again(Vec<String>),
}

impl Model {
    /// Takes the jobs that a claim must return.
    pub(super) fn claim(
        &mut self,
        want: usize,
        config: &QueueConfig,
        call: &ClaimContext,
    ) -> (ClaimStatus, Taken) {
        let nothing = |status| (status, Taken::New(Vec::new()));
        if want == 0 {
            return nothing(ClaimStatus::MoreExpected);
        }
        let seen = self.seen(config);
        if call.again {
            let mine = self.claimed_by(&call.nonce, &seen);
            if !mine.is_empty() {
                return (ClaimStatus::MoreExpected, Taken::Again(mine));
            }
        }
        if self.paused {
            return nothing(ClaimStatus::Paused);
        }
        let free = config.max_in_flight.saturating_sub(self.held());
        let room = want.min(usize::try_from(free).unwrap());
        if room == 0 {
            return nothing(ClaimStatus::AtCapacity);
        }
        self.move_due_to_lanes(&seen);
        let (status, taken) = self.take(&seen, room, config, call);
        (status, Taken::New(taken))
    }

    /// The jobs that a claim looks at, in the order in which they end: one more than
    /// may be in flight.
    fn seen(&self, config: &QueueConfig) -> Vec<String> {
        let mut all: Vec<(u64, &String)> = self
            .leased
            .iter()
            .map(|(token, leased)| (leased.time, token))
            .collect();
        all.sort();
        // A pause stands among them, before all.
        let most = usize::try_from(config.max_in_flight).unwrap() + 1;
        all.truncate(most - usize::from(self.paused));
        all.into_iter().map(|(_, token)| token.clone()).collect()
    }

    fn claimed_by(&self, nonce: &str, seen: &[String]) -> Vec<String> {
        let start = format!("{nonce}-");
        let is_mine = |token: &&String| {
            let claim = token.split_once(':').map(|(_, claim)| claim.to_owned());
            let parts = parts(token);
            // On its first attempt it is named by its uid.
            let first = (parts.attempt == 1 && !parts.alone).then_some(parts.uid);
            let name = claim.or(first).unwrap_or_default();
            self.leased[*token].place == Place::Held && name.starts_with(&start)
        };
        seen.iter().filter(is_mine).cloned().collect()
    }

    /// Scheduled submissions that fall due go to the ends of their lanes.
    fn move_due_to_lanes(&mut self, seen: &[String]) {
        for token in seen {
            if self.leased[token].place == Place::Due && parts(token).never_claimed() {
                let leased = self.leased.remove(token).unwrap();
                self.wait(parts(token).lane, leased.payload);
            }
        }
    }

    fn take(
        &mut self,
        seen: &[String],
        room: usize,
        config: &QueueConfig,
        call: &ClaimContext,
    ) -> (ClaimStatus, Vec<Expected>) {
        let place = |token: &String| self.leased.get(token).map(|leased| leased.place);
        let is_low = |token: &&String| parts(token).lane == Lane::Low;
        let held = seen
            .iter()
            .filter(|token| place(token) == Some(Place::Held));
        let held_low = held.filter(is_low).count();
        let due: Vec<&String> = seen
            .iter()
            .filter(|token| matches!(place(token), Some(Place::Expired | Place::Due)))
            .collect();
        let share = usize::try_from(config.max_in_flight / 2).unwrap();
        let low_room = share.max(1).saturating_sub(held_low);
        let any_low_due = due.iter().any(is_low);
        let due: Vec<String> = due.into_iter().cloned().collect();
        let mut claim = Claim {
            room,
            low_room,
            taken: Vec::new(),
            popped: None,
            isolated: false,
        };
        if call.low_first {
            self.take_due(&mut claim, &due, |_| true);
            self.take_waiting(&mut claim, &[Lane::Low, Lane::High, Lane::Normal]);
        } else {
            self.take_due(&mut claim, &due, |lane| lane != Lane::Low);
            self.take_waiting(&mut claim, &[Lane::High, Lane::Normal]);
            if any_low_due && claim.popped.is_none() {
                self.take_due(&mut claim, &due, |lane| lane == Lane::Low);
            }
            self.take_waiting(&mut claim, &[Lane::Low]);
        }
        let status = match claim.popped {
            Some((count, asked)) if count < asked => ClaimStatus::LaneDrained,
            Some(_) => ClaimStatus::MoreExpected,
            None if claim.isolated || claim.missing() == 0 => ClaimStatus::MoreExpected,
            None if !claim.taken.is_empty() => ClaimStatus::LaneDrained,
            None if claim.low_room == 0 => ClaimStatus::AtCapacity,
            None => ClaimStatus::Empty,
        };
        (status, claim.taken)
    }

    fn take_due(&mut self, claim: &mut Claim, due: &[String], is_wanted: impl Fn(Lane) -> bool) {
        for token in due {
            let parts = parts(token);
            let is_low = parts.lane == Lane::Low;
            if !is_wanted(parts.lane) || (is_low && claim.low_room == 0) {
                continue;
            }
            let alone = parts.alone || parts.attempt > 0;
            if claim.isolated || claim.missing() == 0 || (alone && !claim.taken.is_empty()) {
                return;
            }
            claim.low_room -= usize::from(is_low);
            claim.isolated = alone;
            let leased = self.leased.remove(token).unwrap();
            claim.taken.push(Expected {
                payload: leased.payload,
                attempt: parts.attempt + 1,
                alone,
                lane: parts.lane,
                failed_attempts: self.failed_before(&parts.uid, parts.attempt),
                uid: Some(parts.uid),
            });
        }
    }

    /// From the first of these lanes in which jobs wait, unless some were taken from
    /// another one.
    fn take_waiting(&mut self, claim: &mut Claim, lanes: &[Lane]) {
        if claim.popped.is_some() || claim.isolated {
            return;
        }
        let most = |lane| match lane {
            Lane::Low => claim.missing().min(claim.low_room),
            _ => claim.missing(),
        };
        let mut lanes = lanes.iter();
        let first = lanes.find(|&&lane| most(lane) > 0 && !is_empty(&self.lanes, lane));
        let Some(&lane) = first else { return };
        let asked = most(lane);
        let waiting = self.lanes.get_mut(keys::lane(lane)).unwrap();
        let count = asked.min(waiting.len());
        claim.popped = Some((count, asked));
        claim
            .taken
            .extend(waiting.drain(..count).map(|payload| Expected {
                payload,
                attempt: 1,
                alone: false,
                lane,
                uid: None,
                failed_attempts: Vec::new(),
            }));
    }
}

/// A claim under way.
struct Claim {
    room: usize,
    low_room: usize,
    taken: Vec<Expected>,
    /// How many came from a lane, and how many were asked for.
    popped: Option<(usize, usize)>,
    /// Whether the last one is claimed alone.
    isolated: bool,
}

impl Claim {
    fn missing(&self) -> usize {
        self.room - self.taken.len()
    }
}

fn is_empty(lanes: &BTreeMap<&'static str, VecDeque<Vec<u8>>>, lane: Lane) -> bool {
    lanes.get(keys::lane(lane)).is_none_or(VecDeque::is_empty)
}
