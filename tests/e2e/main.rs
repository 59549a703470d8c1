//! The whole product in workerd, driven over HTTP, as its clients use it.
//!
//! Five stacks are started when a test first asks for one: a shared one, an
//! exclusive one, where submissions wake no drain and parts are stopped and
//! restarted, two with the access of a deployment, closed and with a public page, and
//! a misconfigured one. All stop with the last test.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod access;
mod at_the_door;
mod clients;
mod custom_run;
mod events;
mod hidden_cases;
mod invalid_input;
mod judging;
mod misconfigured;
mod numbers;
mod outages;
mod publishing;
mod rejudge;
mod stacks;
mod submit;
mod worker_calls;

use std::process::ExitCode;

pub(crate) use stacks::Stacks as Context;

fn main() -> ExitCode {
    let tests = [
        submit::TESTS,
        at_the_door::TESTS,
        invalid_input::TESTS,
        judging::TESTS,
        hidden_cases::TESTS,
        events::TESTS,
        rejudge::TESTS,
        custom_run::TESTS,
        worker_calls::TESTS,
        access::TESTS,
        clients::TESTS,
        outages::TESTS,
        publishing::TESTS,
        numbers::TESTS,
        misconfigured::TESTS,
    ];
    support::harness::run::<Context>(&tests, None)
}
