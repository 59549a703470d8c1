//! Applies each step to the queue and to the model.

use std::collections::BTreeSet;

use shared::config::Secret;
use shared::domain::archive::SubmissionArchive;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::Lease;
use shared::queue::enqueue::{Enqueued, IdempotencyRecord};
use shared::queue::keys;
use shared::queue::lease_token::LeaseToken;
use shared::queue::settlement::{ClaimContext, Outcome, QueueConfig, Settlement};

use super::compare::{self, SCHEDULED};
use super::state::{Model, Place, parts};
use super::steps::{Due, Fate, Step, WORKERS};
use crate::fixtures::{self, call};
use crate::stack::QueueStack;

/// Every how many steps the documents are compared.
const DOCUMENTS_EVERY: usize = 15;

/// An interleaving while it is played.
pub(super) struct Player<'a> {
    stack: &'a QueueStack,
    config: QueueConfig,
    model: Model,
    /// The jobs that each Worker holds, in the order of their claims.
    workers: [Vec<Lease>; WORKERS],
    /// The jobs of Workers that were killed.
    abandoned: Vec<Lease>,
    calls: Vec<(Vec<Settlement>, usize, ClaimContext)>,
    jobs: Vec<Job>,
    tokens: BTreeSet<String>,
    uids: BTreeSet<String>,
    /// How many new names and times were given out.
    numbers: u64,
    played: usize,
    claimed: usize,
}

impl<'a> Player<'a> {
    pub(super) fn new(stack: &'a QueueStack, config: QueueConfig) -> Self {
        Self {
            stack,
            config,
            model: Model::default(),
            workers: Default::default(),
            abandoned: Vec::new(),
            calls: Vec::new(),
            jobs: Vec::new(),
            tokens: BTreeSet::new(),
            uids: BTreeSet::new(),
            numbers: 0,
            played: 0,
            claimed: 0,
        }
    }

    pub(super) fn played(&self) -> usize {
        self.played
    }

    pub(super) fn claimed(&self) -> usize {
        self.claimed
    }

    /// Applies one step, and compares.
    pub(super) fn play(&mut self, step: &Step) {
        self.act(step);
        self.played += 1;
        compare::assert_same(self.stack, &mut self.model);
        if self.played.is_multiple_of(DOCUMENTS_EVERY) {
            compare::assert_same_documents(self.stack, &self.model);
        }
        self.move_due_times_back();
    }

    /// Lets every job end. Then only keys of ended jobs may be left.
    pub(super) fn finish(&mut self) {
        for worker in 0..WORKERS {
            self.play(&Step::Crash(worker));
        }
        self.play(&Step::Resume);
        while !self.model.leased.is_empty()
            || self.model.lanes.values().any(|lane| !lane.is_empty())
        {
            self.play(&Step::TimePassesForAll);
            self.play(&Step::Claim {
                worker: 0,
                want: 100,
            });
            let fates = vec![Fate::Complete; self.workers[0].len()];
            self.play(&Step::Settle {
                worker: 0,
                fates,
                want: 0,
                response_lost: false,
            });
        }
        compare::assert_same_documents(self.stack, &self.model);
        for key in self.stack.redis.keys("*") {
            let ended = ["result", "submissions:", "dead", "stats:", "idempotency:"];
            assert!(
                ended.iter().any(|prefix| key.starts_with(prefix)),
                "{key} is left"
            );
        }
    }

    fn act(&mut self, step: &Step) {
        let (stack, queue) = (self.stack, &self.stack.store);
        match step {
            Step::Enqueue(lane) => {
                let job = self.job();
                self.enqueue(&job, *lane);
            }
            Step::EnqueueAgain(which) => {
                if let Some(job) = pick(&self.jobs, *which).cloned() {
                    self.enqueue(&job, Lane::Normal);
                }
            }
            Step::Schedule(lane, due) => self.schedule(*lane, *due),
            Step::EnqueueOnce(lane, key) => self.enqueue_once(*lane, &format!("key{key}")),
            Step::Foreign(payload) => {
                stack.redis.lpush("problems", payload);
                self.model.enqueue(Lane::Normal, payload.clone());
            }
            Step::Claim { worker, want } => {
                let jobs = self.work(&[], *want, &call());
                self.workers[*worker].extend(jobs);
            }
            Step::Settle {
                worker,
                fates,
                want,
                response_lost,
            } => {
                self.settle(*worker, fates, *want, *response_lost);
            }
            Step::Crash(worker) => {
                let held = std::mem::take(&mut self.workers[*worker]);
                self.abandoned.extend(held);
            }
            Step::SettleLate(which, fate) => {
                if !self.abandoned.is_empty() {
                    let leased = self.abandoned.remove(which % self.abandoned.len());
                    let settlement = self.settlement(&leased, *fate);
                    self.work(settlement.as_slice(), 0, &call());
                }
            }
            Step::RepeatCall(which) => {
                if let Some((settlements, want, call)) = pick(&self.calls, *which).cloned() {
                    // Its response goes to no Worker: the claimed jobs are lost.
                    let jobs = self.work(&settlements, want, &call);
                    self.abandoned.extend(jobs);
                }
            }
            Step::TimePasses(which) => {
                let tokens: Vec<String> = self.model.leased.keys().cloned().collect();
                if let Some(token) = pick(&tokens, *which) {
                    self.time_passes(token);
                }
            }
            Step::TimePassesForAll => {
                let tokens: Vec<String> = self.model.leased.keys().cloned().collect();
                for token in &tokens {
                    self.time_passes(token);
                }
            }
            Step::Replay(which, lane) => {
                let id = self.dead_id(*which);
                let stored = stack.ok(queue.dead_letter(&id));
                let expected = self.model.dead.get(&id).map(|(letter, payload)| {
                    let letter = serde_json::to_vec(letter).unwrap();
                    (letter, payload.clone())
                });
                assert_eq!(stored, expected);
                let replayed = stack.ok(queue.replay(&id, *lane));
                assert_eq!(replayed, self.model.replay(&id, *lane));
            }
            Step::DeleteDeadLetter(which) => {
                let id = self.dead_id(*which);
                let deleted = stack.ok(queue.delete_dead_letter(&id));
                assert_eq!(deleted, self.model.delete_dead_letter(&id));
            }
            Step::Pause => {
                stack.ok(queue.pause());
                self.model.paused = true;
            }
            Step::Resume => {
                stack.ok(queue.resume());
                self.model.paused = false;
            }
            Step::Cap(cap) => self.config.max_in_flight = *cap,
            Step::ReadStats => self.compare_stats(),
        }
    }

