//! Emptying the queue within an invocation's budget.
//!
//! A drain holds a group of jobs, runs up to six of them at once, and settles
//! those that are finished together with claiming the next: when ten are
//! finished, when nothing else is running, or a quarter of a second after the
//! first of them, so that nobody waits on a slow neighbour. It ends when a claim
//! finds no more, or when the budget is spent; then it asks for a fresh
//! invocation to go on.
//!
//! Whose fault a failure was decides what becomes of a job. An endpoint that
//! will not work now puts all jobs back where they were, and the drain backs
//! off. When no answer comes at all, the drain looks whether the endpoint is
//! there: if not, that is nobody's fault either; if so, the job is tried again
//! by itself, and only then does the failure count as its own. With several
//! endpoints, one that is away is left alone and the drain goes on with the next;
//! it backs off when none is left. While those that are left do not offer a job's
//! language, the job waits for a while and is in nobody's way.
//!
//! All requests of an invocation pass one gate. A running job holds a place, and
//! so does the drain from the first finished job until that is settled: while it
//! settles or looks it polls no job, so it could not wait for one to leave.

mod settle;

use std::collections::VecDeque;
use std::rc::Rc;

use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use shared::job::Job;
use shared::queue::work::{Leased, Outcome, Policy};
use shared::queue::{Queue, retry};
use shared::redis::RedisError;

use crate::attempt::{Attempts, Ran};
use crate::budget::{Budget, MAX_IN_FLIGHT, SETTLE_AFTER_MS, SETTLE_AT};
use crate::executor::gate::{Gate, Permit};
use crate::executor::memory::LEFT_ALONE_MS;
use crate::executor::{ExecutorError, Share};
use crate::report::{Report, Trouble};
use crate::surroundings::Surroundings;

/// How often a drain waits for an endpoint to come back.
const BACK_OFFS: u32 = 4;

/// What a drain is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many jobs to bring to an end; dead ones do not count.
    pub wanted: usize,
    /// How long it may take, in milliseconds.
    pub time_ms: u64,
    /// Whether to go on until a claim finds nothing in any lane. Otherwise a
    /// claim that finds few ends the drain, which saves the last claim; whoever
    /// adds to another lane wakes a drain of its own.
    pub all_lanes: bool,
    /// Whether to wait for the endpoint to come back and for retries to fall
    /// due, and to keep no results.
    pub background: bool,
}

/// What a drain works with.
pub struct Drain<'a> {
    /// The queue.
    pub queue: &'a Queue,
    /// The way of one job.
    pub attempts: &'a Attempts,
    /// What holds for every job.
    pub policy: &'a Policy,
    /// Clock, randomness, patience.
    pub surroundings: Surroundings,
    /// What may still be done.
    pub budget: Budget,
    /// What is to be done.
    pub plan: Plan,
}

/// A claimed job with its place in the order of claims.
struct Held {
    place: u64,
    leased: Leased,
}

/// A drain under way.
struct Work<'a> {
    drain: Drain<'a>,
    report: Report,
    claimed: u64,
    /// Claimed, not started.
    ready: VecDeque<Held>,
    /// Ended, not settled.
    finished: Vec<(Held, Outcome)>,
    first_finished_ms: u64,
    /// Whether a claim may find something.
    more: bool,
    /// Whether something runs that nothing may run beside.
    alone: bool,
    /// Why the endpoint is known to be away.
    away: Option<ExecutorError>,
    back_offs: u32,
    /// The endpoint that answered a look after the last back-off.
    came_back: Option<usize>,
    /// What looks at endpoints said, until the next settlement.
    looks: Vec<(usize, bool)>,
    /// Whether a job needed more calls than were left.
    crowded: bool,
    gate: Rc<Gate>,
    /// The drain's own place in flight.
    place: Option<Permit>,
    /// When our own retries fall due.
    retries_at_ms: Vec<u64>,
    /// Why what was claimed could not be looked up.
    lost_store: Option<RedisError>,
}

type Running<'a> = FuturesUnordered<LocalBoxFuture<'a, (Held, Ran)>>;

impl<'a> Drain<'a> {
    /// Works until it is done, and never fails: what went wrong is in the
    /// report.
    pub async fn run(self) -> Report {
        let mut work = Work {
            drain: self,
            report: Report::default(),
            claimed: 0,
            ready: VecDeque::new(),
            finished: Vec::new(),
            first_finished_ms: 0,
            more: true,
            alone: false,
            away: None,
            back_offs: 0,
            came_back: None,
            looks: Vec::new(),
            crowded: false,
            gate: Gate::new(MAX_IN_FLIGHT),
            place: None,
            retries_at_ms: Vec::new(),
            lost_store: None,
        };
        let mut running = Running::new();
        let ended = work.go_on(&mut running).await;
        if let Some(error) = ended.err().or_else(|| work.lost_store.take()) {
            work.report.trouble = Some(Trouble::Store(error));
        } else if let Some(away) = work.away.take() {
            work.report.trouble = Some(Trouble::Executor(away));
        } else {
            // Only what got somewhere may go on, or a drain that cannot even begin
            // (a time-out longer than its time) would call itself for ever.
            work.report.hand_over =
                work.more && work.drain.plan.background && work.report.got_somewhere();
        }
        work.report
    }
}

