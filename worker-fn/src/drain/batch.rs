//! The jobs in hand: claimed and not started, or decided and not settled.
//! (Running jobs are in their futures.) A job is decided when it is known what
//! becomes of it, whether it was run or not.

use std::collections::VecDeque;

use shared::domain::lane::Lane;
use shared::queue::settlement::{Outcome, Settlement};

use crate::attempt::ClaimedJob;

/// How long a job may wait, in milliseconds, until no job that was claimed after
/// it starts before it. Its lease runs meanwhile.
const MAX_OVERTAKEN_MS: u64 = 2_000;

/// A claimed job with its number in the order of claims.
#[derive(Debug)]
pub struct BatchJob {
    /// From 1.
    pub seq: u64,
    /// When it was claimed, in milliseconds since 1970.
    pub claimed_ms: u64,
    /// The job with its lease.
    pub job: ClaimedJob,
}

/// The jobs in hand.
#[derive(Debug, Default)]
pub struct Batch {
    /// Claimed, not started; in the order of claims.
    ready: VecDeque<BatchJob>,
    /// Decided, not settled; in the order of claims.
    decided: Vec<(BatchJob, Outcome)>,
    first_decided_ms: u64,
    last_seq: u64,
}

impl Batch {
    /// Takes in a claimed job.
    pub fn add(&mut self, job: ClaimedJob, now_ms: u64) {
        let held = self.number(job, now_ms);
        self.ready.push_back(held);
    }

    /// Gives a job its number without making it ready: for one that is decided
    /// at once.
    pub fn number(&mut self, job: ClaimedJob, now_ms: u64) -> BatchJob {
        self.last_seq += 1;
        BatchJob {
            seq: self.last_seq,
            claimed_ms: now_ms,
            job,
        }
    }

    /// The next job to start: by lane, then by the order of claims.
    pub fn next_ready(&self, now_ms: u64) -> Option<&BatchJob> {
        self.ready.get(self.next_index(now_ms))
    }

    /// Takes the next job to start.
    pub fn take_ready(&mut self, now_ms: u64) -> Option<BatchJob> {
        self.ready.remove(self.next_index(now_ms))
    }

    fn next_index(&self, now_ms: u64) -> usize {
        let waited_ms = |held: &BatchJob| now_ms.saturating_sub(held.claimed_ms);
        let oldest = self.ready.front();
        if oldest.is_some_and(|held| waited_ms(held) >= MAX_OVERTAKEN_MS) {
            return 0;
        }
        let mut lanes = Lane::ALL.into_iter();
        lanes
            .find_map(|lane| {
                let mut ready = self.ready.iter();
                ready.position(|held| held.job.token.lane() == lane)
            })
            .unwrap_or(0)
    }

    /// How many jobs are not started.
    pub fn ready_len(&self) -> usize {
        self.ready.len()
    }

    /// Whether a job that is not started must run with no other beside it.
    pub fn has_isolated(&self) -> bool {
        self.ready.iter().any(|held| held.job.isolated())
    }

    /// Notes what becomes of a job. Decided jobs stay in the order of their claims:
    /// released ones must go back in that order.
    pub fn decide(&mut self, held: BatchJob, outcome: Outcome, now_ms: u64) {
        if self.decided.is_empty() {
            self.first_decided_ms = now_ms;
        }
        let at = self
            .decided
            .partition_point(|(other, _)| other.seq < held.seq);
        self.decided.insert(at, (held, outcome));
    }

    /// How many jobs are decided.
    pub fn decided_len(&self) -> usize {
        self.decided.len()
    }

    /// How many decided jobs have a result.
    pub fn completed_len(&self) -> usize {
        let outcomes = self.decided.iter().map(|(_, outcome)| outcome);
        outcomes.filter(|outcome| is_complete(outcome)).count()
    }

    /// How long the first decided job has waited, in milliseconds.
    pub fn waited_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.first_decided_ms)
    }

    /// Has all decided jobs tried again after a pause instead, without counting
    /// their attempts: what became of them cannot be stored.
    pub fn snooze_decided(&mut self, delay_ms: u64) {
        for (_, outcome) in &mut self.decided {
            *outcome = Outcome::Snooze { delay_ms };
        }
    }

    /// The settlements of the decided jobs, in the order of claims.
    pub fn settlements(&self) -> Vec<Settlement> {
        self.decided
            .iter()
            .map(|(held, outcome)| Settlement {
                token: held.job.token.clone(),
                outcome: outcome.clone(),
            })
            .collect()
    }

    /// Takes the decided jobs, once they are settled.
    pub fn take_decided(&mut self) -> Vec<(BatchJob, Outcome)> {
        std::mem::take(&mut self.decided)
    }
}

/// Whether the job has a result.
pub fn is_complete(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Complete(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::job::Job;
    use shared::queue::lease_token::LeaseToken;

    fn job(token: &str) -> ClaimedJob {
        ClaimedJob {
            token: LeaseToken::parse(token).unwrap(),
            failed_attempts: Vec::new(),
            job: Job::decode(b"garbage"),
        }
    }

    fn start_all(batch: &mut Batch, now_ms: u64) -> Vec<u64> {
        let mut order = Vec::new();
        while let Some(held) = batch.take_ready(now_ms) {
            order.push(held.seq);
        }
        order
    }

    #[test]
    fn jobs_start_by_lane_and_then_in_the_order_of_claims() {
        let mut batch = Batch::default();
        let lanes = ["low", "normal", "high", "low", "normal", "high"];
        for (number, lane) in lanes.into_iter().enumerate() {
            batch.add(job(&format!("1.{lane}.{number}")), 1_000);
        }
        assert_eq!(batch.next_ready(1_000).map(|held| held.seq), Some(3));
        assert_eq!(start_all(&mut batch, 2_999), [3, 6, 2, 5, 1, 4]);
    }

    #[test]
    fn a_job_is_overtaken_for_two_seconds_at_most() {
        let mut batch = Batch::default();
        batch.add(job("1.low.a"), 1_000);
        batch.add(job("1.normal.b"), 1_500);
        batch.add(job("1.high.c"), 3_000);
        assert_eq!(start_all(&mut batch, 3_000), [1, 3, 2]);
    }

    #[test]
    fn released_jobs_go_back_in_the_order_of_claims() {
        let mut batch = Batch::default();
        for token in ["1.low.a", "1.high.b"] {
            batch.add(job(token), 0);
        }
        while let Some(held) = batch.take_ready(0) {
            batch.decide(held, Outcome::Release, 0);
        }
        let settlements = batch.settlements();
        let tokens: Vec<&str> = settlements.iter().map(|one| one.token.as_str()).collect();
        assert_eq!(tokens, ["1.low.a", "1.high.b"]);
    }
}
