//! The calls of Redis: one round trip that settles decided jobs and claims the next, and
//! rarely one that looks up problems of the claimed jobs.
//!
//! Both are made again when an answer is lost, with the calls of the reserve.

use shared::domain::ids::ProblemId;
use shared::domain::lane::Lane;
use shared::queue::backoff::backoff_ms;
use shared::queue::claim::{ClaimStatus, Claimed};
use shared::queue::settlement::{ClaimContext, Outcome, Settlement};
use shared::redis::RedisError;
use shared::text::hex;

use super::batch::is_complete;
use super::drain_loop::{DrainLoop, Wanted};
use super::job_line::job_line;
use crate::attempt::ClaimedJob;

/// The most tries of one call. Until a settlement is known to have worked, the
/// results exist only here.
const MAX_TRIES: u32 = 4;

/// How long jobs wait whose results cannot be stored because Redis is full, in
/// milliseconds.
const FULL_STORE_MS: u64 = 60_000;

/// How often a drain has deliveries made, in milliseconds: an invocation makes all that
/// are due. Those of ends that are settled sooner are made when the drain ends.
const WAKE_COURIER_EVERY_MS: u64 = 2_000;

/// The most bytes of results in one call. Upstash takes requests of 10 MB; as
/// JSON text in a JSON request a result can be twice as long.
const MAX_CALL_BYTES: usize = 4_000_000;

/// For a call that only settles.
const NOTHING: Wanted = Wanted {
    count: 0,
    without_low: false,
};

