//! What must hold when parts fail, in real workerd.
//!
//! Three stacks are started when a test first asks for one. In the faulty one the
//! network to Redis loses requests and responses, and every process is killed
//! and restarted while jobs run. In the mocked one the execution endpoint is a
//! mock that fails as a test asks; there, submissions wake no drain, so that a
//! test decides when jobs are run. In the capped one the Workers have little
//! memory, and both execution endpoints break as a test asks. The fair one has the
//! default settings, and two with a mock those of the platform's plans.
//!
//! One test after the other: several measure times and counts, and a storm at
//! the same time would change both.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod admin;
mod capped;
mod changed_variables;
mod fairness;
mod hostile_requests;
mod hostile_storm;
mod isolation;
mod ledger;
mod limits;
mod memory;
mod outages;
mod plans;
mod stacks;
mod storm;
mod submissions;
mod traffic;

use std::process::ExitCode;

pub(crate) use stacks::Stacks as Context;

fn main() -> ExitCode {
    let tests = [
        isolation::TESTS,
        limits::TESTS,
        submissions::TESTS,
        admin::TESTS,
        fairness::TESTS,
        outages::TESTS,
        changed_variables::TESTS,
        plans::TESTS,
        memory::TESTS,
        hostile_requests::TESTS,
        storm::TESTS,
        hostile_storm::TESTS,
    ];
    support::harness::run::<Context>(&tests, Some(1))
}
