//! The loop of a drain.
//!
//! A running job holds a permit to have a request in flight. The drain takes one
//! for itself when a run ends, and keeps it until the job is settled: while it
//! settles or probes it polls no job, so it could not wait for one to give its
//! permit back.

use std::rc::Rc;

use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use shared::plan::Plan;
use shared::queue::Store;
use shared::queue::settlement::{Outcome, QueueConfig};
use shared::redis::RedisError;

use super::batch::{Batch, BatchJob};
use super::options::DrainOptions;
use super::outage::{Outage, Stops};
use super::report::Report;
use crate::attempt::{AttemptEnd, JobRunner};
use crate::limits::{
    Budget, JobGrant, MAX_REQUESTS_IN_FLIGHT, Permit, SETTLE_AFTER_MS, SETTLE_AT, Semaphore,
};
use crate::runtime::Runtime;

/// What a drain works with.
pub struct Drain<'a> {
    /// The queue.
    pub store: &'a Store,
    /// Runs jobs.
    pub runner: &'a JobRunner,
    /// Settings that hold for every job.
    pub config: &'a QueueConfig,
    /// Clock, randomness, timer.
    pub runtime: Runtime,
    /// What the invocation may still use.
    pub budget: Budget,
    /// The platform's plan.
    pub plan: Plan,
    /// What is to be done.
    pub options: DrainOptions,
    /// Starts an invocation that makes deliveries.
    pub wake_courier: Option<Wake>,
    /// Starts another drain in an invocation of its own.
    pub wake_drain: Option<Wake>,
    /// Called with the first jobs that were settled.
    pub tell: Option<OnFirstSettled>,
}

/// Called once, with the ids of the first jobs that were settled for good, after that is
/// stored; never called if there is none.
pub type OnFirstSettled = Box<dyn FnOnce(Vec<String>)>;

/// Starts an invocation of its own for something, with one call.
pub type Wake = Rc<dyn Fn() -> LocalBoxFuture<'static, ()>>;

/// A drain under way.
pub(super) struct DrainLoop<'a> {
    pub(super) context: Drain<'a>,
    pub(super) batch: Batch,
    pub(super) outage: Outage,
    pub(super) stops: Stops,
    /// Whether a claim may find a job.
    pub(super) more_expected: bool,
    /// Whether the last claim that left the lane `low` out found nothing.
    pub(super) only_low_waits: bool,
    /// Whether an isolated job is running: nothing else is started.
    pub(super) isolated_running: bool,
    pub(super) in_flight: Rc<Semaphore>,
    /// The drain's own permit.
    pub(super) permit: Option<Permit>,
    /// When this drain's own retries fall due.
    pub(super) retries_due_ms: Vec<u64>,
    /// When it had deliveries made the last time.
    pub(super) courier_woken_ms: Option<u64>,
    /// Whether an address is to be told of an end that was settled after that.
    pub(super) courier_owed: bool,
    /// When it, or the one that started it, started further drains.
    pub(super) others_woken_ms: Option<u64>,
    pub(super) report: Report,
}

/// How often a drain with jobs that are not started looks whether they can be, while
/// others wait for a busy endpoint, in milliseconds.
const LOOK_MS: u64 = 300;

/// What a job's lease leaves for its settlement, in milliseconds.
const SETTLE_MS: u64 = 5_000;

type Running<'a> = FuturesUnordered<LocalBoxFuture<'a, (BatchJob, AttemptEnd)>>;

/// The jobs that a claim is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// How many at most.
    pub(super) count: usize,
    /// Whether none of the lane `low`.
    pub(super) without_low: bool,
}

/// What the loop does next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Settle what is decided, and claim up to so many jobs.
    SettleAndClaim(Wanted),
    /// Wait until a run ends, at most so many milliseconds if a number is given.
    AwaitRun(Option<u64>),
    /// There is no job in hand and none to claim.
    Idle,
}

