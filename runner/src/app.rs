//! The state that all handlers of the HTTP service share.
//!
//! `server.rs` makes it, `api.rs` and `caller.rs` read it.

use crate::artifacts::ArtifactCache;
use crate::config::Config;
use crate::libraries::Libraries;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::probe::Runtimes;
use crate::sandbox::Cancel;
use crate::slots::Slots;
use crate::warm_pool::WarmSandbox;

/// The state that all handlers share.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The languages of this machine.
    pub runtimes: Runtimes,
    /// Their libraries, which exist as long as this.
    pub libraries: Libraries,
    /// The slots that submissions run in.
    pub slots: Slots,
    /// Counters since the start.
    pub metrics: Metrics,
    /// Compiled programs.
    pub artifacts: ArtifactCache,
    /// The memory of requests, from their bodies' first byte to the end of their runs.
    pub requests: Memory,
    /// The memory of answers that are not yet sent.
    pub answers: Memory,
    /// The sandbox that runs programs.
    pub sandbox: WarmSandbox,
    /// Stops every run.
    pub cancel: Cancel,
}
