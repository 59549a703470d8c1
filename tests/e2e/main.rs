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
mod checker_failures;
mod checker_programs;
mod classes;
mod clients;
mod custom_run;
mod events;
mod files;
mod hidden_cases;
mod in_place;
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
mod samples;
mod stacks;
mod submit;
mod transport;
mod values;
mod webhooks;
mod worker_calls;

use std::process::ExitCode;

use support::harness::Test;

pub(crate) use stacks::Stacks as Context;

/// How many tests run at once. Many wait most of their time: for a stream's end, for
/// the exclusive stack.
const AT_ONCE: usize = 5;

fn main() -> ExitCode {
    let webhooks = webhooks::TESTS.to_vec();
    let exclusive = [
        instruments::TESTS,
        outages::TESTS,
        numbers::TESTS,
        clients::TESTS,
        worker_calls::TESTS,
    ]
    .concat();
    let others = [
        transport::TESTS,
        rates::TESTS,
        access::TESTS,
        misconfigured::TESTS,
        publishing::TESTS,
    ]
    .concat();
    let shared = [
        events::TESTS,
        submit::TESTS,
        at_the_door::TESTS,
        invalid_input::TESTS,
        judging::TESTS,
        values::TESTS,
        in_place::TESTS,
        classes::TESTS,
        hidden_cases::TESTS,
        files::TESTS,
        rejudge::TESTS,
        checker_failures::TESTS,
        checker_programs::TESTS,
        custom_run::TESTS,
    ]
    .concat();
    // Those that keep a processor busy begin first.
    let tests = [
        samples::TESTS,
        &in_turn(&[webhooks, exclusive, others, shared]),
    ];
    support::harness::run::<Context>(&tests, Some(AT_ONCE))
}

/// One test of each group after the other: those of one group often wait for the same
/// stack.
fn in_turn(groups: &[Vec<Test<Context>>]) -> Vec<Test<Context>> {
    let most = groups.iter().map(Vec::len).max().unwrap_or_default();
    let nth = |at: usize| {
        groups
            .iter()
            .filter_map(move |group| group.get(at).copied())
    };
    (0..most).flat_map(nth).collect()
}
