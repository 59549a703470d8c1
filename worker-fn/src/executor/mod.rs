//! Execution endpoints: the servers that run code, because a Worker cannot start
//! processes.
//!
//! A [`Run`] is one or more files and one or more standard inputs; an endpoint reports
//! an [`Execution`]. There are two kinds of endpoint, [`piston`] and [`judge0`],
//! whose adapters report alike. [`Endpoints`] are all that are configured;
//! [`Endpoints::select`] chooses one for a job. [`ExecutorError`] sorts what goes
//! wrong by who is at fault, because that decides what becomes of the job.
//!
//! - [`checks`]: what a checker is given.
//! - [`endpoint_states`]: what an instance remembers of its endpoints.
//! - [`error`]: why there is no execution.
//! - [`Program`]: the files of a submission, as they are sent.
//! - [`probes`]: whether an endpoint can run anything.
//! - `syntax`: whether a language printed that a program's syntax is wrong.

mod base64;
mod checks;
mod connection;
pub mod endpoint_states;
mod endpoints;
pub mod error;
mod health;
mod judge0;
mod language_lists;
mod limit_words;
mod piston;
pub mod probes;
mod program;
mod run;
mod syntax;
#[cfg(test)]
mod syntax_tests;

pub use checks::{Checks, Given};
pub use endpoint_states::EndpointId;
pub use endpoints::{Endpoints, SelectedEndpoint};
pub use error::ExecutorError;
pub use health::EndpointHealth;
pub use program::Program;
pub use run::{Execution, Run, RunFile, RunLimits, StageReport};

/// How long a probe, or an endpoint's list of languages, is waited for, in
/// milliseconds. A live endpoint gives both at once.
pub const PROBE_TIMEOUT_MS: u64 = 3_000;
