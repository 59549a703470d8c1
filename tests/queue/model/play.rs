//! Does each step on both sides: to the queue, and to the model.

use std::collections::BTreeSet;

use shared::config::Secret;
use shared::job::Job;
use shared::lane::Lane;
use shared::queue::handle::Handle;
use shared::queue::push::Pushed;
use shared::queue::work::{Call, Leased, Outcome, Policy, Settlement};
use shared::submission::When;
use shared::ticket::TicketKey;

use super::compare::{self, WAITING_MS};
use super::state::{Model, Place, parts};
use super::steps::{Fate, Later, Step, WORKERS};
use crate::given::{self, call};
use crate::world::World;

/// How often everything is looked at, in steps.
const DOCUMENTS_EVERY: usize = 15;

/// An interleaving while it is played.
pub(super) struct Player<'a> {
    world: &'a World,
    policy: Policy,
    model: Model,
    /// What each Worker holds, in the order in which it came.
    workers: [Vec<Leased>; WORKERS],
    /// What Workers held that were lost.
    zombies: Vec<Leased>,
    calls: Vec<(Vec<Settlement>, usize, Call)>,
    jobs: Vec<Job>,
    handles: BTreeSet<String>,
    uids: BTreeSet<String>,
    /// Names and times that were not there before.
    fresh: u64,
    played: usize,
    claimed: usize,
}

