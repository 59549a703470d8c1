//! Applies each step to the queue and to the model.

use std::collections::BTreeSet;

use shared::config::Secret;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::Lease;
use shared::queue::enqueue::{Enqueued, IdempotencyRecord};
use shared::queue::keys;
use shared::queue::lease_token::LeaseToken;
use shared::queue::settlement::{ClaimContext, QueueConfig, Settlement};

use super::compare::{self, SCHEDULED};
use super::read::{Listed, ReadLetter, problem};
use super::state::{Model, Place};
use super::steps::{CourierFate, Due, Fate, Response, Step, WORKERS};
use crate::fixtures::{self, call};
use crate::stack::QueueStack;

/// Every how many steps the documents are compared.
const DOCUMENTS_EVERY: usize = 15;

/// An interleaving while it is played.
pub(super) struct Player<'a> {
    pub(super) stack: &'a QueueStack,
    pub(super) config: QueueConfig,
    pub(super) model: Model,
    /// The jobs that each Worker holds, in the order of their claims.
    pub(super) workers: [Vec<Lease>; WORKERS],
    /// The jobs of Workers that were killed.
    pub(super) abandoned: Vec<Lease>,
    pub(super) calls: Vec<(Vec<Settlement>, usize, ClaimContext)>,
    jobs: Vec<Job>,
    /// The ids of all that were accepted.
    submissions: BTreeSet<String>,
    letters: Vec<ReadLetter>,
    listed: Vec<Listed>,
    pub(super) tokens: BTreeSet<String>,
    pub(super) uids: BTreeSet<String>,
    /// How many new names and times were given out.
    numbers: u64,
    pub(super) played: usize,
    pub(super) claimed: usize,
    /// How many submissions were put into the queue to be judged again.
    pub(super) requeued: usize,
}