    fn job(&mut self) -> Job {
        let job = fixtures::job(&format!("job{}", self.number()));
        self.jobs.push(job.clone());
        job
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn enqueue(&mut self, job: &Job, lane: Lane) {
        let enqueued = self
            .stack
            .ok(self.stack.store.enqueue(job, lane, Schedule::Immediately));
        let waiting = self.model.enqueue(lane, job.encode().unwrap().into());
        assert_eq!(enqueued, Enqueued::Queued(waiting));
    }

    fn schedule(&mut self, lane: Lane, due: Due) {
        let job = self.job();
        let now_ms = self.stack.redis.now_ms();
        let (when, place) = match due {
            Due::InThePast => (Schedule::At(1_000), Place::Due),
            Due::AtOnce => (Schedule::After(0), Place::Due),
            Due::Soon => (Schedule::After(100_000), Place::Scheduled),
            Due::NextWeek => (Schedule::At(now_ms + 604_800_000), Place::Scheduled),
        };
        let enqueued = self.stack.ok(self.stack.store.enqueue(&job, lane, when));
        assert!(matches!(enqueued, Enqueued::Scheduled { .. }));
        let token = LeaseToken::scheduled(lane, job.id.as_deref().unwrap());
        self.model
            .schedule(token, job.encode().unwrap().into(), place);
    }

    fn enqueue_once(&mut self, lane: Lane, key: &str) {
        let job = self.job();
        let record = IdempotencyRecord {
            id: job.id.clone().unwrap(),
            body_hash: "h".into(),
        };
        let enqueued = self
            .stack
            .ok(self.stack.store.enqueue_once(&job, lane, key, &record));
        let expected = match self.model.idempotency.get(key) {
            Some(first) => Enqueued::Duplicate(IdempotencyRecord {
                id: first.clone(),
                ..record
            }),
            None => {
                self.model.idempotency.insert(key.to_owned(), record.id);
                Enqueued::Queued(self.model.enqueue(lane, job.encode().unwrap().into()))
            }
        };
        assert_eq!(enqueued, expected);
    }

    fn settle(&mut self, worker: usize, fates: &[Fate], want: usize, response_lost: bool) {
        let mut settlements = Vec::new();
        let mut fates = fates.iter();
        for leased in std::mem::take(&mut self.workers[worker]) {
            let fate = fates.next().copied().unwrap_or(Fate::Hold);
            match self.settlement(&leased, fate) {
                Some(settlement) => settlements.push(settlement),
                None => self.workers[worker].push(leased),
            }
        }
        let call = call();
        if response_lost {
            let unknown = self.work(&settlements, want, &call);
            self.abandoned.extend(unknown);
        }
        let jobs = self.work(&settlements, want, &call);
        self.workers[worker].extend(jobs);
        self.calls.push((settlements, want, call));
    }

    fn settlement(&mut self, leased: &Lease, fate: Fate) -> Option<Settlement> {
        let number = self.number();
        // As a Worker does it: a job without an id is given one.
        let id = Job::decode(&leased.payload)
            .ok()
            .and_then(|job| job.id)
            .unwrap_or_else(|| format!("foreign{number}"));
        Some(match fate {
            Fate::Hold => return None,
            Fate::Complete => {
                let mut document = fixtures::document(&id);
                document.output = Some(number.to_string());
                document.problem_id = fixtures::problem_id(&format!("p{}", number % 3));
                document.archive = number
                    .is_multiple_of(2)
                    .then(|| SubmissionArchive::unjudged(&number.to_string()));
                fixtures::settle(&leased.token, Outcome::Complete(Box::new(document)))
            }
            Fate::DeadLetter => fixtures::dead_letter(leased, &id),
            Fate::Retry { delay_ms } => fixtures::retry(leased, delay_ms),
            Fate::Release => fixtures::release(leased),
            Fate::Isolate => fixtures::isolate(leased),
            Fate::Snooze { delay_ms } => fixtures::snooze(leased, delay_ms),
        })
    }

    /// One call on both sides. Returns the claimed jobs, which are those that the
    /// model expects.
    fn work(&mut self, settlements: &[Settlement], want: usize, call: &ClaimContext) -> Vec<Lease> {
        let queue = &self.stack.store;
        let claimed = self
            .stack
            .ok(queue.settle_and_claim(settlements, want, &self.config, call));
        self.model.settle(settlements, &self.config);
        self.set_new_times();
        let (state, expected) = self.model.claim(want, &self.config);
        assert_eq!(claimed.status, state);
        assert_eq!(claimed.leases.len(), expected.len(), "{expected:?}");
        for (leased, expected) in claimed.leases.iter().zip(expected) {
            let (token, payload) = (&leased.token, &leased.payload);
            assert_eq!(*payload, expected.payload);
            assert_eq!(
                (token.attempt(), token.isolated(), token.lane()),
                (expected.attempt, expected.alone, expected.lane),
            );
            assert_eq!(leased.failed_attempts, expected.failed_attempts);
            assert!(self.tokens.insert(token.as_str().into()), "{token:?} again");
            let uid = parts(token.as_str()).uid;
            match expected.uid {
                Some(expected) => assert_eq!(uid, expected),
                None => assert!(!self.uids.contains(&uid), "{uid} again"),
            }
            self.uids.insert(uid);
            self.model
                .lease(token.as_str().into(), payload.clone(), Place::Held);
        }
        assert!(claimed.leases.is_empty() || self.model.held() <= self.config.max_in_flight);
        self.claimed += claimed.leases.len();
        claimed.leases
    }

    /// Jobs that this call released are due now, after all that were due before.
    fn set_new_times(&mut self) {
        let now_ms = self.stack.redis.now_ms();
        for leased in self
            .model
            .leased
            .values_mut()
            .filter(|leased| leased.time == 0)
        {
            leased.time = now_ms
                + if leased.place == Place::Due {
                    SCHEDULED
                } else {
                    0
                };
        }
    }

    /// Jobs that became due in this step did so in this millisecond, and the next
    /// step may fall into the same one: their times are moved back, in the same
    /// order.
    fn move_due_times_back(&mut self) {
        let mut new: Vec<(u64, String)> = self
            .model
            .leased
            .iter()
            .filter(|(_, leased)| matches!(leased.place, Place::Expired | Place::Due))
            .filter(|(_, leased)| leased.time % SCHEDULED > 1_000_000)
            .map(|(token, leased)| (leased.time, token.clone()))
            .collect();
        new.sort();
        for (time, token) in new {
            let earlier = time / SCHEDULED * SCHEDULED + self.number();
            self.set_time(&token, earlier);
        }
    }

    fn set_time(&mut self, token: &str, score: u64) {
        self.model.leased.get_mut(token).unwrap().time = score;
        self.stack.set_lease_time(token, score);
    }

    /// Its lease expires, or it becomes due.
    fn time_passes(&mut self, token: &str) {
        let number = self.number();
        let leased = self.model.leased.get_mut(token).unwrap();
        let score = match leased.place {
            Place::Held => {
                leased.place = Place::Expired;
                number
            }
            Place::Scheduled => {
                leased.place = Place::Due;
                SCHEDULED + number
            }
            Place::Expired | Place::Due => return,
        };
        self.set_time(token, score);
    }

    /// The id of a dead letter; an unknown id when there is none.
    fn dead_id(&self, which: usize) -> String {
        let ids: Vec<&String> = self.model.dead.keys().collect();
        pick(&ids, which).map_or_else(|| "unknown".to_owned(), |id| (*id).clone())
    }

    fn compare_stats(&self) {
        let tickets = TicketKey::new(&Secret::new("s"));
        let now_ms = self.stack.redis.now_ms();
        let seen = self.stack.ok(self.stack.store.stats(now_ms, &tickets));
        let count = |place: Place| {
            self.model
                .leased
                .values()
                .filter(|leased| leased.place == place)
                .count() as u64
        };
        let waiting = Lane::ALL.map(|lane| {
            self.model
                .lanes
                .get(keys::lane(lane))
                .map_or(0, |waiting| waiting.len() as u64)
        });
        assert_eq!(
            [seen.waiting.high, seen.waiting.normal, seen.waiting.low],
            waiting
        );
        assert_eq!(seen.in_flight, count(Place::Held));
        assert_eq!(seen.due, count(Place::Expired) + count(Place::Due));
        assert_eq!(seen.later, count(Place::Scheduled));
        assert_eq!(seen.dead, self.model.dead.len() as u64);
        assert_eq!(seen.paused, self.model.paused);
    }
}

fn pick<T>(items: &[T], which: usize) -> Option<&T> {
    items.get(which.checked_rem(items.len())?)
}