impl DrainLoop<'_> {
    /// Settles all decided jobs and claims what is wanted. When Redis is full, the
    /// jobs are snoozed: that takes no more room than they have already.
    pub(super) async fn settle_and_claim(&mut self, wanted: Wanted) -> Result<(), RedisError> {
        self.hold_permit();
        if self.stops.store_is_full() {
            self.batch.snooze_decided(FULL_STORE_MS);
        }
        let mut claimed = self.settle(&self.batch.settlements(), wanted).await;
        if let Err(error) = &claimed
            && error.is_full()
            && !self.stops.store_is_full()
        {
            self.stops.store = Some(error.clone());
            self.batch.snooze_decided(FULL_STORE_MS);
            self.context.budget.calls.spend_reserve();
            claimed = self.settle(&self.batch.settlements(), NOTHING).await;
        }
        self.permit = None;
        let claimed = claimed?;
        self.courier_owed |= self.note_settled();
        self.wake_courier(WAKE_COURIER_EVERY_MS).await;
        self.count_stored().await;
        if let Some(claimed) = claimed {
            let before = self.more_expected;
            self.only_low_waits = wanted.without_low && claimed.leases.is_empty();
            let others = claimed.others;
            self.take_claimed(claimed).await;
            self.wake_others(others).await;
            // The lane low was not looked at.
            self.more_expected |= wanted.without_low && before;
        }
        Ok(())
    }

    /// Returns whether an address is to be told of one of the ends.
    fn note_settled(&mut self) -> bool {
        let now_ms = self.now_ms();
        let mut has_delivery = false;
        let mut ended = Vec::new();
        let return_results = !self.context.options.background;
        for (held, outcome) in self.batch.take_decided() {
            if is_complete(&outcome) {
                self.outage.backoffs = 0;
            }
            if let Outcome::Retry { delay_ms, .. } = outcome {
                // Redis began the pause after the failure and before now, and both
                // clocks are in whole milliseconds. A claim that is too early
                // would find nothing and leave the retry to the cron.
                self.retries_due_ms.push(now_ms + delay_ms + 1);
            }
            has_delivery |= outcome.has_delivery();
            match &outcome {
                Outcome::Complete(result) => ended.push(result.id.clone()),
                Outcome::DeadLetter(letter) => ended.push(letter.id.clone()),
                _ => {}
            }
            let runner = self.context.runner;
            (self.context.runtime.log)(&job_line(runner, &held, &outcome, now_ms));
            let job = held.job.job.as_ref().ok();
            let outcomes = runner.outcomes();
            if outcomes.leaves_untold(job, &outcome) {
                let words = "a job has a callbackUrl, and WEBHOOK_SECRET is not set";
                self.report.note_words(words.into());
            }
            outcomes.stored().note(job, &outcome, outcomes.window());
            self.report.note(held.job, outcome, return_results);
        }
        self.outage.forget_probes();
        if !ended.is_empty()
            && let Some(tell) = self.context.tell.take()
        {
            tell(ended);
        }
        has_delivery
    }

    /// Has those that are to be told of ends told by another invocation, unless that was
    /// asked for less than `every_ms` ago. Where no call is left for that, the cron does.
    pub(super) async fn wake_courier(&mut self, every_ms: u64) {
        let budget = &self.context.budget;
        let wake = self.context.wake_courier.clone();
        let Some(wake) = wake.filter(|_| self.courier_owed) else {
            return;
        };
        let now_ms = self.now_ms();
        let is_due = self
            .courier_woken_ms
            .is_none_or(|ms| now_ms >= ms + every_ms);
        if !is_due || !budget.allows_extra_call(self.batch.ready_len()) {
            return;
        }
        budget.calls.spend(1);
        self.courier_woken_ms = Some(now_ms);
        self.courier_owed = false;
        self.hold_permit();
        wake().await;
        self.permit = None;
    }

    /// Adds to Redis's count what the instance has stored, where that is worth it
    /// and a call is left for it. A count that fails is made up for later.
    async fn count_stored(&mut self) {
        let budget = &self.context.budget;
        if !budget.allows_extra_call(self.batch.ready_len()) {
            return;
        }
        let runner = self.context.runner;
        let outcomes = runner.outcomes();
        let stored = outcomes.stored();
        let Some(uncounted) = stored.take_uncounted() else {
            return;
        };
        budget.calls.spend(1);
        let (window, store) = (outcomes.window(), self.context.store);
        self.hold_permit();
        let sums = store.add_usage(window, uncounted.all, &uncounted.clients);
        match sums.await {
            Ok(sums) => stored.note_counted(&uncounted, &sums, runner.storage()),
            Err(_) => stored.put_back(uncounted, window),
        }
        self.permit = None;
    }

    async fn take_claimed(&mut self, claimed: Claimed) {
        self.context.budget.restore_reserve();
        self.report.last_claim = Some(claimed.status);
        let jobs: Vec<ClaimedJob> = claimed.leases.into_iter().map(ClaimedJob::from).collect();
        self.more_expected = match claimed.status {
            ClaimStatus::MoreExpected => true,
            // This is about one lane: the normal lane may be full behind a few jobs of
            // another that came first.
            ClaimStatus::LaneDrained => {
                let other = |job: &ClaimedJob| job.token.lane() != Lane::Normal;
                self.context.options.all_lanes || jobs.iter().any(other)
            }
            ClaimStatus::Empty | ClaimStatus::AtCapacity | ClaimStatus::Paused => false,
        };
        self.context.budget.note_claimed(jobs.len());
        let problems = self.context.runner.problems();
        let unknown = problems.note_claimed(&jobs, claimed.versions);
        let looked_up = self.look_up_problems(&unknown).await;
        let now_ms = self.now_ms();
        for job in jobs {
            if looked_up.is_ok() {
                self.batch.add(job, now_ms);
            } else {
                let held = self.batch.number(job, now_ms);
                self.decide(held, Outcome::Release);
            }
        }
        if let Err(error) = looked_up {
            self.stops.store = Some(error);
            self.more_expected = false;
        }
    }

    /// Settles in one call, or in as many as keep each below Redis's limit. The
    /// last one claims.
    async fn settle(
        &mut self,
        mut settlements: &[Settlement],
        wanted: Wanted,
    ) -> Result<Option<Claimed>, RedisError> {
        loop {
            let (now, later) = settlements.split_at(fit(settlements));
            if later.is_empty() {
                return self.call(now, wanted).await;
            }
            self.call(now, NOTHING).await?;
            settlements = later;
        }
    }

    /// Looks up the problems of claimed jobs that did not come with the claim. One round
    /// trip, and more when its answer is lost. Without it no job can be started.
    async fn look_up_problems(&mut self, unknown: &[ProblemId]) -> Result<(), RedisError> {
        if unknown.is_empty() {
            return Ok(());
        }
        let ids: Vec<&ProblemId> = unknown.iter().collect();
        self.hold_permit();
        let problems = self.context.runner.problems();
        let looked_up = self.with_retries(true, async |_| problems.look_up(&ids).await);
        let looked_up = looked_up.await;
        self.permit = None;
        looked_up
    }

    /// One round trip, and more when its answer is lost. A further try has the same
    /// nonce: if the first was applied, it gets the jobs that were claimed then.
    async fn call(
        &self,
        settlements: &[Settlement],
        wanted: Wanted,
    ) -> Result<Option<Claimed>, RedisError> {
        let runtime = &self.context.runtime;
        let nonce = hex(&(runtime.random)());
        // A caller that waits for a number of jobs gets the most urgent.
        let low_first = self.context.options.background && runtime.random_u32().is_multiple_of(8);
        let asks_others = self.asks_others();
        self.with_retries(!settlements.is_empty(), async |tries| {
            let context = ClaimContext {
                now_ms: self.now_ms(),
                nonce: nonce.clone(),
                again: tries > 1,
                low_first: low_first && !wanted.without_low,
                without_low: wanted.without_low,
                asks_others,
            };
            let claimed = self
                .context
                .store
                .settle_and_claim(settlements, wanted.count, self.context.config, &context)
                .await?;
            Ok((wanted.count > 0).then_some(claimed))
        })
        .await
    }

    /// Makes a call, and makes it again after a pause when its answer was lost, or
    /// with `insist` also when Redis refused it, as far as the budget allows. `call`
    /// gets the number of the try, from 1.
    async fn with_retries<T>(
        &self,
        insist: bool,
        call: impl AsyncFn(u32) -> Result<T, RedisError>,
    ) -> Result<T, RedisError> {
        let calls = &self.context.budget.calls;
        calls.spend(1);
        let mut tries = 1;
        loop {
            match call(tries).await {
                // A full Redis is as full a second later.
                Err(error)
                    if !error.is_full()
                        && (insist || !matches!(error, RedisError::Refused { .. }))
                        && tries < MAX_TRIES
                        && self.context.budget.allows_extra_call(0) =>
                {
                    (self.context.runtime.sleep)(backoff_ms(tries, 0)).await;
                }
                result => return result,
            }
            tries += 1;
            calls.spend_reserve();
        }
    }
}