impl<'a> Player<'a> {
    pub(super) fn new(world: &'a World, policy: Policy) -> Self {
        Self {
            world,
            policy,
            model: Model::default(),
            workers: Default::default(),
            zombies: Vec::new(),
            calls: Vec::new(),
            jobs: Vec::new(),
            handles: BTreeSet::new(),
            uids: BTreeSet::new(),
            fresh: 0,
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

    /// One step, and a look at everything.
    pub(super) fn play(&mut self, step: &Step) {
        self.act(step);
        self.played += 1;
        compare::same(self.world, &mut self.model);
        if self.played.is_multiple_of(DOCUMENTS_EVERY) {
            compare::same_documents(self.world, &self.model);
        }
        self.make_room_in_time();
    }

    /// Lets every job end; then nothing may be left but the ends.
    pub(super) fn bring_to_an_end(&mut self) {
        for worker in 0..WORKERS {
            self.play(&Step::Crash(worker));
        }
        self.play(&Step::Resume);
        while !self.model.leased.is_empty()
            || self.model.lanes.values().any(|lane| !lane.is_empty())
        {
            self.play(&Step::AllTimePasses);
            self.play(&Step::Claim {
                worker: 0,
                want: 100,
            });
            let fates = vec![Fate::Done; self.workers[0].len()];
            self.play(&Step::Settle {
                worker: 0,
                fates,
                want: 0,
                answer_lost: false,
            });
        }
        compare::same_documents(self.world, &self.model);
        for key in self.world.keys() {
            let end = ["result", "submissions:", "dead", "stats:", "idempotency:"];
            assert!(
                end.iter().any(|prefix| key.starts_with(prefix)),
                "{key} is left"
            );
        }
    }

    fn act(&mut self, step: &Step) {
        let (world, queue) = (self.world, &self.world.queue);
        match step {
            Step::Push(lane) => {
                let job = self.job();
                self.push(&job, *lane);
            }
            Step::PushAgain(which) => {
                if let Some(job) = pick(&self.jobs, *which).cloned() {
                    self.push(&job, Lane::Normal);
                }
            }
            Step::PushLater(lane, later) => self.push_later(*lane, *later),
            Step::PushOnce(lane, key) => self.push_once(*lane, &format!("key{key}")),
            Step::Foreign(payload) => {
                world.lpush(payload);
                self.model.push(Lane::Normal, payload.clone());
            }
            Step::Claim { worker, want } => {
                let jobs = self.work(&[], *want, &call());
                self.workers[*worker].extend(jobs);
            }
            Step::Settle {
                worker,
                fates,
                want,
                answer_lost,
            } => {
                self.settle(*worker, fates, *want, *answer_lost);
            }
            Step::Crash(worker) => {
                let held = std::mem::take(&mut self.workers[*worker]);
                self.zombies.extend(held);
            }
            Step::Zombie(which, fate) => {
                if !self.zombies.is_empty() {
                    let leased = self.zombies.remove(which % self.zombies.len());
                    let settlement = self.settlement(&leased, *fate);
                    self.work(settlement.as_slice(), 0, &call());
                }
            }
            Step::Echo(which) => {
                if let Some((settlements, want, call)) = pick(&self.calls, *which).cloned() {
                    // Nobody listens: what it claims is lost.
                    let jobs = self.work(&settlements, want, &call);
                    self.zombies.extend(jobs);
                }
            }
            Step::TimePasses(which) => {
                let handles: Vec<String> = self.model.leased.keys().cloned().collect();
                if let Some(handle) = pick(&handles, *which) {
                    self.time_passes(handle);
                }
            }
            Step::AllTimePasses => {
                let handles: Vec<String> = self.model.leased.keys().cloned().collect();
                for handle in &handles {
                    self.time_passes(handle);
                }
            }
            Step::Replay(which, lane) => {
                let id = self.dead_id(*which);
                let there = world.ok(queue.dead_letter(&id));
                assert_eq!(there.as_ref(), self.model.dead.get(&id));
                let replayed = world.ok(queue.replay(&id, *lane));
                assert_eq!(replayed, self.model.replay(&id, *lane));
            }
            Step::Bury(which) => {
                let id = self.dead_id(*which);
                assert_eq!(world.ok(queue.bury(&id)), self.model.bury(&id));
            }
            Step::Pause => {
                world.ok(queue.pause());
                self.model.paused = true;
            }
            Step::Resume => {
                world.ok(queue.resume());
                self.model.paused = false;
            }
            Step::Cap(cap) => self.policy.max_in_flight = *cap,
            Step::Look => self.look(),
        }
    }

    fn job(&mut self) -> Job {
        let job = given::job(&format!("job{}", self.number()));
        self.jobs.push(job.clone());
        job
    }

    fn number(&mut self) -> u64 {
        self.fresh += 1;
        self.fresh
    }

    fn push(&mut self, job: &Job, lane: Lane) {
        let pushed = self.world.ok(self.world.queue.push(job, lane, When::Now));
        let waiting = self.model.push(lane, job.encode().unwrap().into());
        assert_eq!(pushed, Pushed::Waiting(waiting));
    }

    fn push_later(&mut self, lane: Lane, later: Later) {
        let job = self.job();
        let now_ms = self.world.now_ms();
        let (when, place) = match later {
            Later::Past => (When::At(1_000), Place::Due),
            Later::AtOnce => (When::In(0), Place::Due),
            Later::Soon => (When::In(100_000), Place::Waits),
            Later::NextWeek => (When::At(now_ms + 604_800_000), Place::Waits),
        };
        let pushed = self.world.ok(self.world.queue.push(&job, lane, when));
        assert!(matches!(pushed, Pushed::Later(_)));
        let handle = Handle::for_later(lane, job.id.as_deref().unwrap());
        self.model
            .push_later(handle, job.encode().unwrap().into(), place);
    }

    fn push_once(&mut self, lane: Lane, key: &str) {
        let job = self.job();
        let mark = job.id.clone().unwrap();
        let pushed = self
            .world
            .ok(self.world.queue.push_once(&job, lane, key, &mark));
        let expected = match self.model.idempotency.get(key) {
            Some(first) => Pushed::Before(first.clone()),
            None => {
                self.model.idempotency.insert(key.to_owned(), mark);
                Pushed::Waiting(self.model.push(lane, job.encode().unwrap().into()))
            }
        };
        assert_eq!(pushed, expected);
    }

    fn settle(&mut self, worker: usize, fates: &[Fate], want: usize, answer_lost: bool) {
        let mut settlements = Vec::new();
        let mut fates = fates.iter();
        for leased in std::mem::take(&mut self.workers[worker]) {
            let fate = fates.next().copied().unwrap_or(Fate::Keep);
            match self.settlement(&leased, fate) {
                Some(settlement) => settlements.push(settlement),
                None => self.workers[worker].push(leased),
            }
        }
        let call = call();
        if answer_lost {
            let nobody_knows = self.work(&settlements, want, &call);
            self.zombies.extend(nobody_knows);
        }
        let jobs = self.work(&settlements, want, &call);
        self.workers[worker].extend(jobs);
        self.calls.push((settlements, want, call));
    }

    fn settlement(&mut self, leased: &Leased, fate: Fate) -> Option<Settlement> {
        let number = self.number();
        // As a Worker does it: what has no id of its own is given one.
        let id = Job::decode(&leased.payload)
            .ok()
            .and_then(|job| job.id)
            .unwrap_or_else(|| format!("foreign{number}"));
        Some(match fate {
            Fate::Keep => return None,
            Fate::Done => {
                let mut document = given::document(&id);
                document.output = number.to_string();
                document.problem_id = format!("p{}", number % 3);
                document.kept = number
                    .is_multiple_of(2)
                    .then(|| format!("{{\"code\":\"{number}\"}}"));
                given::settle(&leased.handle, Outcome::Done(Box::new(document)))
            }
            Fate::Dead => given::dead(leased, &id),
            Fate::Retry { pause_ms } => given::retry(leased, pause_ms),
            Fate::Back => given::back(leased),
            Fate::Alone => given::alone(leased),
            Fate::Later { pause_ms } => given::later(leased, pause_ms),
        })
    }

    /// One call on both sides; what it gave, which is what it had to give.
    fn work(&mut self, settlements: &[Settlement], want: usize, call: &Call) -> Vec<Leased> {
        let queue = &self.world.queue;
        let claimed = self
            .world
            .ok(queue.work(settlements, want, &self.policy, call));
        self.model.settle(settlements, &self.policy);
        self.look_at_times();
        let (state, expected) = self.model.claim(want, &self.policy);
        assert_eq!(claimed.state, state);
        assert_eq!(claimed.jobs.len(), expected.len(), "{expected:?}");
        for (leased, expected) in claimed.jobs.iter().zip(expected) {
            let (handle, payload) = (&leased.handle, &leased.payload);
            assert_eq!(*payload, expected.payload);
            assert_eq!(
                (handle.attempt(), handle.alone(), handle.lane()),
                (expected.attempt, expected.alone, expected.lane),
            );
            assert_eq!(leased.past, expected.past);
            assert!(
                self.handles.insert(handle.as_str().into()),
                "{handle:?} again"
            );
            let uid = parts(handle.as_str()).uid;
            match expected.uid {
                Some(expected) => assert_eq!(uid, expected),
                None => assert!(!self.uids.contains(&uid), "{uid} again"),
            }
            self.uids.insert(uid);
            self.model
                .lease(handle.as_str().into(), payload.clone(), Place::Held);
        }
        assert!(claimed.jobs.is_empty() || self.model.held() <= self.policy.max_in_flight);
        self.claimed += claimed.jobs.len();
        claimed.jobs
    }

    /// What was given back in this very call is due now, after all that was due
    /// before.
    fn look_at_times(&mut self) {
        let now_ms = self.world.now_ms();
        for leased in self
            .model
            .leased
            .values_mut()
            .filter(|leased| leased.time == 0)
        {
            leased.time = now_ms
                + if leased.place == Place::Due {
                    WAITING_MS
                } else {
                    0
                };
        }
    }

    /// What became due in this step did so in this millisecond, and the next
    /// step may come in the same one; so it is put earlier, its order kept.
    fn make_room_in_time(&mut self) {
        let mut new: Vec<(u64, String)> = self
            .model
            .leased
            .iter()
            .filter(|(_, leased)| matches!(leased.place, Place::Lost | Place::Due))
            .filter(|(_, leased)| leased.time % WAITING_MS > 1_000_000)
            .map(|(handle, leased)| (leased.time, handle.clone()))
            .collect();
        new.sort();
        for (time, handle) in new {
            let earlier = time / WAITING_MS * WAITING_MS + self.number();
            self.set_time(&handle, earlier);
        }
    }

    fn set_time(&mut self, handle: &str, score: u64) {
        self.model.leased.get_mut(handle).unwrap().time = score;
        self.world
            .raw(&["ZADD", "leases", "XX", &score.to_string(), handle]);
    }

    /// Its lease runs out, or it becomes due.
    fn time_passes(&mut self, handle: &str) {
        let number = self.number();
        let leased = self.model.leased.get_mut(handle).unwrap();
        let score = match leased.place {
            Place::Held => {
                leased.place = Place::Lost;
                number
            }
            Place::Waits => {
                leased.place = Place::Due;
                WAITING_MS + number
            }
            Place::Lost | Place::Due => return,
        };
        self.set_time(handle, score);
    }

    /// The id of a dead letter; one that never was when there is none.
    fn dead_id(&self, which: usize) -> String {
        let ids: Vec<&String> = self.model.dead.keys().collect();
        pick(&ids, which).map_or_else(|| "nobody".to_owned(), |id| (*id).clone())
    }

    fn look(&self) {
        let tickets = TicketKey::new(&Secret::new("s"));
        let now_ms = self.world.now_ms();
        let seen = self.world.ok(self.world.queue.stats(now_ms, &tickets));
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
                .get(lane.key())
                .map_or(0, |waiting| waiting.len() as u64)
        });
        assert_eq!(
            [seen.waiting.high, seen.waiting.normal, seen.waiting.low],
            waiting
        );
        assert_eq!(seen.in_flight, count(Place::Held));
        assert_eq!(seen.due, count(Place::Lost) + count(Place::Due));
        assert_eq!(seen.later, count(Place::Waits));
        assert_eq!(seen.dead, self.model.dead.len() as u64);
        assert_eq!(seen.paused, self.model.paused);
    }
}

fn pick<T>(items: &[T], which: usize) -> Option<&T> {
    items.get(which.checked_rem(items.len())?)
}
