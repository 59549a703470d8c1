//! Asking Redis: one round trip that settles what is finished and claims what
//! is next, and one that finds out what the claimed jobs are submissions to.
//!
//! Both are asked again when an answer is lost, with what the budget keeps back
//! for that.

use shared::hex::hex;
use shared::lane::Lane;
use shared::queue::retry;
use shared::queue::work::{Call, Claimed, Leased, Outcome, Settlement, State};
use shared::redis::RedisError;

use super::{Held, Work, is_done};

/// How often Redis is asked. Until a settlement is known to have worked, the
/// results exist only here.
const TRIES: u32 = 4;

/// The most bytes of results in one call. Upstash takes requests of 10 MB; as
/// text in a JSON request a result can be twice as long.
const MAX_CALL_BYTES: usize = 4_000_000;

impl Work<'_> {
    /// Settles all that is finished and claims up to `want`.
    pub(super) async fn settle_and_claim(&mut self, want: usize) -> Result<(), RedisError> {
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
        self.hold_place();
        let claimed = self.settle(&settlements, want).await;
        self.place = None;
        let claimed = claimed?;
        if settlements.iter().any(|one| is_done(&one.outcome)) {
            self.back_offs = 0;
        }
        self.looks.clear();
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
            self.drain.budget.claimed();
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
            self.look_up(&claimed.jobs).await;
            for leased in claimed.jobs {
                self.claimed += 1;
                let held = Held {
                    place: self.claimed,
                    leased,
                };
                if self.lost_store.is_some() {
                    self.finish(held, Outcome::Back);
                } else {
                    self.ready.push_back(held);
                }
            }
        }
        Ok(())
    }

    /// One call, or as many as it takes to keep each below what Redis takes. The
    /// last one claims.
    async fn settle(
        &mut self,
        mut settlements: &[Settlement],
        want: usize,
    ) -> Result<Option<Claimed>, RedisError> {
        loop {
            let (now, later) = settlements.split_at(fit(settlements));
            if later.is_empty() {
                return self.call(now, want).await;
            }
            self.call(now, 0).await?;
            settlements = later;
        }
    }

    /// Finds out which problems the jobs are submissions to: one round trip for
    /// all of them, and more when its answer is lost. Without it none can be
    /// started.
    async fn look_up(&mut self, jobs: &[Leased]) {
        if jobs.is_empty() {
            return;
        }
        let mut tries = 0;
        self.hold_place();
        loop {
            tries += 1;
            self.pay(tries);
            match self.drain.attempts.problems().look_up(jobs).await {
                Ok(()) => break,
                Err(error) if tries >= TRIES || !self.drain.budget.one_more(0) => {
                    self.lost_store = Some(error);
                    self.more = false;
                    break;
                }
                Err(_) => (self.drain.surroundings.sleep)(retry::pause_ms(tries, 0)).await,
            }
        }
        self.place = None;
    }

    /// Notes a call; the reserve is there for those that are made again.
    fn pay(&self, tries: u32) {
        if tries == 1 {
            self.drain.budget.meter.spend(1);
        } else {
            self.drain.budget.meter.spend_reserve();
        }
    }

    /// One round trip, and more when its answer is lost. Sent again it claims
    /// nothing: the first may have been applied, and then what it claimed comes
    /// back when its lease runs out.
    async fn call(
        &mut self,
        settlements: &[Settlement],
        want: usize,
    ) -> Result<Option<Claimed>, RedisError> {
        let mut tries = 0;
        loop {
            tries += 1;
            self.pay(tries);
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
                        || tries >= TRIES
                        || !self.drain.budget.one_more(0) =>
                {
                    return Err(error);
                }
                Err(_) => (self.drain.surroundings.sleep)(retry::pause_ms(tries, 0)).await,
            }
        }
    }
}

/// How many of these, from the first on, one call can carry: one at least.
fn fit(settlements: &[Settlement]) -> usize {
    let mut bytes = 0;
    let over = settlements.iter().position(|one| {
        bytes += match &one.outcome {
            Outcome::Done(result) => result.stored().map_or(0, |text| text.len()),
            _ => 0,
        };
        bytes > MAX_CALL_BYTES
    });
    over.map_or(settlements.len(), |at| at.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::queue::handle::Handle;
    use shared::result::{ResultDocument, Stage, Status, Verdict};

    fn done(bytes: usize) -> Settlement {
        let run = Stage {
            stdout: "x".repeat(bytes),
            ..Stage::default()
        };
        Settlement {
            handle: Handle::parse("1.normal.u:n").unwrap(),
            outcome: Outcome::Done(Box::new(ResultDocument {
                id: "i".into(),
                problem_id: "p".into(),
                language: "l".into(),
                language_version: None,
                status: Status::Done,
                verdict: Verdict::Executed,
                output: String::new(),
                compile: None,
                run: Some(run),
                judgement: None,
                attempts: 1,
                executor: "e".into(),
                submitted_at_ms: 1,
                started_at_ms: 2,
                finished_at_ms: 3,
                kept: Some("{}".into()),
            })),
        }
    }

    #[test]
    fn very_long_results_go_by_several_calls() {
        let large = MAX_CALL_BYTES / 3;
        assert_eq!(fit(&[]), 0);
        assert_eq!(fit(&[done(10), done(10)]), 2);
        assert_eq!(fit(&[done(large), done(large), done(large), done(1)]), 2);
        assert_eq!(fit(&[done(MAX_CALL_BYTES), done(1)]), 1);
    }
}
