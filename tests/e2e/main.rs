//! The whole product in workerd, driven over HTTP, as its clients use it.
//!
//! Six stacks are started when a test first asks for one: a shared one, an
//! exclusive one, where submissions wake no drain and parts are stopped and
//! restarted, two with the access of a deployment, closed and with a public page, a
//! misconfigured one, and one for webhooks. All stop with the last test.

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
mod instruments;
mod invalid_input;
mod judging;
mod misconfigured;
mod numbers;
mod outages;
mod publishing;
mod rates;
mod receiver;
mod rejudge;
mod stacks;
mod submit;
mod webhooks;
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
        rates::TESTS,
        outages::TESTS,
        publishing::TESTS,
        numbers::TESTS,
        instruments::TESTS,
        misconfigured::TESTS,
        webhooks::TESTS,
    ];
    support::harness::run::<Context>(&tests, None)
}