impl Drain<'_> {
    /// Works until it is done, and never fails: what went wrong is in the
    /// report.
    pub async fn run(self) -> Report {
        let now_ms = (self.runtime.now_ms)();
        let others_woken_ms = self.options.by_drain.then_some(now_ms);
        let mut state = DrainLoop {
            context: self,
            batch: Batch::default(),
            outage: Outage::default(),
            stops: Stops::default(),
            more_expected: true,
            only_low_waits: false,
            isolated_running: false,
            in_flight: Semaphore::new(MAX_REQUESTS_IN_FLIGHT),
            permit: None,
            retries_due_ms: Vec::new(),
            courier_woken_ms: None,
            courier_owed: false,
            others_woken_ms,
            report: Report::default(),
        };
        if let Err(error) = state.run_and_refresh().await {
            state.stops.store = Some(error);
        }
        state.wake_courier(0).await;
        let DrainLoop {
            mut report,
            stops,
            context: Drain { options, plan, .. },
            more_expected,
            ..
        } = state;
        report.error = stops.into_error();
        // Only a drain that made progress may hand over: one that cannot even
        // begin (a time-out longer than its time) would call itself for ever. One
        // whose jobs wait for a busy endpoint has spent its time on that.
        let is_useful = report.made_progress() || report.busy > 0;
        report.hand_over = report.error.is_none()
            && more_expected
            && options.background
            && plan.renews_by_binding()
            && is_useful;
        report
    }
}

