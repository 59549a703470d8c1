//! The whole product in workerd, driven over HTTP, as people use it.
//!
//! Three stacks are started when a test first asks for one: the usual one; a
//! quiet one, where submissions wake nobody and parts are stopped and started;
//! and one that is set up wrongly. All end with the last test.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod bad_input;
mod hidden;
mod judging;
mod misconfigured;
mod outages;
mod quiet;
mod rejudge;
mod runs;
mod submit;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use world::World;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let world = Arc::new(World::default());
    let tests = [
        submit::TESTS,
        bad_input::TESTS,
        judging::TESTS,
        hidden::TESTS,
        rejudge::TESTS,
        runs::TESTS,
        quiet::TESTS,
        outages::TESTS,
        misconfigured::TESTS,
    ];
    let trials = tests
        .into_iter()
        .flatten()
        .map(|&(name, test)| {
            let world = Arc::clone(&world);
            Trial::test(name, move || {
                test(&world);
                Ok(())
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let left = world.stop();
    if !left.is_empty() {
        eprintln!("still listening after the stacks were stopped: {left:?}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
