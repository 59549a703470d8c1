//! A job that was claimed: decoded once, where it is claimed.

use shared::domain::dead_letter::FailedAttempt;
use shared::domain::job::{Job, UnreadableJob};
use shared::queue::claim::Lease;
use shared::queue::lease_token::LeaseToken;

/// A job with its lease.
#[derive(Debug)]
pub struct ClaimedJob {
    /// What proves the lease.
    pub token: LeaseToken,
    /// What is known of earlier attempts.
    pub failed_attempts: Vec<FailedAttempt>,
    /// The job, or why its payload is none.
    pub job: Result<Job, UnreadableJob>,
}

impl From<Lease> for ClaimedJob {
    fn from(lease: Lease) -> Self {
        Self {
            token: lease.token,
            failed_attempts: lease.failed_attempts,
            job: Job::decode(&lease.payload),
        }
    }
}

impl ClaimedJob {
    /// Whether no other job may run beside it.
    pub fn isolated(&self) -> bool {
        self.token.isolated()
    }

    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.token.attempt()
    }

    /// Its language, where the job can be read.
    pub fn language(&self) -> Option<&str> {
        self.job.as_ref().ok().map(|job| job.language.as_str())
    }
}