impl<'a> DrainLoop<'a> {
    /// Works until it is done, and meanwhile fetches the endpoints' lists of
    /// languages that are old, so that no job waits for that.
    async fn run_and_refresh(&mut self) -> Result<(), RedisError> {
        let endpoints = self.context.runner.endpoints();
        let calls = self.context.budget.calls.clone();
        let in_flight = Rc::clone(&self.in_flight);
        let refresh = Box::pin(endpoints.refresh_old_lists(&calls, &in_flight));
        match select(Box::pin(self.run_until_done()), refresh).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => work.await,
        }
    }

    async fn run_until_done(&mut self) -> Result<(), RedisError> {
        let mut running = Running::new();
        loop {
            self.start_or_release(&mut running);
            match self.next(running.len()) {
                Next::SettleAndClaim(want) => self.settle_and_claim(want).await?,
                Next::AwaitRun(at_most_ms) => self.await_run(&mut running, at_most_ms).await,
                Next::Idle => {
                    if !self.wait_for_work().await || self.want(0).count == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn next(&self, running: usize) -> Next {
        let idle = running == 0;
        let decided = self.batch.decided_len();
        let now_ms = self.now_ms();
        if idle || self.is_time_to_settle(now_ms) {
            let want = self.want(running);
            return if idle && decided == 0 && want.count == 0 {
                Next::Idle
            } else {
                Next::SettleAndClaim(want)
            };
        }
        let patience = (decided > 0 && self.may_settle_early())
            .then(|| SETTLE_AFTER_MS.saturating_sub(self.batch.waited_ms(now_ms)));
        // Jobs that wait for a busy endpoint give their permits back meanwhile, and so
        // do those that tell viewers how far they are.
        let has_taken = running < MAX_REQUESTS_IN_FLIGHT && self.in_flight.free() == 0;
        let look =
            ((self.is_congested() || has_taken) && self.batch.ready_len() > 0).then_some(LOOK_MS);
        Next::AwaitRun(patience.into_iter().chain(look).min())
    }

    /// Starts the jobs that may run now, and releases those that cannot be run
    /// any more.
    fn start_or_release(&mut self, running: &mut Running<'a>) {
        let now_ms = self.now_ms();
        if self.is_congested() {
            for held in self.batch.take_ready_low(running.is_empty()) {
                self.more_expected = true;
                self.decide(held, Outcome::Release);
            }
        }
        let in_time = self.context.budget.time_for_a_run(now_ms);
        while let Some(held) = self.batch.next_ready(now_ms) {
            if self.stops.no_starts() || !in_time || !self.context.budget.has_call_for_a_run() {
                self.more_expected = true;
                while let Some(held) = self.batch.take_ready(now_ms) {
                    self.decide(held, Outcome::Release);
                }
                return;
            }
            let isolated = held.job.isolated();
            if self.isolated_running || (isolated && !running.is_empty()) {
                return;
            }
            let Some(permit) = self.in_flight.try_acquire() else {
                return;
            };
            let Some(held) = self.batch.take_ready(now_ms) else {
                return;
            };
            self.isolated_running = isolated;
            self.context.budget.calls.spend(1);
            let grant = JobGrant {
                calls: self.context.budget.calls.clone(),
                in_flight: Rc::clone(&self.in_flight),
                permit,
                memory: self.context.runner.memory().clone(),
                latest_ms: held.claimed_ms + self.context.config.lease_ms.saturating_sub(SETTLE_MS),
                congestion: self.context.runner.congestion().clone(),
            };
            let runner = self.context.runner;
            running.push(Box::pin(async move {
                let end = runner.run(&held.job, grant).await;
                (held, end)
            }));
        }
    }

    async fn await_run(&mut self, running: &mut Running<'a>, at_most_ms: Option<u64>) {
        let next = running.next();
        let ended = match at_most_ms {
            None => next.await,
            Some(ms) => match select(next, (self.context.runtime.sleep)(ms)).await {
                Either::Left((ended, _)) => ended,
                Either::Right(_) => return,
            },
        };
        if let Some((held, end)) = ended {
            self.run_ended(held, end).await;
        }
    }

    /// Takes the drain's own permit, if it has not got it. One is free whenever
    /// this is called: nothing is running, or a run has just ended, or the claim
    /// that is being looked up was made with the same permit.
    pub(super) fn hold_permit(&mut self) {
        if self.permit.is_none() {
            self.permit = self.in_flight.try_acquire();
        }
    }

    pub(super) fn decide(&mut self, held: BatchJob, outcome: Outcome) {
        let now_ms = self.now_ms();
        // It is due at once.
        self.more_expected |= matches!(outcome, Outcome::Continue { .. });
        self.batch.decide(held, outcome, now_ms);
    }

    fn is_time_to_settle(&self, now_ms: u64) -> bool {
        let decided = self.batch.decided_len();
        decided > 0
            && self.may_settle_early()
            && (decided >= SETTLE_AT || self.batch.waited_ms(now_ms) >= SETTLE_AFTER_MS)
    }

    /// A caller that waits for a number of jobs gets them all at once, in their
    /// order; in the background, each result is stored soon.
    fn may_settle_early(&self) -> bool {
        self.context.options.background
            && self.context.budget.early_settlement(self.batch.ready_len())
    }

    /// How many jobs to claim now.
    fn want(&self, running: usize) -> Wanted {
        let in_hand = running + self.batch.ready_len();
        let isolated = self.isolated_running || self.batch.has_isolated();
        if !self.more_expected || isolated || self.stops.no_claims() {
            return Wanted {
                count: 0,
                without_low: false,
            };
        }
        let completed = self.report.completed + self.batch.completed_len();
        let wanted = self
            .context
            .options
            .wanted
            .saturating_sub(completed + in_hand);
        let without_low = self.is_congested() && (in_hand > 0 || !self.only_low_waits);
        let mut at_most = usize::MAX;
        if without_low {
            // Only what can be started at once; one permit is for the drain itself.
            at_most = (self.in_flight.free()).saturating_sub(1 + self.batch.ready_len());
        } else if self.is_congested() {
            at_most = 1;
        }
        if self.outage.is_recovering() {
            at_most = at_most.min(1);
        }
        let claimable =
            self.context
                .budget
                .claimable(self.now_ms(), self.batch.ready_len(), in_hand);
        Wanted {
            count: claimable.min(wanted).min(at_most),
            without_low,
        }
    }

    /// Whether an endpoint has lately been too busy for a job. Then other jobs would
    /// only wait here, unless they are for people who have sent little.
    pub(super) fn is_congested(&self) -> bool {
        self.context.runner.congestion().is_congested(self.now_ms())
    }

    pub(super) fn now_ms(&self) -> u64 {
        (self.context.runtime.now_ms)()
    }
}
