//! The jobs in hand: claimed and not started, or decided and not settled.
//! (Running jobs are in their futures.) A job is decided when it is known what
//! becomes of it, whether it was run or not.

use std::collections::VecDeque;

use shared::queue::settlement::{Outcome, Settlement};

use crate::attempt::ClaimedJob;

/// A claimed job with its number in the order of claims.
#[derive(Debug)]
pub struct BatchJob {
    /// From 1.
    pub seq: u64,
    /// The job with its lease.
    pub job: ClaimedJob,
}

/// The jobs in hand.
#[derive(Debug, Default)]
pub struct Batch {
    /// Claimed, not started.
    ready: VecDeque<BatchJob>,
    /// Decided, not settled; in the order of claims.
    decided: Vec<(BatchJob, Outcome)>,
    first_decided_ms: u64,
    last_seq: u64,
}

impl Batch {
    /// Takes in a claimed job.
    pub fn add(&mut self, job: ClaimedJob) {
        let held = self.number(job);
        self.ready.push_back(held);
    }

    /// Gives a job its number without making it ready: for one that is decided
    /// at once.
    pub fn number(&mut self, job: ClaimedJob) -> BatchJob {
        self.last_seq += 1;
        BatchJob {
            seq: self.last_seq,
            job,
        }
    }

    /// The next job to start.
    pub fn next_ready(&self) -> Option<&BatchJob> {
        self.ready.front()
    }

    /// Takes the next job to start.
    pub fn take_ready(&mut self) -> Option<BatchJob> {
        self.ready.pop_front()
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
