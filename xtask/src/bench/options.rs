//! What `cargo xtask bench queue` is to measure, and the limits of a drain that
//! its settings follow from.

use anyhow::{Result, ensure};

/// How many jobs one drain has running at once: as many requests as the platform
/// lets an invocation have in flight.
pub(super) const RUNS_PER_DRAIN: usize = 6;
/// How many claimed jobs one drain holds at once.
const JOBS_PER_DRAIN: usize = 12;
/// With fewer rounds the spread says nothing.
const MIN_ROUNDS: usize = 5;
/// worker-fn's own default of `MAX_IN_FLIGHT`.
const DEFAULT_MAX_IN_FLIGHT: usize = 60;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Options {
    /// Jobs in each phase.
    pub jobs: usize,
    /// Rounds that count.
    pub rounds: usize,
    /// Parallel clients, and runs at the endpoint at once. A multiple of 6.
    pub concurrency: usize,
    /// Whether both sides keep a list of a problem's results.
    pub index: bool,
    /// Whether to take the Workers' bundles as they are.
    pub as_built: bool,
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(
            self.concurrency > 0 && self.concurrency.is_multiple_of(RUNS_PER_DRAIN),
            "--concurrency must be a multiple of {RUNS_PER_DRAIN}: a drain runs {RUNS_PER_DRAIN} \
             jobs at once, and both sides are to have as many at the endpoint"
        );
        ensure!(self.jobs > 0, "--jobs must be at least 1");
        ensure!(
            self.rounds >= MIN_ROUNDS,
            "--rounds must be at least {MIN_ROUNDS}: fewer show no spread"
        );
        Ok(())
    }

    /// Drains at once.
    pub(super) fn drains(&self) -> usize {
        self.concurrency / RUNS_PER_DRAIN
    }

    /// Room for every drain, so that the system's cap is not what is measured.
    pub(super) fn max_in_flight(&self) -> usize {
        DEFAULT_MAX_IN_FLIGHT.max(self.drains() * JOBS_PER_DRAIN)
    }
}