pub(super) fn tickets() -> TicketKey {
    TicketKey::new(&Secret::new("s"))
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
            submissions: BTreeSet::new(),
            letters: Vec::new(),
            listed: Vec::new(),
            tokens: BTreeSet::new(),
            uids: BTreeSet::new(),
            numbers: 0,
            played: 0,
            claimed: 0,
            requeued: 0,
        }
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
                low_first: false,
                without_low: false,
                response: Response::Arrives,
            });
            let fates = vec![Fate::Complete; self.workers[0].len()];
            self.play(&Step::Settle {
                worker: 0,
                fates,
                want: 0,
                response: Response::Arrives,
            });
        }
        compare::assert_same_documents(self.stack, &self.model);
        self.play(&Step::Deliver(1_000, CourierFate::Delivered));
        for id in &self.submissions {
            assert!(self.model.results.contains_key(id), "{id} has no end");
        }
        let leases: Vec<String> = self.stack.redis.run(&["ZRANGE", "leases", "0", "-1"]);
        let without_stamp = leases
            .iter()
            .filter(|member| *member != keys::CATALOG_STAMP);
        assert_eq!(without_stamp.count(), 0, "{leases:?}");
        for key in self.stack.redis.keys("*") {
            let ended = [
                "result",
                "submissions:",
                "dead",
                "statistics:",
                "idempotency:",
                // Of couriers that were lost.
                "deliveries",
            ];
            let problems = ["problem:", "catalog", keys::LEASES];
            assert!(
                ended
                    .iter()
                    .chain(&problems)
                    .any(|prefix| key.starts_with(prefix)),
                "{key} is left"
            );
        }
    }

    fn act(&mut self, step: &Step) {
        let (stack, queue) = (self.stack, &self.stack.store);
        match step {
            Step::Enqueue(lane) => {
                let job = self.job(None);
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
            Step::Claim {
                worker,
                want,
                low_first,
                without_low,
                response,
            } => {
                let call = ClaimContext {
                    low_first: *low_first,
                    without_low: *without_low,
                    ..call()
                };
                self.call(*worker, Vec::new(), *want, call, *response);
            }
            Step::Settle {
                worker,
                fates,
                want,
                response,
            } => {
                self.settle(*worker, fates, *want, *response);
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
            Step::AskAgain(which) => {
                if let Some((settlements, want, mut call)) = pick(&self.calls, *which).cloned() {
                    call.again = true;
                    self.work(&settlements, want, &call);
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
                let letters: Vec<_> = self.read_letter(*which, *lane).into_iter().collect();
                self.replay(&letters);
            }
            Step::ReadDeadLetter(which, lane) => {
                let letter = self.read_letter(*which, *lane);
                self.letters.extend(letter);
            }
            Step::ReplayRead(which) => {
                if let Some(letter) = pick(&self.letters, *which).cloned() {
                    self.replay(&[letter]);
                }
            }
            Step::DeleteDeadLetter(which) => self.delete_dead_letter(*which),
            Step::Purge(which) => self.purge(*which),
            Step::Publish(which) => self.publish(&problem(*which)),
            Step::List(which) => {
                let listed = self.list(&problem(*which));
                self.listed.extend(listed);
            }
            Step::Requeue(which) => {
                if let Some(listed) = pick(&self.listed, *which).cloned() {
                    self.requeue(&listed);
                }
            }
            Step::Rejudge(which) => {
                if let Some(listed) = self.list(&problem(*which)) {
                    self.requeue(&listed);
                }
            }
            Step::Deliver(want, fate) => self.deliver(*want, *fate),
            Step::Pause => {
                stack.ok(queue.pause());
                self.model.paused = true;
            }
            Step::Resume => {
                stack.ok(queue.resume());
                self.model.paused = false;
            }
            Step::Cap(cap) => self.config.max_in_flight = *cap,
            Step::ReadStats => {
                self.compare_stats();
                self.compare_scheduled();
            }
        }
    }

    /// A job with a new id; scheduled with a delay.
    fn job(&mut self, delay_ms: Option<u64>) -> Job {
        let number = self.number();
        let id = match delay_ms {
            None => self.new_id(),
            Some(delay_ms) => tickets().issue_scheduled(number, delay_ms, &random(number)),
        };
        let mut job = fixtures::job(&id);
        job.problem_id = problem(number);
        self.jobs.push(job.clone());
        job
    }

    pub(super) fn new_id(&mut self) -> String {
        let number = self.number();
        tickets().issue(number, &random(number))
    }

    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn enqueue(&mut self, job: &Job, lane: Lane) {
        let enqueued = self
            .stack
            .ok(self.stack.store.enqueue(job, lane, Schedule::Immediately));
        let waiting = self.model.enqueue(lane, job.encode().unwrap().into());
        assert_eq!(enqueued, Enqueued::Queued(waiting));
        self.submissions.extend(job.id.clone());
    }

    fn schedule(&mut self, lane: Lane, due: Due) {
        let job = self.job(Some(1_000));
        let now_ms = self.stack.redis.now_ms();
        let (when, place) = match due {
            Due::InThePast => (Schedule::At(1_000), Place::Due),
            Due::AtOnce => (Schedule::After(0), Place::Due),
            Due::Soon => (Schedule::After(100_000), Place::Scheduled),
            Due::NextWeek => (Schedule::At(now_ms + 604_800_000), Place::Scheduled),
        };
        let enqueued = self.stack.ok(self.stack.store.enqueue(&job, lane, when));
        let token = LeaseToken::scheduled(lane, job.id.as_deref().unwrap());
        self.model
            .schedule(token, job.encode().unwrap().into(), place);
        let is_scheduled = |one: &&super::state::Lease| {
            matches!(one.place, Place::Scheduled) || one.time >= SCHEDULED || one.time == 0
        };
        let count = self.model.leased.values().filter(is_scheduled).count() as u64;
        assert!(matches!(enqueued, Enqueued::Scheduled { scheduled, .. } if scheduled == count));
        self.submissions.extend(job.id);
    }

    fn enqueue_once(&mut self, lane: Lane, key: &str) {
        let job = self.job(None);
        let record = IdempotencyRecord {
            id: job.id.clone().unwrap(),
            body_hash: "h".into(),
        };
        let enqueued = self
            .stack
            .ok(self.stack.store.enqueue_once(&job, lane, key, &record));
        let expected = match self.model.idempotency.get(key) {
            Some(first) if !self.model.has_status(first, "purged") => {
                Enqueued::Duplicate(IdempotencyRecord {
                    id: first.clone(),
                    ..record
                })
            }
            _ => {
                self.submissions.insert(record.id.clone());
                self.model.idempotency.insert(key.to_owned(), record.id);
                Enqueued::Queued(self.model.enqueue(lane, job.encode().unwrap().into()))
            }
        };
        assert_eq!(enqueued, expected);
    }

    /// Jobs that this call released are due now, after all that were due before; those
    /// that it put off are not.
    pub(super) fn set_new_times(&mut self) {
        let now_ms = self.stack.redis.now_ms();
        for leased in self
            .model
            .leased
            .values_mut()
            .filter(|leased| leased.time == 0)
        {
            leased.time = match leased.place {
                Place::Due => SCHEDULED + now_ms,
                // Not before its delay has passed: after all that are due now.
                Place::Scheduled => SCHEDULED * 2,
                Place::Expired | Place::Held => now_ms,
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
    pub(super) fn dead_id(&self, which: usize) -> String {
        let ids: Vec<&String> = self.model.dead.keys().collect();
        pick(&ids, which).map_or_else(|| tickets().issue(0, &[0; 10]), |id| (*id).clone())
    }

    fn compare_stats(&self) {
        let now_ms = self.stack.redis.now_ms();
        let seen = self.stack.stats(now_ms, &tickets());
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

fn random(number: u64) -> [u8; 10] {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    random
}

fn pick<T>(items: &[T], which: usize) -> Option<&T> {
    items.get(which.checked_rem(items.len())?)
}