/// How many of these, from the first on, one call can carry: at least one.
fn fit(settlements: &[Settlement]) -> usize {
    let mut bytes = 0;
    let over = settlements.iter().position(|settlement| {
        bytes += match &settlement.outcome {
            Outcome::Complete(result) => result.encode_stored().map_or(0, |text| text.len()),
            _ => 0,
        };
        bytes > MAX_CALL_BYTES
    });
    over.map_or(settlements.len(), |index| index.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result_document::result_document;
    use shared::domain::result::ResultDocument;
    use shared::domain::stage::Stage;
    use shared::queue::lease_token::LeaseToken;

    fn completed(bytes: usize) -> Settlement {
        let run = Stage {
            stdout: "x".repeat(bytes),
            ..Stage::default()
        };
        Settlement {
            token: LeaseToken::parse("1.normal.u:n").unwrap(),
            outcome: Outcome::Complete(Box::new(ResultDocument {
                run: Some(run),
                ..result_document("i")
            })),
        }
    }

    #[test]
    fn very_long_results_are_settled_in_several_calls() {
        let large = MAX_CALL_BYTES / 3;
        assert_eq!(fit(&[]), 0);
        assert_eq!(fit(&[completed(10), completed(10)]), 2);
        assert_eq!(
            fit(&[
                completed(large),
                completed(large),
                completed(large),
                completed(1)
            ]),
            2
        );
        assert_eq!(fit(&[completed(MAX_CALL_BYTES), completed(1)]), 1);
    }
}