impl<'a> Work<'a> {
    async fn go_on(&mut self, running: &mut Running<'a>) -> Result<(), RedisError> {
        loop {
            self.start(running);
            let idle = running.is_empty();
            if idle || self.is_time_to_settle() {
                let mut want = self.want(running.len());
                if idle && self.finished.is_empty() && want == 0 {
                    if !self.wait_for_more().await {
                        return Ok(());
                    }
                    want = self.want(0);
                    if want == 0 {
                        return Ok(());
                    }
                }
                self.settle_and_claim(want).await?;
                continue;
            }
            let next = running.next();
            let ended = if self.finished.is_empty() || !self.may_settle_early() {
                next.await
            } else {
                let waited = self.now_ms().saturating_sub(self.first_finished_ms);
                let patience =
                    (self.drain.surroundings.sleep)(SETTLE_AFTER_MS.saturating_sub(waited));
                match select(next, patience).await {
                    Either::Left((ended, _)) => ended,
                    Either::Right(_) => continue,
                }
            };
            if let Some((held, ran)) = ended {
                self.end(held, ran).await;
            }
        }
    }

    /// Starts what may run now; what may not any more goes back.
    fn start(&mut self, running: &mut Running<'a>) {
        let in_time = self.drain.budget.time_for_a_run(self.now_ms());
        while let Some(held) = self.ready.front() {
            let no_call = self.crowded || !self.drain.budget.call_for_a_run();
            if self.away.is_some() || !in_time || no_call {
                // Not started, so nothing is known of it; there is work left.
                self.more = true;
                while let Some(held) = self.ready.pop_front() {
                    self.finish(held, Outcome::Back);
                }
                return;
            }
            let by_itself = held.leased.handle.alone();
            if self.alone || (by_itself && !running.is_empty()) {
                return;
            }
            let Some(place) = self.gate.try_enter() else {
                return;
            };
            let Some(held) = self.ready.pop_front() else {
                return;
            };
            self.alone = by_itself;
            self.drain.budget.meter.spend(1);
            let share = Share {
                meter: self.drain.budget.meter.clone(),
                gate: Rc::clone(&self.gate),
                place,
            };
            let attempts = self.drain.attempts;
            running.push(Box::pin(async move {
                let ran = attempts.run(&held.leased, share).await;
                (held, ran)
            }));
        }
    }

    /// A run has ended: decides what becomes of the job.
    async fn end(&mut self, held: Held, ran: Ran) {
        let by_itself = held.leased.handle.alone();
        if by_itself {
            self.alone = false;
        }
        // The place that the job held is free now, and what follows needs one.
        self.hold_place();
        let outcome = match ran {
            Ran::Settled(outcome) => outcome,
            Ran::Crowded(calls) => {
                self.crowded = true;
                self.more = true;
                if by_itself || self.drain.budget.meter.fits_beside_others(calls) {
                    Outcome::Back
                } else {
                    Outcome::Alone
                }
            }
            Ran::Away(error, None) => self.none_left(error),
            Ran::Away(error, Some(at)) => self.set_aside(at, &held, error),
            Ran::Lost(error, at) if self.back_offs > 0 && self.came_back == Some(at) => {
                // The endpoint had answered a look just before this job went
                // ahead, so the job is what is left to suspect.
                let outcome = if by_itself {
                    self.drain.attempts.failed(&held.leased, &error)
                } else {
                    Outcome::Alone
                };
                self.set_aside(at, &held, error);
                self.more = true;
                outcome
            }
            Ran::Lost(error, at) => match self.look(at).await {
                // No look can be afforded, so nobody is blamed.
                None => {
                    self.note_away(error);
                    Outcome::Back
                }
                Some(false) => self.set_aside(at, &held, error),
                Some(true) if by_itself => self.drain.attempts.failed(&held.leased, &error),
                Some(true) => {
                    self.more = true;
                    Outcome::Alone
                }
            },
        };
        self.finish(held, outcome);
    }

    /// Nothing is started or claimed until the endpoint is back; what was held
    /// is still to be done then.
    fn note_away(&mut self, error: ExecutorError) {
        self.away = Some(error);
        self.more = true;
    }

    /// An endpoint is away: it is left alone, and the job that showed it finds
    /// another one, if there is one for its language.
    fn set_aside(&mut self, at: usize, held: &Held, error: ExecutorError) -> Outcome {
        let executors = self.drain.attempts.executors();
        executors.leave_alone(at);
        let language = Job::decode(&held.leased.payload).map(|job| job.language);
        if language.is_ok_and(|language| executors.is_another_left(&language)) {
            self.more = true;
            Outcome::Back
        } else {
            self.none_left(error)
        }
    }

