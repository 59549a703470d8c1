//! What an endpoint is asked to run, and what it reports.

use shared::domain::stage::{Stage, Termination};

use super::ExecutorError;
use super::endpoint_states::EndpointLanguages;
use crate::limits::JobBudget;

/// What is to be run.
#[derive(Debug)]
pub struct Run<'a> {
    /// A language's name or alias.
    pub language: &'a str,
    /// The one source file.
    pub source: &'a str,
    /// The standard inputs, one or more; the program is started once for each.
    pub stdins: Vec<String>,
    /// Whether no further input is wanted after the first run that fails.
    pub stop_at_first_failure: bool,
    /// The limits of each run.
    pub limits: RunLimits,
    /// For whom it is run: an endpoint with a fair queue takes turns by it. Our
    /// runner does; Judge0 has no such thing.
    pub caller: Option<&'a str>,
}

/// Limits of a run. `None`: what is configured for all runs, or else the
/// endpoint's own. An endpoint refuses what is above its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunLimits {
    /// CPU time, in milliseconds. Wall time follows from it where the endpoint
    /// has limits for both.
    pub time_ms: Option<u64>,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Standard output, in bytes. Of a function it is the harness's frames, which
    /// have no limit but that of a response.
    pub output_bytes: Option<u64>,
}

/// What an endpoint reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// The version of the language; empty where the endpoint does not say it.
    pub version: String,
    /// How compiling went, for languages that compile.
    pub compile: Option<StageReport>,
    /// How the runs went, in the order of the inputs: at least the first, and
    /// as many as there was time for. None when compiling failed.
    pub runs: Vec<StageReport>,
}

impl Execution {
    /// The stage that the endpoint itself failed at, if one is.
    pub fn endpoint_fault(&self) -> Option<&StageReport> {
        let mut stages = self.compile.iter().chain(&self.runs);
        stages.find(|report| report.stage.termination == Termination::EndpointFault)
    }
}

/// One stage, and both its streams in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageReport {
    /// As in the result, but with whole streams.
    pub stage: Stage,
    /// Both streams interleaved, where the endpoint reports that.
    pub output: String,
}

impl StageReport {
    /// Whether it ended by itself, with exit code 0.
    pub fn is_success(&self) -> bool {
        self.stage.termination == Termination::Success
    }
}

/// A client for one kind of endpoint.
pub(super) trait ExecutionClient {
    /// The languages that it can run. One call, of `timeout_ms` at most.
    async fn languages(&self, timeout_ms: u64) -> Result<EndpointLanguages, ExecutorError>;

    /// Runs code, within what is left of `budget`.
    async fn execute(&self, run: &Run<'_>, budget: &JobBudget) -> Result<Execution, ExecutorError>;
}
