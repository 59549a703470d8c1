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
//! by itself, and only then does the failure count as its own.

use std::collections::VecDeque;

use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use shared::lane::Lane;
use shared::queue::work::{Call, Leased, Outcome, Policy, Settlement, State};
use shared::queue::{Queue, retry};
use shared::redis::RedisError;

use crate::attempt::{Attempts, Ran};
use crate::budget::{Budget, MAX_IN_FLIGHT, SETTLE_AFTER_MS, SETTLE_AT};
use crate::executor::ExecutorError;
use crate::report::{Report, Trouble};
use crate::surroundings::Surroundings;

/// How often a settlement is tried. Until one is known to have worked, the
/// results exist only here.
const SETTLEMENT_TRIES: u32 = 4;
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
    /// What the last look said, until the next settlement.
    endpoint_answers: Option<bool>,
    /// When our own retries fall due.
    retries_at_ms: Vec<u64>,
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
            endpoint_answers: None,
            retries_at_ms: Vec::new(),
        };
        let mut running = Running::new();
        if let Err(error) = work.go_on(&mut running).await {
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
            if self.away.is_some() || !in_time {
                // Not started, so nothing is known of it; there is work left.
                self.more = true;
                while let Some(held) = self.ready.pop_front() {
                    self.finish(held, Outcome::Back);
                }
                return;
            }
            let by_itself = held.leased.handle.alone();
            // What is finished will be settled by a call of its own.
            let calls = running.len() + usize::from(!self.finished.is_empty());
            if calls >= MAX_IN_FLIGHT || self.alone || (by_itself && !running.is_empty()) {
                return;
            }
            let Some(held) = self.ready.pop_front() else {
                return;
            };
            self.alone = by_itself;
            self.drain.budget.spend(1);
            let attempts = self.drain.attempts;
            running.push(Box::pin(async move {
                let ran = attempts.run(&held.leased).await;
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
        let outcome = match ran {
            Ran::Settled(outcome) => outcome,
            Ran::Away(error) => {
                self.note_away(error);
                Outcome::Back
            }
            Ran::Lost(error) if self.back_offs > 0 => {
                // The endpoint had answered a look just before this job went
                // ahead, so the job is what is left to suspect.
                let outcome = if by_itself {
                    self.drain.attempts.failed(&held.leased, &error)
                } else {
                    Outcome::Alone
                };
                self.note_away(error);
                outcome
            }
            Ran::Lost(error) if !self.look().await => {
                self.note_away(error);
                Outcome::Back
            }
            Ran::Lost(error) if by_itself => self.drain.attempts.failed(&held.leased, &error),
            Ran::Lost(_) => {
                self.more = true;
                Outcome::Alone
            }
        };
        self.finish(held, outcome);
    }

    /// Nothing is started or claimed until the endpoint is back; what was held
    /// is still to be done then.
    fn note_away(&mut self, error: ExecutorError) {
        self.away = Some(error);
        self.more = true;
    }

    /// Whether the endpoint answers; looked at once for all that were lost
    /// together. When no look can be afforded, nobody is blamed.
    async fn look(&mut self) -> bool {
        if let Some(answers) = self.endpoint_answers {
            return answers;
        }
        if !self.drain.budget.one_more(self.ready.len()) {
            return false;
        }
        self.drain.budget.spend(1);
        let answers = self.drain.attempts.endpoint_answers().await;
        self.endpoint_answers = Some(answers);
        answers
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
        if !self.more || by_itself || self.away.is_some() {
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
        if !self.drain.plan.background {
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
            self.endpoint_answers = None;
            if self.look().await {
                self.away = None;
                self.more = true;
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

    async fn settle_and_claim(&mut self, want: usize) -> Result<(), RedisError> {
        // What goes back goes back in the order in which it was claimed.
        self.finished.sort_by_key(|(held, _)| held.place);
        let settlements: Vec<Settlement> = self
            .finished
            .iter()
            .map(|(held, outcome)| Settlement {
                handle: held.leased.handle.clone(),
                outcome: outcome.clone(),
            })
            .collect();
        let claimed = self.call(&settlements, want).await?;
        if settlements.iter().any(|one| is_done(&one.outcome)) {
            self.back_offs = 0;
        }
        self.endpoint_answers = None;
        let keep = !self.drain.plan.background;
        let now_ms = self.now_ms();
        for (held, outcome) in self.finished.drain(..) {
            if let Outcome::Retry { pause_ms, .. } = outcome {
                // The pause began when Redis was told, which was after the
                // failure and before now; both clocks leave out a fraction. Too
                // early would find nothing, and leave the retry to the cron.
                self.retries_at_ms.push(now_ms + pause_ms + 1);
            }
            self.report.note(&held.leased, outcome, keep);
        }
        if let Some(claimed) = claimed {
            self.more = match claimed.state {
                State::Open => true,
                // Short speaks of one lane: behind a few urgent jobs the usual lane
                // may be full.
                State::Short => {
                    let urgent = |job: &Leased| job.handle.lane() == Lane::High;
                    self.drain.plan.all_lanes || claimed.jobs.iter().any(urgent)
                }
                State::Empty | State::Full | State::Paused => false,
            };
            for leased in claimed.jobs {
                self.claimed += 1;
                self.ready.push_back(Held {
                    place: self.claimed,
                    leased,
                });
            }
        }
        Ok(())
    }

    /// One round trip, and more when its answer is lost. Sent again it claims
    /// nothing: the first may have been applied, and then what it claimed comes
    /// back when its lease runs out.
    async fn call(
        &mut self,
        settlements: &[Settlement],
        want: usize,
    ) -> Result<Option<shared::queue::work::Claimed>, RedisError> {
        let mut tries = 0;
        loop {
            tries += 1;
            self.drain.budget.spend(1);
            let call = Call {
                now_ms: self.now_ms(),
                nonce: hex(&(self.drain.surroundings.random)()),
            };
            let first = tries == 1;
            let answer = self
                .drain
                .queue
                .work(
                    settlements,
                    if first { want } else { 0 },
                    self.drain.policy,
                    &call,
                )
                .await;
            match answer {
                Ok(claimed) => return Ok((first && want > 0).then_some(claimed)),
                Err(error)
                    if settlements.is_empty()
                        || tries >= SETTLEMENT_TRIES
                        || !self.drain.budget.one_more(0) =>
                {
                    return Err(error);
                }
                Err(_) => (self.drain.surroundings.sleep)(retry::pause_ms(tries, 0)).await,
            }
        }
    }

    fn now_ms(&self) -> u64 {
        (self.drain.surroundings.now_ms)()
    }
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