    /// No endpoint is left for a job's language. Where there is one for others,
    /// the job waits until those that were left alone are tried again; back at
    /// its place it would be claimed again before all others.
    fn none_left(&mut self, error: ExecutorError) -> Outcome {
        if self.drain.attempts.executors().is_any_there() {
            Outcome::Later {
                pause_ms: LEFT_ALONE_MS,
            }
        } else {
            self.note_away(error);
            Outcome::Back
        }
    }

    /// Whether an endpoint answers; looked at once for all that were lost
    /// together. `None` when no look can be afforded.
    async fn look(&mut self, at: usize) -> Option<bool> {
        if let Some((_, answers)) = self.looks.iter().find(|(seen, _)| *seen == at) {
            return Some(*answers);
        }
        if !self.drain.budget.one_more(self.ready.len()) {
            return None;
        }
        self.hold_place();
        self.drain.budget.meter.spend_reserve();
        let answers = self.drain.attempts.executors().answers(at).await;
        self.looks.push((at, answers));
        Some(answers)
    }

    /// There is a place free whenever this is called: with nothing running, or
    /// when a job has just ended.
    fn hold_place(&mut self) {
        if self.place.is_none() {
            self.place = self.gate.try_enter();
        }
    }

    fn finish(&mut self, held: Held, outcome: Outcome) {
        if self.finished.is_empty() {
            self.first_finished_ms = self.now_ms();
        }
        self.finished.push((held, outcome));
    }

    fn is_time_to_settle(&self) -> bool {
        let waited = self.now_ms().saturating_sub(self.first_finished_ms);
        !self.finished.is_empty()
            && self.may_settle_early()
            && (self.finished.len() >= SETTLE_AT || waited >= SETTLE_AFTER_MS)
    }

    /// Whoever waits for a number of jobs gets them in their order, all at
    /// once; in the background, each result is stored soon.
    fn may_settle_early(&self) -> bool {
        self.drain.plan.background && self.drain.budget.early_settlement(self.ready.len())
    }

    /// How many jobs to claim now.
    fn want(&self, running: usize) -> usize {
        let held = running + self.ready.len();
        let by_itself = self.alone || self.ready.iter().any(|held| held.leased.handle.alone());
        let stopped = self.away.is_some() || self.crowded || self.lost_store.is_some();
        if !self.more || by_itself || stopped {
            return 0;
        }
        let done = self.finished.iter().filter(|(_, outcome)| is_done(outcome));
        let wanted = self
            .drain
            .plan
            .wanted
            .saturating_sub(self.report.done + done.count() + held);
        // After an outage one job goes ahead and sees.
        let ahead = if self.back_offs > 0 { 1 } else { usize::MAX };
        self.drain
            .budget
            .claim(self.now_ms(), self.ready.len(), held)
            .min(wanted)
            .min(ahead)
    }

    /// With nothing in hand: whether there is something worth waiting for, once
    /// it has been waited for.
    async fn wait_for_more(&mut self) -> bool {
        if !self.drain.plan.background || self.crowded || self.lost_store.is_some() {
            return false;
        }
        if self.away.is_some() {
            return self.wait_for_endpoint().await;
        }
        let Some(at_ms) = self.retries_at_ms.iter().copied().min() else {
            return false;
        };
        let now_ms = self.now_ms();
        if !self.sleep_with_budget(at_ms.saturating_sub(now_ms)).await {
            return false;
        }
        let now_ms = self.now_ms();
        self.retries_at_ms.retain(|&at_ms| at_ms > now_ms);
        self.more = true;
        true
    }

    /// Looks now and then, longer apart each time, and claims nothing while
    /// nobody is there to run it.
    async fn wait_for_endpoint(&mut self) -> bool {
        while self.back_offs < BACK_OFFS {
            self.back_offs += 1;
            let [.., a, b, c, d] = (self.drain.surroundings.random)();
            let pause_ms = retry::pause_ms(self.back_offs, u32::from_be_bytes([a, b, c, d]));
            if !self.sleep_with_budget(pause_ms).await {
                return false;
            }
            self.looks.clear();
            let at = self.drain.attempts.executors().next_to_look_at();
            if self.look(at).await == Some(true) {
                self.away = None;
                self.more = true;
                self.came_back = Some(at);
                return true;
            }
        }
        false
    }

    /// Sleeps if there will be something left to claim with afterwards.
    async fn sleep_with_budget(&self, pause_ms: u64) -> bool {
        if self.drain.budget.claim(self.now_ms() + pause_ms, 0, 0) == 0 {
            return false;
        }
        (self.drain.surroundings.sleep)(pause_ms).await;
        true
    }

    fn now_ms(&self) -> u64 {
        (self.drain.surroundings.now_ms)()
    }
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}
